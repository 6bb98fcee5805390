public import Networks

/// How well predictions agree with what is known, for any kind of target.
public enum Metrics: Sendable, Hashable, Codable {
  /// Of classes that exclude one another.
  case classes(ClassMetrics)
  /// Of independent labels, each as two classes: without it and with it.
  case labels([ClassMetrics])
  /// Of measured values.
  case values([ValueMetrics])

  /// Compares predictions (samples x outputs, row-major) with the targets of samples.
  ///
  /// Predictions are probabilities for `softmax` and `sigmoid`, values for `linear`; a label is
  /// predicted where its probability is above one half. Unknown labels and values do not count.
  public init(predictions: [Float], targets: [Sample.Target], kind: ModelArchitecture.Head.Kind) {
    precondition(
      targets.isEmpty || predictions.count % targets.count == 0,
      "\(predictions.count) predictions for \(targets.count) samples")
    let outputs = targets.isEmpty ? 0 : predictions.count / targets.count
    switch kind {
    case .softmax:
      self = .classes(
        ClassMetrics(
          probabilities: predictions,
          classes: targets.map { if case .category(let index) = $0 { index } else { 0 } },
          classCount: outputs))
    case .sigmoid:
      self = .labels((0..<outputs).map { Self.label($0, predictions, targets, outputs) })
    case .linear:
      self = .values(
        (0..<outputs).map { output in
          ValueMetrics(
            predicted: targets.indices.map { predictions[$0 * outputs + output] },
            measured: targets.map { Self.value($0, output) })
        })
    }
  }

  private static func label(
    _ label: Int, _ predictions: [Float], _ targets: [Sample.Target], _ outputs: Int
  ) -> ClassMetrics {
    let known = targets.indices.filter { !value(targets[$0], label).isNaN }
    return ClassMetrics(
      probabilities: known.flatMap { sample -> [Float] in
        let probability = predictions[sample * outputs + label]
        return [1 - probability, probability]
      },
      classes: known.map { value(targets[$0], label) == 1 ? 1 : 0 }, classCount: 2)
  }

  private static func value(_ target: Sample.Target, _ output: Int) -> Float {
    if case .values(let values) = target { values[output] } else { .nan }
  }

  /// The measures of classes, or of one label; nil of values.
  public func classes(output: Int = 0) -> ClassMetrics? {
    switch self {
    case .classes(let metrics): metrics
    case .labels(let metrics): metrics[output]
    case .values: nil
    }
  }

  /// The measures of one output by name: the only one of classes, one per label or value.
  public func named(output: Int = 0) -> [(name: String, value: Double?)] {
    switch self {
    case .classes(let metrics): metrics.named
    case .labels(let metrics): metrics[output].named
    case .values(let metrics): metrics[output].named
    }
  }
}

/// The metrics of predictions for samples that a model has not seen.
public struct FoldMetrics: Sendable, Hashable, Codable {
  /// Over all tested samples at once, each predicted by its fold's model.
  public let pooled: Metrics
  /// Over the test samples of each fold; nil for a fold that tested none.
  public let perFold: [Metrics?]
  /// What the probabilities are worth, over all tested samples at once; nil of values.
  public let probabilities: ProbabilityMetrics?
  /// The same of each fold; nil for a fold that tested none, and of values.
  public let foldProbabilities: [ProbabilityMetrics?]

  /// Compares out-of-fold predictions (all samples of the set x outputs, row-major) with the set.
  ///
  /// Samples that are in no fold, or whose predictions are NaN, are not counted.
  public init(predictions: [Float], samples: SampleSet, folds: Folds) {
    let outputs = samples.categories.count
    precondition(
      predictions.count == samples.count * outputs && folds.foldOfSample.count == samples.count,
      "\(predictions.count) predictions and \(folds.foldOfSample.count) folds for "
        + "\(samples.count) samples of \(outputs) outputs")
    func rows(_ positions: [Int]) -> [Float] {
      positions.flatMap { predictions[$0 * outputs..<($0 + 1) * outputs] }
    }
    func targets(_ positions: [Int]) -> [Sample.Target] {
      positions.map { samples.samples[$0].target }
    }
    func metrics(_ positions: [Int]) -> Metrics {
      Metrics(predictions: rows(positions), targets: targets(positions), kind: samples.kind)
    }
    func worth(_ positions: [Int]) -> ProbabilityMetrics? {
      ProbabilityMetrics(
        probabilities: rows(positions), targets: targets(positions), kind: samples.kind,
        categories: samples.categories)
    }
    let tested = samples.samples.indices.filter { position in
      folds.foldOfSample[position] >= 0
        && !predictions[position * outputs..<(position + 1) * outputs].contains { $0.isNaN }
    }
    pooled = metrics(tested)
    probabilities = worth(tested)
    let testedByFold = (0..<folds.count).map { fold in
      tested.filter { folds.foldOfSample[$0] == fold }
    }
    perFold = testedByFold.map { $0.isEmpty ? nil : metrics($0) }
    foldProbabilities = testedByFold.map { $0.isEmpty ? nil : worth($0) }
  }
}
