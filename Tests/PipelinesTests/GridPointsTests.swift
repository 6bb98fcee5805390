import Foundation
import Learning
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Gridding of points through plans, against the definition written out.
struct GridPointsTests {
  /// Points with two columns, of which the second has gaps.
  private struct Points {
    var x: [Double] = []
    var y: [Double] = []
    var columns: [[Float]] = [[], []]

    init(count: Int = 40) {
      for point in 0..<count {
        x.append(1_030 + 360 * Double(StageRun.noise(1, point)))
        y.append(1_790 + 280 * Double(StageRun.noise(2, point)))
        columns[0].append(10 * StageRun.noise(3, point))
        columns[1].append(point % 5 == 0 ? .nan : StageRun.noise(4, point))
      }
      // Two points share a cell.
      x[1] = x[0] + 0.5
      y[1] = y[0]
    }

    var csv: String {
      var lines = ["x,y,Cu,Zn,kind,fold"]
      for point in x.indices {
        let zinc = columns[1][point].isNaN ? "" : "\(columns[1][point])"
        lines.append(
          "\(x[point]),\(y[point]),\(columns[0][point]),\(zinc),\(point % 2),\(point % 3)")
      }
      return lines.joined(separator: "\n") + "\n"
    }

    func cell(_ point: Int) -> Cell? { StageRun.grid.cell(x: x[point], y: y[point]) }

    /// The definition, with a full sort.
    func value(
      _ column: Int, at cell: Cell, power: Double = 2, neighbours: Int = 12, radius: Double = 0,
      without: (Int) -> Bool = { _ in false }
    ) -> Float {
      let place = StageRun.grid.center(of: cell)
      var near = x.indices.filter { columns[column][$0].isFinite && !without($0) }.map {
        (distance: hypot(x[$0] - place.x, y[$0] - place.y), point: $0)
      }.sorted { $0 < $1 }
      if radius > 0 { near.removeAll { $0.distance > radius } }
      if neighbours > 0 { near = Array(near.prefix(neighbours)) }
      guard !near.isEmpty else { return .nan }
      var sum = 0.0
      var weights = 0.0
      for (distance, point) in near {
        let weight = pow(distance, -power)
        sum += weight * Double(columns[column][point])
        weights += weight
      }
      return Float(sum / weights)
    }

    func band(_ column: Int, without: (Int) -> Bool = { _ in false }) -> [Float] {
      StageRun.cells(StageRun.grid.window).map { value(column, at: $0, without: without) }
    }
  }

  private static let stage =
    "{ type: \"grid-points\", tag: \"metals\", file: \"points.csv\", fields: [\"Cu\", \"Zn\"],"
    + " unit: \"mg/kg\" }"
  private static let labels =
    "{ type: \"labels\", tag: \"labels\", file: \"points.csv\", field: \"kind\" }"

  private func run(_ points: Points) throws -> StageRun {
    let run = try StageRun()
    try run.text(points.csv, "points.csv")
    return run
  }

  @Test(arguments: [(2.0, 12, 0.0), (1, 3, 60), (3.5, 0, 0), (2, 0, 45)])
  func valuesEqualTheDefinition(power: Double, neighbours: Int, radius: Double) throws {
    let points = Points()
    let plan = try run(points).planned(
      "{ type: \"grid-points\", tag: \"metals\", file: \"points.csv\", fields: [\"Cu\", \"Zn\"],"
        + " power: \(power), neighbours: \(neighbours), radius: \(radius) }",
      grid: StageRun.gridText)
    let cube = try plan.cube("metals")
    let cells = StageRun.cells(StageRun.grid.window)
    for column in 0..<2 {
      let expected = cells.map {
        points.value(column, at: $0, power: power, neighbours: neighbours, radius: radius)
      }
      #expect(isSame(cube.band(column), expected, tolerance: 1e-5))
      #expect(expected.contains { $0.isNaN } == (radius > 0))
    }
  }

  @Test func bandsHaveTheNamesAndTheUnit() throws {
    let plan = try run(Points()).planned(Self.stage, grid: StageRun.gridText)
    let bands = try plan.rasterProduct("metals").bands
    #expect(bands == [Band(name: "Cu", unit: "mg/kg"), Band(name: "Zn", unit: "mg/kg")])
  }

  @Test func tablesAndLayersGiveTheSameBits() throws {
    let layer = SampleRun.root + "/sample-rasters/jura/points.gpkg"
    let table = try PointTable.read(path: layer, crs: try CRS.wkt(from: "EPSG:2056"))
    let copper = try #require(table.columns["Cu"]?.numbers)
    let run = try StageRun()
    let rows = table.x.indices.map { "\(table.x[$0]),\(table.y[$0]),\(copper[$0])" }
    try run.text("E,N,Cu\n" + rows.joined(separator: "\n"), "points.csv")
    let left = (table.x.min() ?? 0).rounded(.down)
    let bottom = (table.y.min() ?? 0).rounded(.down)
    let grid =
      "{ crs: \"EPSG:2056\", resolution: 250,"
      + " extent: [\(left), \(bottom), \(left + 5000), \(bottom + 5000)] }"
    let plan = try run.planned(
      "{ type: \"grid-points\", tag: \"layer\", file: \"\(layer)\", fields: [\"Cu\"] },"
        + "{ type: \"grid-points\", tag: \"table\", file: \"points.csv\", x: \"E\", y: \"N\","
        + " fields: [\"Cu\"] }", grid: grid)
    let values = try plan.cube("layer").values
    let others = try plan.cube("table").values
    #expect(values.count == 400 && isSame(values, others))
    #expect(Set(values).count > 300)
  }

  /// Stages that differ in their file alone are different stages.
  @Test func filesOfTheSameFormStayApart() throws {
    let run = try StageRun()
    try run.text("x,y,v\n1100,2000,1\n", "one.csv")
    try run.text("x,y,v\n1100,2000,2\n", "two.csv")
    let plan = try run.planned(
      "{ type: \"grid-points\", tag: \"one\", file: \"one.csv\", fields: [\"v\"] },"
        + "{ type: \"grid-points\", tag: \"two\", file: \"two.csv\", fields: [\"v\"] }",
      grid: StageRun.gridText)
    #expect(try plan.cube("one").values.first == 1)
    #expect(try plan.cube("two").values.first == 2)
  }

  @Test func chunksDoNotMatter() throws {
    let run = try run(Points())
    let stages = Self.stage + ", { type: \"write\" }"
    let parts = try run.output(stages, "metals", grid: StageRun.gridText, chunk: 16)
    let whole = try run.output(stages, "metals", grid: StageRun.gridText, chunk: 512)
    #expect(parts.bytes == whole.bytes)
  }

  /// A training sample reads its own cell without the points there; the raster has them.
  @Test func samplesLeaveTheirOwnPointsOut() throws {
    let points = Points()
    let plan = try run(points).planned(
      Self.labels + "," + Self.stage
        + ", { type: \"train\", tag: \"model\", inputs: { cube: \"metals\", samples: \"labels\" },"
        + " branches: [{ type: \"spectral-cnn\", filters: [2], kernel: 1 }] }",
      grid: StageRun.gridText)
    guard case .model(let model) = try plan.product("model"), let training = model.training else {
      Issue.record("no training")
      return
    }
    let tables = try plan.executor.tables(training.rows, plan.grid.window)
    let rows = try tables.flatMap { try SampleRows($0).rows }
    #expect(rows.count == points.x.count)
    let map = try plan.cube("metals")
    for row in rows {
      let cell = try #require(points.cell(row.position))
      let expected = (0..<2).map { column in
        points.value(column, at: cell) { points.cell($0) == cell }
      }
      #expect(isSame(row.spectrum, expected, tolerance: 1e-5))
      let plain = (0..<2).map { points.value($0, at: cell) }
      #expect(isSame(map.spectrum(column: cell.column, row: cell.row), plain, tolerance: 1e-5))
      #expect(!isSame(plain, expected, tolerance: 1e-4))
    }
  }

  @Test(arguments: [
    "method: \"field\", field: \"fold\"", "method: \"blocks\", size: 100, folds: 3",
  ])
  func foldsDoNotUseTheirTestPlaces(split: String) throws {
    let points = Points()
    let plan = try run(points).planned(
      Self.labels + ", { type: \"split\", tag: \"folds\", inputs: \"labels\", \(split) },"
        + Self.stage, grid: StageRun.gridText)
    #expect(isSame(try plan.cube("metals").band(0), points.band(0), tolerance: 1e-5))
    for fold in 0..<3 {
      let places = try plan.places(fold)
      let isHidden = { (point: Int) in
        places.contains(x: points.x[point], y: points.y[point], grid: StageRun.grid)
      }
      // The test samples themselves, and with them all points of their cells or blocks.
      for point in places.folds.testSamples(fold) { #expect(isHidden(point)) }
      let hidden = points.x.indices.count(where: isHidden)
      #expect(hidden > 5 && hidden < 30)
      let cube = try plan.cube("metals", fold: fold)
      for column in 0..<2 {
        let expected = points.band(column, without: isHidden)
        #expect(isSame(cube.band(column), expected, tolerance: 1e-5))
        #expect(!isSame(points.band(column), expected, tolerance: 1e-5))
      }
    }
  }

  @Test func nothingToGridIsSaid() throws {
    let run = try StageRun()
    try run.text("x,y,v\n,,1\n", "empty.csv")
    let stage = "{ type: \"grid-points\", tag: \"map\", file: \"empty.csv\", fields: [\"v\"] }"
    let plan = try run.planned(stage, grid: StageRun.gridText)
    let error = #expect(throws: ExecutionError.self) { try plan.cube("map") }
    #expect(error?.description.contains("no point is left to grid") == true)
    let none = try run.problem(
      "{ type: \"grid-points\", file: \"empty.csv\", fields: [] }", grid: StageRun.gridText)
    #expect(none?.key == "fields")
  }
}
