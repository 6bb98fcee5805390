import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Densities of points and lines through plans.
struct DensityTests {
  private static let places = (0..<30).map { index -> SIMD2<Double> in
    let (x, y) = (Double(StageRun.noise(1, index)), Double(StageRun.noise(2, index)))
    return SIMD2(1_030 + 360 * x, 1_790 + 280 * y)
  }
  private static let points =
    "x,y,size\n"
    + places.enumerated().map { index, place -> String in
      let size = index % 4 == 3 ? "" : String(index % 4)
      return "\(place.x),\(place.y),\(size)\n"
    }.joined()

  private func run() throws -> StageRun {
    let run = try StageRun()
    try run.text(Self.points, "points.csv")
    return run
  }

  private static func expected(_ radius: Double, weighted: Bool) -> [Float] {
    StageRun.cells(StageRun.grid.window).map { cell in
      let center = StageRun.grid.center(of: cell)
      let sum = places.enumerated().reduce(0.0) { sum, entry in
        let weight = !weighted ? 1 : entry.offset % 4 == 3 ? 0 : Double(entry.offset % 4)
        let offset = entry.element - SIMD2(center.x, center.y)
        let rest = 1 - (offset * offset).sum() / (radius * radius)
        return rest > 0 ? sum + weight * rest * rest : sum
      }
      return Float(3 * sum / (.pi * radius * radius))
    }
  }

  @Test(arguments: [false, true]) func pointsSpread(weighted: Bool) throws {
    let plan = try run().planned(
      "{ type: \"density\", file: \"points.csv\", radius: 65\(weighted ? ", weight: \"size\"" : "") }",
      grid: StageRun.gridText)
    let expected = Self.expected(65, weighted: weighted)
    let found = try plan.cube("density").values
    for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-9 + 1e-6 * b) }
    #expect(expected.contains(0) && expected.contains { $0 > 0 })
    #expect(try plan.rasterProduct("density").bands == [Band(name: "density")])
  }

  @Test func chunksDoNotMatter() throws {
    let run = try run()
    let stages = "{ type: \"density\", file: \"points.csv\", radius: 65 }, { type: \"write\" }"
    let whole = try run.output(stages, "density", grid: StageRun.gridText).cube.values
    let parts = try run.output(stages, "density", grid: StageRun.gridText, chunk: 17).cube.values
    #expect(parts.map(\.bitPattern) == whole.map(\.bitPattern))
  }

  /// One point, and 3 km of lines, counted over the ground: on the plane and on the ellipsoid.
  @Test(arguments: ["EPSG:2056", "EPSG:4326"]) func unitsAreThoseOfTheGround(crs: String) throws {
    let run = try StageRun()
    let isPlane = crs == "EPSG:2056"
    let (x, y) = isPlane ? (2_600_000.0, 1_200_000.0) : (7.438632, 46.951083)
    let (dx, dy) = isPlane ? (2_400.0, 1_800.0) : (2_400 / 76_130.0, 1_800 / 111_170.0)
    try run.text("WKT,v\nPOINT (\(x) \(y)),1\n", "point.csv")
    try run.text("WKT,v\n\"LINESTRING (\(x) \(y), \(x + dx) \(y + dy))\",1\n", "line.csv")
    let (cell, reach) = isPlane ? (100.0, 8_000.0) : (0.001, 0.09)
    let plan = try run.planned(
      "{ type: \"density\", tag: \"point\", file: \"point.csv\", radius: 3000 },"
        + "{ type: \"density\", tag: \"line\", file: \"line.csv\", radius: 3000,"
        + " kernel: \"epanechnikov\" }",
      grid: "{ crs: \"\(crs)\", resolution: \(cell),"
        + " extent: [\(x - reach), \(y - reach), \(x + reach), \(y + reach)] }")
    let measure = GroundMeasure(plan.grid)
    for (tag, total, unit) in [("point", 1.0, "1/km2"), ("line", 3, "km/km2")] {
      let cube = try plan.cube(tag)
      let sum = cube.values.enumerated().reduce(0.0) { sum, entry in
        sum + Double(entry.element) * measure.cellArea(row: entry.offset / cube.window.width) / 1e6
      }
      #expect(abs(sum - total) < 0.005 * total, "\(tag): \(sum)")
      #expect(try plan.rasterProduct(tag).bands.first?.unit == unit)
    }
  }

  @Test func wrongOptionsHaveAPlace() throws {
    let run = try run()
    try run.text(DistanceTests.layer, "layer.csv")
    let grid = StageRun.gridText
    let mixed = try run.problem("{ type: \"density\", file: \"layer.csv\", radius: 5 }", grid: grid)
    #expect(mixed?.key == "file" && mixed?.message.contains("lines and points") == true)
    let missing = try run.problem(
      "{ type: \"density\", file: \"points.csv\", radius: 5, weight: \"sise\" }", grid: grid)
    #expect(missing?.key == "weight" && missing?.message.contains("did you mean 'size'") == true)
    let radius = try run.problem(
      "{ type: \"density\", file: \"points.csv\", radius: 0 }", grid: grid)
    #expect(radius?.key == "radius")
  }

  @Test func pointsOfTestPlacesAreLeftOut() throws {
    let run = try run()
    let plan = try run.planned(
      "{ type: \"labels\", tag: \"labels\", file: \"points.csv\", target: \"values\","
        + " fields: [\"size\"] },"
        + "{ type: \"split\", tag: \"folds\", inputs: { samples: \"labels\" }, method: \"random\","
        + " folds: 2 },"
        + "{ type: \"density\", file: \"points.csv\", radius: 100, \"leave-out\": true }",
      grid: StageRun.gridText)
    let whole = try plan.cube("density").values.reduce(0, +)
    let parts = try (0..<2).map { try plan.cube("density", fold: $0).values.reduce(0, +) }
    #expect(parts.allSatisfy { $0 < 0.9 * whole && $0 > 0.1 * whole })
  }
}
