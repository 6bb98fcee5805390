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
}
