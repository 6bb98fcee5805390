public import Rasters
internal import Synchronization

/// Bands of a raster file, or of a mosaic of files, as they look on a grid.
///
/// A file on the grid's own cells is read as it is; any other is resampled by the exact
/// transformation of every cell. Values are scaled as the file says and NaN where it has no data:
/// by nodata value, mask, alpha, NaN or infinity, or outside the file. The values of a cell do
/// not depend on the window in which they are read.
///
/// Calls from several threads are safe but wait for one another; a `RasterPool` does not.
public final class RasterSource: Sendable {
  /// The file, or the name of the mosaic.
  public let path: String
  /// The numbers of the bands, counted from 1, in the order of the cubes.
  public let bands: [Int]
  /// The grid on which the bands are read.
  public let grid: Grid
  /// How values get from the file's cells to the grid's, where these differ.
  public let resampling: Resampling
  /// Whether the file has the grid's own cells, so that values are those of the file.
  public let isOnGrid: Bool

  private let reader: Mutex<RasterReader>

  /// Opens bands of a file (all when `bands` is empty).
  ///
  /// Throws when the file, a band or a way from the grid to the file is missing: a file without
  /// coordinate system on a grid with one (or the reverse) must have the grid's cells.
  public convenience init(
    path: String, bands: [Int] = [], grid: Grid, resampling: Resampling
  ) throws(GDALError) {
    try self.init(
      path, RasterReader(path: path, bands: bands, grid: grid, resampling: resampling), grid,
      resampling)
  }

  /// Opens bands of a mosaic (all when `bands` is empty); throws as for a file.
  public convenience init(
    mosaic: RasterMosaic, bands: [Int] = [], grid: Grid, resampling: Resampling
  ) throws(GDALError) {
    try self.init(
      mosaic.info.path,
      RasterReader(mosaic: mosaic, bands: bands, grid: grid, resampling: resampling), grid,
      resampling)
  }

  private init(
    _ path: String, _ reader: sending RasterReader, _ grid: Grid, _ resampling: Resampling
  ) {
    self.path = path
    self.bands = reader.bandNumbers
    self.grid = grid
    self.resampling = resampling
    isOnGrid = reader.isOnGrid
    self.reader = Mutex(reader)
  }

  /// Reads a window of the grid; it must lie inside.
  public func read(_ window: Window) throws(GDALError) -> DataCube {
    precondition(
      grid.window.contains(window), "window \(window) reaches beyond the grid \(grid.window)")
    return try reader.withLock { reader throws(GDALError) in try reader.read(window) }
  }

  /// The files on which a window's values depend (a few more at most): sidecars too, and of a
  /// virtual raster the members that lie there.
  public func files(touching window: Window) -> [String] {
    precondition(
      grid.window.contains(window), "window \(window) reaches beyond the grid \(grid.window)")
    return reader.withLock { $0.files(touching: window) }
  }
}

/// Bands of a raster that several threads read at once, each through a source of its own.
public final class RasterPool: Sendable {
  /// The first source, which tells what is read.
  public let source: RasterSource
  private let another: @Sendable () throws(GDALError) -> RasterSource
  private let idle: Mutex<[RasterSource]>

  /// Opens bands of a file as `RasterSource` does; more are opened as more threads read.
  public convenience init(
    path: String, bands: [Int] = [], grid: Grid, resampling: Resampling
  ) throws(GDALError) {
    try self.init { () throws(GDALError) in
      try RasterSource(path: path, bands: bands, grid: grid, resampling: resampling)
    }
  }

  /// Opens bands of a mosaic as `RasterSource` does; more are opened as more threads read.
  public convenience init(
    mosaic: RasterMosaic, bands: [Int] = [], grid: Grid, resampling: Resampling
  ) throws(GDALError) {
    try self.init { () throws(GDALError) in
      try RasterSource(mosaic: mosaic, bands: bands, grid: grid, resampling: resampling)
    }
  }

  private init(
    _ another: @escaping @Sendable () throws(GDALError) -> RasterSource
  ) throws(GDALError) {
    let first = try another()
    source = first
    self.another = another
    idle = Mutex([first])
  }

  /// Reads a window of the grid; it must lie inside.
  public func read(_ window: Window) throws(GDALError) -> DataCube {
    let taken = idle.withLock { $0.popLast() }
    let own = if let taken { taken } else { try another() }
    defer { idle.withLock { $0.append(own) } }
    return try own.read(window)
  }
}
