internal import CGDAL

/// What a file says of one of its bands.
public struct BandInfo: Sendable, Hashable {
  /// How a band says which of its cells hold data.
  public struct Mask: OptionSet, Sendable, Hashable {
    /// GDAL's mask flags.
    public let rawValue: Int32

    /// Makes a set from GDAL's mask flags.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// Every cell is valid (a NaN still is not).
    public static let allValid = Mask(rawValue: GMF_ALL_VALID)
    /// All bands share one mask.
    public static let perDataset = Mask(rawValue: GMF_PER_DATASET)
    /// An alpha band is the mask; alpha 0 is no data.
    public static let alpha = Mask(rawValue: GMF_ALPHA)
    /// A nodata value marks cells without data.
    public static let nodata = Mask(rawValue: GMF_NODATA)
  }

  /// The number of the band, counted from 1.
  public var number: Int
  /// The band's description, empty when there is none.
  public var name: String
  /// GDAL's name of the cell type, such as "Byte" or "Float32".
  public var typeName: String
  /// The value that marks cells without data, if one does.
  public var nodata: Double?
  /// The factor from stored to real values.
  public var scale: Double
  /// What is added to the scaled values.
  public var offset: Double
  /// How the band says which cells hold data.
  public var mask: Mask
  /// The names of the values of a categorical band, from category names or an attribute table.
  public var categories: [Int: String]
  /// The unit of the values, empty when unknown.
  public var unit: String
  /// GDAL's name of the meaning as a colour, such as "Gray", "Palette" or "Alpha".
  public var colorInterpretation: String
  /// The columns of a block, the unit of reading.
  public var blockWidth: Int
  /// The rows of a block.
  public var blockHeight: Int
  /// The sizes of the overviews, largest first.
  public var overviewSizes: [Size]
  /// The metadata of the default domain.
  public var metadata: [String: String]
  /// The metadata of the domain IMAGERY, such as `CENTRAL_WAVELENGTH_UM`.
  public var imagery: [String: String]

  /// A size in cells.
  public struct Size: Sendable, Hashable {
    /// The number of columns.
    public var width: Int
    /// The number of rows.
    public var height: Int

    /// Makes a size.
    public init(width: Int, height: Int) {
      self.width = width
      self.height = height
    }
  }

  /// Reads what is known of a band, no pixels.
  init(_ dataset: Dataset, number: Int) throws(GDALError) {
    let band = try dataset.band(number)
    self.number = number
    name = string(GDALGetDescription(band))
    typeName = string(GDALGetDataTypeName(GDALGetRasterDataType(band)))
    nodata = Self.nodata(of: band)
    var isSet: Int32 = 0
    let scale = GDALGetRasterScale(band, &isSet)
    self.scale = isSet != 0 ? scale : 1
    let offset = GDALGetRasterOffset(band, &isSet)
    self.offset = isSet != 0 ? offset : 0
    mask = Mask(rawValue: GDALGetMaskFlags(band))
    categories = Self.categories(of: band)
    unit = string(GDALGetRasterUnitType(band))
    colorInterpretation = string(
      GDALGetColorInterpretationName(GDALGetRasterColorInterpretation(band)))
    var block: (Int32, Int32) = (0, 0)
    GDALGetBlockSize(band, &block.0, &block.1)
    (blockWidth, blockHeight) = (Int(block.0), Int(block.1))
    overviewSizes = (0..<max(0, GDALGetOverviewCount(band))).compactMap { index in
      GDALGetOverview(band, index).map {
        Size(width: Int(GDALGetRasterBandXSize($0)), height: Int(GDALGetRasterBandYSize($0)))
      }
    }
    metadata = entries(of: GDALGetMetadata(band, nil))
    imagery = entries(of: GDALGetMetadata(band, "IMAGERY"))
  }

  private static func nodata(of band: GDALRasterBandH) -> Double? {
    var isSet: Int32 = 0
    let value: Double
    switch GDALGetRasterDataType(band) {
    case GDT_Int64: value = Double(GDALGetRasterNoDataValueAsInt64(band, &isSet))
    case GDT_UInt64: value = Double(GDALGetRasterNoDataValueAsUInt64(band, &isSet))
    default: value = GDALGetRasterNoDataValue(band, &isSet)
    }
    return isSet != 0 ? value : nil
  }

  private static func categories(of band: GDALRasterBandH) -> [Int: String] {
    let listed = strings(of: GDALGetRasterCategoryNames(band))
    if listed.contains(where: { !$0.isEmpty }) {
      return Dictionary(
        uniqueKeysWithValues: listed.enumerated().filter { !$0.element.isEmpty }
          .map { ($0.offset, $0.element) })
    }
    return GDALGetDefaultRAT(band).map(categories(inTable:)) ?? [:]
  }

  /// The names in an attribute table: its name column or else its first column of text.
  ///
  /// Without a column of values the number of a row is its value.
  private static func categories(inTable table: GDALRasterAttributeTableH) -> [Int: String] {
    let columns = 0..<GDALRATGetColumnCount(table)
    let named = GDALRATGetColOfUsage(table, GFU_Name)
    let text = columns.first { GDALRATGetTypeOfCol(table, $0) == GFT_String }
    guard let nameColumn = named >= 0 ? named : text else { return [:] }
    let valueColumn = GDALRATGetColOfUsage(table, GFU_MinMax)
    var result: [Int: String] = [:]
    for row in 0..<GDALRATGetRowCount(table) {
      let name = string(GDALRATGetValueAsString(table, row, nameColumn))
      let value = valueColumn >= 0 ? GDALRATGetValueAsInt(table, row, valueColumn) : row
      if !name.isEmpty { result[Int(value)] = name }
    }
    return result
  }
}
