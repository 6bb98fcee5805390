import Foundation
import Learning
import Networks
import Rasters
import Testing

@testable import Pipelines

/// Temperatures of out-of-fold predictions, and models that are as sure as they are right.
@Suite(.serialized) struct CalibrateTests {
  private static let calibrated = """
    { type: "validate", tag: "scores", inputs: { model: "model", folds: "folds" } },
    { type: "calibrate", tag: "calibrated", inputs: { model: "model", scores: "scores" } },
    { type: "predict", tag: "before", inputs: { model: "model", cube: "cube" } },
    { type: "predict", tag: "after", inputs: { model: "calibrated", cube: "cube" } },
    { type: "validate", tag: "later", inputs: { model: "calibrated", folds: "folds" } },
    """
  private static let labels = "target: \"labels\", fields: [\"ore\", \"tin\"]"

  private func scores(_ tag: String, _ run: PlannedRun) throws -> Scores {
    guard case .scores(let scores) = try run.product(tag) else {
      throw SampleRun.SampleError.missing(tag)
    }
    return try Scores.stored(try run.executor.value(scores.node))
  }

  private func calibration(_ run: PlannedRun, fold: Int? = nil) throws -> Calibration {
    guard case .model(let model) = try run.product("calibrated", fold: fold),
      let found = try ModelPackage(try run.executor.value(model.node)).notes.calibration
    else { throw SampleRun.SampleError.missing("calibrated") }
    return found
  }

  private func samples(_ run: PlannedRun) throws -> SampleSet {
    guard case .samples(let samples) = try run.product("ore") else {
      throw SampleRun.SampleError.missing("ore")
    }
    return try SampleSet.stored(try run.executor.value(samples.node))
  }

  /// The log-odds of every cell are divided by the temperature, and no decision changes.
  @Test(arguments: ["softmax", "sigmoid", "logistic"])
  func rawOutputsAreDivided(kind: String) throws {
    let scene = try OreScene.make()
    let run = try scene.planned(
      OreScene.stages(
        samples: kind == "sigmoid" ? Self.labels : "field: \"ore\"",
        train: kind == "logistic"
          ? "method: \"logistic-regression\", \"inverse-penalty\": 100"
          : OreScene.network(kind)) + Self.calibrated)
    let found = try calibration(run)
    #expect(found.temperature != 1 && !found.isAtBound)
    let (before, after) = (try run.cube("before"), try run.cube("after"))
    let cells = before.window.cellCount
    #expect(before.completeCells == after.completeCells)
    for cell in 0..<cells where before.values[cell].isFinite {
      for output in 0..<2 {
        let (old, new) = (
          Double(before.values[output * cells + cell]), Double(after.values[output * cells + cell])
        )
        #expect(
          abs(log(old / (1 - old)) / found.temperature - log(new / (1 - new))) < 1e-3)
        #expect((old > 0.5) == (new > 0.5))
      }
    }
    // The temperature is that of all predictions, whose loss falls.
    let predictions = try OutOfFoldPredictions(try scores("scores", run), try samples(run))
    #expect(
      predictions.scaling(predictions.positions).temperature == found.temperature)
    #expect(found.count == predictions.positions.count && found.foldTemperatures.count == 4)
  }

  /// What is reported as after is what `validate` says of the calibrated model, and the temperature
  /// of a fold is the same whatever its labels are.
  @Test(arguments: ["softmax", "sigmoid"])
  func foldsAreJudgedByTheOthers(head: String) throws {
    let scene = try OreScene.make()
    let run = try scene.planned(
      OreScene.stages(
        samples: head == "sigmoid" ? Self.labels : "field: \"ore\"", train: OreScene.network(head))
        + Self.calibrated)
    let found = try calibration(run)
    let (first, later) = (try scores("scores", run), try scores("later", run))
    let set = try samples(run)
    for (scores, measures) in [(first, found.before), (later, found.after)] {
      let positions = try OutOfFoldPredictions(scores, set).positions
      let expected = CalibrationMeasures(
        probabilities: positions.flatMap { scores.predictions[2 * $0..<2 * $0 + 2] },
        targets: positions.map { set.samples[$0].target }, kind: set.kind)
      #expect(abs(expected.logLoss - measures.logLoss) < 1e-5)
      #expect(abs(expected.brier - measures.brier) < 1e-5)
    }
    let folds = try run.places(0).folds
    for fold in 0..<4 {
      #expect(try calibration(run, fold: fold).temperature == found.foldTemperatures[fold])
    }
    let turned = try SampleSet(
      kind: set.kind, categories: set.categories,
      samples: set.samples.enumerated().map { position, sample in
        var sample = sample
        guard folds.foldOfSample[position] == 2 else { return sample }
        switch sample.target {
        case .category(let index): sample.target = .category(1 - index)
        case .values(let values): sample.target = .values(values.map { 1 - $0 })
        }
        return sample
      })
    let other = try OutOfFoldPredictions(first, turned)
    let again = try Calibration(other, at: other.positions, folds: folds)
    for fold in 0..<4 {
      #expect(
        (again.foldTemperatures[fold] == found.foldTemperatures[fold]) == (fold == 2))
    }
  }

  @Test func theFileAndTheReportSayHowItWas() throws {
    let scene = try OreScene.make()
    let path = try scene.pipeline(
      OreScene.stages() + Self.calibrated
        + "{ type: \"write\", inputs: [\"after\", \"calibrated\"] }, { type: \"report\" }")
    #expect(scene.files.run(path, out: "out", jobs: 2) == .done)
    #expect(scene.files.run(path, out: "one", jobs: 1) == .done)
    for name in ["calibrated.safetensors", "calibrated-reliability.csv", "after.tif"] {
      #expect(scene.files.bytes("out", name) == scene.files.bytes("one", name))
    }
    let file = "\(scene.files.folder)/out/calibrated.safetensors"
    let facts = try FileDescription(file).text(isJSON: false)
    for name in ["temperature", "expected calibration error", "log loss", "Brier score"] {
      #expect(facts.contains(name))
    }
    func text(_ name: String) throws -> String {
      String(decoding: try #require(scene.files.bytes("out", name)), as: UTF8.self)
    }
    let csv = try text("calibrated-reliability.csv")
    #expect(csv.hasPrefix("line,predicted probability,share of samples that hold\n"))
    #expect(csv.contains("\n\"1, before\",") && csv.contains("\n\"1, after\","))
    let page = try text("report.html")
    #expect(page.contains("Reliability before and after calibration"))
    #expect(page.contains("temperature, fold 4"))
    let again = try scene.pipeline(
      """
      { type: "read-cube", tag: "raw", files: "a.tif" },
      { type: "predict", tag: "after", model: "out/calibrated.safetensors",
        inputs: { cube: ["raw"] } },
      { type: "write" }
      """, name: "again")
    #expect(scene.files.run(again, out: "again") == .done)
    #expect(scene.files.bytes("again", "after.tif") == scene.files.bytes("out", "after.tif"))
  }

  /// Where everything is told from everything else the temperature would fall to 0.
  @Test func separationEndsAtABoundAndIsSaid() throws {
    let scene = try OreScene.make()
    let run = try scene.planned(OreScene.stages() + Self.calibrated)
    let set = try samples(run)
    var perfect = try scores("scores", run)
    for (position, sample) in set.samples.enumerated() {
      let isOre = sample.target == .category(1)
      perfect.predictions[2 * position] = isOre ? 0.25 : 0.75
      perfect.predictions[2 * position + 1] = isOre ? 0.75 : 0.25
    }
    let predictions = try OutOfFoldPredictions(perfect, set)
    let found = try Calibration(
      predictions, at: predictions.positions, folds: try run.places(0).folds)
    #expect(found.temperature == 0.05 && found.isAtBound)
    #expect(found.boundSentence.hasPrefix("the temperature ends at its bound, 0.05: "))
    #expect(found.facts[0].value.contains("0.050, a bound"))
    #expect(found.after.logLoss < 1e-6 && found.before.logLoss > 0.2)
    #expect(throws: (any Error).self) {
      try Calibration(predictions, at: [], folds: try run.places(0).folds)
    }
  }

  @Test func whatHasNoLastLayerIsRefused() throws {
    let scene = try OreScene.make()
    func refusal(
      _ stages: String, samples: String = "field: \"ore\"", train: String = OreScene.network
    ) throws -> String {
      let problem = try scene.problem(OreScene.stages(samples: samples, train: train) + stages)
      return "\(problem?.stage ?? ""): \(problem?.message ?? "")"
    }
    let plain = """
      { type: "validate", tag: "scores", inputs: { model: "model", folds: "folds" } },
      { type: "calibrate", tag: "c", inputs: { model: "model", scores: "scores" } },
      """
    #expect(
      try refusal(plain, train: "method: \"random-forest\"").contains(
        "c: 'model' has the method 'random-forest'")
    )
    #expect(
      try refusal(
        """
        { type: "ensemble", tag: "models", inputs: ["model"], count: 2 },
        { type: "validate", tag: "scores", inputs: { model: "models", folds: "folds" } },
        { type: "calibrate", tag: "c", inputs: { model: "models", scores: "scores" } },
        """
      ).contains("combines several models"))
    #expect(
      try refusal(
        plain
          + """
          { type: "calibrate", tag: "d", inputs: { model: "c", scores: "scores" } },
          """
      ).contains("d: 'scores' are the scores of 'model', not of 'c'"))
  }
}
