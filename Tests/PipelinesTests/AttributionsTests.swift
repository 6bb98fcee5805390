import Foundation
import Learning
import Networks
import RasterFiles
import Rasters
import Reports
import Testing

@testable import Pipelines

/// Attributions at samples are those of the map, and figures show them.
struct AttributionsTests {
  private static let labels = """
    { type: "labels", tag: "labels", file: "${data}/points.gpkg", field: "Cd_exceeds",
      classes: { "0": "below", "1": "above" } },
    { type: "split", tag: "folds", method: "blocks", folds: 3 },
    """

  private func stages(_ train: String, _ options: String, folds: Bool = false) -> String {
    """
    { type: "train", tag: "model", epochs: 3, background: 3, \(train),
      inputs: { cube: "cube", samples: "labels" } },
    { type: "attributions", tag: "shap", \(options),
      inputs: { model: "model"\(folds ? ", folds: \"folds\"" : "") } },
    { type: "write", inputs: ["shap"] },
    """
  }

  private static let network = """
    branches: [{ type: "spectral-cnn", filters: [3], kernel: 3, width: 4 },
      { type: "patch-cnn", window: 3, width: 4 }], head: { type: "softmax", hidden: [4] }
    """

  private struct Found {
    var figures: [Figure]
    subscript(name: String) -> Figure.Content? { figures.first { $0.name == name }?.content }
  }

  private func found(_ bytes: [UInt8]) throws -> Found { Found(figures: try .stored(bytes)) }

  /// What is shown of samples is what the map has at their cells, and adds up.
  @Test func samplesAreExplainedAsTheMapIs() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.ground(
      "shown", labels: Self.labels,
      then: stages(Self.network, "method: \"shapley\", background: 3, dependence: 2") + """
        { type: "explain", tag: "map", method: "shapley", background: 3, output: true,
          inputs: { model: "model", cube: "cube" } },
        { type: "write", tag: "maps", inputs: ["map"] }, { type: "report" },
        """)
    #expect(sample.run(path, out: "out") == .done)
    let figures = try found(try sample.value(path, of: "shap").bytes)
    let set = try SampleSet.stored(try sample.value(path, of: "labels").bytes)
    let (info, cube) = try sample.raster("out", "map.tif")
    #expect(info.bands.map(\.name) == ["landuse", "rock", "explained output", "base value"])
    guard case .swarm(_, _, let rows) = figures["beeswarm"],
      case .paths(_, let names, let spread, let paths) = figures["decision"],
      case .bars(_, let labels, let means) = figures["importance"]
    else {
      Issue.record("expected a swarm, paths and bars")
      return
    }
    #expect(paths.count == set.count && Set(names) == ["landuse", "rock"])
    for (position, one) in set.samples.enumerated() {
      let place = cube.window.index(column: one.cell.column, row: one.cell.row)
      let values = (0..<4).map { Double(cube.values[$0 * cube.window.cellCount + place]) }
      for row in rows {
        let band = row.name == "landuse" ? 0 : 1
        #expect(abs(row.values[position] - values[band]) < 1e-4)
      }
      #expect(abs(paths[position].values[0] - values[3]) < 1e-4)
      // Shapley values add up: the path ends at the output.
      #expect(abs(paths[position].values[2] - values[2]) < 1e-4)
      if case .category(let index) = one.target { #expect(paths[position].group == index) }
    }
    // The greatest mean |SHAP| comes first, and last on the paths.
    let strengths = rows.map { row in
      row.values.reduce(0) { $0 + abs($1) } / Double(row.values.count)
    }
    #expect(strengths[0] > strengths[1] && names.last == rows[0].name)
    #expect(labels == rows.map(\.name))
    for (a, b) in zip(means[0].values, strengths) { #expect(abs(a - b) < 1e-9) }
    #expect(spread.count == 3)
    // A group of categories is one feature, without numbers for colours.
    guard case .bars(_, let categories, _) = figures["dependence-rock"] else {
      Issue.record("expected bars")
      return
    }
    #expect(categories.count == 5)
    #expect(rows.first { $0.name == "rock" }?.shares.allSatisfy(\.isNaN) == true)
    let files = try sample.names("out")
    for name in ["beeswarm", "decision", "decision-top", "path-spread", "dependence-rock"] {
      #expect(files.contains("shap-\(name).csv"), "\(name)")
    }
    // The report keeps the numbers of its own charts, too.
    #expect(files.contains("map-features.csv") && files.contains("model-training.csv"))
  }

  /// With folds a sample's path ends where the model ends that has not seen it.
  @Test func foldsExplainWhatTheyHaveNotSeen() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.ground(
      "folds", labels: Self.labels,
      then: stages(Self.network, "method: \"shapley\", background: 2, top: 0.05", folds: true)
        + "{ type: \"validate\", tag: \"scores\", inputs: { model: \"model\", folds: \"folds\" } },"
    )
    let figures = try found(try sample.value(path, of: "shap").bytes)
    let scores = try Scores.stored(try sample.value(path, of: "scores").bytes)
    guard case .paths(_, _, _, let paths) = figures["decision"],
      case .paths(_, _, _, let best) = figures["decision-top"],
      case .bars(_, let labels, let spreads) = figures["path-spread"]
    else {
      Issue.record("expected paths and bars")
      return
    }
    #expect(paths.count == scores.foldOfSample.count)
    for (position, path) in paths.enumerated() {
      let p = Double(scores.predictions[2 * position + 1])
      #expect(abs((path.values.last ?? 0) - log(p / (1 - p))) < 1e-3)
    }
    let ends = paths.compactMap(\.values.last).sorted()
    #expect(best.count == Int((0.05 * Double(paths.count)).rounded(.up)))
    #expect(best.compactMap(\.values.last).min() == ends[ends.count - best.count])
    // The spread after the last feature is that of the outputs.
    #expect(labels[0] == "mean over features" && labels.count == 3)
    #expect(spreads.map(\.name) == ["all samples", "below", "above", "highest outputs"])
    let mean = ends.reduce(0, +) / Double(ends.count)
    let square = ends.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(ends.count)
    #expect(abs(spreads[0].values[1] - square.squareRoot()) < 1e-9)
    #expect(spreads[3].values[1] < spreads[0].values[1])
  }

  /// Gradients are refined until they add up; others than networks are explained by orders.
  @Test func everyMethodHasAttributions() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    for (train, options) in [
      (Self.network, "nodes: 1, top: 0, samples: 40"),
      (
        "method: \"random-forest\", trees: 20",
        "top: 0, samples: 40, \"output-scale\": \"probability\""
      ),
    ] {
      let path = try sample.ground(
        "method", labels: Self.labels, then: stages(train, options))
      let figures = try found(try sample.value(path, of: "shap", out: "methods").bytes)
      guard case .paths(_, _, _, let paths) = figures["decision"] else {
        Issue.record("expected paths")
        return
      }
      #expect(paths.count == 40 && figures["decision-top"] == nil)
    }
  }

  /// Numbers are drawn with their units, coloured by what interacts with them.
  @Test func dependenceShowsNumbers() throws {
    let run = try StageRun()
    try run.raster("layers.tif", ["W", "Mn", "noise"], unit: "mg/kg") { band, column, row in
      10 * StageRun.noise(band + 1, column, row)
    }
    let rows = (0..<200).map { point -> String in
      let (column, row) = (point * 7 % 36, point * 5 % 28)
      let sum = StageRun.noise(1, column, row) * 2 + StageRun.noise(2, column, row)
      return "\(1_035 + 10 * column),\(2_065 - 10 * row),\(sum > 1.5 ? 1 : 0)"
    }
    try run.text("x,y,ore\n" + rows.joined(separator: "\n"), "points.csv")
    let plan = try run.planned(
      """
      { type: "labels", tag: "points", file: "points.csv", field: "ore" },
      { type: "read-cube", tag: "layers", files: ["layers.tif"] },
      { type: "standardize", tag: "cube" },
      { type: "train", tag: "model", method: "logistic-regression",
        inputs: { cube: "cube", samples: "points" } },
      { type: "attributions", tag: "shap", inputs: ["model"], most: 2, dependence: 1 }
      """, grid: StageRun.gridText, chunk: 16)
    guard case .figures(let product) = try plan.product("shap") else {
      throw SampleRun.SampleError.missing("shap")
    }
    let figures = try found(try plan.executor.value(product.node))
    guard case .points(let x, _, let color, let points) = figures["dependence-w"],
      case .swarm(_, _, let swarm) = figures["beeswarm"],
      case .paths(_, let order, _, _) = figures["decision"]
    else {
      Issue.record("expected points, a swarm and paths")
      return
    }
    #expect(x == "W, mg/kg" && ["Mn", "noise"].contains(color))
    #expect(swarm.map(\.name) == ["W", "Mn"] && order == ["noise", "Mn", "W"])
    // Values are those of the raster, in its unit, and more of W adds more.
    #expect(points.contains { $0.x > 9 } && points.allSatisfy { (0...10).contains($0.x) })
    let sorted = points.sorted { $0.x < $1.x }
    #expect(zip(sorted, sorted.dropFirst()).allSatisfy { $0.y <= $1.y + 1e-4 })
    #expect(points.allSatisfy { (0...1).contains($0.share) && (0...10).contains($0.number) })
    #expect(zip(points, swarm[0].numbers).allSatisfy { $0.x == $1 })
  }

  @Test func mistakesAreNamed() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    for (train, options, key) in [
      (Self.network, "class: \"abov\"", "class"),
      ("method: \"random-forest\"", "method: \"gradshap\"", "method"),
    ] {
      let path = try sample.ground("wrong", labels: Self.labels, then: stages(train, options))
      let problems = Runner.problems(path, overrides: Overrides())
      #expect(problems.map(\.key) == [key] && problems.first?.stage == "shap")
    }
  }
}
