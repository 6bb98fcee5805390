import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Terrain features through plans: chunks, borders, gaps, directions and sides of cells.
struct TerrainTests {
  private static let all =
    "[\"slope\", \"aspect\", \"curvature\", \"profile-curvature\", \"plan-curvature\","
    + " \"ruggedness\", \"roughness\"]"

  private static func read(_ options: String = "") -> String {
    "{ type: \"read-cube\", tag: \"elevation\", files: \"dem.tif\" },"
      + "{ type: \"terrain\", measures: \(all)\(options) }"
  }

  /// A run with elevations given by place, on a grid with cells of the grid's own.
  private func run(
    _ grid: Grid = StageRun.grid, _ height: @escaping (Double, Double) -> Double
  ) throws -> StageRun {
    let run = try StageRun()
    try run.raster("dem.tif", ["elevation"], on: grid, unit: "m") { _, column, row in
      let center = grid.center(of: Cell(column: column, row: row))
      return Float(height(center.x, center.y))
    }
    return run
  }

  @Test func bandsHaveNamesAndUnits() throws {
    let plan = try run { x, y in x + y }.planned(Self.read(", prefix: \"lidar \""))
    let bands = try plan.rasterProduct("terrain").bands
    #expect(
      bands.map(\.name) == [
        "lidar slope", "lidar aspect sine", "lidar aspect cosine", "lidar curvature",
        "lidar profile curvature", "lidar plan curvature", "lidar ruggedness", "lidar roughness",
      ])
    #expect(bands.map(\.unit) == ["degrees", "", "", "1/m", "1/m", "1/m", "m", "m"])
  }

  /// A plane has its slope and aspect in every cell, up to the border and the corners.
  @Test func planesAreExactUpToTheBorder() throws {
    let plan = try run { x, y in 500 + 0.3 * x - 0.4 * y }.planned(Self.read())
    let cube = try plan.cube("terrain")
    let expected: [Float] = [
      Float(atan(0.5) * 180 / .pi), -0.6, 0.8, 0, 0, 0,
      // Eight neighbours, 10 units away.
      Float(150).squareRoot(), 14,
    ]
    for (band, value) in expected.enumerated() {
      #expect(cube.band(band).allSatisfy { abs($0 - value) < 2e-3 }, "band \(band)")
    }
  }

  @Test(arguments: [16, 21]) func chunksDoNotMatter(chunk: Int) throws {
    let run = try run { x, y in
      x > 1_200 && x < 1_230 && y > 1_900 ? .nan : 80 * sin(x / 37) * cos(y / 23)
    }
    let stages = Self.read() + ", { type: \"write\", inputs: [\"terrain\"] }"
    let whole = try run.output(stages, "terrain").cube
    let parts = try run.output(stages, "terrain", chunk: chunk).cube
    #expect(parts.values.map(\.bitPattern) == whole.values.map(\.bitPattern))
    // A cell has values if it and its neighbours have elevations.
    for (index, cell) in StageRun.cells(StageRun.grid.window).enumerated() {
      let near = (-1...1).flatMap { row in (-1...1).map { (cell.column + $0, cell.row + row) } }
      let hasAll = near.allSatisfy { column, row in
        let x = 1_035 + 10 * Double(column)
        return !(x > 1_200 && x < 1_230 && 2_065 - 10 * Double(row) > 1_900)
      }
      for band in 0..<whole.bandCount {
        #expect(whole.values[band * 1008 + index].isNaN != hasAll)
      }
    }
  }

  @Test func flatCellsHaveNoDirection() throws {
    let cube = try run { _, _ in 7 }.planned(Self.read()).cube("terrain")
    #expect(cube.values.allSatisfy { $0 == 0 })
  }

  /// North is that of the map, whatever way the rows run and whatever sides the cells have.
  @Test(arguments: [(10.0, -10.0, 0.0), (10, -25, 0), (8, 20, 0), (-10, 10, 0), (10, -10, 0.5)])
  func directionsAreThoseOfTheMap(width: Double, height: Double, turn: Double) throws {
    let grid = Grid(
      width: 9, height: 8,
      transform: GeoTransform(
        originX: 500, columnX: width * cos(turn), rowX: -height * sin(turn), originY: 900,
        columnY: width * sin(turn), rowY: height * cos(turn)), crs: "")
    let run = try run(grid) { x, y in 300 - 0.2 * x - 0.1 * y }
    let plan = try run.planned(Self.read(), grid: "{ like: \"dem.tif\" }")
    let cube = try plan.cube("terrain")
    let length = (0.05 as Double).squareRoot()
    for (band, value) in [atan(length) * 180 / .pi, 0.2 / length, 0.1 / length].enumerated() {
      #expect(cube.band(band).allSatisfy { abs(Double($0) - value) < 2e-3 }, "band \(band)")
    }
  }

  /// Degrees are metres on the ellipsoid, row by row, and 'factor' makes metres of feet.
  @Test func slopesOfLongitudesAndLatitudesAreThoseOfTheGround() throws {
    let grid = Grid(
      width: 12, height: 10,
      transform: GeoTransform(left: 20, top: 60, cellWidth: 0.01, cellHeight: 0.02),
      crs: try CRS.wkt(from: "EPSG:4326"))
    let run = try run(grid) { x, y in (4_000 * (x - 20) + 9_000 * (y - 60)) / 0.3048 }
    let stages = Self.read(", factor: 0.3048") + ", { type: \"write\", inputs: [\"terrain\"] }"
    let cube = try run.planned(Self.read(", factor: 0.3048")).cube("terrain")
    func metres(_ a: SIMD2<Double>, _ b: SIMD2<Double>) -> Double {
      Ellipsoid.wgs84.distance(from: a * .pi / 180, to: b * .pi / 180)
    }
    for row in 0..<10 {
      let y = 60 - 0.02 * (Double(row) + 0.5)
      let east = 4_000 * 0.001 / metres(SIMD2(20, y), SIMD2(20.001, y))
      let north = 9_000 * 0.001 / metres(SIMD2(20, y - 0.0005), SIMD2(20, y + 0.0005))
      let slope = hypot(east, north)
      for column in 0..<12 {
        let found = cube.spectrum(column: column, row: row)
        #expect(abs(Double(found[0]) - atan(slope) * 180 / .pi) < 1e-3)
        #expect(abs(Double(found[1]) + east / slope) < 1e-3)
        #expect(abs(Double(found[2]) + north / slope) < 1e-3)
      }
    }
    let whole = try run.output(stages, "terrain").cube.values
    let parts = try run.output(stages, "terrain", chunk: 16).cube.values
    #expect(parts.map(\.bitPattern) == whole.map(\.bitPattern))
  }

  @Test func smallGridsHaveNothingOrAStraightLine() throws {
    func found(_ width: Int, _ height: Int) throws -> DataCube {
      let grid = Grid(
        width: width, height: height, transform: StageRun.grid.transform, crs: "")
      return try run(grid) { x, y in 0.5 * x + y }.planned(Self.read()).cube("terrain")
    }
    #expect(try found(1, 1).values.allSatisfy { $0.isNaN })
    #expect(try found(1, 6).values.allSatisfy { $0.isNaN })
    let slope = Float(atan(1.25.squareRoot()) * 180 / .pi)
    #expect(try found(2, 2).band(0).allSatisfy { abs($0 - slope) < 1e-3 })
  }

  @Test func wrongOptionsHaveAPlace() throws {
    let run = try run { x, y in x + y }
    let band = try run.problem(Self.read(", band: \"elevatoin\""))
    #expect(band?.key == "band" && band?.message.contains("did you mean 'elevation'") == true)
    try run.raster("two.tif", ["elevation", "trees"]) { _, _, _ in 1 }
    let missing = try run.problem(
      "{ type: \"read-cube\", files: \"two.tif\" }, { type: \"terrain\" }")
    #expect(missing?.key == "band" && missing?.message.contains("2 bands") == true)
    let twice = try run.problem(
      "{ type: \"read-cube\", files: \"dem.tif\" },"
        + "{ type: \"terrain\", measures: [\"slope\", \"slope\"] }")
    #expect(twice?.key == "measures")
  }
}
