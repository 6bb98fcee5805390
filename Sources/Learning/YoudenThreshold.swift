/// The threshold that tells positives from negatives best, after Youden (1950).
public struct YoudenThreshold: Sendable, Hashable {
  /// Scores above it are taken as positive; it lies halfway between two scores that occur.
  public let value: Double
  /// Youden's J at the threshold: true positive rate minus false positive rate, 0...1.
  public let index: Double

  /// Finds the threshold with the largest J, the highest on ties; nil without both classes.
  ///
  /// Scores must not be NaN. Where no threshold tells the classes apart, J is 0 and the threshold
  /// is the highest score.
  public init?(scores: [Float], isPositive: [Bool]) {
    guard let steps = ScoreSteps(scores: scores, isPositive: isPositive) else { return nil }
    // Compared as a whole number: J times the product of both counts.
    var best = 0
    var threshold = Double(steps.scores[0])
    for (step, next) in steps.scores.dropFirst().enumerated() {
      let difference = steps.hits[step] * steps.negatives - steps.alarms[step] * steps.positives
      guard difference > best else { continue }
      best = difference
      threshold = (Double(steps.scores[step]) + Double(next)) / 2
    }
    value = threshold
    index = Double(best) / Double(steps.positives * steps.negatives)
  }
}
