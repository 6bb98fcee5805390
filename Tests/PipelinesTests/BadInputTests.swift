import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Pipelines with mistakes: each is named with its place, stage and key, and nothing is read.
struct BadInputTests {
  /// A change to the sample's pipeline and what must be said of it: stage, key and part of the text.
  struct Mistake: Sendable, CustomTestStringConvertible {
    let old: String
    let new: String
    let stage: String?
    let key: String?
    let says: String
    var testDescription: String { "\(new) -> \(says)" }
  }

  /// A folder that cannot be made is named in a sentence, and the run fails.
  @Test func foldersThatCannotBeMadeAreNamed() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    try "text".write(toFile: sample.folder + "/file", atomically: true, encoding: .utf8)
    #expect(sample.run(try sample.pipeline("folder"), out: "file") == .failed)
    let error = #expect(throws: ExecutionError.self) {
      try FileManager.default.makeFolder(sample.folder + "/file")
    }
    #expect(error?.description.contains("cannot make the folder \(sample.folder)/file") == true)
    #expect(throws: ExecutionError.self) { try BeltScene(seed: 1).write(to: "/proc/belt") }
  }

  private static let mistakes: [Mistake] = [
    .init(
      old: "landuse_rock.tif\" }", new: "nowhere.tif\" }", stage: nil, key: "grid.like",
      says: "nowhere.tif"),
    .init(
      old: "[\"${data}/landuse_rock.tif\"]", new: "[\"${data}/x.tif\"]", stage: "ground",
      key: "files", says: "x.tif"),
    .init(
      old: "field: \"Cd_exceeds\"", new: "field: \"Cd_exceds\"", stage: "cadmium", key: "field",
      says: "did you mean 'Cd_exceeds'"),
    .init(
      old: "\"Ni\", \"Pb\"", new: "\"Nii\", \"Pb\"", stage: "metals", key: "fields",
      says: "no field 'Nii'"),
    .init(
      old: "field: \"fold\"", new: "field: \"folds\"", stage: "folds", key: "field",
      says: "did you mean 'fold'"),
    .init(
      old: "method: \"clr\"", new: "bands: [\"Co\", \"Xx\"]", stage: "parts", key: "bands",
      says: "no band 'Xx'"),
    .init(
      old: "method: \"clr\"", new: "bands: [\"Co\"]", stage: "parts", key: "bands",
      says: "two parts or more"),
    .init(
      old: "rock: {", new: "stone: {", stage: "ground", key: "categorical", says: "no band 'stone'"),
    .init(
      old: "size: 50", new: "sise: 50", stage: "segments", key: "sise", says: "did you mean 'size'"),
    .init(old: "size: 50", new: "size: 50, size: 60", stage: nil, key: nil, says: "size"),
    .init(old: "size: 50", new: "size: -1", stage: "segments", key: "size", says: "-1"),
    .init(
      old: "type: \"superpixels\"", new: "type: \"superpixel\"", stage: nil, key: nil,
      says: "did you mean 'superpixels'"),
    .init(
      old: "segments: \"segments\", samples", new: "samples", stage: "model", key: "branches",
      says: "graph branch needs 'segments'"),
    .init(
      old: "cube: \"cube\", segments: \"segments\", samples",
      new: "cube: \"cubes\", segments: \"segments\", samples", stage: "model", key: nil,
      says: "did you mean 'cube'"),
    .init(
      old: "window: 5, width", new: "window: 2, width", stage: "model", key: "branches",
      says: "window"),
    .init(
      old: "type: \"softmax\"", new: "type: \"linear\"", stage: "model", key: "head",
      says: "does not fit the samples"),
    .init(
      old: "model: \"model\", cube: \"cube\", segments: \"segments\" } },\n    { type: \"explain\"",
      new:
        "model: \"model\", cube: \"parts\", segments: \"segments\" } },\n    { type: \"explain\"",
      stage: "probability", key: nil, says: "does not have the bands"),
    .init(
      old: "method: \"gradshap\"", new: "classes: [\"above\"]", stage: "shap", key: "classes",
      says: "no class 'above'"),
    .init(
      old: "{ \"0\": \"below guide value\", \"1\": \"above guide value\" }",
      new: "{ \"1\": \"above guide value\", \"7\": \"x\" }", stage: "cadmium", key: "field",
      says: "one class only"),
  ]

  @Test(arguments: mistakes) func isNamed(_ mistake: Mistake) throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let pipeline = try sample.pipeline("bad", replacing: [(mistake.old, mistake.new)])
    let problems = Runner.problems(pipeline, overrides: Overrides())
    let found = problems.first { problem in
      problem.description.contains(mistake.says)
        && (mistake.stage == nil || problem.stage == mistake.stage)
        && (mistake.key == nil || problem.key == mistake.key)
    }
    #expect(found != nil, "\(problems.map(\.description))")
    #expect((found?.place.line ?? 0) > 0, "\(problems.map(\.description))")
    #expect(sample.run(pipeline, out: "out") == .invalid)
    #expect(!FileManager.default.fileExists(atPath: sample.folder + "/out"))
  }

  @Test func allProblemsComeAtOnce() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let pipeline = try sample.pipeline(
      "many",
      replacing: [
        ("field: \"Cd_exceeds\"", "field: \"Cd_exceds\""), ("size: 50", "sise: 50"),
        ("\"Ni\", \"Pb\"", "\"Nii\", \"Pb\""), ("type: \"stack\"", "type: \"stak\""),
      ])
    let texts = Runner.problems(pipeline, overrides: Overrides()).map(\.description)
    for part in ["Cd_exceds", "sise", "Nii", "stak"] {
      #expect(texts.contains { $0.contains(part) }, "\(part) in \(texts)")
    }
  }

  @Test func pointsOutsideTheGridAreRefused() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    try "x,y,class\n1,1,0\n2,2,1\n".write(
      toFile: sample.folder + "/far.csv", atomically: true, encoding: .utf8)
    let pipeline = try sample.pipeline(
      "far",
      replacing: [
        (
          "tag: \"cadmium\", file: \"${data}/points.gpkg\", field: \"Cd_exceeds\"",
          "tag: \"cadmium\", file: \"\(sample.folder)/far.csv\", field: \"class\""
        )
      ])
    let problems = Runner.problems(pipeline, overrides: Overrides())
    #expect(problems.contains { $0.stage == "cadmium" && $0.description.contains("grid") })
  }

  @Test func aDamagedModelFileIsRefused() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    try Data([8, 0, 0, 0, 0, 0, 0, 0, 1, 2]).write(
      to: URL(fileURLWithPath: sample.folder + "/bad.safetensors"))
    let overrides = Overrides(
      parameters: [.init(name: "model", text: sample.folder + "/bad.safetensors")])
    let problems = Runner.problems(
      SampleRun.root + "/pipelines/apply-model.json5", overrides: overrides)
    #expect(problems.count == 1 && problems[0].key == "model", "\(problems.map(\.description))")
  }

  @Test func aRasterWithoutDataFailsWithoutOutputs() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let grid = Grid(
      width: 20, height: 20,
      transform: GeoTransform(left: 0, top: 20, cellWidth: 1, cellHeight: 1), crs: "")
    let output = RasterOutput(
      path: sample.folder + "/empty.tif", grid: grid, bands: [OutputBand(name: "a")])
    try output.write { window in .float32([Float](repeating: .nan, count: window.cellCount)) }
    let pipeline = sample.folder + "/empty.json5"
    try """
    { stages: [ { type: "read-cube", files: ["empty.tif"] }, { type: "standardize", tag: "cube" },
      { type: "write" } ] }
    """.write(toFile: pipeline, atomically: true, encoding: .utf8)
    #expect(sample.run(pipeline, out: "out") == .failed)
    #expect(try sample.names("out").isEmpty)
  }
}
