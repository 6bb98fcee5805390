import Foundation
import Learning
import Rasters
import Reports
import Testing

@testable import Pipelines

@Suite(.serialized) struct OrderControlTests {
  private static let names = (1...6).map { "b\($0)" }

  /// Six smooth bands and points whose class hangs on two of them.
  private func scene() throws -> StageRun {
    let run = try StageRun()
    try run.raster("bands.tif", Self.names) { band, column, row in
      StageRun.noise(band % 4, column / 2, row / 2) + 0.5 * StageRun.noise(band + 9, column, row)
    }
    let lines = (0..<80).map { index -> String in
      let (column, row) = (index * 7 % 36, index * 5 % 28)
      let center = StageRun.grid.center(of: Cell(column: column, row: row))
      let value = StageRun.noise(0, column / 2, row / 2) - StageRun.noise(1, column / 2, row / 2)
      let isOre = value + 0.4 * (StageRun.noise(77, index) - 0.5) > 0
      return "\(center.x),\(center.y),\(isOre ? 1 : 0),\(index % 2)"
    }
    try run.text((["x,y,ore,fold"] + lines).joined(separator: "\n"), "points.csv")
    return run
  }

  private static let network = """
    branches: [{ type: "spectral-cnn", filters: [3], kernel: 3, width: 4 },
      { type: "patch-cnn", window: 3, width: 3, layers: [{ type: "convolution", filters: 2 }] }]
    """

  private func stages(
    _ control: String, order: String = "", train: String = OrderControlTests.network
  ) -> String {
    """
    { type: "labels", tag: "places", file: "points.csv", field: "ore" },
    { type: "split", tag: "folds", method: "field", field: "fold" },
    { type: "read-cube", tag: "raw", files: ["bands.tif"] },
    { type: "standardize", tag: "scaled" },
    \(order.isEmpty ? "" : "{ type: \"order-bands\", tag: \"order\", \(order) },")
    { type: "train", tag: "model", epochs: 4, \(train),
      inputs: { cube: "\(order.isEmpty ? "scaled" : "order")", samples: "places" } },
    { type: "validate", tag: "scores", inputs: { model: "model", folds: "folds" } },
    { type: "order-control", tag: "control", inputs: { model: "model", folds: "folds" }\(control) },
    """
  }

  /// The metrics of the draws, the model's own order first.
  private func metrics(_ run: PlannedRun) throws -> [Metrics] {
    guard case .figures(let product) = try run.product("control") else {
      throw SampleRun.SampleError.missing("control")
    }
    return try product.node.edges.map { try Metrics.stored(try run.executor.value($0.node)) }
  }

  private func scores(_ run: PlannedRun) throws -> Metrics {
    guard case .scores(let product) = try run.product("scores") else {
      throw SampleRun.SampleError.missing("scores")
    }
    return try Scores.stored(try run.executor.value(product.node)).metrics.pooled
  }

  /// A draw scores what a pipeline with that order scores, to the last bit.
  @Test func drawsAreValidationsOfTheirOrders() throws {
    let scene = try scene()
    let run = try scene.planned(
      stages(", permutations: 3"), grid: StageRun.gridText, seed: 5)
    let found = try metrics(run)
    #expect(found.count == 4 && Set(found).count > 2)
    #expect(found[0] == (try scores(run)))
    let bands = Self.names.map { Band(name: $0) }
    for number in 1...3 {
      let order = OrderControl.randomOrder(of: bands, number: number, seed: 5)
      #expect(order != Array(0..<6))
      let names = order.map { "\"\(Self.names[$0])\"" }.joined(separator: ", ")
      let other = try scene.planned(
        stages("", order: "method: \"given\", order: [\(names)]"), grid: StageRun.gridText,
        seed: 5, out: "given\(number)")
      #expect(try scores(other) == found[number])
    }
  }

  /// Orders that folds have fitted are undone: a random order is the same for all folds.
  @Test func fittedOrdersAreUndone() throws {
    let scene = try scene()
    let plain = try metrics(
      scene.planned(stages(", permutations: 2"), grid: StageRun.gridText))
    let run = try scene.planned(
      stages(", permutations: 2", order: "method: \"clustered\""), grid: StageRun.gridText,
      out: "ordered")
    let ordered = try metrics(run)
    #expect(ordered[0] == (try scores(run)) && ordered[0] != plain[0])
    #expect(ordered.dropFirst() == plain.dropFirst())
  }

  @Test func categoriesMoveTogether() {
    let bands = ["a", "b", "c"].map { Band(name: $0) }
    let all = [bands[0]] + ["x", "y", "z"].map { Band(name: $0, group: "g") } + bands[1...]
    var starts: Set<Int> = []
    for number in 1...40 {
      let order = OrderControl.randomOrder(of: all, number: number, seed: 2)
      #expect(order.sorted() == Array(0..<6))
      let start = order.firstIndex(of: 1) ?? -1
      #expect(Array(order[start..<min(6, start + 3)]) == [1, 2, 3])
      starts.insert(start)
    }
    #expect(starts == [0, 1, 2, 3])
  }

  @Test func percentileCountsTiesHalf() {
    let control = PercentileOfOrder(chosen: 0.5, random: [0.1, 0.5, 0.7, 0.5, 0.2, 0.9, 0.4, 0.3])
    #expect(control.percentile == 5.0 / 8)
    #expect(PercentileOfOrder(chosen: 1, random: [0.5]).percentile == 1)
    let figure = control.figure("ROC AUC")
    #expect(figure.caption.contains("better than 62.5 % of 8 random orders"))
    let lines = figure.csv.split(separator: "\n")
    #expect(lines.count == 11 && lines[1] == "random orders,0.1,0.0625")
  }

  /// A class that shows in whether two bumps are neighbours, wherever they stand, needs its order.
  @Test func neighboursMatter() throws {
    let run = try StageRun()
    let count = 16
    func isPaired(_ column: Int, _ row: Int) -> Bool { StageRun.noise(3, column, row) > 0.5 }
    try run.raster("spectra.tif", (1...count).map { "s\($0)" }) { band, column, row in
      let first = Int(StageRun.noise(4, column, row) * Float(count - 1))
      let apart = (first + 3 + Int(StageRun.noise(5, column, row) * 10)) % count
      let second = isPaired(column, row) ? first + 1 : apart
      let grain = 0.3 * (StageRun.noise(20 + band, column, row) - 0.5)
      return (band == first || band == second ? 1 : 0) + grain
    }
    let lines = (0..<300).map { index -> String in
      let cell = Cell(column: index % 36, row: index / 36 * 3)
      let center = StageRun.grid.center(of: cell)
      return "\(center.x),\(center.y),\(isPaired(cell.column, cell.row) ? 1 : 0),\(index % 2)"
    }
    try run.text((["x,y,ore,fold"] + lines).joined(separator: "\n"), "points.csv")
    let path = try run.pipeline(
      """
      { type: "labels", tag: "places", file: "points.csv", field: "ore" },
      { type: "split", tag: "folds", method: "field", field: "fold" },
      { type: "read-cube", tag: "cube", files: ["spectra.tif"] },
      { type: "train", tag: "model", epochs: 25, "learning-rate": 0.01,
        branches: [{ type: "spectral-cnn", filters: [6], kernel: 2, pool: 15, width: 6 }],
        inputs: { cube: "cube", samples: "places" } },
      { type: "order-control", tag: "control", inputs: { model: "model", folds: "folds" },
        permutations: 12 },
      { type: "write", inputs: ["control"] }, { type: "report" },
      """,
      grid: StageRun.gridText)
    #expect(run.files.run(path, out: "out") == .done)
    let csv = String(
      decoding: try #require(run.files.bytes("out", "control-orders.csv")), as: UTF8.self)
    let rows = csv.split(separator: "\n").dropFirst().map { $0.split(separator: ",") }
    let random = rows.filter { $0[0] == "random orders" }.compactMap { Double($0[1]) }
    let chosen = try #require(rows.last.flatMap { Double($0[1]) })
    #expect(random.count == 12 && chosen > 0.9 && chosen > (random.max() ?? 1))
    let page = String(decoding: try #require(run.files.bytes("out", "report.html")), as: UTF8.self)
    #expect(page.contains("better than 100.0 % of 12 random orders"))
  }

  @Test func mistakesAreNamed() throws {
    let scene = try scene()
    func problem(_ control: String, _ train: String) throws -> Problem? {
      try scene.problem(stages(control, train: train), grid: StageRun.gridText)
    }
    let forest = try problem("", "method: \"random-forest\"")
    #expect(forest?.stage == "control" && forest?.message.contains("does not depend") == true)
    let tuned = try scene.problem(
      stages("", train: Self.network + ", tune: [{ epochs: 2 }]").replacingOccurrences(
        of: "inputs: { cube: \"scaled\",", with: "inputs: { folds: \"folds\", cube: \"scaled\","
      )
      .replacingOccurrences(of: "method: \"field\", field: \"fold\"", with: "folds: 3"),
      grid: StageRun.gridText)
    #expect(tuned?.message.contains("chosen among candidates") == true)
    let patch = try problem("", "branches: [{ type: \"patch-cnn\", window: 3 }]")
    #expect(patch?.message.contains("no branch of 'model' convolves") == true)
    let dense = try problem(
      "", "branches: [{ type: \"spectral-cnn\", filters: [2], kernel: 1, pool: 1 }]")
    #expect(dense?.message.contains("no branch of 'model' convolves") == true)
    #expect(try problem(", measure: \"r2\"", Self.network)?.key == "measure")
    #expect(try problem(", measure: \"loss\"", Self.network)?.key == "measure")
    #expect(try problem(", permutations: 0", Self.network)?.key == "permutations")
  }
}
