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

  @Test func examplesAreValid() throws {
    for definition in GrammarFixture.catalog {
      let value = JSON5Reader.read(definition.example)
      #expect(value.problems.isEmpty)
      var problems: [Problem] = []
      _ = OptionSpec.validate(
        value.value, definition.options, ignoring: ["type"], into: &problems)
      #expect(problems.isEmpty, "\(definition.example)")
    }
  }

  @Test func listsAllStages() {
    let lines = StageDefinition.list(GrammarFixture.catalog).split(separator: "\n")
    #expect(lines.count == GrammarFixture.catalog.count)
    #expect(lines.first == "read-cube           Reads bands.")
  }
}
