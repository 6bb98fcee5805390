import Testing

@testable import Pipelines

@Suite struct OptionValuesTests {
  private var model: OptionValues? {
    GrammarFixture.parse(GrammarFixture.pipeline).document.stage("model")?.options
  }

  @Test func readsTypedValues() throws {
    let document = GrammarFixture.parse(GrammarFixture.pipeline).document
    let cube = try #require(document.stage("ground")?.options)
    #expect(cube.strings("files") == ["rasters/a.tif", "rasters/b*.tif"])
    #expect(cube.strings("categorical") == [])
    #expect(cube.string("missing") == "any")
    let labels = try #require(document.stage("ore")?.options)
    #expect(labels.stringMap("classes").map(\.key) == ["0", "1"])
    #expect(labels.stringMap("classes").map(\.value) == ["no", "yes"])
    let segments = try #require(document.stage("segments")?.options)
    #expect(segments.int("size") == 64)
    #expect(segments.float("compactness") == 0.1)
    #expect(document.stage("cube")?.options.optionalStrings("bands") == nil)
  }

  @Test func readsObjectsByType() throws {
    let branches = try #require(model).objects("branches")
    #expect(branches.map(\.type) == ["graph", "spectral-cnn"])
    #expect(branches[0].values.int("hops") == 2)
    #expect(branches[0].values.int("width") == 128)
    #expect(branches[1].values.ints("filters") == [20])
    let head = try #require(model?.object("head"))
    #expect(head.type == "softmax")
    #expect(head.values.ints("hidden") == [])
    #expect(model?.optionalInt("epochs") == nil)
    #expect(model?.string("epochs") == "auto")
    #expect(model?.bool("early") == true)
  }

  @Test func laterProblemsKnowTheirPlace() throws {
    let branch = try #require(model?.objects("branches").first?.values)
    #expect(
      branch.problem("hops", "is too large").description
        == "pipeline.json5:15:41: stage 'model', option 'branches[0].hops': is too large")
    // A default has no place of its own: the object stands for it.
    #expect(branch.place("width") == Place(line: 15, column: 18))
  }
}
