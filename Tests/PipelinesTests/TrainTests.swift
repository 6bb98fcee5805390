import Foundation
import Learning
import Networks
import Rasters
import Testing

@testable import Pipelines

/// What a trained model is made of and what it says of its training.
struct TrainTests {
  private func package(_ sample: SampleRun, _ path: String, _ out: String) throws -> ModelPackage {
    try ModelPackage(try sample.value(path, of: "model", out: out).bytes)
  }

  @Test func aModelCarriesItsPreparation() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let package = try package(sample, try sample.pipeline("model"), "model")
    let notes = package.notes
    #expect(notes.classes == ["below guide value", "above guide value"])
    #expect(
      notes.preparation.map(\.type) == [
        "raw", "log-ratio", "raw", "stack", "standardize", "superpixels", "model-inputs",
      ])
    #expect(notes.bands.map(\.name).prefix(6) == ["Co", "Cr", "Cu", "Ni", "Pb", "Zn"])
    #expect(notes.bands.count == 15 && notes.backgroundMean.count == 15)
    #expect(notes.background.count == 3)
    // Sources of explanations: logarithms of the metals and the categories.
    for (source, (low, high)) in zip(notes.minimum, notes.maximum).enumerated() {
      #expect(low <= high)
      for row in notes.background { #expect(row[source] >= low && row[source] <= high) }
    }
    #expect(notes.record.trainingCount + notes.record.validationCount == 259)
    #expect(notes.record.validationCount > 20 && notes.record.epochs.count == 4)
    #expect(notes.unusableSamples == 0 && notes.sharedSegmentSamples == 0)
    #expect(notes.samplesInSharedSegments > 100 && notes.conflictingSegments > 0)
    let best = try #require(
      notes.record.epochs.min {
        ($0.validationLoss ?? .infinity) < ($1.validationLoss ?? .infinity)
      })
    #expect(notes.record.bestEpoch == best.number)
  }

  @Test func theSeedDecidesEverything() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let one = try sample.value(try sample.pipeline("one"), of: "model", out: "one").bytes
    let again = try sample.value(try sample.pipeline("again"), of: "model", out: "again").bytes
    let other = try sample.value(
      try sample.pipeline("other", replacing: [("seed: 1,", "seed: 2,")]), of: "model",
      out: "other"
    ).bytes
    #expect(one == again)
    #expect(one != other)
  }

  @Test(arguments: ["graph", "spectral-cnn", "patch-cnn"])
  func everyBranchCanBeLeftOut(branch: String) throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let lines = [
      "graph": "{ type: \"graph\", hops: 3, width: 8, output: 4 },",
      "spectral-cnn": "{ type: \"spectral-cnn\", filters: [3], width: 4, kernel: 5 },",
      "patch-cnn":
        "{ type: \"patch-cnn\", window: 5, width: 4, layers: [{ type: \"convolution\", filters: 4 }] },",
    ]
    let line = try #require(lines[branch])
    let package = try package(
      sample, try sample.pipeline("part", replacing: [(line, "")]), "part")
    let model = try #require(package.predictor.network)
    #expect(model.architecture.branches.count == 2)
    let all = Set(["graph", "spectral", "patch"])
    let left = all.subtracting([branch.replacingOccurrences(of: "-cnn", with: "")])
    #expect(Set(model.parameters.branchNames) == left)
  }

  /// Further samples are made of what is trained on, for every method.
  @Test(arguments: [
    ("network", "smote"), ("random-forest", "adasyn"), ("logistic-regression", "noise"),
    ("network", "rotate-flip"), ("network", "random-drop"), ("random-forest", "borderline-smote"),
    ("network", "shift"), ("random-forest", "shift"),
  ])
  func samplesAreAugmented(method: String, way: String) throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    func notes(_ augment: String, _ name: String) throws -> (ModelNotes, [UInt8]) {
      let path = try sample.ground(
        name,
        labels: """
          { type: "labels", tag: "labels", file: "${data}/points.gpkg", field: "Cd_exceeds" },
          """,
        then: """
          { type: "train", tag: "model", method: "\(method)", trees: 5, epochs: 2, background: 3,
            inputs: { cube: "cube", samples: "labels" }, augment: [\(augment)],
            branches: [{ type: "patch-cnn", window: 3, width: 3,
              layers: [{ type: "convolution", filters: 2 }] }] },
          """)
      let bytes = try sample.value(path, of: "model", out: name).bytes
      return (try ModelPackage(bytes).notes, bytes)
    }
    let (plain, before) = try notes("", "plain")
    let (more, after) = try notes("{ type: \"\(way)\" }", "more")
    #expect(plain.record.addedCount == 0)
    let added = try #require(more.record.addedCount)
    let counts = more.record.countsByClass
    switch way {
    case "rotate-flip": #expect(added == 7 * more.record.trainingCount)
    case "shift":
      // Eight cells around a sample, but for those that hold another or have no data.
      #expect(added > 6 * more.record.trainingCount && added < 8 * more.record.trainingCount)
    case "noise", "random-drop": #expect(added == more.record.trainingCount)
    case "adasyn": #expect(abs(added - abs(counts[0] - counts[1])) < 20 && added > 0)
    default: #expect(added == abs(counts[0] - counts[1]))
    }
    #expect(more.record.countsByClass == plain.record.countsByClass)
    #expect(before != after)
  }

  @Test func augmentationsThatCannotBeAreRefused() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    func problem(_ augment: String, _ more: String) throws -> String {
      let path = try sample.ground(
        "wrong",
        labels: """
          { type: "labels", tag: "labels", file: "${data}/points.gpkg", \(more) },
          """,
        then: """
          { type: "superpixels", tag: "segments", inputs: ["cube"] },
          { type: "train", tag: "model",
            inputs: { cube: "cube", samples: "labels", segments: "segments" },
            augment: [\(augment)], branches: [{ type: "graph" }] },
          """)
      let problems = Runner.problems(path, overrides: Overrides())
      #expect(problems.count == 1 && problems.first?.key == "augment")
      return problems.first?.message ?? ""
    }
    let classes = "field: \"Cd_exceeds\""
    #expect(try problem("{ type: \"smote\" }", classes).contains("belong to no superpixel"))
    #expect(try problem("{ type: \"rotate-flip\" }", classes).contains("no branch reads any"))
  }

  @Test func weightsFollowTheLossThatWasBest() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    // Without a watched part the last epoch is kept.
    let package = try package(
      sample,
      try sample.pipeline(
        "all", replacing: [("epochs: 4,", "epochs: 3, validation: 0,")]), "all")
    #expect(package.notes.record.validationCount == 0)
    #expect(package.notes.record.trainingCount == 259)
    #expect(package.notes.record.bestEpoch == 3)
  }
}
