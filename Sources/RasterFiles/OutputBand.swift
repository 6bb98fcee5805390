internal import CGDAL

/// What is written of a band beside its cells.
public struct OutputBand: Sendable, Hashable {
  /// What a band means as a colour.
  public enum Color: Sendable, Hashable {
    case undefined
    case gray
    case red
    case green
    case blue
    case alpha

    var interpretation: GDALColorInterp {
      switch self {
      case .undefined: GCI_Undefined
      case .gray: GCI_GrayIndex
      case .red: GCI_RedBand
      case .green: GCI_GreenBand
      case .blue: GCI_BlueBand
      case .alpha: GCI_AlphaBand
      }
    }
  }

  /// An opaque colour of a colour table.
  public struct PaletteColor: Sendable, Hashable {
    /// Red, 0...255.
    public var red: UInt8
    /// Green, 0...255.
    public var green: UInt8
    /// Blue, 0...255.
    public var blue: UInt8

    /// Mixes a colour.
    public init(red: UInt8, green: UInt8, blue: UInt8) {
      self.red = red
      self.green = green
      self.blue = blue
    }
  }

  /// The description: the name that QGIS shows.
  public var name: String
  /// The unit of the values, empty when there is none.
  public var unit: String
  /// What the band means as a colour; nil for gray if it is the first and undefined if not.
  public var color: Color?
  /// The names of the values of a categorical band.
  ///
  /// They are kept as metadata `CATEGORY_<value>` and as GDAL's own category names, which it keeps
  /// in a file `.aux.xml` beside the GeoTIFF.
  public var categories: [Int: String]
  /// The names of the values from 0 to the highest that has one, empty for others.
  var categoryNames: [String] {
    guard let last = categories.keys.max(), (0...65_535).contains(last) else { return [] }
    return (0...last).map { categories[$0] ?? "" }
  }
  /// The colours of the values of a raster of one band of 8 bits, kept as its colour table.
  public var palette: [Int: PaletteColor]
  /// The metadata of the band.
  public var metadata: [String: String]

  /// Describes a band to be written.
  public init(
    name: String, unit: String = "", color: Color? = nil, categories: [Int: String] = [:],
    palette: [Int: PaletteColor] = [:], metadata: [String: String] = [:]
  ) {
    self.name = name
    self.unit = unit
    self.color = color
    self.categories = categories
    self.palette = palette
    self.metadata = metadata
  }
}

/// The cells of some bands over a window, band-major, rows from the top.
public enum CellBlock: Sendable {
  /// Real values; NaN and infinite ones are missing.
  case float32([Float])
  /// Ids of 32 bits.
  case uint32([UInt32])
  /// Counts or codes of 16 bits.
  case uint16([UInt16])
  /// Codes or flags of 8 bits.
  case byte([UInt8])
}

/// The types of cells that rasters are written with.
public enum CellType: String, Sendable, CaseIterable {
  /// Real values.
  case float32
  /// Ids of 32 bits.
  case uint32
  /// Counts or codes of 16 bits.
  case uint16
  /// Codes or flags of 8 bits.
  case byte

  /// The value for "no data" that is written unless told otherwise.
  public var usualNodata: Double? {
    switch self {
    case .float32: -9999
    case .uint32: 0
    case .uint16, .byte: nil
    }
  }

  var type: GDALDataType {
    switch self {
    case .float32: GDT_Float32
    case .uint32: GDT_UInt32
    case .uint16: GDT_UInt16
    case .byte: GDT_Byte
    }
  }
}
