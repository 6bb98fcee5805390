import Pipelines
import Testing

@Suite struct StageDefinitionTests {
  @Test func acceptsGoodDefinitions() {
    for definition in GrammarFixture.catalog { #expect(definition.problems() == []) }
  }

  @Test func findsWhatIsWrongWithADefinition() {
    let definition = StageDefinition(
      name: "bad", summary: "Bad.",
      options: [
        OptionSpec("size", .integer(1...5), default: 9, "Size."),
        OptionSpec("size", .integer(1...5), "", example: "'x'"),
        OptionSpec("tag", .string, "Tag."),
        OptionSpec("list", .list(of: .object([OptionSpec("n", .bool, default: 1, "N.")])), "List."),
      ], inputs: [InputDefinition("a", [.raster]), InputDefinition("a", [.model])], output: nil)
    #expect(
      Set(definition.problems().map { "\($0.key ?? ""): \($0.message)" }) == [
        "size: is declared twice", "size: has no summary", "tag: is a key that every stage has",
        "size: expected a whole number from 1 to 5, found the number 9",
        "size: expected a whole number from 1 to 5, found the text 'x'",
        "list.n: expected true or false, found the number 1", "a: the input is declared twice",
      ])
  }
}
