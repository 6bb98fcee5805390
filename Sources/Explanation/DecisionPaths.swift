/// The ways of samples from the base value to the explained output, feature by feature: what a
/// decision plot draws (Lundberg & Lee 2017).
public struct DecisionPaths: Sendable, Hashable {
  /// The features in the order of the paths.
  public let order: [Int]
  /// Samples x (features + 1): the base value, then the sum after each feature.
  public let values: [[Double]]

  /// Adds attributions up, samples x features, from the feature that moves the samples least to the
  /// one that moves them most.
  public init(_ attributions: [[Double]], base: [Double]) {
    precondition(
      attributions.count == base.count, "\(base.count) bases for \(attributions.count) samples")
    let order = Array(Self.leading(attributions).reversed())
    self.order = order
    values = zip(attributions, base).map { row, base in
      order.reduce(into: [base]) { path, feature in
        path.append((path.last ?? 0) + row[feature])
      }
    }
  }

  /// The mean absolute attribution of each feature, from samples x features.
  public static func strengths(_ attributions: [[Double]]) -> [Double] {
    (attributions.first ?? []).indices.map { feature in
      attributions.reduce(0) { $0 + abs($1[feature]) } / Double(attributions.count)
    }
  }

  /// The features by mean absolute attribution, the greatest first, equal ones as they stand.
  public static func leading(_ attributions: [[Double]]) -> [Int] {
    let strengths = strengths(attributions)
    return strengths.indices.sorted { (strengths[$1], $0) < (strengths[$0], $1) }
  }

  /// The standard deviation of the paths of some samples at each place: how far they are from
  /// taking one way.
  public func spread(of samples: [Int]) -> [Double] {
    (0...order.count).map { place in
      let column = samples.map { values[$0][place] }
      let mean = column.reduce(0, +) / Double(max(1, column.count))
      let square = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      return (square / Double(max(1, column.count))).squareRoot()
    }
  }

  /// The mean of `spread` over the places after each feature.
  public func meanSpread(of samples: [Int]) -> Double {
    spread(of: samples).dropFirst().reduce(0, +) / Double(max(1, order.count))
  }
}

/// How strongly other features seem to change what one feature adds.
///
/// Samples are sorted by the feature and taken in runs of about a tenth, at most 50; within a run,
/// where the feature hardly differs, whatever goes with its attribution is an interaction. The
/// strength is the sum over the runs of the absolute correlation with the other feature (the
/// `approximate_interactions` of the Python package shap).
///
/// - Parameters:
///   - attributions: The feature's attribution at each sample.
///   - values: The feature's value at each sample.
///   - others: The values of other features, features x samples; NaN counts as 0.
public func interactionStrengths(
  of attributions: [Double], along values: [Double], with others: [[Double]]
) -> [Double] {
  precondition(attributions.count == values.count, "\(values.count) values")
  let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
  let length = max(min(Int(Double(order.count) / 10), 50), 1)
  return others.map { other in
    stride(from: 0, to: order.count, by: length).reduce(0) { sum, start in
      let run = order[start..<min(order.count, start + length)]
      return sum
        + abs(
          correlation(
            run.map { attributions[$0] }, run.map { other[$0].isFinite ? other[$0] : 0 }))
    }
  }
}

/// The correlation of two lists; 0 where one of them does not vary.
private func correlation(_ a: [Double], _ b: [Double]) -> Double {
  let count = Double(max(1, a.count))
  let (meanA, meanB) = (a.reduce(0, +) / count, b.reduce(0, +) / count)
  var (squareA, squareB, product) = (0.0, 0.0, 0.0)
  for (x, y) in zip(a, b) {
    squareA += (x - meanA) * (x - meanA)
    squareB += (y - meanB) * (y - meanB)
    product += (x - meanA) * (y - meanB)
  }
  let scale = (squareA * squareB).squareRoot()
  return scale > 0 ? product / scale : 0
}
