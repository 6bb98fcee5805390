internal import CGDAL
public import Rasters

/// What a raster file says of itself, without its pixels.
public struct RasterInfo: Sendable, Hashable {
  /// What ties the cells of a raster to the ground.
  public enum Georeference: Sendable, Hashable {
    /// An affine transform: the only kind that can be put on a grid.
    case transform
    /// Ground control points only.
    case controlPoints
    /// Rational polynomial coefficients only.
    case rationalPolynomials
    /// Nothing.
    case none
  }

  /// The path that was opened.
  public let path: String
  /// The short name of GDAL's driver, such as "GTiff".
  public let driver: String
  /// The number of columns.
  public let width: Int
  /// The number of rows.
  public let height: Int
  /// What ties the cells to the ground.
  public let georeference: Georeference
  /// The grid of the raster, or nil when it has no transform.
  public let grid: Grid?
  /// The bands in order.
  public let bands: [BandInfo]
  /// The metadata of the default domain.
  public let metadata: [String: String]
  /// How the file is built: COMPRESSION, INTERLEAVE, LAYOUT (COG) and the like.
  public let imageStructure: [String: String]
  /// All files that the raster is made of: sidecars, members of a VRT and their sidecars.
  public let files: [String]
  /// The names under which the rasters inside a container can be opened.
  public let subdatasets: [String]

  /// Opens a raster and describes it; throws when it cannot be opened as one.
  public init(path: String) throws(GDALError) {
    let dataset = try Dataset(opening: path, as: .raster)
    self.path = path
    driver = dataset.driver
    width = dataset.width
    height = dataset.height
    georeference = dataset.georeference
    grid = dataset.grid
    var bands: [BandInfo] = []
    for number in 0..<dataset.bandCount {
      bands.append(try BandInfo(dataset, number: number + 1))
    }
    self.bands = bands
    metadata = entries(of: GDALGetMetadata(dataset.handle, nil))
    imageStructure = entries(of: GDALGetMetadata(dataset.handle, "IMAGE_STRUCTURE"))
    files = dataset.files()
    subdatasets = dataset.subdatasets
  }

  /// Describes tiles of one raster by the first of them, with the grid and the files of all.
  ///
  /// Values are read as real ones, so that tiles may differ in how they store them.
  init(mosaicOf tiles: [RasterInfo], grid: Grid, named name: String) {
    path = name
    driver = tiles.first?.driver ?? ""
    width = grid.width
    height = grid.height
    georeference = .transform
    self.grid = grid
    bands = tiles.first?.bands ?? []
    metadata = [:]
    imageStructure = [:]
    files = tiles.flatMap(\.files)
    subdatasets = []
  }

  /// The grid, or for a raster without a transform its cells as a grid of their own.
  ///
  /// In the latter the unit is the cell, rows count downwards and there is no coordinate system;
  /// rasters of the same camera or instrument can be stacked on it.
  public var gridOfCells: Grid { grid ?? Grid(cellsOf: width, by: height) }
}

extension Grid {
  /// The grid whose map coordinates are columns and rows.
  init(cellsOf width: Int, by height: Int) {
    self.init(
      width: width, height: height,
      transform: GeoTransform(originX: 0, columnX: 1, rowX: 0, originY: 0, columnY: 0, rowY: 1),
      crs: "")
  }

  /// Whether map coordinates are columns and rows, as in a file without any georeference.
  public var isOfCells: Bool { crs.isEmpty && transform.coefficients == [0, 1, 0, 0, 0, 1] }

  /// Whether map coordinates are columns and rows of a file without any georeference, of whatever
  /// size the grid's own cells are.
  var countsCells: Bool {
    let transform = transform
    return crs.isEmpty
      && transform.originX == 0 && transform.originY == 0 && transform.rowX == 0
      && transform.columnY == 0 && transform.columnX > 0 && transform.rowY > 0
  }
}

extension Dataset {
  /// The grid, or nil when there is no transform.
  var grid: Grid? {
    transform.map { Grid(width: width, height: height, transform: $0, crs: crs) }
  }

  /// What ties the cells to the ground.
  var georeference: RasterInfo.Georeference {
    if transform != nil { return .transform }
    if GDALGetGCPCount(handle) > 0 { return .controlPoints }
    return GDALGetMetadata(handle, "RPC") != nil ? .rationalPolynomials : .none
  }

  /// The files of the dataset and, through virtual rasters, of their members; each once.
  func files() -> [String] {
    var result: [String] = []
    var known: Set<String> = []
    collectFiles(&result, &known, depth: 0)
    return result
  }

  private func collectFiles(_ result: inout [String], _ known: inout Set<String>, depth: Int) {
    let list = GDALGetFileList(handle)
    let own = strings(of: list)
    CSLDestroy(list)
    for file in own where known.insert(file).inserted { result.append(file) }
    guard driver == "VRT", depth < 8 else { return }
    // A VRT lists its members, but not what these consist of.
    for file in own where file != path {
      guard let member = try? Dataset(opening: file, as: .raster) else { continue }
      member.collectFiles(&result, &known, depth: depth + 1)
    }
  }
}
