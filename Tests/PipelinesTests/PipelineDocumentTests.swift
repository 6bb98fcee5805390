import Foundation
import Testing

@testable import Pipelines

@Suite struct PipelineDocumentTests {
  @Test func readsAWholePipeline() {
    let (document, problems) = GrammarFixture.parse(GrammarFixture.pipeline)
    #expect(problems.isEmpty, "\(problems)")
    #expect(document.name == "survey")
    #expect(document.seed == 7)
    #expect(document.chunk == 512)
    #expect(
      document.stages.map(\.tag) == [
        "ground", "cube", "segments", "ore", "split", "model", "probability", "write", "report",
      ])
    #expect(document.stage("split")?.hasExplicitTag == false)
    #expect(document.stage("model")?.dependencies == ["cube", "segments", "ore"])
    #expect(document.stage("probability")?.tag(of: "model") == "model")
    #expect(document.parameters["size"]?.integer == 64)
  }

  @Test func reportsEverythingAtOnce() {
    let text = """
      {
        sedd: 3, chunk: 10,
        parameters: { data: "x" },
        stages: [
          { type: "read-cub", tag: "ground", files: "${dat}/a.tif" },
          { type: "standardize", tag: "ground", inputs: "grund" },
          { type: "superpixels", inputs: "ground", sise: 5, compactness: dense },
          { tag: "x", size: 1 },
          { type: "split", tag: "../up" },
          5,
        ],
      }
      """
    let (_, problems) = GrammarFixture.parse(text)
    #expect(
      problems.map(\.description) == [
        "pipeline.json5:2:3: key 'sedd': unknown key; did you mean 'seed'?",
        "pipeline.json5:2:19: key 'chunk': expected a whole number from 16 to 8192, found the number 10",
        "pipeline.json5:5:13: stage 'ground', option 'type': there is no stage 'read-cub'; did you mean 'read-cube'?",
        "pipeline.json5:5:47: stage 'ground', option 'files': there is no parameter 'dat'; did you mean 'data'?",
        "pipeline.json5:6:33: stage 'ground', option 'tag': the tag is taken by the stage in line 5",
        "pipeline.json5:6:51: stage 'ground', option 'inputs': no stage has the tag 'grund'; did you mean 'ground'?",
        "pipeline.json5:7:46: stage 'superpixels', option 'sise': unknown option; did you mean 'size'?",
        "pipeline.json5:7:68: expected a value, found 'dense'; a text needs quotes",
        "pipeline.json5:8:5: stage 'x', option 'type': is missing: expected the name of a stage",
        "pipeline.json5:9:27: key 'tag': expected a tag of letters, digits, '-' and '_', found the text '../up'",
        "pipeline.json5:10:5: key 'stages': expected a stage, as an object, found the number 5",
      ])
  }

  @Test func makesTagsOfTypesUnique() {
    let text = """
      { stages: [ { type: 'labels', file: 'a', field: 'b' }, { type: 'labels', file: 'a', field: 'b' },
        { type: 'labels', tag: 'labels-2', file: 'a', field: 'b' } ] }
      """
    #expect(
      GrammarFixture.parse(text).document.stages.map(\.tag) == ["labels", "labels-3", "labels-2"])
  }

  @Test func keepsVariantsAsTheyAreWritten() {
    let text = """
      { variants: [{ name: "a", set: { x: "${y}" }, options: { labels: { field: "c" } } }], stages: [{ type: 'labels', file: 'a', field: 'b' }] }
      """
    let (document, problems) = GrammarFixture.parse(text)
    #expect(problems.isEmpty)
    let changes = Overrides(
      parameters: [.init(name: "x", text: #""${y}""#)],
      options: [.init(tag: "labels", path: "field", text: #""c""#)])
    #expect(document.variants == [Variant(name: "a", overrides: changes)])
  }

  @Test(arguments: [
    ("{}", "key 'stages': is missing: expected a list, each any value"),
    ("{ stages: [] }", "key 'stages': expected at least one stage"),
    ("[]", "expected an object, found a list"),
    (
      "{ name: 'a/b', stages: [{ type: 'labels', file: 'a', field: 'b' }] }",
      "key 'name': expected a name that a folder can have"
    ),
  ])
  func reportsWhatIsNoPipeline(text: String, problem: String) {
    let problems = GrammarFixture.parse(text).problems
    #expect(problems.count == 1)
    #expect(problems.first?.description.hasSuffix(problem) == true, "\(problems)")
  }

  @Test func readsFiles() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "gossan-\(UUID()).json5").path
    #expect(throws: PipelineError.self) {
      try PipelineDocument.read(path, catalog: GrammarFixture.catalog)
    }
    try Data(GrammarFixture.pipeline.utf8).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let document = try PipelineDocument.read(path, catalog: GrammarFixture.catalog)
    #expect(document.stages.count == 9)
    #expect(
      document.stage("ore")?.options.filePath("file").hasSuffix("/rasters/points.gpkg") == true)
  }
}
