import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Reading files whose cells are not those of the pipeline's grid, and grids that change.
struct ReadCubeGridTests {
  /// Cells twice as wide as the grid's, over its middle.
  private static let coarse = Grid(
    width: 10, height: 8,
    transform: GeoTransform(left: 1_100, top: 2_000, cellWidth: 20, cellHeight: 20), crs: "")

  private func ramp(_ band: Int, _ column: Int, _ row: Int) -> Float {
    Float(band) + 2 * Float(column) - 3 * Float(row)
  }

  @Test(arguments: ["auto", "nearest"]) func filesOnAnotherGridAreResampled(name: String) throws {
    let run = try StageRun()
    try run.raster("coarse.tif", ["a", "b"], on: Self.coarse, value: ramp)
    let cube = try run.planned(
      "{ type: \"read-cube\", files: \"coarse.tif\", resampling: \"\(name)\" }",
      grid: StageRun.gridText
    ).cube("read-cube")
    for (index, cell) in StageRun.cells(StageRun.grid.window).enumerated() {
      let center = StageRun.grid.center(of: cell)
      let place = Self.coarse.transform.cell(x: center.x, y: center.y)
      for band in 0..<2 {
        let found = cube.values[band * StageRun.grid.cellCount + index]
        guard let under = Self.coarse.cell(x: center.x, y: center.y) else {
          #expect(found.isNaN)
          continue
        }
        // Bilinear interpolation keeps a ramp; half a cell at the rim is the nearest cell's.
        let column = min(max(place.column - 0.5, 0), Double(Self.coarse.width - 1))
        let row = min(max(place.row - 0.5, 0), Double(Self.coarse.height - 1))
        let expected =
          name == "nearest"
          ? ramp(band, under.column, under.row)
          : Float(Double(band) + 2 * column - 3 * row)
        #expect(isSame([found], [expected], tolerance: 1e-6), "\(cell)")
      }
    }
  }

  @Test func growingCellsAreAverages() throws {
    let run = try StageRun()
    try run.raster("fine.tif", ["a"]) { _, column, row in StageRun.noise(column, row) }
    let cube = try run.planned(
      "{ type: \"read-cube\", files: \"fine.tif\" }",
      grid: "{ crs: \"\", resolution: 40, extent: [1030, 1790, 1390, 2070] }"
    ).cube("read-cube")
    for cell in StageRun.cells(cube.window) {
      let parts = (0..<16).map {
        StageRun.noise(4 * cell.column + $0 % 4, 4 * cell.row + $0 / 4)
      }
      let found = cube.spectrum(column: cell.column, row: cell.row)
      #expect(isSame(found, [parts.reduce(0, +) / 16], tolerance: 1e-6))
    }
  }

  @Test func chunksDoNotMatter() throws {
    let run = try StageRun()
    try run.raster("coarse.tif", ["a"], on: Self.coarse) { StageRun.noise($0, $1, $2) }
    try run.raster("own.tif", ["b"]) { StageRun.noise(7, $1, $2) }
    let stages =
      "{ type: \"read-cube\", tag: \"cube\", files: [\"coarse.tif\", \"own.tif\"],"
      + " resampling: \"cubic\" }, { type: \"write\" }"
    let parts = try run.output(stages, "cube", grid: StageRun.gridText, chunk: 16)
    let whole = try run.output(stages, "cube", grid: StageRun.gridText, chunk: 512)
    #expect(parts.bytes == whole.bytes)
    #expect(whole.cube.band(0).contains { !$0.isNaN })
  }

  /// Stages that differ in their files alone are different stages.
  @Test func filesOfTheSameFormStayApart() throws {
    let run = try StageRun()
    try run.raster("one.tif", ["value"]) { _, _, _ in 1 }
    try run.raster("two.tif", ["value"]) { _, _, _ in 2 }
    let plan = try run.planned(
      "{ type: \"read-cube\", tag: \"one\", files: \"one.tif\" },"
        + " { type: \"read-cube\", tag: \"two\", files: \"two.tif\" },"
        + " { type: \"standardize\", tag: \"a\", inputs: \"one\" },"
        + " { type: \"standardize\", tag: \"b\", inputs: \"two\" }")
    #expect(try plan.cube("one").values.first == 1)
    #expect(try plan.cube("two").values.first == 2)
    let first = try plan.rasterProduct("a").node
    #expect(try plan.rasterProduct("b").node !== first)
  }

  /// A store that was filled on one grid gives nothing wrong to a run on another.
  @Test(arguments: [
    "{ crs: \"\", resolution: 20, extent: [2060, 3580, 2780, 4140] }",
    "{ crs: \"EPSG:2056\", resolution: 10, extent: [1030, 1790, 1390, 2070] }",
    "{ crs: \"\", resolution: 10, extent: [1033, 1787, 1393, 2067] }",
  ])
  func gridsDoNotShareAStore(other: String) throws {
    let run = try StageRun()
    try run.text("x,y,v\n1100,2000,1\n1300,1850,5\n2100,4000,2\n2500,3700,3\n", "points.csv")
    let stage = "{ type: \"grid-points\", tag: \"map\", file: \"points.csv\", fields: [\"v\"] }"
    let fresh = try run.planned(stage, grid: other, out: "fresh").cube("map")
    do { _ = try run.planned(stage, grid: StageRun.gridText, out: "shared").cube("map") }
    let shared = try run.planned(stage, grid: other, out: "shared").cube("map")
    #expect(isSame(fresh.values, shared.values))
  }

  /// Samples are counted in the cells of the grid, which move when it grows to the left.
  @Test(arguments: ["points.csv", "codes.tif"])
  func aGrownGridMovesTheSamples(file: String) throws {
    let run = try StageRun()
    try run.text("x,y,c\n1105,2005,1\n1305,1855,2\n", "points.csv")
    try run.raster("codes.tif", ["c"]) { _, column, row in Float((column * row) % 3) }
    let option =
      file == "points.csv"
      ? "field: \"c\"" : "field: \"c\", classes: { \"1\": \"a\", \"2\": \"b\" }"
    let stage = "{ type: \"labels\", tag: \"points\", file: \"\(file)\", \(option) }"
    let grown = "{ crs: \"\", resolution: 10, extent: [930, 1790, 1390, 2170] }"
    func samples(_ grid: String, _ out: String) throws -> [UInt8] {
      let plan = try run.planned(stage, grid: grid, chunk: 16, out: out)
      guard let node = try plan.product("points").nodes.first else { return [] }
      return try plan.executor.value(node)
    }
    let fresh = try samples(grown, "fresh")
    #expect(try samples(StageRun.gridText, "shared") != fresh)
    #expect(try samples(grown, "shared") == fresh)
  }

  /// A grid that grows by whole cells finds the chunks that it had.
  @Test func aGrownGridKeepsItsChunks() throws {
    let run = try StageRun()
    try run.text("x,y,v\n1105,2005,1\n1305,1855,2\n", "points.csv")
    let stage = "{ type: \"grid-points\", tag: \"map\", file: \"points.csv\", fields: [\"v\"] }"
    do { _ = try run.planned(stage, grid: StageRun.gridText, chunk: 16, out: "out").cube("map") }
    let grown = try run.planned(
      stage, grid: "{ crs: \"\", resolution: 10, extent: [940, 1790, 1390, 2170] }", chunk: 16,
      out: "out")
    _ = try grown.cube("map")
    let count = try #require(grown.executor.statistics["map"])
    // Only chunks that the old border cut off, and new ones, are made.
    #expect(count.found >= 2 && count.made >= 2, "\(count)")
  }
}
