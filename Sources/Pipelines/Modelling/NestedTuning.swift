import Learning
import Networks
import Rasters

/// The choice among trainings by folds inside the training part: nested validation.
///
/// Inside a fold of `validate` the inner folds are the others; the fold's own test places are in
/// none of them. What stages before the training have fitted is that of the outer fold.
struct NestedTuning: Sendable {
  let candidates: [PredictorTraining]
  /// What each candidate changes, as a pipeline file says it.
  let texts: [String]

  /// The option of `train`.
  static let option = OptionSpec(
    "tune",
    .list(
      of: .object(
        PredictorTraining.tunable.map { option in
          var optional = option
          optional.fallback = .optional
          return optional
        })), default: [],
    "Candidates, each with options of its own before those of the stage; the one with the best "
      + "area under the ROC curve (least squared error, of values) over the folds of 'folds' is "
      + "taken, in each fold of 'validate' over the other folds.",
    example: "[{ \"weight-decay\": 1e-4 }, { \"weight-decay\": 1e-2 }]")

  /// Reads the candidates; nil where there are none.
  init?(_ request: PlanRequest, _ architecture: ModelArchitecture) throws {
    let given = request.options.objects("tune")
    guard !given.isEmpty else { return nil }
    guard request.inputs["folds"]?.first != nil else {
      throw request.failure("tune", "needs 'folds' among the inputs, to compare candidates on")
    }
    let folds = try request.folds("folds", dividing: request.samples("samples"))
    guard folds.count > 2 else {
      throw request.failure(
        "tune",
        "needs three folds or more: in a fold of 'validate' candidates are compared on the others")
    }
    candidates = try given.map {
      try PredictorTraining(request, architecture, candidate: $0.values)
    }
    texts = given.map(\.values.canonicalJSON)
  }

  /// How good the candidates were, and which is the best.
  struct Outcome: Codable, Sendable {
    var candidates: [String]
    /// The area under the ROC curve, or the squared error; nil where samples cannot tell.
    var scores: [Double?]
    var best: Int
    var measure: String
  }

  /// Compares the candidates on samples of the outer fold's training part.
  ///
  /// The best is the first of those that no other beats; where none can be scored, the first.
  /// `onStep` is told of every training that was compared.
  func choose(
    _ gathered: GatheredSamples, _ folds: Folds, outer: Int?, grid: Grid,
    onStep: PredictorTraining.OnStep = { _ in }
  ) throws -> Outcome {
    let limit = candidates.count * (folds.count - (outer == nil ? 0 : 1))
    var done = 0
    let scores = try candidates.map { candidate in
      try score(candidate, gathered, folds, outer, grid) {
        done += 1
        onStep(TrainingStep(kind: .candidate, done: done, limit: limit))
      }
    }
    let isError = gathered.set.kind == .linear
    let worst = isError ? Double.infinity : -.infinity
    var best = 0
    for index in scores.indices {
      let (own, known) = (scores[index] ?? worst, scores[best] ?? worst)
      if isError ? own < known : own > known { best = index }
    }
    return Outcome(
      candidates: texts, scores: scores, best: best,
      measure: isError ? "mean squared error" : "ROC AUC")
  }

  /// The measure of one candidate, pooled over the inner folds.
  private func score(
    _ candidate: PredictorTraining, _ gathered: GatheredSamples, _ folds: Folds, _ outer: Int?,
    _ grid: Grid, onFold: () -> Void
  ) throws -> Double? {
    let hidden = try outer.map { Set(try positions(gathered, folds, [$0])) }
    var (predictions, targets): ([Float], [Sample.Target]) = ([], [])
    for inner in 0..<folds.count where inner != outer {
      defer { onFold() }
      let barred = [inner] + (outer.map { [$0] } ?? [])
      let training = candidate.limited(
        try positions(gathered, folds, barred), gathered.set)
      let usable = Set(gathered.usable)
      let tested = folds.testSamples(inner).filter {
        usable.contains($0) && hidden?.contains($0) ?? true
      }
      guard !tested.isEmpty, gathered.canTrain(training) else { continue }
      let places = barred.map { TestPlaces(folds: folds, fold: $0) }
      let result = try candidate.train(gathered, training) { grid.shows($0, hiding: places) }
      predictions += result.probabilities(
        gathered.batch(tested, fill: result.backgroundMean))
      targets += tested.map { gathered.set.samples[$0].target }
    }
    return Self.measure(
      Metrics(predictions: predictions, targets: targets, kind: gathered.set.kind))
  }

  /// The samples that may be trained on where some folds are hidden.
  private func positions(
    _ gathered: GatheredSamples, _ folds: Folds, _ hidden: [Int]
  ) throws -> [Int] {
    hidden.map { Set(Train.trainingPositions(folds, $0, gathered).positions) }
      .reduce(Set(gathered.usable)) { $0.intersection($1) }.sorted()
  }

  /// What candidates are compared by: a mean over labels or values.
  private static func measure(_ metrics: Metrics) -> Double? {
    let values: [Double?] =
      switch metrics {
      case .classes(let metrics): [metrics.rocAUC]
      case .labels(let labels): labels.map(\.rocAUC)
      case .values(let values): values.map { $0.rmse.map { $0 * $0 } }
      }
    let known = values.compactMap(\.self)
    return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
  }
}
