// What curves say in single numbers.
extension ResponseCurves {
  /// How far the feature is varied.
  public var span: Double { (positions.last ?? 0) - (positions.first ?? 0) }

  /// The standard deviation of the slopes of some samples at each position; empty without slopes.
  public func slopeSpread(of samples: [Int]) -> [Double] {
    guard !slopes.isEmpty else { return [] }
    let count = Double(max(1, samples.count))
    return positions.indices.map { position in
      let mean = samples.reduce(0) { $0 + slopes[$1][position] } / count
      let square = samples.reduce(0) { sum, sample in
        let difference = slopes[sample][position] - mean
        return sum + difference * difference
      }
      return (square / count).squareRoot()
    }
  }

  /// The mean over the positions of the slopes' standard deviation, as change of the output over
  /// the whole span, so that features of any unit can be compared; nil without slopes.
  ///
  /// - Parameter level: Takes only positions where the mean output is at least this: beyond the
  ///   threshold of a decision. Nil where there are none.
  public func meanSlopeSpread(beyond level: Double = -.infinity) -> Double? {
    let mean = mean(Array(values.indices))
    let chosen = zip(slopeSpread, mean).filter { $1 >= level }.map(\.0)
    guard !chosen.isEmpty else { return nil }
    return span * chosen.reduce(0, +) / Double(chosen.count)
  }

  /// The mean distance over the positions of the partial dependences of two groups; nil where one
  /// is empty.
  public func meanGap(_ some: [Int], _ others: [Int]) -> Double? {
    guard !some.isEmpty, !others.isEmpty, !positions.isEmpty else { return nil }
    let sum = zip(mean(some), mean(others)).reduce(0) { $0 + abs($1.0 - $1.1) }
    return sum / Double(positions.count)
  }

  /// The first position, between those given by straight lines, where the partial dependence of some
  /// samples crosses a level; nil where it stays on one side.
  public func crossing(of level: Double, _ samples: [Int]) -> Double? {
    guard !samples.isEmpty else { return nil }
    let mean = mean(samples)
    for index in mean.indices.dropLast()
    where (mean[index] < level) != (mean[index + 1] < level) {
      let share = (level - mean[index]) / (mean[index + 1] - mean[index])
      return positions[index] + share * (positions[index + 1] - positions[index])
    }
    return nil
  }
}
