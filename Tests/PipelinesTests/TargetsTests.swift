import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Anomalies as polygons and ranked points.
struct TargetsTests {
  private static let window = StageRun.grid.window

  /// A map with many small anomalies, some with holes, and a part without values.
  private static func value(_ column: Int, _ row: Int) -> Float {
    column > 30 && row > 20 ? .nan : StageRun.noise(3, column, row)
  }

  private func run() throws -> StageRun {
    let run = try StageRun()
    try run.raster("p.tif", ["ore"]) { _, column, row in Self.value(column, row) }
    return run
  }

  private static func stages(_ options: String, write: Bool = true) -> String {
    "{ type: \"read-cube\", tag: \"p\", files: [\"p.tif\"] },\n"
      + "{ type: \"targets\", tag: \"spots\", \(options) }"
      + (write ? ",\n{ type: \"write\", inputs: [\"spots\"] }, { type: \"report\" }" : "")
  }

  private func list(
    _ run: StageRun, _ options: String, grid: String = StageRun.gridText, chunk: Int = 512
  ) throws -> TargetList {
    let path = try run.pipeline(
      Self.stages(options, write: false), name: "list\(chunk)", grid: grid, chunk: chunk)
    return try .stored(try run.files.value(path, of: "spots", out: "list\(chunk)").bytes)
  }

  /// The naive twin: regions by flooding, in the order of their first cells.
  private static func regions(above threshold: Float, corners: Bool) -> [[Cell]] {
    var isSeen = [Bool](repeating: false, count: window.cellCount)
    func isOpen(_ cell: Cell) -> Bool {
      window.contains(column: cell.column, row: cell.row)
        && !isSeen[window.index(column: cell.column, row: cell.row)]
        && value(cell.column, cell.row) > threshold
    }
    return StageRun.cells(window).compactMap { start in
      guard isOpen(start) else { return nil }
      var (open, region) = ([start], [Cell]())
      isSeen[window.index(column: start.column, row: start.row)] = true
      while let cell = open.popLast() {
        region.append(cell)
        for dy in -1...1 {
          for dx in -1...1 where corners || dx == 0 || dy == 0 {
            let next = Cell(column: cell.column + dx, row: cell.row + dy)
            guard isOpen(next) else { continue }
            isSeen[window.index(column: next.column, row: next.row)] = true
            open.append(next)
          }
        }
      }
      return region
    }
  }

  /// Every number and every cell, found anew; cells have 100 square map units.
  @Test(arguments: [4, 8])
  func targetsAreThoseOfTheCells(connectivity: Int) throws {
    let run = try run()
    let options = "threshold: 0.6, connectivity: \(connectivity), simplify: 0, \"least-area\": 300"
    let path = try run.pipeline(
      Self.stages(options), name: "all", grid: StageRun.gridText)
    try #require(run.files.run(path, out: "all") == .done)
    let expected = Self.regions(above: 0.6, corners: connectivity == 8)
      .filter { $0.count >= 3 }
      .map { cells -> (cells: [Cell], mean: Double, maximum: Float) in
        let values = cells.map { Self.value($0.column, $0.row) }
        let sum = values.reduce(0.0) { $0 + Double($1) }
        return (cells, sum / Double(cells.count), values.max() ?? 0)
      }
      .sorted { $0.mean > $1.mean }
    #expect(expected.count > 5)
    let found = try list(run, options).targets
    #expect(found.count == expected.count)
    var ranks = [Float](repeating: .nan, count: Self.window.cellCount)
    for (index, (target, twin)) in zip(found, expected).enumerated() {
      #expect(target.rank == index + 1 && target.cells == twin.cells.count)
      #expect(target.area == 100 * Double(twin.cells.count))
      #expect(abs(target.mean - twin.mean) < 1e-12 && target.maximum == Double(twin.maximum))
      let top = try #require(StageRun.grid.cell(x: target.place.x, y: target.place.y))
      #expect(twin.cells.contains(top) && Self.value(top.column, top.row) == twin.maximum)
      for cell in twin.cells {
        ranks[Self.window.index(column: cell.column, row: cell.row)] = Float(index + 1)
      }
    }
    let burned = try Shapes.rasterize(
      path: run.files.folder + "/all/spots.gpkg", layer: "targets", field: "rank",
      grid: StageRun.grid, window: Self.window)
    #expect(isSame(burned, ranks))
    #expect(found.contains { $0.parts.contains { $0.count > 1 } } || connectivity == 4)
    let points = try PointTable.read(
      path: run.files.folder + "/all/spots.gpkg", layer: "points", crs: "")
    #expect(points.columns["mean"]?.numbers == found.map(\.mean))
    #expect(points.x == found.map(\.place.x) && points.y == found.map(\.place.y))
  }

  @Test func anyChunkAndAnyNumberOfWorkersMakeTheSame() throws {
    let run = try run()
    var outputs: [[Data?]] = []
    for (chunk, jobs) in [(512, 2), (16, 1), (19, 2), (16, 2)] {
      let path = try run.pipeline(
        Self.stages("quantile: 0.7, \"rank-by\": \"area\""), name: "chunks",
        grid: StageRun.gridText,
        chunk: chunk)
      let out = "out\(chunk)-\(jobs)"
      try #require(run.files.run(path, out: out, jobs: jobs) == .done)
      outputs.append(["spots.gpkg", "spots.csv"].map { run.files.bytes(out, $0) })
    }
    #expect(outputs[0].allSatisfy { $0 != nil })
    for other in outputs.dropFirst() { #expect(other == outputs[0]) }
  }

  /// Cells above a quantile, interpolated; none is lost without a least area.
  @Test func quantilesAreThoseOfTheMap() throws {
    let run = try run()
    let list = try list(run, "quantile: 0.9, connectivity: 4")
    let values = StageRun.cells(Self.window).map { Self.value($0.column, $0.row) }
      .filter(\.isFinite).map(Double.init).sorted()
    let place = 0.9 * Double(values.count - 1)
    let (low, high) = (values[Int(place)], values[Int(place) + 1])
    let cut = low + (high - low) * (place - place.rounded(.down))
    #expect(abs(list.threshold - cut) < 1e-12)
    #expect(list.targets.reduce(0) { $0 + $1.cells } == values.count { $0 > cut })
  }

  /// A ring of cells and two squares that are equal but for their place.
  private func shapes() throws -> StageRun {
    let run = try StageRun()
    try run.raster("p.tif", ["ore"]) { _, column, row in
      let distance = hypot(Double(column) - 12, Double(row) - 13)
      if distance <= 11, distance > 4 { return column == 20 && row == 13 ? 0.9 : 0.7 }
      return [1...3, 20...22].contains { $0.contains(row) } && (30...32).contains(column) ? 0.8 : 0
    }
    return run
  }

  @Test func holesAreKeptAndTiesHaveAnOrder() throws {
    let run = try shapes()
    let targets = try list(run, "threshold: 0.5").targets
    #expect(targets.count == 3 && targets.last?.cells ?? 0 > 250)
    // The squares are equal: the upper one comes first. Its point is its first cell.
    #expect(targets[0].mean == targets[1].mean && targets[0].place.y > targets[1].place.y)
    #expect(targets[0].place.x == 1335 && targets[0].place.y == 2055)
    // The ring is simpler than its cells, and whole.
    let ring = targets[2]
    #expect(ring.parts.count == 1 && ring.parts[0].count == 2)
    #expect(ring.parts[0][0].count < 30)
    #expect(ring.place.x == 1235 && ring.place.y == 1935)
    let byMaximum = try list(run, "threshold: 0.5, \"rank-by\": \"maximum\"").targets
    #expect(byMaximum.map(\.cells) == [ring.cells, 9, 9])
  }

  @Test func knownDepositsAreNamed() throws {
    let run = try shapes()
    try run.text("x,y\n1335,2045\n1336,2044\n1230,1800\n", "known.csv")
    let stages = """
      { type: "read-cube", tag: "p", files: ["p.tif"] },
      { type: "labels", tag: "known", file: "known.csv", x: "x", y: "y", presence: "ore" },
      { type: "targets", tag: "spots", inputs: { map: "p", samples: "known" }, threshold: 0.5 },
      { type: "write", inputs: ["spots"] }, { type: "report" }
      """
    let path = try run.pipeline(stages, grid: StageRun.gridText)
    try #require(run.files.run(path, out: "out") == .done)
    let csv = String(decoding: try #require(run.files.bytes("out", "spots.csv")), as: UTF8.self)
    let lines = csv.split(separator: "\n").map(String.init)
    #expect(lines[0] == "rank,x,y,mean,maximum,cells,area,known,distance,why")
    #expect(
      lines[1].hasPrefix("1,1335.0,2055.0,") && lines[1].contains(",9,900.0,2,10.0,")
        && lines[1].hasSuffix(
          "\"Rank 1: mean 'ore' 0.8 over 900 square map units, holds 2 known deposits\"")
    )
    #expect(lines[3].contains("135 map units from the nearest known deposit\""))
    // Without a coordinate system there are no longitudes.
    #expect(run.files.bytes("out", "spots.geojson") == nil)
    let page = String(decoding: try #require(run.files.bytes("out", "report.html")), as: UTF8.self)
    #expect(page.contains("Targets: spots") && page.contains("holds 2 known deposits"))
    #expect(page.contains("Targets by rank") && page.contains("known deposit</text>"))
  }

  private func placed(_ crs: String, _ transform: GeoTransform) throws -> (StageRun, String) {
    let run = try StageRun()
    let grid = Grid(width: 30, height: 20, transform: transform, crs: try CRS.wkt(from: crs))
    try run.raster("p.tif", ["ore"], on: grid) { _, column, row in
      (4...6).contains(column) && (2...4).contains(row) ? 0.9 : 0.1
    }
    let at = grid.center(of: Cell(column: 14, row: 2))
    try run.text("x,y\n\(at.x),\(at.y)\n", "known.csv")
    let stages = """
      { type: "read-cube", tag: "p", files: ["p.tif"] },
      { type: "labels", tag: "known", file: "known.csv", x: "x", y: "y", presence: "ore" },
      { type: "targets", tag: "spots", inputs: { map: "p", samples: "known" } },
      { type: "write", inputs: ["spots"] }
      """
    return (run, try run.pipeline(stages, grid: "{ like: \"p.tif\" }"))
  }

  @Test func longitudesAndLatitudesHaveTrueAreasAndDistances() throws {
    let (run, path) = try placed(
      "EPSG:4326", GeoTransform(left: 10, top: 60, cellWidth: 0.01, cellHeight: 0.01))
    try #require(run.files.run(path, out: "out") == .done)
    let json = try #require(run.files.bytes("out", "spots.geojson"))
    let found = try JSONDecoder().decode(PointCollection.self, from: json)
    #expect(found.type == "FeatureCollection" && found.features.map(\.type) == ["Feature"])
    let feature = try #require(found.features.first)
    #expect(feature.geometry.type == "Point" && feature.geometry.coordinates == [10.045, 59.975])
    // A degree is 111.41 km of latitude at 60 degrees and 55.84 km of longitude there.
    let cell = 1114.12 * 558.4
    #expect(abs(feature.properties.area / (9 * cell) - 1) < 0.002)
    #expect(abs(feature.properties.distance / 5584 - 1) < 0.002)
    #expect(
      feature.properties.why
        == "Rank 1: mean 'ore' 0.9 over 5.6 km2, 5.6 km from the nearest known deposit")
  }

  @Test func projectedPlacesBecomeLongitudesAndLatitudes() throws {
    let (run, path) = try placed(
      "EPSG:2056", GeoTransform(left: 2_600_000, top: 1_200_000, cellWidth: 50, cellHeight: 50))
    try #require(run.files.run(path, out: "out") == .done)
    let found = try JSONDecoder().decode(
      PointCollection.self, from: try #require(run.files.bytes("out", "spots.geojson")))
    let feature = try #require(found.features.first)
    #expect(feature.properties.area == 22_500 && feature.properties.distance == 500)
    #expect(feature.properties.why.hasSuffix("over 22500 m2, 500 m from the nearest known deposit"))
    // Bern's old observatory is the origin: 7.43864 E, 46.95108 N; a second is 21 m and 31 m there.
    let place = feature.geometry.coordinates
    #expect(abs(place[0] - (7.43864 + 225 / 76_120.0)) < 2e-5)
    #expect(abs(place[1] - (46.95108 - 125 / 111_180.0)) < 2e-5)
    // The same run again writes nothing, and elsewhere the same bytes.
    try #require(run.files.run(path, out: "again") == .done)
    for name in ["spots.gpkg", "spots.geojson", "spots.csv"] {
      #expect(run.files.bytes("again", name) == run.files.bytes("out", name))
    }
  }

  /// A plane of its own, as of a mine, leads to no longitudes: tables go without them.
  @Test func aPlaneOfItsOwnHasNoLongitudes() throws {
    var list = TargetList(
      bandName: "W", isProbability: true, threshold: 0.5, isMetric: true, explainedOutput: nil,
      known: nil)
    list.targets = [
      TargetList.Target(
        rank: 1, cells: 3, area: 75, mean: 0.8, maximum: 0.9,
        place: TargetList.Place(SIMD2(10, 20)), features: [], knownInside: 0, distance: nil)
    ]
    let mine = try TargetLayers(list, crs: "LOCAL_CS[\"mine\",UNIT[\"metre\",1]]")
    #expect(try mine.geoJSON() == nil)
    #expect(
      mine.csv == "rank,x,y,mean,maximum,cells,area,why\n"
        + "1,10.0,20.0,0.8,0.9,3,75.0,Rank 1: mean probability 0.8 over 75 m2\n")
    let globe = try TargetLayers(list, crs: "EPSG:4326")
    #expect(try globe.geoJSON()?.isEmpty == false && globe.csv.contains(",10.0,20.0,10.0,20.0,"))
  }

  @Test func nothingAboveTheThresholdIsSaid() throws {
    let run = try run()
    let path = try run.pipeline(
      Self.stages("threshold: 2"), name: "none", grid: StageRun.gridText)
    #expect(run.files.run(path, out: "none") == .done)
    let layers = try VectorInfo(path: run.files.folder + "/none/spots.gpkg").layers
    #expect(layers.prefix(2).map(\.name) == ["targets", "points"])
    #expect(layers.prefix(2).map(\.count) == [0, 0])
    let csv = try #require(run.files.bytes("none", "spots.csv"))
    #expect(String(decoding: csv, as: UTF8.self) == "rank,x,y,mean,maximum,cells,area,why\n")
    let page = String(decoding: try #require(run.files.bytes("none", "report.html")), as: UTF8.self)
    #expect(page.contains("There are no targets: &#39;ore&#39; nowhere exceeds 2.0."))
    let empty = try list(run, "threshold: 0.6, \"least-area\": 1e9")
    #expect(
      empty.emptiness(leastArea: 1e9)?.hasSuffix("over at least 1000000000 square map units")
        == true)
  }

  @Test func sentencesSayWhy() {
    var list = TargetList(
      bandName: "W", isProbability: true, threshold: 0.5, isMetric: true,
      explainedOutput: "log-odds", known: [])
    func target(
      _ features: [(String, Double)], mean: Double = 0.8312, inside: Int = 0,
      distance: Double? = nil
    ) -> TargetList.Target {
      TargetList.Target(
        rank: 1, cells: 3, area: 1_234_000, mean: mean, maximum: 0.9,
        place: TargetList.Place(.zero),
        features: features.map { TargetList.Feature(name: $0.0, value: $0.1) },
        knownInside: inside, distance: distance)
    }
    #expect(
      list.sentence(
        target([("W", 0.312), ("distance to the intrusion", 0.1204)], distance: 3_400))
        == "Rank 1: mean probability 0.83 over 1.2 km2, moved up by W (+0.31) and distance to the "
        + "intrusion (+0.12), 3.4 km from the nearest known deposit")
    #expect(
      list.sentence(target([("W", 2), ("Sn", -0.5), ("Cu", 0.25)], mean: 0.9996, inside: 1))
        == "Rank 1: mean probability 0.9996 over 1.2 km2, moved up by W (+2) and Cu (+0.25), "
        + "down by Sn (-0.5), holds 1 known deposit")
    list = TargetList(
      bandName: "W", isProbability: false, threshold: 0.5, isMetric: true, explainedOutput: nil,
      known: nil)
    #expect(
      list.sentence(target([("Sn", -0.5)]))
        == "Rank 1: mean 'W' 0.83 over 1.2 km2, moved down by Sn (-0.5)")
  }

  @Test func mistakesAreNamed() throws {
    let run = try run()
    try run.raster("three.tif", ["a", "b", "c"]) { _, _, _ in 1 }
    try run.text("x,y\n1335,2045\n", "known.csv")
    let known = """
      { type: "read-cube", tag: "p", files: ["p.tif"] },
      { type: "labels", tag: "known", file: "known.csv", x: "x", y: "y", presence: "gold" },
      """
    func key(_ stages: String) throws -> String? {
      try run.problem(stages, grid: StageRun.gridText)?.key
    }
    #expect(try key(Self.stages("connectivity: 5", write: false)) == "connectivity")
    #expect(try key(Self.stages("quantile: 0.9, threshold: 0.5", write: false)) == "quantile")
    #expect(try key(Self.stages("threshold: \"youden\"", write: false)) == "threshold")
    #expect(try key(Self.stages("class: \"oer\"", write: false)) == "class")
    #expect(try key(Self.stages("simplify: -1", write: false)) == "simplify")
    #expect(
      try key(
        "{ type: \"read-cube\", tag: \"t\", files: [\"three.tif\"] }, { type: \"targets\" }")
        == "class")
    #expect(
      try key(known + "{ type: \"targets\", inputs: { map: \"p\", explanation: \"p\" } }")
        == "inputs")
    #expect(
      try key(known + "{ type: \"targets\", inputs: { map: \"p\", samples: \"known\" } }")
        == "inputs")
  }

  /// The leading features are those of the SHAP raster's means under each polygon.
  @Test func featuresAreThoseOfTheExplanation() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.pipeline(
      "why",
      replacing: [
        ("    { type: \"report\" },\n", ""),
        (
          "    { type: \"write\", inputs: [\"probability\", \"shap\", \"segments\", \"model\", "
            + "\"scores\"] },\n",
          """
          { type: "targets", tag: "spots", quantile: 0.9, simplify: 0, "least-area": 20000,
            inputs: { map: "probability", explanation: "shap", samples: "cadmium" } },
          { type: "write", inputs: ["spots", "shap", "probability"] },
          """
        ),
      ])
    try #require(sample.run(path, out: "out") == .done)
    let (info, shap) = try sample.raster("out", "shap.tif")
    let probability = try sample.raster("out", "probability.tif").cube
    let names = info.bands.map(\.name)
    let list = try TargetList.stored(try sample.value(path, of: "spots", out: "out/.gossan").bytes)
    #expect(list.explainedOutput == "log-odds" && !list.targets.isEmpty && list.isProbability)
    let ranks = try Shapes.rasterize(
      path: sample.folder + "/out/spots.gpkg", layer: "targets", field: "rank",
      grid: info.gridOfCells, window: shap.window)
    for target in list.targets.prefix(5) {
      let cells = ranks.indices.filter { ranks[$0] == Float(target.rank) }
      #expect(cells.count == target.cells)
      func mean(_ cube: DataCube, _ band: Int) -> Double {
        let values = cube.band(band)
        return cells.reduce(0) { $0 + Double(values[values.startIndex + $1]) } / Double(cells.count)
      }
      #expect(abs(mean(probability, 1) - target.mean) < 1e-9)
      let moves = (0..<shap.bandCount - 1).map { (name: names[$0], value: mean(shap, $0)) }
        .sorted { abs($0.value) > abs($1.value) }
      #expect(target.features.map(\.name) == moves.prefix(3).map(\.name))
      for (found, move) in zip(target.features, moves) {
        #expect(abs(found.value - move.value) < 1e-9)
      }
      #expect(list.sentence(target).contains("moved "))
    }
    #expect(list.targets.contains { $0.knownInside > 0 })
    #expect(sample.bytes("out", "spots.geojson") != nil)
  }
}
