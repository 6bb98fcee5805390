internal import Networks

extension SampleSet {
  /// How much each feature tells of the targets at some samples, from 0 to 1.
  ///
  /// The correlation ratio of classes, which for two is the absolute correlation with the class; the
  /// mean absolute correlation with labels and values, each over the samples where it is known. A
  /// constant feature tells nothing.
  ///
  /// - Parameters:
  ///   - features: Samples x features, in the order of `positions`; finite.
  ///   - count: The number of features.
  public func associations(_ features: [Float], count: Int, at positions: [Int]) -> [Double] {
    precondition(
      features.count == count * positions.count,
      "\(features.count) values of \(count) features at \(positions.count) samples")
    let targets = positions.map { samples[$0].target }
    return (0..<count).map { feature in
      let values = positions.indices.map { Double(features[$0 * count + feature]) }
      guard kind != .softmax else {
        return Self.correlationRatio(
          values, targets.map { if case .category(let index) = $0 { index } else { 0 } })
      }
      let strengths = categories.indices.map { output in
        let known = targets.indices.compactMap { index -> (Double, Double)? in
          guard case .values(let all) = targets[index], !all[output].isNaN else { return nil }
          return (values[index], Double(all[output]))
        }
        return Self.absoluteCorrelation(known.map(\.0), known.map(\.1))
      }
      return strengths.reduce(0, +) / Double(max(1, strengths.count))
    }
  }

  /// The square root of the share of the squares that lies between the groups.
  static func correlationRatio(_ values: [Double], _ groups: [Int]) -> Double {
    let mean = Self.mean(values)
    let total = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    guard total > 0 else { return 0 }
    var sums = [Double](repeating: 0, count: (groups.max() ?? 0) + 1)
    var counts = sums
    for (value, group) in zip(values, groups) {
      sums[group] += value - mean
      counts[group] += 1
    }
    let between = zip(sums, counts).reduce(0) { $0 + ($1.1 > 0 ? $1.0 * $1.0 / $1.1 : 0) }
    return min(1, between / total).squareRoot()
  }

  /// The absolute correlation of two variables; 0 where one is constant.
  static func absoluteCorrelation(_ a: [Double], _ b: [Double]) -> Double {
    let (meanA, meanB) = (Self.mean(a), Self.mean(b))
    var (product, squaresA, squaresB) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      product += (x - meanA) * (y - meanB)
      squaresA += (x - meanA) * (x - meanA)
      squaresB += (y - meanB) * (y - meanB)
    }
    guard squaresA > 0, squaresB > 0 else { return 0 }
    return min(1, abs(product) / (squaresA * squaresB).squareRoot())
  }

  private static func mean(_ values: [Double]) -> Double {
    values.reduce(0, +) / Double(max(1, values.count))
  }
}
