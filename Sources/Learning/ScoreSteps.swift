/// How many positives and negatives have at least a score, for every score that occurs.
///
/// Scores must not be NaN.
struct ScoreSteps {
  /// The scores that occur, the highest first.
  private(set) var scores: [Float] = []
  /// How many positives have at least each score.
  private(set) var hits: [Int] = []
  /// How many negatives have at least each score.
  private(set) var alarms: [Int] = []

  /// The number of positives.
  let positives: Int
  /// The number of negatives.
  let negatives: Int

  /// Counts samples from the highest score down; nil where there are no positives or no negatives.
  init?(scores: [Float], isPositive: [Bool]) {
    precondition(
      scores.count == isPositive.count, "\(scores.count) scores for \(isPositive.count) samples")
    positives = isPositive.count { $0 }
    negatives = scores.count - positives
    guard positives > 0, negatives > 0 else { return nil }
    let order = scores.indices.sorted { scores[$0] > scores[$1] }
    var (hits, alarms) = (0, 0)
    for (place, sample) in order.enumerated() {
      if isPositive[sample] { hits += 1 } else { alarms += 1 }
      let isLast = place + 1 == order.count || scores[order[place + 1]] != scores[sample]
      guard isLast else { continue }
      self.scores.append(scores[sample])
      self.hits.append(hits)
      self.alarms.append(alarms)
    }
  }
}
