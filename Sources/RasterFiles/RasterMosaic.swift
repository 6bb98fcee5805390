internal import CGDAL
internal import Glibc
public import Rasters

/// Tiles of one raster: files with cells of one lattice, together as one seamless raster.
///
/// Where tiles overlap, a cell has the value of the last tile that has one there.
public struct RasterMosaic: Sendable, Hashable {
  /// Which tile wins where several have a value.
  public enum Order: String, Sendable, CaseIterable {
    /// The one that was modified last; of several, that with the last name.
    case newest
    /// The one that is listed last.
    case listed
  }

  /// One file and the cells that it has in the mosaic's grid.
  struct Tile: Sendable, Hashable {
    let path: String
    let window: Window
  }

  /// What the tiles have in common; its path is the mosaic's name, its size that of all tiles.
  public let info: RasterInfo
  /// The smallest grid that holds all tiles.
  public let grid: Grid
  /// The tiles, those that win last.
  let tiles: [Tile]

  /// Opens every tile for what it says of itself.
  ///
  /// Throws when one cannot be opened, or has other bands, another coordinate system or other cells
  /// than the first; `name` stands for the mosaic in messages.
  public init(_ paths: [String], order: Order, named name: String) throws(GDALError) {
    // By name first: the grid's last digits must not depend on which tile is the newest.
    var infos: [RasterInfo] = []
    for path in paths.sorted(by: Self.isNamedBefore) { infos.append(try RasterInfo(path: path)) }
    guard let first = infos.first, let lattice = first.grid else {
      throw GDALError(
        call: "reading a mosaic", path: infos.first?.path ?? name,
        message: infos.isEmpty
          ? "there are no tiles" : "a tile needs a transform from cells to the map")
    }
    var windows: [String: Window] = [:]
    for info in infos {
      try Self.compareBands(of: info, with: first)
      windows[info.path] = try Self.window(of: info, on: lattice, of: first.path)
    }
    let whole = windows.values.reduce(lattice.window) { $0.union($1) }
    let grid = lattice.part(whole)
    self.grid = grid
    info = RasterInfo(mosaicOf: infos, grid: grid, named: name)
    tiles = Self.ordered(paths, order).map { path in
      let window = windows[path] ?? lattice.window
      return Tile(path: path, window: window.offset(dx: -whole.x, dy: -whole.y))
    }
  }

  private static func isNamedBefore(_ a: String, _ b: String) -> Bool {
    a.utf8.lexicographicallyPrecedes(b.utf8)
  }

  private static func ordered(_ paths: [String], _ order: Order) -> [String] {
    guard order == .newest else { return paths }
    let dated = paths.map { path in
      var status = stat()
      let isThere = stat(path, &status) == 0
      return (path, isThere ? [status.st_mtim.tv_sec, status.st_mtim.tv_nsec] : [])
    }
    return dated.sorted { a, b in
      a.1 == b.1 ? isNamedBefore(a.0, b.0) : a.1.lexicographicallyPrecedes(b.1)
    }.map(\.0)
  }

  /// The cells of a tile on the lattice of the first; they must be the lattice's own.
  private static func window(
    of info: RasterInfo, on lattice: Grid, of first: String
  ) throws(GDALError) -> Window {
    guard let grid = info.grid else {
      throw mismatch(info, first, "it has no transform from cells to the map")
    }
    guard CRS.isSame(grid.crs, lattice.crs) else {
      throw mismatch(
        info, first,
        "its CRS is \(CRS.phrase(grid.crs)), not \(CRS.phrase(lattice.crs))")
    }
    let corners = [(0, 0), (grid.width, 0), (0, grid.height)].map { column, row in
      let place = grid.transform.map(column: Double(column), row: Double(row))
      return lattice.transform.cell(x: place.x, y: place.y)
    }
    let (x, y) = (corners[0].column.rounded(), corners[0].row.rounded())
    let expected = [
      (x, y), (x + Double(grid.width), y), (x, y + Double(grid.height)),
    ]
    // A hundredth of a cell is noise of coordinates that were written with few digits.
    let isAligned = zip(corners, expected).allSatisfy {
      abs($0.column - $1.0) < 0.01 && abs($0.row - $1.1) < 0.01
    }
    guard isAligned, abs(x) < 1e9, abs(y) < 1e9 else {
      throw mismatch(
        info, first,
        "its cells (transform \(grid.transform.coefficients)) are not those of the lattice "
          + "\(lattice.transform.coefficients)")
    }
    return Window(x: Int(x), y: Int(y), width: grid.width, height: grid.height)
  }

  private static func compareBands(
    of info: RasterInfo, with first: RasterInfo
  ) throws(GDALError) {
    guard info.bands.count == first.bands.count else {
      throw mismatch(info, first.path, "it has \(info.bands.count) bands, not \(first.bands.count)")
    }
    for (own, other) in zip(info.bands, first.bands) {
      for (what, text, expected) in [
        ("is named", own.name, other.name), ("is in", own.unit, other.unit),
      ] where text != expected && !text.isEmpty && !expected.isEmpty {
        throw mismatch(
          info, first.path, "band \(own.number) \(what) '\(text)', not '\(expected)'")
      }
    }
  }

  private static func mismatch(
    _ info: RasterInfo, _ first: String, _ message: String
  ) -> GDALError {
    GDALError(
      call: "reading a mosaic", path: info.path,
      message: "cannot be a tile of one raster with \(first): \(message)")
  }
}

extension CRS {
  fileprivate static func phrase(_ crs: String) -> String {
    crs.isEmpty ? "missing" : name(crs)
  }
}

extension Grid {
  /// The grid of a window, which may reach beyond this one.
  fileprivate func part(_ window: Window) -> Grid {
    let corner = transform.map(column: Double(window.x), row: Double(window.y))
    return Grid(
      width: window.width, height: window.height,
      transform: GeoTransform(
        originX: corner.x, columnX: transform.columnX, rowX: transform.rowX, originY: corner.y,
        columnY: transform.columnY, rowY: transform.rowY), crs: crs)
  }
}

/// The cells of one file, or of the tiles of a mosaic.
///
/// One thread at a time may use it. Few tiles are open at a time.
final class MosaicCells {
  /// The cells of all tiles.
  let extent: Window
  private let tiles: [RasterMosaic.Tile]
  private let bands: [Int]
  private var open: [(tile: Int, cells: RasterCells)] = []
  /// Most systems let a process open 1024 files; each worker and source has a reader.
  private static let openLimit = 8

  /// The cells of one file.
  init(_ file: RasterCells) {
    extent = file.extent
    tiles = [RasterMosaic.Tile(path: file.dataset.path, window: file.extent)]
    bands = file.bandNumbers
    open = [(0, file)]
  }

  /// The cells of a mosaic; tiles are opened when they are read.
  init(_ mosaic: RasterMosaic, bands: [Int]) {
    extent = mosaic.grid.window
    tiles = mosaic.tiles
    self.bands = bands
  }

  /// All bands of a window, band-major; NaN where no tile has a value.
  func read(_ window: Window) throws(GDALError) -> [Float] {
    if tiles.count == 1, let only = tiles.first, only.window.contains(window) {
      return try cells(of: 0).read(window.offset(dx: -only.window.x, dy: -only.window.y))
    }
    var values = [Float](repeating: .nan, count: bands.count * window.cellCount)
    for (index, tile) in tiles.enumerated() {
      let shared = tile.window.intersection(window)
      guard !shared.isEmpty else { continue }
      let own = try cells(of: index).read(
        shared.offset(dx: -tile.window.x, dy: -tile.window.y))
      lay(own, at: shared, over: &values, of: window)
    }
    return values
  }

  private func lay(
    _ own: [Float], at shared: Window, over values: inout [Float], of window: Window
  ) {
    for band in bands.indices {
      for row in 0..<shared.height {
        let source = band * shared.cellCount + row * shared.width
        let target =
          band * window.cellCount + window.index(column: shared.x, row: shared.y + row)
        for column in 0..<shared.width where !own[source + column].isNaN {
          values[target + column] = own[source + column]
        }
      }
    }
  }

  /// The files on which a window's cells depend, in the order of the tiles, each once.
  func files(touching window: Window) -> [String] {
    var result: [String] = []
    var seen: Set<String> = []
    for (index, tile) in tiles.enumerated() {
      let shared = tile.window.intersection(window)
      guard !shared.isEmpty else { continue }
      let own = shared.offset(dx: -tile.window.x, dy: -tile.window.y)
      // A tile that went away since is found missing when it is read.
      let files = (try? cells(of: index))?.files(touching: own) ?? [tile.path]
      for file in files where seen.insert(file).inserted { result.append(file) }
    }
    return result
  }

  private func cells(of index: Int) throws(GDALError) -> RasterCells {
    if let place = open.firstIndex(where: { $0.tile == index }) {
      let known = open.remove(at: place)
      open.append(known)
      return known.cells
    }
    let opened = try RasterCells(path: tiles[index].path, bands: bands)
    guard opened.extent.width == tiles[index].window.width,
      opened.extent.height == tiles[index].window.height
    else {
      throw GDALError(
        call: "reading a mosaic", path: tiles[index].path,
        message: "has another size than when the run began")
    }
    if open.count >= Self.openLimit { open.removeFirst() }
    open.append((index, opened))
    return opened
  }
}
