import Foundation
import Learning
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Scaling of bands, for the whole map and for folds.
struct StandardizeTests {
  private static let read =
    "{ type: \"read-cube\", tag: \"raw\", files: \"raw.tif\","
    + " categorical: { rock: { \"0\": \"granite\", \"1\": \"gneiss\" } } }"

  private static func value(_ band: Int, _ column: Int, _ row: Int) -> Float {
    switch band {
    case 0: column == 7 ? .nan : 1000 + StageRun.noise(column, row)
    case 1: 3 * StageRun.noise(9, column, row) - Float(row)
    case 2: 42
    default: Float((column * row) % 2)
    }
  }

  private func run() throws -> StageRun {
    let run = try StageRun()
    try run.raster("raw.tif", ["a", "b", "constant", "rock"], value: Self.value)
    let rows = (0..<60).map { point in
      "\(1_030 + 360 * StageRun.noise(1, point)),\(1_790 + 280 * StageRun.noise(2, point)),"
        + "\(point % 2)"
    }
    try run.text("x,y,kind\n" + rows.joined(separator: "\n"), "points.csv")
    return run
  }

  private func moments(_ values: [Float]) -> (mean: Double, deviation: Double) {
    let valid = values.filter { !$0.isNaN }.map(Double.init)
    let mean = valid.reduce(0, +) / Double(valid.count)
    let squares = valid.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, (squares / Double(valid.count)).squareRoot())
  }

  @Test func meansAreZeroAndDeviationsOne() throws {
    let plan = try run().planned(Self.read + ", { type: \"standardize\", tag: \"cube\" }")
    let raw = try plan.cube("raw")
    let cube = try plan.cube("cube")
    for band in 0..<2 {
      let (mean, deviation) = moments(Array(cube.band(band)))
      #expect(abs(mean) < 1e-5 && abs(deviation - 1) < 1e-5)
      #expect(cube.band(band).map(\.isNaN) == raw.band(band).map(\.isNaN))
    }
    #expect(cube.band(0).contains { $0.isNaN })
    // A constant band is only centred; categories pass.
    #expect(cube.band(2).allSatisfy { $0 == 0 })
    for band in 3..<5 { #expect(Array(cube.band(band)) == Array(raw.band(band))) }
    let bands = try plan.rasterProduct("raw").bands
    #expect(try plan.rasterProduct("cube").bands == bands)
  }

  @Test func namedBandsAloneAreScaled() throws {
    let plan = try run().planned(
      Self.read + ", { type: \"standardize\", tag: \"cube\", bands: [\"b\", \"rock: gneiss\"] }")
    let raw = try plan.cube("raw")
    let cube = try plan.cube("cube")
    for band in [0, 2, 3] { #expect(isSame(cube.band(band), raw.band(band))) }
    for band in [1, 4] {
      let (mean, deviation) = moments(Array(cube.band(band)))
      #expect(abs(mean) < 1e-5 && abs(deviation - 1) < 1e-5)
    }
  }

  @Test func chunksDoNotMatter() throws {
    let run = try run()
    let stages = Self.read + ", { type: \"standardize\", tag: \"cube\" }, { type: \"write\" }"
    let parts = try run.output(stages, "cube", chunk: 16)
    #expect(try run.output(stages, "cube", chunk: 512).bytes == parts.bytes)
  }

  @Test(arguments: ["method: \"random\", folds: 3", "method: \"blocks\", size: 70, folds: 3"])
  func testPlacesDoNotCount(split: String) throws {
    let plan = try run().planned(
      Self.read + ", { type: \"labels\", tag: \"points\", file: \"points.csv\", field: \"kind\" },"
        + " { type: \"split\", tag: \"folds\", inputs: \"points\", \(split) },"
        + " { type: \"standardize\", tag: \"cube\", inputs: { raster: \"raw\" } }", chunk: 16)
    let raw = try plan.cube("raw")
    let cells = StageRun.cells(plan.grid.window)
    for fold in 0..<3 {
      let places = try plan.places(fold)
      let isTrained = cells.map { cell in
        let center = plan.grid.center(of: cell)
        return !places.folds.isTestPlace(fold, x: center.x, y: center.y, cell: cell)
      }
      #expect(isTrained.contains(false) && isTrained.contains(true))
      let cube = try plan.cube("cube", fold: fold)
      for band in 0..<2 {
        let values = Array(raw.band(band))
        let (mean, deviation) = moments(cells.indices.map { isTrained[$0] ? values[$0] : .nan })
        let expected = values.map { Float((Double($0) - mean) / deviation) }
        #expect(isSame(cube.band(band), expected, tolerance: 1e-5))
        #expect(!isSame(cube.band(band), try plan.cube("cube").band(band), tolerance: 1e-5))
      }
    }
  }

  @Test func aBandWithoutValuesIsSaid() throws {
    let run = try StageRun()
    try run.raster("raw.tif", ["a", "empty"]) { band, _, _ in band == 0 ? 1 : .nan }
    let plan = try run.planned(
      "{ type: \"read-cube\", tag: \"raw\", files: \"raw.tif\" }, { type: \"standardize\", tag: \"cube\" }"
    )
    let error = #expect(throws: ExecutionError.self) { try plan.cube("cube") }
    #expect(error?.description.contains("'empty' has no value") == true)
  }
}
