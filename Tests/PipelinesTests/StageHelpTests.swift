import Pipelines
import Testing

@Suite struct StageHelpTests {
  @Test func describesAStage() throws {
    let split = try #require(GrammarFixture.catalog.first { $0.name == "split" })
    #expect(
      split.describe()
        == """
        split: Divides samples into folds.

        Makes    folds

        Inputs
          samples             Samples, required

        Options
          method              How. 'blocks' or 'random'; default "blocks".
          folds               How many. A whole number from 2 to 50; default 5.

        Example
          { type: "split" }

        """.replacing("Samples, required", with: "samples, required"))
  }

  @Test func namesEveryOptionWithinEightyColumns() {
    for definition in GrammarFixture.catalog {
      let text = definition.describe()
      for option in definition.options { #expect(text.contains("\n  \(option.name)")) }
      for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    }
    let train = GrammarFixture.catalog.first { $0.name == "train" }?.describe() ?? ""
    #expect(train.contains("\n    type 'graph'\n      hops"))
    #expect(train.contains("First paragraph.\n\nSecond paragraph.\n"))
  }

  @Test func listsAllStagesByPurpose() {
    let catalog = GrammarFixture.catalog
    let text = StageDefinition.list([
      (title: "Read", stages: Array(catalog.prefix(2))), (title: "Rest", stages: [catalog[2]]),
    ])
    #expect(
      text == """
        Read
          read-cube           Reads bands.
          labels              Reads labelled places.

        Rest
          split               Divides samples into folds.

        """)
  }

  /// What a person reads of a number: what it means, its range, its unit, its default.
  @Test func tellsUnitAndRange() {
    let definition = StageDefinition(
      name: "any", summary: "Any.",
      options: [
        OptionSpec("n", .integer(1...20), default: 1, unit: "cells", "How many."),
        OptionSpec("x", .number(.leastNonzeroMagnitude...5), default: .optional, "How much."),
      ], output: nil, example: "{ type: \"any\",\n  n: 5 }")
    #expect(
      definition.describe() == """
        any: Any.

        Makes    files only

        Options
          n                   How many. A whole number from 1 to 20, in cells; default
                              1.
          x                   How much. A number above 0 and at most 5; optional.

        Example
          { type: "any",
            n: 5 }

        """)
  }
}
