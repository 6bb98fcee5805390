import Foundation
import Testing

@testable import Pipelines

@Suite struct StageSchemaTests {
  private let schema = JSON5Reader.read(StageSchema.pipeline(GrammarFixture.catalog)).value

  @Test func isStrictAboutTheTopLevel() {
    #expect(schema["$schema"]?.string == "https://json-schema.org/draft/2020-12/schema")
    #expect(schema["additionalProperties"]?.bool == false)
    #expect(schema["required"]?.canonicalJSON == #"["stages"]"#)
    let keys = schema["properties"]?.members?.map(\.key)
    #expect(
      keys == [
        "$schema", "name", "parameters", "grid", "seed", "chunk", "stages", "variants", "curve",
      ])
  }

  @Test func hasADefinitionForEveryStage() {
    let definitions = schema["$defs"]?.members ?? []
    #expect(definitions.map(\.key) == GrammarFixture.catalog.map(\.name))
    for (member, definition) in zip(definitions, GrammarFixture.catalog) {
      let properties = member.value["properties"]?.members?.map(\.key)
      #expect(properties == ["type", "tag", "inputs"] + definition.options.map(\.name))
      #expect(member.value["title"]?.string == definition.name)
    }
    let items = schema["properties"]?["stages"]?["items"]
    #expect(items?["allOf"]?.elements?.count == GrammarFixture.catalog.count)
  }

  @Test func statesRangesDefaultsAndTypes() throws {
    let train = try #require(GrammarFixture.catalog.first { $0.name == "train" })
    let properties = JSON5Reader.read(StageSchema.stage(train)).value["properties"]
    let rate = properties?["rate"]
    #expect(rate?["default"]?.number == 0.001)
    #expect(rate?["description"]?.string == "The learning rate.")
    #expect(
      rate?["anyOf"]?.elements?.first?["anyOf"]?.elements?.first?.canonicalJSON
        == #"{"exclusiveMinimum":0,"maximum":1,"type":"number"}"#)
  }

  // MARK: The schema of the shipped stages, as a judge

  private static let judge = JSONSchemaValidator(
    root: JSON5Reader.read(StageSchema.pipeline(StageCatalog.definitions)).value)
  private static let folder = SampleRun.root + "/pipelines"
  private static let shipped =
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
    .filter { $0.hasSuffix(".json5") }.sorted()

  @Test(arguments: shipped)
  func acceptsShippedPipelines(file: String) throws {
    let bytes = try #require(FileManager.default.contents(atPath: "\(Self.folder)/\(file)"))
    let (value, problems) = JSON5Reader.read(bytes: [UInt8](bytes), file: file)
    #expect(problems.isEmpty)
    #expect(Self.judge.complaints(value) == [])
  }

  @Test func thereAreShippedPipelines() { #expect(Self.shipped.count >= 7) }

  @Test(arguments: StageCatalog.definitions.map(\.name))
  func acceptsExamples(name: String) throws {
    let definition = try #require(StageCatalog.definitions.first { $0.name == name })
    let text = "{ stages: [\(definition.example)] }"
    #expect(Self.judge.complaints(JSON5Reader.read(text).value) == [])
  }

  /// A right pipeline with everything that the changes below change.
  private static let right = """
    {
      name: "map", seed: 1, chunk: 256, parameters: { size: 50 },
      grid: { crs: "EPSG:2056", resolution: 250, extent: [0, 0, 1000, 1000] },
      stages: [
        { type: "read-cube", tag: "cube", files: ["a.tif"], resampling: "bilinear" },
        { type: "labels", tag: "places", file: "p.gpkg", field: "class" },
        { type: "superpixels", tag: "segments", inputs: ["cube"], size: 50, iterations: 10 },
        { type: "split", tag: "folds", inputs: { samples: "places" }, folds: 5 },
        { type: "train", tag: "model", inputs: { cube: "cube", samples: "places" }, epochs: 50,
          branches: [{ type: "graph", hops: 3 }, { type: "patch-cnn", window: 9 }],
          head: { type: "softmax", hidden: [64] }, augment: [{ type: "smote", ratio: 1 }] },
        { type: "explain", inputs: { model: "model", cube: "cube" }, output: true },
        { type: "write", inputs: ["model"], nodata: -9999 },
      ],
      variants: [{ name: "other", options: { model: { epochs: 5 } } }],
    }
    """

  private func complaints(_ old: String, _ new: String) throws -> [String] {
    try #require(Self.right.contains(old), "\(old)")
    let (value, problems) = JSON5Reader.read(Self.right.replacingOccurrences(of: old, with: new))
    #expect(problems.isEmpty)
    return Self.judge.complaints(value)
  }

  /// One change each of a right pipeline; the checker refuses every one of them as well.
  @Test(
    arguments: [
      ("seed: 1", "sede: 1"), ("seed: 1", "seed: -1"), ("seed: 1", "seed: 1.5"),
      ("chunk: 256", "chunk: 8"), ("name: \"map\"", "name: \"a/b\""),
      ("resolution: 250, ", ""), ("resolution: 250", "resolution: 0"),
      ("extent: [0, 0, 1000, 1000]", "extent: \"all\""),
      ("crs: \"EPSG:2056\"", "like: \"a.tif\", crs: \"EPSG:2056\""),
      ("files: [\"a.tif\"], ", ""), ("files: [\"a.tif\"]", "files: []"),
      ("\"bilinear\"", "\"linear\""), ("tag: \"cube\"", "tag: \"a cube\""),
      ("tag: \"cube\"", "tags: \"cube\""), ("type: \"superpixels\"", "type: \"superpixel\""),
      ("type: \"labels\", ", ""), ("size: 50, iterations", "size: \"large\", iterations"),
      ("iterations: 10", "iterations: 0"), ("folds: 5", "folds: 2.5"),
      ("samples: \"places\" }, folds", "sample: \"places\" }, folds"),
      ("samples: \"places\" }, folds", "samples: [\"places\", \"a\"] }, folds"),
      ("type: \"graph\"", "type: \"grpah\""), ("hops: 3", "window: 3"), ("hops: 3", "hops: -1"),
      ("hidden: [64]", "hidden: 64"), ("type: \"smote\"", "neighbors: 5"),
      ("output: true", "output: \"yes\""), ("inputs: [\"model\"]", "inputs: [5]"),
      ("nodata: -9999", "nodata: \"none\""), ("name: \"other\", ", ""),
      ("options: { model: { epochs: 5 } }", "options: { model: 5 }"),
    ])
  func refusesWrongPipelines(old: String, new: String) throws {
    #expect(try !complaints(old, new).isEmpty)
    let text = Self.right.replacingOccurrences(of: old, with: new)
    let checked = PipelineDocument.parse(text, catalog: StageCatalog.definitions)
    #expect(!checked.problems.isEmpty)
  }

  @Test(
    arguments: [
      ("seed: 1", "seed: \"${size}\""), ("size: 50, iterations", "size: \"${size}\", iterations"),
      ("\"bilinear\"", "\"${size}\""), ("output: true", "output: \"${size}\""),
      ("hidden: [64]", "hidden: [\"${size}\"]"), ("hidden: [64]", "hidden: \"${size}\""),
      ("hops: 3", "hops: \"${size}\""), ("type: \"graph\"", "type: \"${size}\""),
      ("tag: \"cube\"", "tag: \"${size}-cube\""), ("\"a.tif\"", "\"${size}/a.tif\""),
      ("resolution: 250", "resolution: \"${size}\""), ("epochs: 50", "epochs: null"),
      ("resolution: 250", "resolution: [250, 500]"), ("seed: 1", "$schema: \"gossan.json\""),
      ("size: 50, iterations", "sizes: [50, 100], iterations"), ("field: \"class\"", "field: null"),
      ("cube: \"cube\", samples", "cube: [\"cube\"], samples"), ("chunk: 256, ", ""),
      ("crs: \"EPSG:2056\", resolution: 250, extent: [0, 0, 1000, 1000]", "like: \"a.tif\""),
    ])
  func acceptsParametersAndAbsence(old: String, new: String) throws {
    #expect(try complaints(old, new) == [])
  }

  @Test func acceptsTheRightOne() throws {
    #expect(try complaints("seed: 1", "seed: 1") == [])
    let checked = PipelineDocument.parse(Self.right, catalog: StageCatalog.definitions)
    #expect(checked.problems.isEmpty, "\(checked.problems)")
  }
}
