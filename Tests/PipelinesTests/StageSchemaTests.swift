import Pipelines
import Testing

@Suite struct StageSchemaTests {
  private let schema = JSON5Reader.read(StageSchema.pipeline(GrammarFixture.catalog)).value

  @Test func isStrictAboutTheTopLevel() {
    #expect(schema["$schema"]?.string == "https://json-schema.org/draft/2020-12/schema")
    #expect(schema["additionalProperties"]?.bool == false)
    #expect(schema["required"]?.canonicalJSON == #"["stages"]"#)
    let keys = schema["properties"]?.members?.map(\.key)
    #expect(keys == ["name", "parameters", "grid", "seed", "chunk", "stages", "variants"])
  }

  @Test func hasADefinitionForEveryStage() {
    let definitions = schema["$defs"]?.members ?? []
    #expect(definitions.map(\.key) == GrammarFixture.catalog.map(\.name))
    for (member, definition) in zip(definitions, GrammarFixture.catalog) {
      let properties = member.value["properties"]?.members?.map(\.key)
      #expect(properties == ["type", "tag", "inputs"] + definition.options.map(\.name))
    }
    let items = schema["properties"]?["stages"]?["items"]
    #expect(items?["allOf"]?.elements?.count == GrammarFixture.catalog.count)
  }

  @Test func statesRangesDefaultsAndTypes() throws {
    let train = try #require(GrammarFixture.catalog.first { $0.name == "train" })
    let properties = JSON5Reader.read(StageSchema.stage(train)).value["properties"]
    let rate = properties?["rate"]
    #expect(rate?["default"]?.number == 0.001)
    #expect(
      rate?["anyOf"]?.elements?.first?.canonicalJSON
        == #"{"exclusiveMinimum":0,"maximum":1,"type":"number"}"#)
    let branch = properties?["branches"]?["anyOf"]?.elements?.first?["items"]
    let graph = branch?["anyOf"]?.elements?.first?["anyOf"]?.elements?.first
    #expect(graph?["properties"]?["type"]?["const"]?.string == "graph")
    #expect(graph?["required"]?.canonicalJSON == #"["type"]"#)
  }
}
