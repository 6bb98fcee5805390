import Testing

@testable import Pipelines

@Suite struct InputResolverTests {
  private static let cube = "{ type: 'read-cube', tag: 'cube', files: 'a' }"
  private static let labels = "{ type: 'labels', tag: 'ore', file: 'a', field: 'b' }"

  private func sources(_ stages: [String], of tag: String) -> [String: [String]] {
    let document = GrammarFixture.parse("{ stages: [\(stages.joined(separator: ","))] }").document
    let sources = document.stage(tag)?.sources ?? []
    return Dictionary(uniqueKeysWithValues: sources.map { ($0.input, $0.tags) })
  }

  private func problems(_ stages: String...) -> [String] {
    GrammarFixture.parse("{ stages: [\(stages.joined(separator: ",\n"))] }").problems.map {
      "\($0.stage ?? "-") \($0.key ?? "-"): \($0.message)"
    }
  }

  @Test func takesTheStageBefore() {
    #expect(
      sources([Self.cube, "{ type: 'standardize' }"], of: "standardize") == ["cube": ["cube"]])
    #expect(sources([Self.cube, "{ type: 'predict' }"], of: "predict") == ["cube": ["cube"]])
  }

  @Test func distributesTagsByKind() {
    let stages = [
      Self.cube, Self.labels, "{ type: 'superpixels', tag: 's', inputs: 'cube' }",
      "{ type: 'train', tag: 'm', inputs: ['ore', 's', 'cube'], branches: [] }",
      "{ type: 'write', inputs: ['m', 's', 'cube'] }",
    ]
    #expect(sources(stages, of: "m") == ["samples": ["ore"], "segments": ["s"], "cube": ["cube"]])
    #expect(sources(stages, of: "write") == ["products": ["m", "s", "cube"]])
  }

  @Test func takesEverythingThatIsMade() {
    #expect(
      sources(["{ type: 'report' }", Self.cube, Self.labels], of: "report")
        == ["products": ["cube", "ore"]])
  }

  @Test func takesNamesOfTheUsersOwn() {
    let train = """
      { type: 'train', tag: 'm', branches: [],
        inputs: { cube: 'cube', samples: 'ore', radar: 'cube' } }
      """
    #expect(sources([Self.cube, Self.labels, train], of: "m")["radar"] == ["cube"])
    let wrong = train.replacing("radar: 'cube'", with: "radar: 'ore'")
    #expect(
      problems(Self.cube, Self.labels, wrong)
        == ["m inputs.radar: 'ore' makes samples; expected raster"])
  }

  @Test func reportsInputsThatDoNotFit() {
    #expect(
      problems(Self.cube, "{ type: 'standardize', inputs: 'cueb' }")
        == ["standardize inputs: no stage has the tag 'cueb'; did you mean 'cube'?"])
    #expect(
      problems(Self.labels, "{ type: 'standardize', inputs: 'ore' }")
        == ["standardize inputs: 'ore' makes samples; expected raster"])
    #expect(
      problems(Self.cube, "{ type: 'standardize', inputs: { cub: 'cube' } }")
        == ["standardize inputs.cub: unknown input; did you mean 'cube'?"])
    #expect(
      problems(Self.cube, "{ type: 'standardize', inputs: ['cube', 'cube'] }")
        == ["standardize inputs: there is no further input for raster"])
    #expect(
      problems(Self.cube, "{ type: 'standardize', inputs: { cube: ['cube', 'cube'] } }")
        == ["standardize inputs.cube: expected one tag, found 2"])
    #expect(
      problems(Self.cube, "{ type: 'report', tag: 'r' }", "{ type: 'write', inputs: 'r' }")
        == ["write inputs: 'r' makes no product"])
    #expect(
      problems(Self.labels, "{ type: 'standardize' }") == [
        "standardize inputs.cube: is missing: expected the tag of a stage that makes raster; the stage before ('ore') makes samples"
      ])
    #expect(
      problems("{ type: 'labels', file: 'a', field: 'b', inputs: 5 }")
        == ["labels inputs: expected a tag, found the number 5"])
    #expect(
      problems(Self.cube, "{ type: 'labels', tag: 'l', file: 'a', field: 'b', inputs: 'cube' }")
        == ["l inputs: the stage takes no inputs"])
  }

  @Test func reportsEachCircleOnce() {
    #expect(
      problems(
        "{ type: 'stack', tag: 'a', inputs: ['c'] }",
        "{ type: 'standardize', tag: 'b', inputs: 'a' }",
        "{ type: 'standardize', tag: 'c', inputs: 'b' }",
        "{ type: 'standardize', tag: 'd', inputs: 'd' }")
        == [
          "a inputs: the stage needs its own product: a -> c -> b -> a",
          "d inputs: the stage needs its own product: d -> d",
        ])
  }

  @Test func ordersStagesByNeed() {
    let text = """
      { stages: [ { type: 'write', inputs: 'b' }, { type: 'standardize', tag: 'b', inputs: 'cube' },
        \(Self.labels), \(Self.cube) ] }
      """
    let (document, problems) = GrammarFixture.parse(text)
    #expect(problems.isEmpty)
    #expect(document.stagesInOrder.map(\.tag) == ["ore", "cube", "b", "write"])
    #expect(InputResolver.order([[1], [0]]) == nil)
  }

  @Test func walksLongChains() {
    let edges = (0..<100_000).map { $0 == 99_999 ? [0] : [$0 + 1] }
    #expect(InputResolver.circles(edges).first?.count == 100_000)
  }
}
