import Foundation
import Learning
import Reports
import Testing

@testable import Pipelines

/// Figures of what a model does with its features.
struct ResponseTests {
  private static let labels = """
    { type: "labels", tag: "labels", file: "${data}/points.gpkg", field: "Cd_exceeds",
      classes: { "0": "below", "1": "above" } },
    """

  private func stages(_ train: String, _ options: String) -> String {
    """
    { type: "grid-points", tag: "metals", file: "${data}/points.gpkg",
      fields: ["Cu", "Ni", "Zn"], unit: "mg/kg" },
    { type: "log-ratio", tag: "parts" },
    { type: "stack", tag: "all", inputs: ["parts", "cube"] },
    { type: "train", tag: "model", epochs: 3, background: 3, \(train),
      inputs: { cube: "all", samples: "labels" } },
    { type: "response", tag: "response", inputs: ["model"], \(options) },
    { type: "write", inputs: ["response"] }, { type: "report" },
    """
  }

  private static let network = """
    branches: [{ type: "spectral-cnn", filters: [2], kernel: 3, width: 4 }]
    """

  private func figures(_ sample: SampleRun, _ train: String, _ options: String) throws -> [Figure] {
    let path = try sample.ground("looked", labels: Self.labels, then: stages(train, options))
    return try [Figure].stored(try sample.value(path, of: "response").bytes)
  }

  @Test func everyFeatureOfTheSourceHasItsLines() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    // Whether decisions change anywhere is left open.
    let found = try figures(
      sample, Self.network, "features: [\"Ni\", \"landuse\"], samples: 40, positions: 5"
    ).filter { $0.name != "crossings" }
    #expect(
      found.map(\.name) == [
        "ranges", "d-ice-spreads", "class-gaps", "ice-ni", "c-ice-ni", "d-ice-ni",
        "d-ice-spread-ni", "ice-landuse",
      ])
    guard case .lines(let x, let y, let lines) = found[3].content,
      case .lines(_, _, let centred) = found[4].content,
      case .lines(_, _, let slopes) = found[5].content,
      case .lines(_, _, let spreads) = found[6].content,
      case .bars(_, let labels, let columns) = found[7].content,
      case .bars(_, let features, let means) = found[1].content,
      case .bars(_, let apart, let gaps) = found[2].content
    else {
      Issue.record("expected lines and bars")
      return
    }
    #expect(x == "Ni, ln mg/kg" && y == "probability of 'above'")
    let single = lines.filter(\.isFaint)
    #expect(single.count == 40 && lines.count == 42)
    #expect(Set(lines.suffix(2).map(\.name)) == ["below", "above"])
    #expect(lines.allSatisfy { $0.y.allSatisfy { (0...1).contains($0) } && $0.x.count == 5 })
    // Thick lines are the means of the thin ones of their class.
    for line in lines.suffix(2) {
      let members = single.filter { $0.group == line.group }
      for place in 0..<5 {
        let mean = members.reduce(0) { $0 + $1.y[place] } / Double(members.count)
        #expect(abs(mean - line.y[place]) < 1e-9)
      }
    }
    // Centred lines are the others from their first value on.
    #expect(centred.count == 42)
    for (line, own) in zip(lines, centred) {
      #expect(zip(line.y, own.y).allSatisfy { abs($0 - line.y[0] - $1) < 1e-9 })
      #expect(line.name == own.name && line.group == own.group)
    }
    #expect(slopes.count == 43 && slopes[42].spread.count == 5)
    #expect(slopes.suffix(3).map(\.name) == ["below", "above", "mean slope"])
    #expect(spreads.map(\.name) == ["below", "above", "all samples"])
    #expect(spreads[2].y == slopes[42].spread)
    for place in 0..<5 {
      let column = slopes.prefix(40).map { $0.y[place] }
      let mean = column.reduce(0, +) / 40
      let square = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 40
      #expect(abs(slopes[42].y[place] - mean) < 1e-9)
      #expect(abs(spreads[2].y[place] - square.squareRoot()) < 1e-9)
    }
    // The spread of a feature is the mean over its values, over their whole span.
    let span = x.isEmpty ? 0 : (lines[0].x.last ?? 0) - lines[0].x[0]
    #expect(features == ["mean over features", "Ni"])
    #expect(abs(means[0].values[1] - span * spreads[2].y.reduce(0, +) / 5) < 1e-9)
    #expect(means[0].values[0] == means[0].values[1])
    let (below, above) = (lines[40].y, lines[41].y)
    let gap = zip(below, above).reduce(0) { $0 + abs($1.0 - $1.1) } / 5
    let place = try #require(apart.firstIndex(of: "Ni"))
    #expect(Set(apart) == ["Ni", "landuse"] && abs(gaps[0].values[place] - gap) < 1e-9)
    #expect(found[3].caption.contains("Those of 'above' and of the others are"))
    #expect(labels.count == 4 && columns.map(\.name) == ["below", "above"])
  }

  /// Slopes of a forest are those of smoothed lines.
  @Test(arguments: ["method: \"random-forest\", trees: 20", "method: \"logistic-regression\""])
  func otherMethodsHaveResponsesToo(method: String) throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.ground(
      "looked", labels: Self.labels, then: stages(method, "most: 2, samples: 30, positions: 6"))
    #expect(sample.run(path, out: "out") == .done)
    let names = try sample.names("out")
    #expect(names.contains("response-ranges.csv") && names.count { $0.hasPrefix("response-") } >= 3)
    let page = String(decoding: try #require(sample.bytes("out", "report.html")), as: UTF8.self)
    #expect(page.contains("Response of") && page.contains("partial dependence"))
    let csv = String(
      decoding: try #require(sample.bytes("out", "response-ranges.csv")), as: UTF8.self)
    #expect(csv.hasPrefix("name,range\n") && csv.split(separator: "\n").count == 6)
    // A further run finds nothing new.
    let before = try sample.names("out").map { sample.bytes("out", $0) }
    #expect(sample.run(path, out: "out") == .done)
    #expect(try sample.names("out").map { sample.bytes("out", $0) } == before)
  }

  /// Features that a model does not use lose nothing, and the one that it is made of loses most.
  @Test func importanceIsWhatIsLost() throws {
    let run = try StageRun()
    try run.raster("layers.tif", ["signal", "noise"]) { band, column, row in
      StageRun.noise(band + 1, column, row)
    }
    let rows = (0..<150).map { point -> String in
      let (column, row) = (point * 7 % 36, point * 5 % 28)
      let isOre = StageRun.noise(1, column, row) > 0.5
      return "\(1_035 + 10 * column),\(2_065 - 10 * row),\(isOre ? 1 : 0)"
    }
    try run.text("x,y,ore\n" + rows.joined(separator: "\n"), "points.csv")
    let plan = try run.planned(
      """
      { type: "labels", tag: "points", file: "points.csv", field: "ore" },
      { type: "split", tag: "folds", method: "random", folds: 3 },
      { type: "read-cube", tag: "layers", files: ["layers.tif"] },
      { type: "train", tag: "model", method: "random-forest", trees: 50,
        inputs: { cube: "layers", samples: "points" } },
      { type: "importance", tag: "importance", inputs: { model: "model", folds: "folds" } },
      { type: "response", tag: "response", inputs: ["model"] }
      """, grid: StageRun.gridText)
    guard case .figures(let product) = try plan.product("importance") else {
      throw SampleRun.SampleError.missing("importance")
    }
    let figures = try [Figure].stored(try plan.executor.value(product.node))
    guard case .bars(_, let labels, let columns) = try #require(figures.first).content else {
      Issue.record("expected bars")
      return
    }
    #expect(labels == ["signal", "noise"])
    #expect(columns[0].values[0] > 0.3 && abs(columns[0].values[1]) < 0.05)
  }

  /// Filters of both kinds of convolutions stand in the report and in tables.
  @Test func filtersAreShown() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let network = """
      branches: [{ type: "spectral-cnn", filters: [2], kernel: 3, width: 4 },
        { type: "patch-cnn", window: 3, width: 3, layers: [{ type: "convolution", filters: 2 }] }]
      """
    let path = try sample.ground(
      "filters", labels: Self.labels,
      then: stages(network, "").replacingOccurrences(
        of: "type: \"response\"", with: "type: \"filters\""))
    #expect(sample.run(path, out: "out") == .done)
    let names = try sample.names("out").filter { $0.hasPrefix("response-") }
    let figures = ["patch", "spectral"].flatMap { branch in
      ["excitation", "features", "kernels"].map { "response-\(branch)-\($0)" }
    }
    #expect(Set(names) == Set(figures.flatMap { ["\($0).csv", "\($0).svg"] }))
    let page = String(decoding: try #require(sample.bytes("out", "report.html")), as: UTF8.self)
    #expect(page.contains("Kernels of the branch"))
    let forest = try sample.ground(
      "wrong", labels: Self.labels,
      then: stages("method: \"random-forest\"", "").replacingOccurrences(
        of: "type: \"response\"", with: "type: \"filters\""))
    #expect(Runner.problems(forest, overrides: Overrides()).map(\.stage) == ["response"])
  }

  @Test func mistakesAreNamed() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    for (options, key) in [
      ("class: \"abov\"", "class"), ("features: [\"Nickel\"]", "features"),
    ] {
      let path = try sample.ground(
        "wrong", labels: Self.labels, then: stages(Self.network, options))
      let problems = Runner.problems(path, overrides: Overrides())
      #expect(problems.map(\.key) == [key] && problems.first?.stage == "response")
    }
  }
}
