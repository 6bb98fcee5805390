import Foundation
import Learning
import RasterFiles
import Testing

@testable import Pipelines

/// Scores are those of predictions that were made without their places.
struct ValidateTests {
  @Test func scoresAreThoseOfTheKeptPredictions() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.pipeline("scores")
    let bytes = try sample.value(path, of: "scores").bytes
    let scores = try JSONDecoder.stable.decode(Scores.self, from: Data(bytes))
    let table = try PointTable.read(
      path: SampleRun.root + "/sample-rasters/jura/points.gpkg",
      crs: try CRS.wkt(from: "EPSG:2056"))
    #expect(scores.method == .field && scores.isTransductive)
    #expect(scores.classes == ["below guide value", "above guide value"])
    #expect(scores.predictions.count == 2 * table.count)
    // Every sample is tested once, by the fold of its row.
    for (index, row) in table.rows.enumerated() {
      #expect(scores.foldNames[scores.foldOfSample[index]] == row["fold"])
      #expect(abs(scores.predictions[2 * index] + scores.predictions[2 * index + 1] - 1) < 1e-5)
    }
    let positions = scores.folds.flatMap(\.positions)
    #expect(positions.sorted() == Array(0..<table.count))
    guard case .classes(let pooled) = scores.metrics.pooled else {
      Issue.record("expected scores of classes")
      return
    }
    // Counted anew: the confusion matrix, the accuracy and the AUC as the share of ordered pairs.
    var confusion = [0, 0, 0, 0]
    var positive: [Float] = []
    var negative: [Float] = []
    for (index, row) in table.rows.enumerated() {
      let truth = row["Cd_exceeds"] == "1" ? 1 : 0
      let p = scores.predictions[2 * index + 1]
      confusion[2 * truth + (p > scores.predictions[2 * index] ? 1 : 0)] += 1
      if truth == 1 { positive.append(p) } else { negative.append(p) }
    }
    #expect(pooled.confusion == confusion)
    #expect(pooled.accuracy == Double(confusion[0] + confusion[3]) / Double(table.count))
    let ordered = positive.reduce(0.0) { sum, p in
      sum + negative.reduce(0.0) { $0 + (p > $1 ? 1 : (p == $1 ? 0.5 : 0)) }
    }
    let auc = try #require(pooled.rocAUC)
    #expect(abs(auc - ordered / Double(positive.count * negative.count)) < 1e-12)
  }

  /// The gap is that of the accuracies, and overlapping windows are counted.
  @Test func modelsAreComparedWithWhatTheyFit() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.ground(
      "fitted",
      labels: """
        { type: "labels", tag: "labels", file: "${data}/points.gpkg", field: "Cd_exceeds" },
        { type: "split", tag: "folds", method: "deposit", distance: 150, folds: 4 },
        """,
      then: """
        { type: "train", tag: "model", inputs: { cube: "cube", samples: "labels" },
          branches: [{ type: "patch-cnn", window: 5, width: 4,
            layers: [{ type: "convolution", filters: 2 }] }], epochs: 2 },
        { type: "validate", tag: "scores", inputs: { model: "model", folds: "folds" } },
        { type: "write", inputs: ["scores"] }, { type: "report" },
        """)
    let scores = try Scores.stored(try sample.value(path, of: "scores").bytes)
    #expect(scores.method == .deposit)
    for fold in 0..<4 {
      let measures = Dictionary(
        uniqueKeysWithValues: scores.measures(output: 0, fold: fold).map { ($0.name, $0.value) })
      let training = try #require(measures["training accuracy"] ?? nil)
      let tested = try #require(measures["accuracy"] ?? nil)
      #expect((0.1...1).contains(training))
      #expect(measures["overfitting gap"] == training - tested)
      guard case .classes(let fitted)? = scores.folds[fold].trainingMetrics else {
        Issue.record("expected the fit of classes")
        return
      }
      #expect(fitted.count == scores.folds[fold].trainingSamples && fitted.accuracy == training)
    }
    let overlapping = scores.folds.reduce(0) { $0 + $1.overlapping }
    #expect(overlapping > 0 && overlapping < 259)
    #expect(sample.run(path, out: "out") == .done)
    let csv = String(decoding: try #require(sample.bytes("out", "scores.csv")), as: UTF8.self)
    #expect(csv.contains("pooled,,overfitting gap,") && csv.contains("fold 4,,MCC,"))
    let page = String(decoding: try #require(sample.bytes("out", "report.html")), as: UTF8.self)
    #expect(page.contains("The windows of \(overlapping) of 259 test samples overlap"))
  }

  /// With a graph branch no training sample shares a segment with a test sample; without one, every
  /// other fold's sample is trained on.
  @Test func sharedSegmentsAreLeftOutAndCounted() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    func folds(_ name: String, _ changes: [(String, String)]) throws -> Scores {
      let path = try sample.pipeline(name, replacing: changes)
      return try JSONDecoder.stable.decode(
        Scores.self, from: Data(try sample.value(path, of: "scores", out: name).bytes))
    }
    let graph = try folds("graph", [])
    let plain = try folds(
      "plain", [("{ type: \"graph\", hops: 3, width: 8, output: 4 },", "")])
    let set = try JSONDecoder.stable.decode(
      SampleSet.self,
      from: Data(try sample.value(try sample.pipeline("set"), of: "cadmium").bytes))
    for fold in plain.folds.indices {
      // A test place is a cell: points that share it with a test sample are not trained on either.
      let tested = Set(plain.folds[fold].positions.map { set.samples[$0].cell })
      let others = set.samples.count { !tested.contains($0.cell) }
      #expect(plain.folds[fold].sharedSegmentSamples == 0)
      #expect(plain.folds[fold].trainingSamples == others)
      #expect(
        graph.folds[fold].trainingSamples + graph.folds[fold].sharedSegmentSamples == others)
    }
    #expect(graph.folds.reduce(0) { $0 + $1.sharedSegmentSamples } > 0)
    #expect(!plain.isTransductive)
  }

  @Test func aModelFromAFileCannotBeValidated() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.pipeline(
      "other",
      replacing: [("inputs: { model: \"model\", folds: \"folds\" }", "inputs: [\"model\"]")])
    #expect(Runner.problems(path, overrides: Overrides()).contains { $0.stage == "scores" })
  }

  /// How models respond is measured in every fold where that is asked for, and compared by.
  @Test func responsesAreMeasuresToo() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    func scores(_ options: String) throws -> Scores {
      let path = try sample.ground(
        "responses",
        labels: """
          { type: "labels", tag: "labels", file: "${data}/points.gpkg", field: "Cd_exceeds" },
          { type: "split", tag: "folds", method: "blocks", folds: 3 },
          """,
        then: """
          { type: "grid-points", tag: "metals", file: "${data}/points.gpkg",
            fields: ["Cu", "Zn"] },
          { type: "stack", tag: "all", inputs: ["metals", "cube"] },
          { type: "train", tag: "model", inputs: { cube: "all", samples: "labels" }, epochs: 2,
            branches: [{ type: "spectral-cnn", filters: [2], kernel: 3, width: 4 }] },
          { type: "validate", tag: "scores", inputs: { model: "model", folds: "folds" } \(options) },
          """)
      return try Scores.stored(try sample.value(path, of: "scores").bytes)
    }
    let plain = try scores("")
    let measured = try scores(", response: true")
    let names = ["d-ICE spread", "d-ICE spread beyond threshold", "PDP gap between classes"]
    #expect(plain.measures(output: 0).allSatisfy { !names.contains($0.name) })
    #expect(measured.predictions == plain.predictions)
    let pooled = measured.measures(output: 0)
    #expect(pooled.suffix(3).map(\.name) == names)
    let folds = (0..<3).map { measured.measures(output: 0, fold: $0) }
    #expect(folds.allSatisfy { $0.map(\.name) == pooled.map(\.name) })
    // Pooled they are the means over the folds.
    let spreads = try folds.map { try #require($0[pooled.count - 3].value) }
    #expect(spreads.allSatisfy { $0 > 0 } && Set(spreads).count == 3)
    let spread = try #require(pooled[pooled.count - 3].value)
    #expect(abs(spread - spreads.reduce(0, +) / 3) < 1e-12)
    var comparison = Comparison(variants: ["one"], repeats: 1, seeds: 1)
    comparison.add(["scores": measured], variant: 0, run: 0)
    #expect(comparison.table("scores", paired: false).columns.contains("d-ICE spread"))
  }
}
