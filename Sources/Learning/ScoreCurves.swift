/// Curves of scores against what is known, over all thresholds.
///
/// Equal scores are one threshold. Scores must not be NaN.
public struct ScoreCurves: Sendable, Hashable {
  /// Thresholds from the highest score down.
  public let thresholds: [Float]
  /// The share of negatives at or above each threshold.
  public let falsePositiveRates: [Double]
  /// The share of positives at or above each threshold: the recall.
  public let truePositiveRates: [Double]
  /// The share of positives among what is at or above each threshold.
  public let precisions: [Double]

  /// Compares scores with what is known; nil where there are no positives or no negatives.
  public init?(scores: [Float], isPositive: [Bool]) {
    guard let steps = ScoreSteps(scores: scores, isPositive: isPositive) else { return nil }
    thresholds = steps.scores
    falsePositiveRates = steps.alarms.map { Double($0) / Double(steps.negatives) }
    truePositiveRates = steps.hits.map { Double($0) / Double(steps.positives) }
    precisions = zip(steps.hits, steps.alarms).map { Double($0) / Double($0 + $1) }
  }
}

/// How often what is said to be probable holds: the reliability diagram.
public struct Reliability: Sendable, Hashable, Codable {
  /// The mean probability of each bin that holds samples.
  public let probabilities: [Double]
  /// The share of positives in it.
  public let shares: [Double]
  /// The number of its samples.
  public let counts: [Int]
  /// The mean difference of the two, weighted by counts: the expected calibration error.
  public let error: Double

  /// Puts probabilities into bins of equal width; the last one holds 1, too.
  public init(scores: [Float], isPositive: [Bool], bins: Int = 10) {
    precondition(
      scores.count == isPositive.count && bins > 0,
      "\(scores.count) scores for \(isPositive.count) samples in \(bins) bins")
    var sums = [Double](repeating: 0, count: bins)
    var hits = [Int](repeating: 0, count: bins)
    var members = hits
    for (score, isPositive) in zip(scores, isPositive) {
      let bin = min(bins - 1, max(0, Int(Double(score) * Double(bins))))
      sums[bin] += Double(score)
      members[bin] += 1
      if isPositive { hits[bin] += 1 }
    }
    let used = (0..<bins).filter { members[$0] > 0 }
    probabilities = used.map { sums[$0] / Double(members[$0]) }
    shares = used.map { Double(hits[$0]) / Double(members[$0]) }
    counts = used.map { members[$0] }
    var error = 0.0
    for (place, bin) in used.enumerated() {
      error += abs(probabilities[place] - shares[place]) * Double(members[bin])
    }
    self.error = scores.isEmpty ? .nan : error / Double(scores.count)
  }
}
