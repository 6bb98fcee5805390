import Foundation
import Learning
import Networks
import Testing

@testable import Pipelines

/// Labels, classes and values that are made of contents and guide values.
struct PointTargetsTests {
  /// Contents that exceed two guide values, that equal them all, that are known in part, that are
  /// not known, and that exceed one by far.
  private func run() throws -> StageRun {
    let run = try StageRun()
    try run.text(
      """
      x,y,Cd,Pb,As
      1035,2065,0.5,150,30
      1045,2065,0.6,140,25
      1055,2065,1.2,,25.5
      1065,2065,,,
      1075,2065,0.9,10,5
      """, "soil.csv")
    return run
  }

  private func labels(_ options: String) -> String {
    "{ type: \"labels\", tag: \"soil\", file: \"soil.csv\", x: \"x\", y: \"y\", \(options) }"
  }

  private static let guides = "\"guide-values\": { Cd: 0.6, Pb: 140, As: 25 }"

  private func set(_ run: StageRun, _ options: String) throws -> (set: SampleSet, names: [String]) {
    let plan = try run.planned(labels(options), grid: StageRun.gridText)
    guard case .samples(let product) = try plan.product("soil") else {
      throw SampleRun.SampleError.missing("soil")
    }
    let set = try SampleSet.stored(try plan.executor.value(product.node))
    #expect(set.categories.map(\.name) == product.classes)
    return (set, product.classes)
  }

  private func rows(_ set: SampleSet) -> [[Float?]] {
    set.samples.map { sample in
      guard case .values(let values) = sample.target else { return [] }
      return values.map { $0.isNaN ? nil : $0 }
    }
  }

  @Test func contentsBecomeLabels() throws {
    let (set, names) = try set(
      try run(), "target: \"labels\", \(Self.guides), \"at-least\": [2], nemerow: [1]")
    #expect(set.kind == .sigmoid)
    #expect(names == ["Cd", "Pb", "As", "at least 2", "Nemerow above 1"])
    #expect(
      set.categories.map(\.joint) == [nil, nil, nil, .atLeast(2), .nemerow(above: 1)])
    #expect(set.samples.map(\.id) == [0, 1, 2, 4])
    #expect(
      rows(set) == [
        [0, 1, 1, 1, 1], [0, 0, 0, 0, 0], [1, nil, 1, nil, nil], [1, 0, 0, 0, 1],
      ])
  }

  @Test func theIndexMakesClassesAndValues() throws {
    let run = try run()
    let (classes, names) = try set(run, "\(Self.guides), nemerow: [1.13, 1]")
    #expect(classes.kind == .softmax && names == ["up to 1", "1 to 1.13", "above 1.13"])
    #expect(classes.samples.map(\.id) == [0, 1, 4])
    #expect(classes.samples.map(\.target) == [.category(1), .category(0), .category(2)])
    let (values, outputs) = try set(run, "target: \"values\", fields: [\"Cd\"], \(Self.guides)")
    #expect(outputs == ["Cd", "Nemerow index"])
    let found = rows(values)
    #expect(found.map { $0[0] } == [0.5, 0.6, 1.2, 0.9] && found[2][1] == nil)
    let ratios = [0.5 / 0.6, 150.0 / 140, 1.2]
    let mean = ratios.reduce(0, +) / 3
    let index = try #require(found[0][1])
    #expect(abs(Double(index) - ((mean * mean + 1.44) / 2).squareRoot()) < 1e-6)
  }

  /// A store that holds the samples of one order of names does not give them for another.
  @Test func theOrderOfNamesCounts() throws {
    let run = try run()
    for guides in ["{ Cd: 0.6, Pb: 140 }", "{ Pb: 140, Cd: 0.6 }"] {
      let (set, names) = try set(run, "target: \"labels\", \"guide-values\": \(guides)")
      #expect(rows(set)[0] == (names[0] == "Cd" ? [0, 1] : [1, 0]))
    }
    for classes in ["{ \"5\": \"low\", \"30\": \"high\" }", "{ \"30\": \"high\", \"5\": \"low\" }"]
    {
      let (set, names) = try set(run, "field: \"As\", classes: \(classes)")
      #expect(
        set.samples.map(\.target)
          == [names[0] == "low" ? 1 : 0, names[0] == "low" ? 0 : 1]
          .map { Sample.Target.category($0) })
    }
  }

  @Test(arguments: [
    ("target: \"labels\", fields: [\"Cd\"], nemerow: [1]", "nemerow", "needs 'guide-values'"),
    ("target: \"labels\", GUIDES, \"at-least\": [4]", "at-least", "4 of 3"),
    ("field: \"Cd\", \"at-least\": [1]", "at-least", "the target is a class"),
    ("GUIDES", "nemerow", "is missing"),
    ("field: \"Cd\", GUIDES, nemerow: [1]", "field", "excludes 'guide-values'"),
    ("target: \"values\", GUIDES, nemerow: [1]", "nemerow", "of values"),
    ("target: \"labels\", fields: [\"Pb\"], GUIDES", "fields", "'Pb' would stand twice"),
    ("target: \"labels\", \"guide-values\": { Zn: 200 }", "guide-values", "no field 'Zn'"),
    ("GUIDES, nemerow: [5]", "nemerow", "one class only"),
  ])
  func mistakesAreNamed(options: String, key: String, words: String) throws {
    let problem = try run().problem(
      labels(options.replacingOccurrences(of: "GUIDES", with: Self.guides)), grid: StageRun.gridText
    )
    #expect(problem?.key == key && problem?.message.contains(words) == true, "\(problem as Any)")
  }
}
