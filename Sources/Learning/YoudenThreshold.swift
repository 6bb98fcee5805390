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
    precondition(
      scores.count == isPositive.count, "\(scores.count) scores for \(isPositive.count) samples")
    let positives = isPositive.count { $0 }
    let negatives = scores.count - positives
    guard positives > 0, negatives > 0 else { return nil }
    let order = scores.indices.sorted { scores[$0] > scores[$1] }
    var (hits, alarms) = (0, 0)
    // Compared as a whole number: J times the product of both counts.
    var best = 0
    var threshold = Double(scores[order[0]])
    for (rank, sample) in order.enumerated() {
      if isPositive[sample] { hits += 1 } else { alarms += 1 }
      guard rank + 1 < order.count, scores[order[rank + 1]] < scores[sample] else { continue }
      let difference = hits * negatives - alarms * positives
      guard difference > best else { continue }
      best = difference
      threshold = (Double(scores[sample]) + Double(scores[order[rank + 1]])) / 2
    }
    value = threshold
    index = Double(best) / Double(positives * negatives)
  }
}
