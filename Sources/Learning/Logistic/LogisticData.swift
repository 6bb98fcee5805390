internal import Glibc

/// Checked samples in the form in which the fit looks at them.
struct LogisticData: Sendable {
  let count: Int
  let featureCount: Int
  /// The classes with samples that count.
  let occurring: [Int]
  /// The position of each sample's class among `occurring`.
  let labels: [Int]
  /// How much each sample counts; 0 for a class that is left out.
  let weights: [Double]
  /// The mean of each feature.
  let means: [Double]
  /// The standard deviation of each feature; 1 where it does not vary.
  let scales: [Double]
  /// Samples x (features + 1), row-major: standardised features, then 1 for the intercept.
  let matrix: [Double]

  /// The number of vectors of coefficients.
  var vectorCount: Int { occurring.count == 2 ? 1 : occurring.count > 2 ? occurring.count : 0 }

  init(
    rows: [Float], classes: [Int], classCount: Int, weights: [Float]?,
    options: LogisticRegression.Options
  ) throws(SampleError) {
    count = classes.count
    let features = try Self.check(rows, classes, classCount, weights, options)
    featureCount = features
    let factors = ClassBalance.weights(
      classes.map { Int32($0) }, classCount: classCount, options.classWeights)
    let counting = classes.indices.map { Double(weights?[$0] ?? 1) * factors[classes[$0]] }
    var totals = [Double](repeating: 0, count: classCount)
    for (index, weight) in zip(classes, counting) { totals[index] += weight }
    let occurring = totals.indices.filter { totals[$0] > 0 }
    guard !occurring.isEmpty else { throw .mismatch("all samples have the weight 0") }
    self.occurring = occurring
    labels = classes.map { occurring.firstIndex(of: $0) ?? 0 }
    self.weights = counting
    (means, scales, matrix) = Self.standardized(rows, count: count, features: features)
  }

  private static func check(
    _ rows: [Float], _ classes: [Int], _ classCount: Int, _ weights: [Float]?,
    _ options: LogisticRegression.Options
  ) throws(SampleError) -> Int {
    try ForestData.check(classes, classCount)
    try ForestData.check(classes.count, rows.count, weights)
    guard options.inversePenalty > 0, options.inversePenalty.isFinite, options.iterations > 0 else {
      throw .mismatch(
        "a logistic regression with C \(options.inversePenalty) and \(options.iterations) steps; "
          + "expected a number above 0 and at least 1")
    }
    let features = rows.count / classes.count
    try ForestData.check(rows, columns: features, "the feature")
    return features
  }

  private static func standardized(
    _ rows: [Float], count: Int, features: Int
  ) -> (means: [Double], scales: [Double], matrix: [Double]) {
    var (means, scales) = ([Double](), [Double]())
    var matrix = [Double](repeating: 1, count: count * (features + 1))
    for feature in 0..<features {
      let column = (0..<count).map { Double(rows[$0 * features + feature]) }
      let mean = column.reduce(0, +) / Double(count)
      let squares = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      let varies = column.contains { $0 != column[0] }
      let scale = varies && squares > 0 ? (squares / Double(count)).squareRoot() : 1
      means.append(mean)
      scales.append(scale)
      for (sample, value) in column.enumerated() {
        matrix[sample * (features + 1) + feature] = varies ? (value - mean) / scale : 0
      }
    }
    return (means, scales, matrix)
  }

  /// The probabilities of the occurring classes for the scores of the vectors.
  static func probabilities(_ scores: [Double]) -> [Double] {
    guard scores.count > 1 else {
      guard let score = scores.first else { return [1] }
      let small = exp(-abs(score))
      let (less, more) = (small / (1 + small), 1 / (1 + small))
      return score > 0 ? [less, more] : [more, less]
    }
    let largest = scores.reduce(-.infinity, max)
    let powers = scores.map { exp($0 - largest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }
}
