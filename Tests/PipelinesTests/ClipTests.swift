import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Limited values.
struct ClipTests {
  private func run() throws -> StageRun {
    let run = try StageRun()
    try run.raster("values.tif", ["Cu", "Zn"], unit: "ppm") { band, column, row in
      StageRun.noise(9, column, row) < 0.1 ? .nan : 50 * StageRun.noise(band, column, row)
    }
    return run
  }

  private static let reader = "{ type: \"read-cube\", tag: \"layers\", files: \"values.tif\" },"

  private static func stage(_ options: String) -> String {
    reader + "{ type: \"clip\", inputs: [\"layers\"], \(options) }"
  }

  @Test(arguments: [true, false]) func numbersLimit(isMissing: Bool) throws {
    let plan = try run().planned(
      Self.stage(
        "bands: \"Zn\", minimum: 10, maximum: 30\(isMissing ? ", beyond: \"missing\"" : "")"))
    let (layers, found) = (try plan.cube("layers"), try plan.cube("clip"))
    #expect(isSame(found.band(0), layers.band(0)))
    let expected = layers.band(1).map { value -> Float in
      if value.isNaN || (value >= 10 && value <= 30) { return value }
      return isMissing ? .nan : min(max(value, 10), 30)
    }
    #expect(isSame(found.band(1), expected) && !isSame(found.band(1), layers.band(1)))
    #expect(try plan.rasterProduct("clip").bands == plan.rasterProduct("layers").bands)
    let open = try run().planned(Self.stage("maximum: 20"))
    #expect(
      isSame(try open.cube("clip").values, layers.values.map { $0.isNaN ? $0 : min($0, 20) }))
  }

  @Test func quantilesLimit() throws {
    let plan = try run().planned(Self.stage("quantiles: [0.1, 0.9]"))
    let (layers, found) = (try plan.cube("layers"), try plan.cube("clip"))
    for band in 0..<2 {
      let sorted = layers.band(band).filter { !$0.isNaN }.sorted()
      func quantile(_ share: Double) -> Float {
        let position = share * Double(sorted.count - 1)
        let below = Double(sorted[Int(position)])
        let above = Double(sorted[min(sorted.count - 1, Int(position) + 1)])
        return Float(below + (position - position.rounded(.down)) * (above - below))
      }
      let (low, high) = (quantile(0.1), quantile(0.9))
      let expected = layers.band(band).map { $0.isNaN ? $0 : min(max($0, low), high) }
      #expect(isSame(found.band(band), expected, tolerance: 1e-6))
    }
    let stages = Self.stage("quantiles: [0.1, 0.9]") + ", { type: \"write\", inputs: [\"clip\"] }"
    let run = try run()
    let whole = try run.output(stages, "clip").cube.values
    let parts = try run.output(stages, "clip", chunk: 16).cube.values
    #expect(parts.map(\.bitPattern) == whole.map(\.bitPattern))
  }

  /// Inside a fold test places take no part in the quantiles.
  @Test func testPlacesAreNotLookedAt() throws {
    let run = try run()
    try run.text("x,y,kind\n1105,1995,1\n1215,1845,0\n1325,1905,1\n1075,1815,0\n", "points.csv")
    let plan = try run.planned(
      "{ type: \"labels\", tag: \"labels\", file: \"points.csv\", field: \"kind\" },"
        + "{ type: \"split\", tag: \"folds\", inputs: { samples: \"labels\" }, method: \"blocks\","
        + " folds: 2, size: 140 }," + Self.stage("quantiles: [0.1, 0.9]"))
    let layers = try plan.cube("layers")
    for fold in 0..<2 {
      let mask = try plan.places(fold).trainingMask(plan.grid.window, of: plan.grid)
      let found = try plan.cube("clip", fold: fold)
      let kept = zip(layers.band(0), mask).filter { !$0.0.isNaN && $0.1 }.map(\.0).sorted()
      #expect(kept.count < layers.band(0).count { !$0.isNaN })
      let position = 0.9 * Double(kept.count - 1)
      let below = Double(kept[Int(position)])
      let above = Double(kept[Int(position) + 1])
      let high = Float(below + (position - position.rounded(.down)) * (above - below))
      let highest = found.band(0).filter { !$0.isNaN }.max() ?? 0
      #expect(abs(highest - high) < 1e-4)
    }
  }

  @Test func wrongOptionsHaveAPlace() throws {
    let run = try run()
    #expect(try run.problem(Self.stage("bands: \"Cu\""))?.message.contains("needs a limit") == true)
    #expect(try run.problem(Self.stage("minimum: 3, maximum: 2"))?.key == "minimum")
    #expect(try run.problem(Self.stage("minimum: 3, quantiles: [0, 1]"))?.key == "quantiles")
    for wrong in ["[0.5]", "[0.9, 0.1]", "[0, 0.5, 1]"] {
      #expect(try run.problem(Self.stage("quantiles: \(wrong)"))?.key == "quantiles")
    }
  }
}
