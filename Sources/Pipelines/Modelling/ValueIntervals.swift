import Foundation
import Learning
import Networks

/// The residuals that a model's prediction intervals are made of, and how often intervals hold on
/// places that neither model nor residuals have seen.
struct ValueIntervals: Codable, Sendable {
  /// The levels at which intervals are held against measured values.
  static let levels = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95]

  /// One value that is predicted.
  struct Output: Codable, Sendable {
    var name: String
    var unit: String
    /// The transform of the model, on whose scale residuals are taken.
    var transform: ValueTransform
    /// Of the out-of-fold predictions.
    var residuals: ConformalResiduals
    /// How often intervals hold; nil where that was not asked for.
    var coverage: HeldOutCoverage?
  }

  var outputs: [Output]
  /// What the folds are called that residuals are from.
  var foldNames: [String]
  /// The words of the way that samples were divided.
  var method: Folds.Method
}

extension ValueIntervals.Output {
  /// The limits of a level on the scale of the transform.
  func limits(level: Double) throws -> ConformalResiduals.Limits {
    if let limits = residuals.limits(level: level) { return limits }
    // The most that the residuals are enough for.
    let most = Double(residuals.count - 1) / Double(residuals.count + 1)
    throw ExecutionError.data(
      "an interval of level \(level) needs \(ConformalResiduals.leastCount(level: level)) out-of-fold "
        + "residuals of '\(name)', and there are \(residuals.count); expected more samples, or a level "
        + "of at most \(String(format: "%.3f", (max(0, most) * 1000).rounded(.down) / 1000))")
  }

  /// The interval of a level around what a model says on the scale of the transform.
  func interval(
    around number: Double, _ limits: ConformalResiduals.Limits
  ) -> (lower: Double, upper: Double) {
    transform.interval(around: number, limits)
  }
}

extension ValueTransform {
  /// The interval around a number on the scale of the transform, in the unit of the values.
  func interval(
    around number: Double, _ limits: ConformalResiduals.Limits
  ) -> (lower: Double, upper: Double) {
    (inverse(number + limits.lower), inverse(number + limits.upper))
  }
}

/// Intervals for the test samples of each fold, made of what has not seen the fold: the fold's model
/// and transform, and residuals of the other folds by models that have seen neither.
struct HeldOutCoverage: Codable, Sendable {
  /// What a fold's intervals are made of.
  struct Fold: Codable, Sendable {
    var name: String
    /// The transform of the fold's model.
    var transform: ValueTransform
    /// The samples whose residuals were taken.
    var residualCount: Int
    /// The limits of each of `ValueIntervals.levels`; nil where there are too few residuals.
    var limits: [ConformalResiduals.Limits?]
  }

  /// A test sample.
  struct Sample: Codable, Sendable {
    var fold: Int
    var measured: Float
    var predicted: Float
  }

  var folds: [Fold]
  var samples: [Sample]
}

extension HeldOutCoverage {
  /// What is found at one level, over some samples.
  struct Finding: Sendable {
    var level: Double
    var count: Int
    /// The share of samples that are inside, below and above.
    var inside: Double
    var below: Double
    var above: Double
    /// The mean and the median of the distance from the lower to the upper limit.
    var meanWidth: Double
    var medianWidth: Double
  }

  /// The interval of a sample at one of the levels; nil where its fold has none.
  func interval(of sample: Sample, level: Int) -> (lower: Double, upper: Double)? {
    let fold = folds[sample.fold]
    guard let limits = fold.limits[level] else { return nil }
    return fold.transform.interval(
      around: fold.transform.forward(Double(sample.predicted)), limits)
  }

  /// How often intervals of a level hold, over all folds or one; nil where there are none.
  func finding(level: Int, fold: Int? = nil) -> Finding? {
    var (below, above): (Int, Int) = (0, 0)
    var widths: [Double] = []
    for sample in samples where fold == nil || sample.fold == fold {
      guard let interval = interval(of: sample, level: level) else { continue }
      // Limits in a map are single-precision numbers, as measured values are.
      if sample.measured < Float(interval.lower) { below += 1 }
      if sample.measured > Float(interval.upper) { above += 1 }
      widths.append(interval.upper - interval.lower)
    }
    guard !widths.isEmpty else { return nil }
    widths.sort()
    let count = Double(widths.count)
    return Finding(
      level: ValueIntervals.levels[level], count: widths.count,
      inside: 1 - Double(below + above) / count, below: Double(below) / count,
      above: Double(above) / count, meanWidth: widths.reduce(0, +) / count,
      medianWidth: (widths[(widths.count - 1) / 2] + widths[widths.count / 2]) / 2)
  }
}

// Making.
extension ValueIntervals {
  /// Residuals of out-of-fold predictions, on the scale of `transforms`.
  init(
    _ scores: Scores, _ set: SampleSet, transforms: [ValueTransform], units: [String]?,
    coverage: [HeldOutCoverage]?
  ) throws {
    let outputs = scores.classes.count
    guard set.kind == .linear, scores.predictions.count == set.count * outputs else {
      throw ExecutionError.data(
        "the scores hold \(scores.predictions.count) predictions, not those of \(set.count) samples"
      )
    }
    let predicted = HeldOutPredictions(
      positions: Array(set.samples.indices), values: scores.predictions, outputs: outputs)
    self.outputs = scores.classes.enumerated().map { output, name in
      Output(
        name: name, unit: units?[output] ?? "", transform: transforms[output],
        residuals: ConformalResiduals(
          predicted.residuals(output, set, on: transforms[output])),
        coverage: coverage?[output])
    }
    if let empty = self.outputs.first(where: { $0.residuals.count == 0 }) {
      throw ExecutionError.data(
        "the scores hold no out-of-fold prediction of '\(empty.name)' to take a residual of")
    }
    foldNames = scores.foldNames
    method = scores.method
  }
}

/// Predictions of samples that the model has not seen, in the unit of the values.
struct HeldOutPredictions {
  let positions: [Int]
  /// Positions x outputs; NaN for none.
  let values: [Float]
  let outputs: Int

  /// Measured less predicted on the scale of a transform, where both are known.
  func residuals(
    _ output: Int, _ set: SampleSet, on transform: ValueTransform,
    where isWanted: (Int) -> Bool = { _ in true }
  ) -> [Double] {
    pairs(output, set, where: isWanted).map { pair in
      transform.forward(Double(pair.measured)) - transform.forward(Double(pair.predicted))
    }
  }

  /// Measured and predicted values, where both are known.
  func pairs(
    _ output: Int, _ set: SampleSet, where isWanted: (Int) -> Bool = { _ in true }
  ) -> [(measured: Float, predicted: Float)] {
    positions.enumerated().compactMap { row, position in
      let predicted = values[row * outputs + output]
      guard isWanted(position), !predicted.isNaN,
        let measured = set.samples[position].target.value(output)
      else { return nil }
      return (measured, predicted)
    }
  }
}

extension HeldOutCoverage {
  /// The coverage of one output.
  ///
  /// - Parameters:
  ///   - tested: What each fold's model says of the fold's test samples, with its transforms.
  ///   - pairs: What models that have seen neither of two folds say of their samples, by the two folds.
  init(
    output: Int, _ set: SampleSet, _ divided: Folds, tested: [FoldPredictions],
    pairs: [FoldPair: FoldPredictions]
  ) {
    let outputs = set.categories.count
    var (folds, samples): ([Fold], [Sample]) = ([], [])
    for (index, own) in tested.enumerated() {
      let transform = own.transforms?[output] ?? .identity
      let residuals = ConformalResiduals(
        (0..<divided.count).filter { $0 != index }.flatMap { other -> [Double] in
          guard let pair = pairs[FoldPair(index, other)] else { return [] }
          return HeldOutPredictions(
            positions: pair.positions, values: pair.values, outputs: outputs
          ).residuals(output, set, on: transform) { divided.foldOfSample[$0] == other }
        })
      folds.append(
        Fold(
          name: divided.names[index], transform: transform, residualCount: residuals.count,
          limits: ValueIntervals.levels.map { residuals.limits(level: $0) }))
      samples += HeldOutPredictions(
        positions: own.positions, values: own.values, outputs: outputs
      ).pairs(output, set).map {
        Sample(fold: index, measured: $0.measured, predicted: $0.predicted)
      }
    }
    self.init(folds: folds, samples: samples)
  }
}

/// Two different folds, in no order.
struct FoldPair: Hashable, Sendable {
  let first: Int
  let second: Int

  init(_ a: Int, _ b: Int) {
    (first, second) = (min(a, b), max(a, b))
  }

  /// Every pair of so many folds.
  static func all(_ count: Int) -> [FoldPair] {
    (0..<count).flatMap { first in (first + 1..<max(first + 1, count)).map { FoldPair(first, $0) } }
  }
}
