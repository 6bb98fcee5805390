/// What a label says of several measured ones together, or of the contents behind them.
public enum JointLabel: Sendable, Hashable, Codable {
  /// At least so many of the measured labels hold.
  case atLeast(Int)
  /// The Nemerow index of the contents exceeds a number.
  case nemerow(above: Double)

  /// Whether at least `count` labels hold, 1 or 0; NaN where one of them is not known.
  ///
  /// Three known labels of four may decide it, but they decide one answer more often than the
  /// other: to use them would shift the share of samples that have it.
  public static func holds(atLeast count: Int, of labels: [Float]) -> Float {
    guard !labels.contains(where: \.isNaN) else { return .nan }
    return labels.count { $0 == 1 } >= count ? 1 : 0
  }

  /// The probability that at least `count` of several labels hold that do not depend on each other.
  ///
  /// The upper tail of the Poisson-binomial distribution, label by label.
  public static func probability(atLeast count: Int, of probabilities: [Float]) -> Double {
    // The chance of each number of labels, all from `count` on in the last place.
    guard count > 0 else { return 1 }
    var chances = [Double](repeating: 0, count: count + 1)
    chances[0] = 1
    for probability in probabilities.map(Double.init) {
      chances[count] += chances[count - 1] * probability
      for number in stride(from: count - 1, to: 0, by: -1) {
        chances[number] = chances[number] * (1 - probability) + chances[number - 1] * probability
      }
      chances[0] *= 1 - probability
    }
    return min(1, chances[count])
  }
}

/// The Nemerow composite pollution index of the contents of several elements.
public enum NemerowIndex {
  /// The root of the mean of squared mean and squared maximum of contents over their guide values.
  ///
  /// - Returns: NaN where a content is not known: a mean over fewer elements is another index.
  public static func value(_ ratios: [Double]) -> Double {
    guard !ratios.isEmpty, !ratios.contains(where: \.isNaN) else { return .nan }
    let mean = ratios.reduce(0, +) / Double(ratios.count)
    let largest = ratios.max() ?? 0
    return ((mean * mean + largest * largest) / 2).squareRoot()
  }
}
