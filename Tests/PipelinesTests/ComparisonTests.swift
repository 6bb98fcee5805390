import Foundation
import Testing

@testable import Pipelines

/// Variants over repeated splits and seeds.
@Suite(.serialized) struct ComparisonTests {
  @Test func differencesArePaired() throws {
    var comparison = Comparison(variants: ["first", "second, \"odd\""], repeats: 3, seeds: 1)
    let values = [[0.5, 0.7, 0.6], [0.6, 0.9, 0.5]]
    for run in 0..<3 {
      for variant in 0..<2 {
        comparison.scores.append(
          .init(
            variant: variant, run: run, output: "scores", measure: "AUC",
            value: values[variant][run]))
        comparison.scores.append(
          .init(
            variant: variant, run: run, output: "scores", measure: "F1",
            value: run == 1 ? nil : Double(variant)))
      }
    }
    let summaries = comparison.summaries
    #expect(summaries.map(\.measure) == ["AUC", "AUC", "F1", "F1"])
    #expect(abs(summaries[0].mean - 0.6) < 1e-12 && abs(summaries[0].deviation - 0.1) < 1e-12)
    #expect(summaries[0].difference == nil)
    // Differences .1, .2, -.1: mean .0667, deviation .1528, two above 0.
    let difference = try #require(summaries[1].difference)
    #expect(abs(difference.mean - 0.2 / 3) < 1e-12)
    #expect(abs(difference.deviation - (0.07 / 3).squareRoot()) < 1e-12)
    #expect(difference.above == 2 && difference.count == 3)
    // A measure that a run cannot tell is left out of both.
    #expect(summaries[3].count == 2 && summaries[3].difference?.count == 2)
    #expect(comparison.csv.contains("\n\"second, \"\"odd\"\"\",2,1,scores,F1,\n"))
    let table = comparison.table("scores", paired: true)
    #expect(table.columns == ["Variant", "AUC", "F1"])
    #expect(table.rows == [["second, \"odd\"", "+0.067 ± 0.153 (2/3)", "+1.000 ± 0.000 (2/2)"]])
  }

  private static let variants = """
    variants: [
      { name: "network" },
      { name: "forest", options: { model: { method: "random-forest", trees: 30 } } },
      { name: "regression", options: { model: { method: "logistic-regression" } } },
    ],
    stages: [
    """

  private func pipeline(_ sample: SampleRun, _ variants: String = Self.variants) throws -> String {
    try sample.pipeline(
      "compared",
      replacing: [
        ("stages: [", variants),
        ("method: \"field\", field: \"fold\"", "method: \"blocks\", folds: 3"),
        ("epochs: 4, background: 3,", "epochs: 2, background: 3,"),
      ])
  }

  private func compare(_ sample: SampleRun, _ pipeline: String) -> Runner.Status {
    var command = Command.Compare(pipeline: pipeline)
    command.run.output = sample.folder + "/compared"
    command.run.verbosity = .quiet
    command.repeats = 2
    command.seeds = 2
    return Runner.compare(command)
  }

  @Test func variantsSeeTheSameFoldsAndSeeds() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try pipeline(sample)
    #expect(compare(sample, path) == .done)
    let csv = String(
      decoding: try #require(sample.bytes("compared", "compare.csv")), as: UTF8.self)
    let rows = csv.split(separator: "\n").dropFirst().map { $0.split(separator: ",") }
    let auc = rows.filter { $0[4] == "ROC AUC" }
    #expect(auc.count == 3 * 4)
    func values(_ variant: String) -> [String: Substring] {
      Dictionary(
        uniqueKeysWithValues: auc.filter { $0[0] == variant }.map { ("\($0[1]) \($0[2])", $0[5]) })
    }
    // A network depends on both, a regression on the folds alone.
    let (network, regression) = (values("network"), values("regression"))
    #expect(Set(network.values).count == 4)
    #expect(regression["1 1"] == regression["1 2"] && regression["2 1"] == regression["2 2"])
    #expect(regression["1 1"] != regression["2 1"])
    // What is stored is not made again, and the tables are the same.
    let page = try #require(sample.bytes("compared", "compare.html"))
    func objects() -> Set<String> {
      let found = FileManager.default.enumerator(
        atPath: sample.folder + "/compared/.gossan/objects")
      return Set(found?.compactMap { $0 as? String } ?? [])
    }
    let stored = objects()
    #expect(!stored.isEmpty)
    #expect(compare(sample, path) == .done)
    #expect(objects() == stored)
    #expect(sample.bytes("compared", "compare.csv") == Data(csv.utf8))
    #expect(sample.bytes("compared", "compare.html") == page)
    #expect(String(decoding: page, as: UTF8.self).contains("model.method = "))
  }

  @Test func mistakesInVariantsAreNamed() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let none = try pipeline(sample, "stages: [")
    #expect(compare(sample, none) == .invalid)
    let wrong = try pipeline(
      sample,
      """
      variants: [{ name: "a" }, { name: "b", options: { model: { epoch: 5 } } }], stages: [
      """)
    let problems = Runner.problems(wrong, overrides: Overrides())
    #expect(problems.count == 1 && problems.first?.stage == "model")
    #expect(problems.first?.message.hasPrefix("in variant 'b': ") == true)
    let twice = try pipeline(sample, "variants: [{ name: \"a\" }, { name: \"a\" }], stages: [")
    #expect(
      Runner.problems(twice, overrides: Overrides()).contains {
        $0.message.contains("the name of two variants")
      })
  }
}
