import Foundation
import RasterFiles
import Rasters
import Testing

@Suite struct RasterMosaicTests {
  private static let whole = Window(x: 0, y: 0, width: 90, height: 60)

  /// The grid of some cells of a lattice of 10 m in the Jura.
  private static func grid(_ window: Window, crs: String) -> Grid {
    Grid(
      width: window.width, height: window.height,
      transform: GeoTransform(
        left: 2_550_000 + 10 * Double(window.x), top: 1_220_000 - 10 * Double(window.y),
        cellWidth: 10, cellHeight: 10), crs: crs)
  }

  private static func value(_ column: Int, _ row: Int) -> Float {
    noise(column + 500, row) < 0.1 ? .nan : noise(column, row) + Float(column) / 10
  }

  /// Writes the cells of a window as a tile.
  private static func tile(
    _ name: String, _ window: Window, in scratch: Scratch, crs: String? = nil,
    _ value: (Int, Int) -> Float = value
  ) throws -> String {
    try scratch.raster(
      name, grid(window, crs: try crs ?? wkt("EPSG:2056")),
      { value($0 + window.x, $1 + window.y) })
  }

  private static func setDate(_ path: String, _ seconds: Double) throws {
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: seconds)], ofItemAtPath: path)
  }

  @Test("tiles read as the raster that they were cut from", arguments: Resampling.allCases)
  func mosaicIsSeamless(resampling: Resampling) throws {
    let scratch = try Scratch()
    let whole = try Self.tile("whole.tif", Self.whole, in: scratch)
    let tiles = try partition(Self.grid(Self.whole, crs: ""), 40, 25).map { window in
      try Self.tile("t\(window.x)-\(window.y).tif", window, in: scratch)
    }
    let mosaic = try RasterMosaic(tiles, order: .listed, named: "t*.tif")
    let grid = try #require(try RasterInfo(path: whole).grid)
    #expect(mosaic.grid == grid)
    let utm = try wkt("EPSG:32632")
    let corner = try CRS.transform(
      x: [2_550_000], y: [1_220_000], from: try wkt("EPSG:2056"), to: utm)
    let turned = Grid(
      width: 80, height: 60,
      transform: GeoTransform(
        left: corner.x[0] - 40, top: corner.y[0] + 30, cellWidth: 11, cellHeight: 11), crs: utm)
    let shifted = Self.grid(
      Window(x: -5, y: -7, width: 80, height: 80), crs: try wkt("EPSG:2056"))
    for target in [grid, shifted, turned] {
      let one = try RasterSource(path: whole, grid: target, resampling: resampling)
      let many = try RasterSource(mosaic: mosaic, grid: target, resampling: resampling)
      #expect(many.isOnGrid == one.isOnGrid)
      let expected = try one.read(target.window).values
      #expect(bits(try many.read(target.window).values) == bits(expected))
      #expect(expected.contains { !$0.isNaN })
    }
  }

  @Test func theLastTileWithAValueWins() throws {
    let scratch = try Scratch()
    let low = try Self.tile("b.tif", Window(x: 0, y: 0, width: 20, height: 10), in: scratch) {
      _, _ in 1
    }
    let high = try Self.tile("a.tif", Window(x: 10, y: 0, width: 20, height: 10), in: scratch) {
      column, row in row == 3 ? .nan : row == 4 ? .infinity : 2
    }
    func row(_ order: RasterMosaic.Order, _ paths: [String], _ row: Int) throws -> [Float] {
      let mosaic = try RasterMosaic(paths, order: order, named: "m")
      #expect(mosaic.grid.width == 30)
      return try RasterSource(mosaic: mosaic, grid: mosaic.grid, resampling: .nearest)
        .read(Window(x: 5, y: row, width: 10, height: 1)).values
    }
    let (ones, twos) = ([Float](repeating: 1, count: 5), [Float](repeating: 2, count: 5))
    #expect(try row(.listed, [low, high], 0) == ones + twos)
    #expect(try row(.listed, [high, low], 0) == ones + ones)
    // What a tile does not have shows what lies under it.
    #expect(try row(.listed, [low, high], 3) == ones + ones)
    #expect(try row(.listed, [low, high], 4) == ones + ones)
    try Self.setDate(low, 1000)
    try Self.setDate(high, 2000)
    #expect(try row(.newest, [high, low], 0) == ones + twos)
    try Self.setDate(low, 3000)
    #expect(try row(.newest, [high, low], 0) == ones + ones)
    try Self.setDate(high, 3000)
    #expect(try row(.newest, [high, low], 0) == ones + ones)
  }

  @Test func aWindowDependsOnItsTilesInTheirOrder() throws {
    let scratch = try Scratch()
    let tiles = try (0..<20).map { number in
      try Self.tile(
        String(format: "%02d.tif", number), Window(x: 8 * number, y: 0, width: 10, height: 10),
        in: scratch)
    }
    let mosaic = try RasterMosaic(tiles, order: .listed, named: "*.tif")
    let source = try RasterSource(mosaic: mosaic, grid: mosaic.grid, resampling: .nearest)
    #expect(mosaic.grid.width == 162)
    #expect(source.files(touching: Window(x: 17, y: 2, width: 2, height: 2)) == tiles[1...2] + [])
    #expect(source.files(touching: Window(x: 0, y: 0, width: 162, height: 10)) == tiles)
    let turned = try RasterMosaic(tiles.reversed(), order: .listed, named: "*.tif")
    let other = try RasterSource(mosaic: turned, grid: mosaic.grid, resampling: .nearest)
    #expect(
      other.files(touching: Window(x: 17, y: 2, width: 2, height: 2)) == [tiles[2], tiles[1]])
  }

  @Test func whatIsNoTileOfTheRasterIsRefused() throws {
    let scratch = try Scratch()
    let window = Window(x: 0, y: 0, width: 10, height: 10)
    let first = try Self.tile("a.tif", window, in: scratch)
    func message(_ path: String) -> String? {
      do throws(GDALError) {
        _ = try RasterMosaic([first, path], order: .listed, named: "*.tif")
        return nil
      } catch {
        return error.path == path ? error.message : "of \(error.path): \(error.message)"
      }
    }
    let grid = Self.grid(window, crs: try wkt("EPSG:2056"))
    func moved(_ name: String, _ left: Double, _ cell: Double, bandCount: Int = 1) throws -> String
    {
      try scratch.raster(
        name,
        Grid(
          width: 10, height: 10,
          transform: GeoTransform(left: left, top: 1_220_000, cellWidth: cell, cellHeight: cell),
          crs: grid.crs), { _, _ in 0 }, bandCount: bandCount)
    }
    #expect(message(try moved("ok.tif", 2_550_100.04, 10)) == nil)
    #expect(message(try moved("off.tif", 2_550_103, 10))?.contains("its cells") == true)
    #expect(message(try moved("fine.tif", 2_550_100, 5))?.contains("its cells") == true)
    #expect(
      message(try moved("two.tif", 2_550_100, 10, bandCount: 2))?.contains("2 bands, not 1") == true
    )
    let utm = try Self.tile("utm.tif", window, in: scratch, crs: try wkt("EPSG:32632"))
    #expect(message(utm)?.contains("its CRS is") == true)
    var named = RasterOutput(path: scratch.file("named.tif"), grid: grid, bands: [.init(name: "x")])
    named.blockSize = 128
    try named.write { .float32([Float](repeating: 0, count: $0.cellCount)) }
    #expect(message(named.path)?.contains("is named 'x', not 'band0'") == true)
    #expect(message(try scratch.write("no raster", "text.tif")) != nil)
    #expect(throws: GDALError.self) { try RasterMosaic([], order: .newest, named: "*.tif") }
  }
}

/// Files that are replaced while they are open.
@Suite struct ReplacedFileTests {
  @Test func aFileThatIsReplacedIsNotRead() throws {
    let scratch = try Scratch()
    let grid = Grid(
      width: 40, height: 30,
      transform: GeoTransform(left: 0, top: 0, cellWidth: 1, cellHeight: 1), crs: "")
    let path = try scratch.raster("a.tif", grid) { _, _ in 1 }
    let source = try RasterSource(path: path, grid: grid, resampling: .nearest)
    #expect(try source.read(grid.window).values.allSatisfy { $0 == 1 })
    let state = try #require(FileState(of: path))
    #expect(FileState(of: path) == state)
    _ = try scratch.raster("a.tif", grid) { _, _ in 2 }
    #expect(FileState(of: path) != state)
    let error = #expect(throws: GDALError.self) { try source.read(grid.window) }
    #expect(error?.description.contains("changed while it was read") == true)
    let again = try RasterSource(path: path, grid: grid, resampling: .nearest)
    #expect(try again.read(grid.window).values.allSatisfy { $0 == 2 })
    try FileManager.default.removeItem(atPath: path)
    #expect(throws: GDALError.self) { try again.read(grid.window) }
    #expect(FileState(of: path) == nil)
  }
}
