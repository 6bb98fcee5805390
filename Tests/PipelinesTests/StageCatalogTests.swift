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

  @Test func shippedPipelinesAreValid() throws {
    let folder = SampleRun.root + "/pipelines"
    let files = try FileManager.default.contentsOfDirectory(atPath: folder)
      .filter { $0.hasSuffix(".json5") && $0 != "apply-model.json5" }
    #expect(!files.isEmpty)
    for file in files where !Self.elsewhere.contains(file) {
      #expect(Runner.problems("\(folder)/\(file)", overrides: Overrides()).isEmpty, "\(file)")
    }
  }

  /// The pipelines whose scenes are not part of the project.
  private static let elsewhere = [
    "nanling-lithium.json5", "indian-pines.json5", "nanling-prospectivity.json5",
    "katanning-gold.json5",
  ]
  private static let data = ProcessInfo.processInfo.environment["GOSSAN_DATA"]

  /// Those of scenes elsewhere are valid where the scenes are, with all their variants.
  @Test(.enabled(if: data != nil, "GOSSAN_DATA names no folder of scenes"), arguments: elsewhere)
  func pipelinesOfScenesElsewhereAreValid(file: String) throws {
    let overrides = Overrides(parameters: [.init(name: "data", text: Self.data ?? "")])
    let problems = Runner.problems("\(SampleRun.root)/pipelines/\(file)", overrides: overrides)
    #expect(problems.isEmpty)
  }

  /// The pipeline that applies a model names the one problem it has before there is a model.
  @Test func aMissingModelIsNamed() {
    let path = SampleRun.root + "/pipelines/apply-model.json5"
    let overrides = Overrides(parameters: [.init(name: "model", text: "nowhere.safetensors")])
    let problems = Runner.problems(path, overrides: overrides)
    #expect(problems.count == 1)
    #expect(problems.first?.stage == "probability" && problems.first?.key == "model")
  }
}
