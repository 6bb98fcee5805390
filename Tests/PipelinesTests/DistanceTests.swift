import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Distances to features, against the definition written out.
struct DistanceTests {
  /// A point, a line, and a polygon with a hole; none fits the cells.
  private static let point = SIMD2(1_372.3, 1_801.7)
  private static let line = [
    SIMD2(1_000.5, 2_090.2), SIMD2(1_111.1, 2_001.9), SIMD2(1_090.4, 1_760),
  ]
  private static let outer = [
    SIMD2(1_201.3, 1_931.4), SIMD2(1_310.9, 1_950.2), SIMD2(1_290.1, 2_040.6),
    SIMD2(1_200.2, 2_022),
  ]
  private static let hole = [
    SIMD2(1_230.7, 1_962.3), SIMD2(1_271.2, 1_964.4), SIMD2(1_262.5, 2_004.8),
  ]

  private static func text(_ places: [SIMD2<Double>]) -> String {
    places.map { "\($0.x) \($0.y)" }.joined(separator: ", ")
  }

  /// A table with geometries, which states no coordinate system.
  static let layer = """
    WKT,kind,size
    "POINT (\(text([point])))",shaft,3
    "LINESTRING (\(text(line)))",fault,2
    "POLYGON ((\(text(outer + [outer[0]]))), (\(text(hole + [hole[0]]))))",pluton,1

    """

  private static func length(_ offset: SIMD2<Double>) -> Double {
    (offset * offset).sum().squareRoot()
  }

  private static func distance(
    _ place: SIMD2<Double>, _ path: [SIMD2<Double>], closed: Bool
  ) -> Double {
    var ends = Array(zip(path, path.dropFirst()))
    if closed, let first = path.first, let last = path.last { ends.append((last, first)) }
    return ends.map { a, b in
      let way = b - a
      let share = ((place - a) * way).sum() / (way * way).sum()
      return length(place - a - min(max(share, 0), 1) * way)
    }.min() ?? length(place - path[0])
  }

  private static func isInside(_ place: SIMD2<Double>, _ ring: [SIMD2<Double>]) -> Bool {
    var inside = false
    for (a, b) in zip(ring, ring.dropFirst() + [ring[0]]) where (a.y > place.y) != (b.y > place.y) {
      if place.x < a.x + (place.y - a.y) / (b.y - a.y) * (b.x - a.x) { inside.toggle() }
    }
    return inside
  }

  private static func expected(_ kinds: Set<String>) -> [Float] {
    StageRun.cells(StageRun.grid.window).map { cell in
      let center = StageRun.grid.center(of: cell)
      let place = SIMD2(center.x, center.y)
      var nearest = Double.infinity
      if kinds.contains("shaft") { nearest = min(nearest, length(place - point)) }
      if kinds.contains("fault") { nearest = min(nearest, distance(place, line, closed: false)) }
      if kinds.contains("pluton") {
        let isCovered = isInside(place, outer) && !isInside(place, hole)
        nearest =
          isCovered
          ? 0
          : min(
            nearest, distance(place, outer, closed: true), distance(place, hole, closed: true))
      }
      return Float(nearest)
    }
  }

  private func run() throws -> StageRun {
    let run = try StageRun()
    try run.text(Self.layer, "layer.csv")
    return run
  }

  private static func stage(_ options: String) -> String {
    "{ type: \"distance\", file: \"layer.csv\"\(options) }"
  }

  @Test func distancesAreThoseToTheGeometries() throws {
    let plan = try run().planned(Self.stage(""), grid: StageRun.gridText)
    let found = try plan.cube("distance").values
    #expect(isSame(found, Self.expected(["shaft", "fault", "pluton"]), tolerance: 1e-6))
    #expect(found.count { $0 == 0 } > 20)
    #expect(try plan.rasterProduct("distance").bands == [Band(name: "distance")])
  }

  @Test(arguments: ["shaft", "fault", "pluton"]) func conditionsChoose(kind: String) throws {
    let plan = try run().planned(
      Self.stage(", name: \"far\", max: 70, where: \"kind = '\(kind)'\""), grid: StageRun.gridText)
    let expected = Self.expected([kind]).map { min($0, 70) }
    #expect(isSame(try plan.cube("distance").values, expected, tolerance: 1e-6))
    #expect(expected.contains(70) && expected.contains { $0 < 70 })
    #expect(try plan.rasterProduct("distance").bands.map(\.name) == ["far"])
  }

  @Test func chunksDoNotMatter() throws {
    let run = try run()
    let stages = Self.stage("") + ", { type: \"write\" }"
    let whole = try run.output(stages, "distance", grid: StageRun.gridText)
    for chunk in [16, 23] {
      let parts = try run.output(stages, "distance", grid: StageRun.gridText, chunk: chunk)
      #expect(parts.cube.values.map(\.bitPattern) == whole.cube.values.map(\.bitPattern))
    }
  }

  /// On the ellipsoid, over the seam of longitudes and beyond the pole.
  @Test func longitudesAndLatitudesAreMeasuredOnTheEllipsoid() throws {
    let run = try StageRun()
    try run.text(
      """
      WKT,v
      "LINESTRING (-179.5 66, -179.5 68.5)",1
      "POLYGON ((178 67.2, 178.4 67.2, 178.4 67.6, 178 67.6, 178 67.2))",1
      "POINT (0 88)",1

      """, "layer.csv")
    let plan = try run.planned(
      Self.stage(""),
      grid: "{ crs: \"EPSG:4326\", resolution: 0.2, extent: [176, 66, 182, 69] }")
    let cube = try plan.cube("distance")
    #expect(try plan.rasterProduct("distance").bands.first?.unit == "m")
    func radians(_ x: Double, _ y: Double) -> SIMD2<Double> { SIMD2(x, y) * .pi / 180 }
    for (index, found) in cube.values.enumerated() {
      let center = plan.grid.center(
        of: Cell(column: index % cube.window.width, row: index / cube.window.width))
      let isInside = center.x > 178 && center.x < 178.4 && center.y > 67.2 && center.y < 67.6
      // The nearest of many places along the features.
      var nearest = Ellipsoid.wgs84.distance(
        from: radians(center.x, center.y), to: radians(0, 88))
      for step in 0...500 {
        let share = Double(step) / 500
        let (x, y) = (178 + 0.4 * share, 67.2 + 0.4 * share)
        let places: [SIMD2<Double>] = [
          radians(180.5, 66 + 2.5 * share), radians(x, 67.2), radians(x, 67.6), radians(178, y),
          radians(178.4, y),
        ]
        for place in places {
          nearest = min(
            nearest,
            Ellipsoid.wgs84.distance(from: radians(center.x, center.y), to: place))
        }
      }
      let expected = isInside ? 0 : nearest
      // Places along the line are 560 m apart.
      #expect(Double(found) <= expected + 0.5 && Double(found) > expected - 15, "\(center)")
    }
    #expect(cube.values.count { $0 == 0 } == 4)
  }

  @Test func layersInOtherSystemsAreTransformed() throws {
    let run = try StageRun()
    try run.text(
      """
      {"type":"FeatureCollection","features":[{"type":"Feature","properties":{},
      "geometry":{"type":"Point","coordinates":[7.438632, 46.951083]}}]}
      """, "bern.geojson")
    let plan = try run.planned(
      "{ type: \"distance\", file: \"bern.geojson\" }",
      grid: "{ crs: \"EPSG:2056\", resolution: 100, extent: [2599000, 1199000, 2602000, 1201000] }")
    let cube = try plan.cube("distance")
    for (index, found) in cube.values.enumerated() {
      let center = plan.grid.center(of: Cell(column: index % 30, row: index / 30))
      #expect(abs(Double(found) - hypot(center.x - 2_600_000, center.y - 1_200_000)) < 2)
    }
  }

  @Test func wrongOptionsHaveAPlace() throws {
    let run = try run()
    try run.text("WKT,v\n", "empty.csv")
    try run.text("WKT,v\nPOINT EMPTY,1\n", "hollow.csv")
    let grid = StageRun.gridText
    let none = try run.problem(Self.stage(", where: \"kind = 'dyke'\""), grid: grid)
    #expect(none?.key == "where" && none?.message.contains("no feature") == true)
    let odd = try run.problem(Self.stage(", where: \"kind LIKE\""), grid: grid)
    #expect(odd?.key == "where" && odd?.place.line == 2)
    let empty = try run.problem("{ type: \"distance\", file: \"empty.csv\" }", grid: grid)
    #expect(empty?.key == "file" && empty?.message.contains("no feature") == true)
    let several = try run.problem(
      "{ type: \"distance\", file: \"\(SampleRun.root)/sample-rasters/tungsten-belt/structures.gpkg\" }",
      grid: "{ crs: \"EPSG:32650\", resolution: 10, extent: [0, 0, 50, 50] }")
    #expect(several?.key == "layer" && several?.message.contains("faults") == true)
    let layer = try run.problem(Self.stage(", layer: \"layers\""), grid: grid)
    #expect(layer?.key == "layer" && layer?.message.contains("did you mean 'layer'") == true)
    let out = try run.problem(Self.stage(", \"leave-out\": true"), grid: grid)
    #expect(out?.key == "leave-out" && out?.message.contains("points only") == true)
    let hollow = try run.pipeline(
      "{ type: \"distance\", file: \"hollow.csv\" }, { type: \"write\" }", name: "hollow",
      grid: grid)
    #expect(run.files.run(hollow, out: "hollow") == .failed)
    #expect(run.files.bytes("hollow", "distance.tif") == nil)
  }

  @Test func aGridOfOneCellIsMeasured() throws {
    let plan = try run().planned(
      Self.stage(", where: \"kind = 'shaft'\""),
      grid: "{ crs: \"\", resolution: 10, extent: [1030, 1790, 1040, 1800] }")
    let found = try plan.cube("distance").values
    #expect(found == [Float(Self.length(Self.point - SIMD2(1_035, 1_795)))])
  }
}

/// What distances must not tell of the samples that a model learns from.
struct DistanceLeakTests {
  private static let points = """
    x,y,kind,size
    1105,1995,1,2
    1215,1845,0,1
    1325,1905,1,4
    1075,1815,0,3
    1255,2035,1,1
    1375,2045,0,2

    """
  private static let labels =
    "{ type: \"labels\", tag: \"labels\", file: \"points.csv\", field: \"kind\" },"
    + "{ type: \"split\", tag: \"folds\", inputs: { samples: \"labels\" }, method: \"random\","
    + " folds: 3 },"

  private func run() throws -> StageRun {
    let run = try StageRun()
    try run.text(Self.points, "points.csv")
    return run
  }

  private static let places = points.split(separator: "\n").dropFirst().map { row in
    let numbers = row.split(separator: ",").compactMap { Double($0) }
    return SIMD2(numbers[0], numbers[1])
  }

  @Test func pointsOfTestPlacesAreLeftOut() throws {
    let plan = try run().planned(
      Self.labels
        + "{ type: \"distance\", tag: \"near\", file: \"points.csv\", \"leave-out\": true },"
        + "{ type: \"distance\", tag: \"plain\", file: \"points.csv\" }", grid: StageRun.gridText)
    func expected(_ isKept: (SIMD2<Double>) -> Bool) -> [Float] {
      let places = Self.places.filter(isKept)
      return StageRun.cells(StageRun.grid.window).map { cell in
        let center = StageRun.grid.center(of: cell)
        return Float(places.map { hypot($0.x - center.x, $0.y - center.y) }.min() ?? .nan)
      }
    }
    let whole = expected { _ in true }
    #expect(isSame(try plan.cube("near").values, whole, tolerance: 1e-6))
    for fold in 0..<3 {
      let hidden = try plan.places(fold)
      let kept = expected { !hidden.contains(x: $0.x, y: $0.y, grid: StageRun.grid) }
      #expect(!isSame(kept, whole, tolerance: 0.01))
      #expect(isSame(try plan.cube("near", fold: fold).values, kept, tolerance: 1e-6))
      #expect(isSame(try plan.cube("plain", fold: fold).values, whole, tolerance: 1e-6))
    }
    // A sample reads its cell without the point in it.
    let cell = try #require(StageRun.grid.cell(x: 1105, y: 1995))
    let window = Window(x: cell.column, y: cell.row, width: 1, height: 1)
    for (tag, isOwnLeftOut) in [("near", true), ("plain", false)] {
      let node = try plan.rasterProduct(tag).node
      #expect(node.dependsOnPoints == isOwnLeftOut)
      let value = try plan.executor.cube(node, window, excluding: [cell]).values[0]
      let nearest = Self.places.dropFirst().map { hypot($0.x - 1105, $0.y - 1995) }.min() ?? 0
      #expect(abs(Double(value) - (isOwnLeftOut ? nearest : 0)) < 1e-3)
    }
  }

  @Test func checkRemarksOnThePlacesOfSamples() throws {
    let run = try run()
    func remarks(_ options: String) throws -> [String] {
      let path = try run.pipeline(
        Self.labels + "{ type: \"distance\", tag: \"near\", file: \"points.csv\"\(options) }",
        name: "remarks", grid: StageRun.gridText)
      return Runner.remarks(path, overrides: Overrides())
    }
    let found = try remarks("")
    #expect(found.count == 1 && found.first?.contains("'near'") == true)
    #expect(found.first?.contains("'labels'") == true)
    #expect(try remarks(", \"leave-out\": true") == [])
  }
}
