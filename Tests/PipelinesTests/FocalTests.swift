import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Statistics of windows through plans.
struct FocalTests {
  private func run() throws -> StageRun {
    let run = try StageRun()
    try run.raster("values.tif", ["Cu", "Zn"], unit: "ppm") { band, column, row in
      StageRun.noise(9, column, row) < 0.1 ? .nan : 50 * StageRun.noise(band, column, row)
    }
    try run.raster("rock.tif", ["rock"]) { _, column, row in
      Float(1 + (column / 4 + row / 5) % 3)
    }
    return run
  }

  private static let reader = """
    { type: "read-cube", tag: "layers", files: ["values.tif", "rock.tif"],
      categorical: { rock: { "1": "granite", "2": "gneiss", "3": "slate" } } },
    """

  private static func stage(_ options: String) -> String {
    reader + "{ type: \"focal\", inputs: [\"layers\"], \(options) }"
  }

  /// The mean or deviation of a window, written out.
  private static func value(
    _ band: ArraySlice<Float>, _ cell: Cell, _ radius: Int, deviation: Bool
  ) -> Float {
    let grid = StageRun.grid
    let values = Array(band)
    if values[grid.window.index(column: cell.column, row: cell.row)].isNaN { return .nan }
    let window = Window(x: cell.column, y: cell.row, width: 1, height: 1)
      .expanded(by: radius).intersection(grid.window)
    let inside = StageRun.cells(window).map {
      Double(values[grid.window.index(column: $0.column, row: $0.row)])
    }
    let known = inside.filter { !$0.isNaN }
    if Double(known.count) < 0.9 * Double(inside.count) { return .nan }
    let mean = known.reduce(0, +) / Double(known.count)
    if !deviation { return Float(mean) }
    let squares = known.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return Float((squares / Double(known.count)).squareRoot())
  }

  @Test func valuesAreThoseOfTheDefinition() throws {
    let plan = try run().planned(
      Self.stage("window: 5, statistics: [\"mean\", \"deviation\"], \"window-missing\": 0.1"))
    let bands = try plan.rasterProduct("focal").bands
    #expect(
      bands.map(\.name) == [
        "Cu mean 5", "Cu deviation 5", "Zn mean 5", "Zn deviation 5", "rock: granite share 5",
        "rock: gneiss share 5", "rock: slate share 5",
      ])
    #expect(bands.map(\.unit) == ["ppm", "ppm", "ppm", "ppm", "", "", ""])
    #expect(bands.allSatisfy { $0.group == nil })
    let (layers, found) = (try plan.cube("layers"), try plan.cube("focal"))
    for (index, source) in [0, 0, 1, 1, 2, 3, 4].enumerated() {
      let expected = StageRun.cells(StageRun.grid.window).map {
        Self.value(layers.band(source), $0, 2, deviation: index == 1 || index == 3)
      }
      #expect(isSame(found.band(index), expected, tolerance: 1e-5))
      #expect(index >= 4 || expected.contains { $0.isNaN })
    }
    for cell in 0..<found.window.cellCount {
      let shares = (4..<7).reduce(0) { $0 + found.values[$1 * found.window.cellCount + cell] }
      #expect(abs(shares - 1) < 1e-5)
    }
  }

  @Test(arguments: [16, 23]) func chunksDoNotMatter(chunk: Int) throws {
    let run = try run()
    let stages =
      Self.stage("window: 7, shape: \"circle\", statistics: [\"deviation\", \"mean\"]")
      + ", { type: \"write\", inputs: [\"focal\"] }"
    let whole = try run.output(stages, "focal").cube.values
    let parts = try run.output(stages, "focal", chunk: chunk).cube.values
    #expect(parts.map(\.bitPattern) == whole.map(\.bitPattern))
  }

  @Test func bandsAreChosenAndWindowsMayBeLargerThanTheGrid() throws {
    let plan = try run().planned(
      Self.stage("window: 101, bands: [\"rock\"], \"window-missing\": 1"))
    let cube = try plan.cube("focal")
    #expect(try plan.rasterProduct("focal").bands.count == 3)
    for band in 0..<3 {
      #expect(Set(cube.band(band)).count == 1, "every window holds the whole grid")
    }
    let single = try run().planned(Self.stage("window: 1, bands: \"Cu\""))
    #expect(isSame(try single.cube("focal").values, try single.cube("layers").band(0)))
  }

  @Test func wrongOptionsHaveAPlace() throws {
    let run = try run()
    let even = try run.problem(Self.stage("window: 4"))
    #expect(even?.key == "window" && even?.message.contains("even") == true)
    let band = try run.problem(Self.stage("window: 3, bands: [\"Cuu\"]"))
    #expect(band?.key == "bands" && band?.message.contains("did you mean 'Cu'") == true)
    let twice = try run.problem(Self.stage("window: 3, statistics: [\"mean\", \"mean\"]"))
    #expect(twice?.key == "statistics")
    let none = try run.problem(Self.stage("window: 3, statistics: []"))
    #expect(none?.key == "statistics")
  }
}
