import Foundation
import Learning
import Rasters
import Reports
import Testing

@testable import Pipelines

/// Samples in a plane by the features that a model makes of them.
@Suite(.serialized) struct EmbedTests {
  private func figures(
    _ run: PlannedRun
  ) throws -> (figures: [Figure], table: [[String]], set: SampleSet) {
    guard case .figures(let product) = try run.product("features"), let table = product.table,
      case .samples(let samples) = try run.product("ore")
    else { throw SampleRun.SampleError.missing("features") }
    let text = String(decoding: try run.executor.value(table), as: UTF8.self)
    return (
      try product.figures(run.executor),
      text.split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      }, try SampleSet.stored(try run.executor.value(samples.node))
    )
  }

  private func embed(_ options: String) -> String {
    "{ type: \"embed\", tag: \"features\", iterations: 60, \(options) },"
  }

  private static let model = "inputs: [\"model\"]"
  private static let withFolds = "inputs: { model: \"model\", folds: \"folds\" }"

  /// The gap at the right above holds samples that cannot be used.
  private func usable(_ set: SampleSet) -> [Int] {
    set.samples.indices.filter {
      set.samples[$0].cell.column <= 30 || set.samples[$0].cell.row >= 4
    }
  }

  @Test(arguments: [OreScene.network, "method: \"random-forest\", trees: 5"])
  func everySampleHasItsPlace(train: String) throws {
    let run = try OreScene.make().planned(
      OreScene.stages(train: train) + embed(Self.model), grid: StageRun.gridText)
    let (figures, table, set) = try figures(run)
    guard figures.count == 1, case .groups(_, _, let groups) = figures[0].content else {
      Issue.record("expected one map, found \(figures.map(\.name))")
      return
    }
    let usable = usable(set)
    #expect(groups.map(\.name) == set.categories.map(\.name) && groups.allSatisfy { !$0.isPale })
    #expect(groups.reduce(0) { $0 + $1.x.count } == usable.count)
    for (number, group) in groups.enumerated() {
      #expect(group.x.count == usable.count { set.samples[$0].target == .category(number) })
    }
    let caption = figures[0].caption
    #expect(caption.contains("trained on these samples") && caption.contains("trustworthiness"))
    #expect(caption.contains(train == OreScene.network ? "fused features (4)" : "bands (2)"))
    #expect(table[0] == ["id", "x", "y", "model", "class", "held out", "first", "second"])
    #expect(table.count == usable.count + 1)
    for (line, position) in zip(table.dropFirst(), usable) {
      let sample = set.samples[position]
      #expect(line[0] == "\(sample.id)" && Double(line[1]) == sample.x && line[3] == "shipped")
      #expect(line[5] == "0")
      let number = if case .category(let number) = sample.target { number } else { 0 }
      #expect(line[4] == groups[number].name)
      let place = try #require(Double(line[6]))
      #expect(groups[number].x.contains(place))
    }
  }

  /// Every fold's model has a map of its own, in which its test samples stand out.
  @Test func modelsOfFoldsAreNotMixed() throws {
    let run = try OreScene.make().planned(
      OreScene.stages() + embed(Self.withFolds), grid: StageRun.gridText)
    let (figures, table, set) = try figures(run)
    #expect(figures.map(\.name) == ["fold-1", "fold-2", "fold-3", "fold-4"])
    guard case .folds(let product) = try run.product("folds") else { return }
    let folds = try Folds.stored(try run.executor.value(product.node))
    let usable = Set(usable(set))
    for (fold, figure) in figures.enumerated() {
      guard case .groups(_, _, let groups) = figure.content else { continue }
      let tested = folds.testSamples(fold).filter(usable.contains)
      let trained = folds.trainingSamples(fold).filter(usable.contains)
      #expect(groups.filter(\.isPale).reduce(0) { $0 + $1.x.count } == trained.count)
      #expect(groups.filter { !$0.isPale }.reduce(0) { $0 + $1.x.count } == tested.count)
      #expect(figure.caption.contains("\(tested.count) were not"))
      let lines = table.filter { $0[3] == "fold \(fold + 1)" }
      #expect(lines.count == usable.count && lines.count { $0[5] == "1" } == tested.count)
    }
  }

  @Test func samplesAreDrawnAndWritten() throws {
    let scene = try OreScene.make()
    let path = try scene.pipeline(
      OreScene.stages() + embed("samples: 30, perplexity: 50, \(Self.model)")
        + "{ type: \"write\", inputs: [\"features\"] }, { type: \"report\" }",
      grid: StageRun.gridText)
    #expect(scene.files.run(path, out: "out") == .done)
    let table = String(
      decoding: try #require(scene.files.bytes("out", "features.csv")), as: UTF8.self)
    #expect(table.split(separator: "\n").count == 31)
    #expect(scene.files.bytes("out", "features-samples.csv") != nil)
    let page = String(
      decoding: try #require(scene.files.bytes("out", "report.html")), as: UTF8.self)
    // Fewer neighbours than were asked for: a third of 29.
    #expect(page.contains("Samples by features: model") && page.contains("perplexity 9.667"))
  }

  @Test func labelsAndValuesHaveColours() throws {
    let labels = try OreScene.make().planned(
      OreScene.stages(
        samples: "target: \"labels\", fields: [\"ore\", \"tin\"]",
        train: OreScene.network("sigmoid")) + embed("class: \"ore\", \(Self.model)"),
      grid: StageRun.gridText)
    guard case .groups(_, _, let groups) = try figures(labels).figures[0].content else {
      Issue.record("expected groups")
      return
    }
    #expect(groups.map(\.name) == ["not 'ore'", "'ore'", "'ore' unknown"])
    let values = try OreScene.make().planned(
      OreScene.stages(
        samples: "target: \"values\", fields: [\"grade\"]", train: OreScene.network("linear"))
        + embed(Self.model), grid: StageRun.gridText)
    let (found, table, set) = try figures(values)
    guard case .points(_, _, let color, let points) = found[0].content else {
      Issue.record("expected points")
      return
    }
    #expect(color == "grade" && points.allSatisfy { (0...1).contains($0.share) })
    #expect(points.count == usable(set).count && Float(table[1][4]) == Float(points[0].number))
  }

  @Test func whatHasNoSamplesIsRefused() throws {
    let scene = try OreScene.make()
    func problem(_ text: String) throws -> String? {
      try scene.problem(text, grid: StageRun.gridText)?.message
    }
    let several = try problem(
      OreScene.stages() + "{ type: \"ensemble\", tag: \"models\", inputs: [\"model\"], count: 2 },"
        + embed("inputs: [\"models\"]"))
    #expect(several?.contains("look into a single one") == true)
    let unknown = try problem(OreScene.stages() + embed("class: \"gold\", \(Self.model)"))
    #expect(unknown?.contains("there is no class 'gold'") == true)
    let few = try scene.pipeline(
      OreScene.stages() + embed("samples: 3, \(Self.model)"), grid: StageRun.gridText)
    #expect(!Runner.problems(few, overrides: Overrides()).isEmpty)
  }
}
