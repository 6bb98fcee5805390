import Foundation
import Testing

@testable import Pipelines

struct StageCatalogTests {
  @Test func wordsAreUniqueAndDocumented() {
    let names = StageCatalog.definitions.map(\.name)
    #expect(Set(names).count == names.count && names.count >= 14)
    for definition in StageCatalog.definitions {
      #expect(definition.problems().isEmpty, "\(definition.name): \(definition.problems())")
      let text = definition.describe()
      for option in definition.options { #expect(text.contains(option.name)) }
      #expect(StageSchema.stage(definition).contains("\"\(definition.name)\""))
    }
    #expect(StageCatalog.stage("superpixels") != nil && StageCatalog.stage("superpixel") == nil)
  }

  /// Every stage belongs to one purpose, in the order of the table of stages.
  @Test func groupsHoldEveryStageOnce() {
    let groups = StageCatalog.groupedDefinitions
    #expect(
      groups.map(\.title) == [
        "Read", "Points and vectors to features", "Rasters to features", "Segments", "Learn",
        "Apply", "Look inside", "Finish",
      ])
    #expect(groups.allSatisfy { !$0.stages.isEmpty })
    #expect(groups.flatMap(\.stages).map(\.name) == StageCatalog.definitions.map(\.name))
  }

  /// An example stands in a pipeline in which its inputs are made, and is checked like any other.
  @Test(arguments: StageCatalog.definitions.map(\.name))
  func examplesAreValid(name: String) throws {
    let definition = try #require(StageCatalog.definitions.first { $0.name == name })
    let (example, unread) = JSON5Reader.read(definition.example)
    #expect(unread.isEmpty && example["type"]?.string == name)
    for line in definition.describe().split(separator: "\n") { #expect(line.count <= 80) }
    let makers = ProductKind.allCases.map {
      StageDefinition(name: "make-\($0.rawValue)", summary: "Makes it.", output: $0)
    }
    let stages = inputs(of: example, definition).map { tag, kind in
      "{ type: \"make-\(kind.rawValue)\", tag: \"\(tag)\" }"
    }
    let text = "{ stages: [\((stages + [definition.example]).joined(separator: ",\n"))] }"
    let (document, problems) = PipelineDocument.parse(
      text, catalog: StageCatalog.definitions + makers)
    #expect(problems.isEmpty, "\(problems)")
    #expect(document.stages.last?.definition.name == name)
  }

  /// The tags that an example reads, and a kind of product that each may be.
  private func inputs(
    of example: JSON5Value, _ definition: StageDefinition
  ) -> [(tag: String, kind: ProductKind)] {
    func kind(_ input: InputDefinition?, _ tag: String) -> ProductKind {
      let kinds = (input?.kinds ?? []).sorted { $0.rawValue < $1.rawValue }
      return kinds.first { tag.contains($0.rawValue) } ?? kinds.first ?? .raster
    }
    if let members = example["inputs"]?.members {
      return members.map { member in
        let tag = member.value.string ?? ""
        return (tag, kind(definition.inputs.first { $0.name == member.key }, tag))
      }
    }
    if let tags = example["inputs"]?.elements?.compactMap(\.string) {
      return tags.map { ($0, kind(definition.inputs.first, $0)) }
    }
    return definition.inputs.filter(\.isRequired).map {
      ("some-\($0.name)".replacing("*", with: "x"), kind($0, ""))
    }
  }

  /// Every number says what it counts or measures, but for those that measure nothing: shares,
  /// factors, exponents, codes and counts of repetitions.
  @Test func numbersHaveUnits() {
    var missing: [String] = []
    for definition in StageCatalog.definitions {
      walk(definition.options, definition.name) { path, spec in
        if spec.unit.isEmpty, Self.isNumber(spec.kind), !Self.dimensionless.contains(spec.name) {
          missing.append("\(path).\(spec.name)")
        }
      }
    }
    #expect(missing == [])
  }

  private static let dimensionless: Set<String> = [
    "rate", "missing", "window-missing", "interval", "validation", "variance", "dropout",
    "quantile",
    "quantiles", "top", "classes", "ratio", "factor", "power", "degree", "tau", "theta",
    "learning-rate",
    "weight-decay",
    "inverse-penalty", "repeats", "threshold", "above", "nodata", "below-detection", "units",
    "bands", "rates", "nemerow", "order", "derivative", "smoothness", "asymmetry",
  ]

  private static func isNumber(_ kind: OptionKind) -> Bool {
    switch kind {
    case .integer, .number: true
    case .list(let kind), .map(let kind): isNumber(kind)
    case .either(let first, let second): isNumber(first) || isNumber(second)
    default: false
    }
  }

  private func walk(
    _ specs: [OptionSpec], _ path: String, _ visit: (String, OptionSpec) -> Void
  ) {
    for spec in specs {
      visit(path, spec)
      nested(spec.kind, "\(path).\(spec.name)", visit)
    }
  }

  private func nested(
    _ kind: OptionKind, _ path: String, _ visit: (String, OptionSpec) -> Void
  ) {
    switch kind {
    case .object(let specs): walk(specs, path, visit)
    case .typed(let types): for (type, specs) in types { walk(specs, "\(path)(\(type))", visit) }
    case .list(let kind), .map(let kind): nested(kind, path, visit)
    case .either(let first, let second):
      nested(first, path, visit)
      nested(second, path, visit)
    default: break
    }
  }

  @Test func shippedPipelinesAreValid() throws {
    let folder = SampleRun.root + "/pipelines"
    let files = try FileManager.default.contentsOfDirectory(atPath: folder)
      .filter { $0.hasSuffix(".json5") && !Self.needingModels.keys.contains($0) }
    #expect(!files.isEmpty)
    // The scene of two of them is made by a command; `AttentionStageTests` does so.
    for file in files where !Self.elsewhere.contains(file) && !file.hasPrefix("image-spectrum") {
      #expect(Runner.problems("\(folder)/\(file)", overrides: Overrides()).isEmpty, "\(file)")
    }
  }

  /// The pipelines whose scenes are not part of the project.
  private static let elsewhere = [
    "nanling-lithium.json5", "indian-pines.json5", "indian-pines-attention.json5",
    "nanling-prospectivity.json5",
    "katanning-gold.json5", "kola-smelters.json5", "kola-smelters-west.json5",
    "kola-smelters-east.json5", "ftir-polymers.json5", "ftir-map.json5",
  ]
  private static let data = ProcessInfo.processInfo.environment["GOSSAN_DATA"]

  /// Those of scenes elsewhere are valid where the scenes are, with all their variants.
  @Test(.enabled(if: data != nil, "GOSSAN_DATA names no folder of scenes"), arguments: elsewhere)
  func pipelinesOfScenesElsewhereAreValid(file: String) throws {
    let needed = Self.needingModels[file]
    let overrides = Overrides(
      parameters: [.init(name: "data", text: Self.data ?? "")]
        + (needed?.parameters ?? []).map { .init(name: $0, text: "nowhere.safetensors") })
    let problems = Runner.problems("\(SampleRun.root)/pipelines/\(file)", overrides: overrides)
    #expect(Self.places(problems) == needed?.places ?? [])
  }

  /// The pipelines that take a model of another one: the parameters, and the options that miss them.
  private static let needingModels: [String: (parameters: [String], places: Set<String>)] = [
    "apply-model.json5": (["model"], ["probability.model"]),
    "soil-pollution.json5": (["source"], ["model.from"]),
    "jura-from-meuse.json5": (["source"], ["model.from"]),
    "kola-smelters-east.json5": (["source"], ["model.from"]),
    "ftir-map.json5": (
      ["model", "reference"], ["probability.model", "unknown.model", "unknown.reference"]
    ),
  ]

  /// The options that problems are with, as far as they are with options.
  private static func places(_ problems: [Problem]) -> Set<String> {
    Set(problems.map { "\($0.stage ?? "").\($0.key ?? "")" })
  }

  /// A pipeline that takes a model names the options that miss one before there is a model.
  @Test(arguments: needingModels.keys.filter { !elsewhere.contains($0) }.sorted())
  func aMissingModelIsNamed(file: String) throws {
    let needed = try #require(Self.needingModels[file])
    let overrides = Overrides(
      parameters: needed.parameters.map { .init(name: $0, text: "nowhere.safetensors") })
    let problems = Runner.problems("\(SampleRun.root)/pipelines/\(file)", overrides: overrides)
    #expect(Self.places(problems) == needed.places)
  }
}
