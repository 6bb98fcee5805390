import Foundation
import Rasters
import Tensors
import Testing

@testable import Pipelines

/// What styles, project and report say of all cells of an attribution raster.
struct AttributionStrengthsTests {
  private static func value(_ band: Int, _ column: Int, _ row: Int) -> Float {
    if (column + 2 * row) % 7 == band { return .nan }
    let noise = StageRun.noise(band, column, row) - 0.5
    return [0.1, 4, 1][band] * noise * (column == 5 ? 9 : 1)
  }

  private func strengths(chunk: Int) throws -> AttributionStrengths {
    let run = try StageRun()
    try run.raster("a.tif", ["a", "b", "c", "base value"]) { band, column, row in
      band == 3 ? 100 : Self.value(band, column, row)
    }
    let planned = try run.planned(
      "{ type: \"read-cube\", tag: \"cube\", files: \"a.tif\" }", chunk: chunk)
    let stage = try #require(planned.plan.document.stage("cube"))
    let request = PlanRequest(
      name: "shap", tag: "shap", type: "explain", revision: 1, options: stage.options, inputs: [:],
      fold: nil, fitted: nil, planner: planned.plan.planner)
    let node = AttributionStrengths.node(
      request, try planned.rasterProduct("cube").node, featureCount: 3)
    try planned.executor.run(Schedule(targets: [node]))
    return try .stored(try planned.executor.value(node))
  }

  @Test func areThoseOfAllCells() throws {
    let found = try strengths(chunk: 16)
    let cells = StageRun.cells(StageRun.grid.window)
    let magnitudes = (0..<3).map { band in
      cells.map { abs(Self.value(band, $0.column, $0.row)) }.filter(\.isFinite)
    }
    for (mean, values) in zip(found.means, magnitudes) {
      let expected = values.reduce(0) { $0 + Double($1) } / Double(values.count)
      #expect(abs(mean - expected) < 1e-9 * expected)
    }
    #expect(found.order == [1, 2, 0] && found.isClipped)
    let sorted = magnitudes.flatMap(\.self).sorted().map(Double.init)
    let limit = sorted[Int((0.99 * Double(sorted.count)).rounded(.up)) - 1]
    #expect(found.limit >= limit && found.limit <= limit * (1 + 1 / 2048))
    // Not by a bit do they depend on chunks.
    #expect(try strengths(chunk: 512) == found)
  }

  @Test func nothingExplainedHasAScaleNevertheless() {
    let none = AttributionStrengths([.init(), .init()], percentile: nil)
    #expect(none.means == [0, 0] && none.limit == 1 && !none.isClipped && none.order == [0, 1])
  }
}
