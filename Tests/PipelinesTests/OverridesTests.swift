import Testing

@testable import Pipelines

@Suite struct OverridesTests {
  private func parse(_ path: String, _ text: String, tag: String = "model") -> (
    document: PipelineDocument, problems: [String]
  ) {
    let option = Overrides.Option(tag: tag, path: path, text: text)
    let (document, problems) = GrammarFixture.parse(
      GrammarFixture.pipeline, Overrides(options: [option]))
    return (document, problems.map(\.description))
  }

  @Test func replacesAndCreatesOptions() {
    #expect(
      parse("size", "9", tag: "segments").document.stage("segments")?.options.int("size") == 9)
    let created = parse("rate", ".5").document.stage("model")?.options
    #expect(created?.double("rate") == 0.5)
    #expect(created?.isGiven("rate") == true)
    let nested = parse("branches.0.hops", "4")
    #expect(nested.problems.isEmpty)
    #expect(
      nested.document.stage("model")?.options.objects("branches").first?.values.int("hops") == 4)
    let implicit = parse("folds", "3", tag: "split")
    #expect(implicit.document.stage("split")?.options.int("folds") == 3)
  }

  @Test func numbersMayBeMeantAsTexts() {
    let (document, problems) = parse("field", "5", tag: "ore")
    #expect(problems.isEmpty)
    #expect(document.stage("ore")?.options.string("field") == "5")
  }

  @Test(arguments: [
    (
      "size", "9", "segmets",
      "pipeline.json5 (--stage.segmets.size=9): no stage has the tag 'segmets'; did you mean 'segments'?"
    ),
    (
      "sise", "9", "segments",
      "pipeline.json5 (--stage.segments.sise=9): stage 'segments', option 'sise': unknown option; did you mean 'size'?"
    ),
    (
      "size", "big", "segments",
      "pipeline.json5 (--stage.segments.size=big): stage 'segments', option 'size': expected a whole number from 4 to 100000, found the text 'big'"
    ),
    (
      "type", "x", "segments",
      "pipeline.json5 (--stage.segments.type=x): stage 'segments': 'type' cannot be set on the command line"
    ),
    (
      "branches.7.hops", "1", "model",
      "pipeline.json5 (--stage.model.branches.7.hops=1): stage 'model': the stage has nothing at 'branches.7.hops'"
    ),
  ])
  func reportsWhatCannotBeSet(path: String, text: String, tag: String, problem: String) {
    #expect(parse(path, text, tag: tag).problems == [problem])
  }
}
