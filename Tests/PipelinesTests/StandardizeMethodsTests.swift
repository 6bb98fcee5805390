import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

@Suite(.serialized) struct StandardizeMethodsTests {
  private func known(_ band: Int) -> [Double] {
    (0..<3500).map { CompositionalScene.value(Cell(column: $0 % 70, row: $0 / 70), band) }
      .filter { !$0.isNaN }.sorted().map(Double.init)
  }

  /// The value at a share of the sorted values, linear between neighbours.
  private func quantile(_ sorted: [Double], _ share: Double) -> Double {
    let position = Double(sorted.count - 1) * share
    let low = Int(position)
    let rest = position - Double(low)
    return rest == 0 ? sorted[low] : sorted[low] + (sorted[low + 1] - sorted[low]) * rest
  }

  @Test(arguments: ["z-score", "robust", "min-max"]) func scales(method: String) throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    let (info, cube) = try scene.raster(
      "{ type: \"standardize\", tag: \"cube\", method: \"\(method)\", bands: [\"Pb\", \"Fe\"] }")
    #expect(info.bands.map(\.name) == CompositionalScene.names)
    for band in 0..<5 {
      let sorted = known(band)
      let mean = sorted.reduce(0, +) / Double(sorted.count)
      let squares = sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      var (center, scale) = (mean, (squares / Double(sorted.count)).squareRoot())
      if method == "robust" {
        center = quantile(sorted, 0.5)
        scale = quantile(sorted, 0.75) - quantile(sorted, 0.25)
      } else if method == "min-max" {
        (center, scale) = (sorted[0], sorted[sorted.count - 1] - sorted[0])
      }
      if band != 1 && band != 4 { (center, scale) = (0, 1) }
      for index in 0..<3500 {
        let given = CompositionalScene.value(Cell(column: index % 70, row: index / 70), band)
        let value = cube.values[band * 3500 + index]
        let wanted = (Double(given) - center) / scale
        #expect(given.isNaN ? value.isNaN : abs(Double(value) - wanted) < 1e-5)
      }
    }
  }

  @Test func ranksAreUniformOrNormal() throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    let stage = "{ type: \"standardize\", tag: \"cube\", method: \"quantile\""
    let uniform = try scene.raster(stage + ", distribution: \"uniform\" }").cube
    let normal = try scene.raster(stage + " }").cube
    for band in 2..<5 {
      let ranks = uniform.band(band).filter { !$0.isNaN }.sorted()
      for (place, rank) in ranks.enumerated() {
        #expect(abs(rank - Float(place) / Float(ranks.count - 1)) < 2e-3)
      }
      let deviates = normal.band(band).filter { !$0.isNaN }.map(Double.init)
      let mean = deviates.reduce(0, +) / Double(deviates.count)
      let variance = deviates.reduce(0) { $0 + $1 * $1 } / Double(deviates.count)
      #expect(abs(mean) < 0.01 && abs(variance - 1) < 0.05)
    }
    // Where values rise, ranks do.
    let order = (0..<3500).filter { !uniform.values[2 * 3500 + $0].isNaN }.sorted {
      uniform.values[2 * 3500 + $0] < uniform.values[2 * 3500 + $1]
    }
    let values = order.map {
      CompositionalScene.value(Cell(column: $0 % 70, row: $0 / 70), 2)
    }
    #expect(zip(values, values.dropFirst()).allSatisfy { $0 <= $1 })
  }

  @Test(arguments: ["robust", "min-max", "quantile"]) func nothingLeaks(method: String) throws {
    try CompositionalScene.expectNoLeak(
      "{ type: \"standardize\", tag: \"cube\", method: \"\(method)\" }")
  }

  @Test(arguments: ["robust", "min-max"]) func linearMethodsAreCarriedThrough(
    method: String
  ) throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    let (info, _) = try scene.replayed(
      "{ type: \"log-ratio\", method: \"ilr\", zeros: 1 }, "
        + "{ type: \"standardize\", tag: \"cube\", method: \"\(method)\" }")
    #expect(info.bands.map(\.name).prefix(5) == CompositionalScene.names.prefix(5))
  }

  @Test func ranksAreTheirOwnSources() throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    let (info, cube) = try scene.replayed(
      "{ type: \"log-ratio\", method: \"ilr\", zeros: 1 }, "
        + "{ type: \"standardize\", tag: \"cube\", method: \"quantile\" }")
    #expect(
      info.bands.map(\.name)
        == ["ilr 1", "ilr 2", "ilr 3", "ilr 4", "explained output", "base value"])
    #expect(cube.band(0).contains { !$0.isNaN && $0 != 0 })
  }

  @Test func mistakesAreNamed() throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    try scene.expectProblem(
      "{ type: \"standardize\", distribution: \"uniform\" }", "distribution", "'quantile' only")
    try scene.expectProblem(
      "{ type: \"standardize\", method: \"robst\" }", "method", "did you mean 'robust'")
  }
}
