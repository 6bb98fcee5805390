/// Batch normalisation of features over segments: `y = weight (x - mean) / sqrt(variance + 1e-5) +
/// bias`.
///
/// After Ioffe and Szegedy (2015), as PyTorch's `BatchNorm1d` has it. Training uses the batch's
/// mean and its variance over `n`; the running variance takes the one over `n - 1`. Outside
/// training, and for a batch of fewer than two rows, the running statistics count. Values are rows
/// of features, one row per segment.
public struct BatchNorm: Sendable, Hashable {
  /// The scale of each feature.
  public var weight: [Float]
  /// The offset of each feature.
  public var bias: [Float]
  /// The running mean of each feature.
  public var runningMean: [Float]
  /// The running variance of each feature.
  public var runningVariance: [Float]

  /// The share of a new batch in the running statistics.
  public static let momentum: Float = 0.1
  private static let epsilon = 1e-5

  /// What the derivatives need of a forward pass.
  public struct Cache: Sendable {
    /// The values before scale and offset.
    var normalized: [Float]
    /// One over the deviation of each feature.
    var inverseDeviation: [Float]
    /// The batch's mean and variance over `n - 1`, where they were used.
    var statistics: (mean: [Float], variance: [Float])?
  }

  /// A layer that changes nothing yet.
  public init(features: Int) {
    weight = [Float](repeating: 1, count: features)
    bias = [Float](repeating: 0, count: features)
    runningMean = bias
    runningVariance = weight
  }

  /// The number of features.
  public var features: Int { weight.count }

  /// The outputs, rows x features, and what the derivatives need.
  public func forward(_ x: [Float], training: Bool = false) -> (values: [Float], cache: Cache) {
    precondition(x.count % max(1, features) == 0, "\(x.count) values in rows of \(features)")
    let rows = features == 0 ? 0 : x.count / features
    var mean = runningMean
    var variance = runningVariance.map(Double.init)
    var statistics: (mean: [Float], variance: [Float])?
    if training, rows > 1 {
      let moments = self.moments(x, rows: rows)
      mean = moments.mean
      variance = moments.squares.map { $0 / Double(rows) }
      statistics = (mean, moments.squares.map { Float($0 / Double(rows - 1)) })
    }
    let inverse = variance.map { Float(1 / ($0 + Self.epsilon).squareRoot()) }
    var normalized = x
    var values = x
    for row in 0..<rows {
      let start = row * features
      for feature in 0..<features {
        let value = (x[start + feature] - mean[feature]) * inverse[feature]
        normalized[start + feature] = value
        values[start + feature] = weight[feature] * value + bias[feature]
      }
    }
    return (
      values, Cache(normalized: normalized, inverseDeviation: inverse, statistics: statistics)
    )
  }

  /// The inputs' gradient for the outputs'; adds the parameters' to `gradient`.
  public func pullback(
    _ cache: Cache, outputGradient: [Float], adding gradient: inout BatchNorm
  ) -> [Float] {
    let sums = columnSums(outputGradient, cache.normalized)
    for feature in 0..<features {
      gradient.bias[feature] += Float(sums.plain[feature])
      gradient.weight[feature] += Float(sums.products[feature])
    }
    return differentiated(cache, outputGradient, sums)
  }

  /// The outputs' tangents for the inputs'.
  ///
  /// The Jacobian of a normalisation is its own transpose up to the scale of a feature, which is
  /// the same for all rows.
  public func pushforward(_ cache: Cache, tangent: [Float]) -> [Float] {
    differentiated(cache, tangent, columnSums(tangent, cache.normalized))
  }

  /// Moves the running statistics toward those of a batch; nothing outside training.
  public mutating func update(from cache: Cache) {
    guard let statistics = cache.statistics else { return }
    let keep = 1 - Self.momentum
    for feature in 0..<features {
      runningMean[feature] =
        keep * runningMean[feature] + Self.momentum * statistics.mean[feature]
      runningVariance[feature] =
        keep * runningVariance[feature] + Self.momentum * statistics.variance[feature]
    }
  }

  /// `scale (d - mean(d) - normalized mean(d normalized))`, or `scale d` with fixed statistics.
  private func differentiated(
    _ cache: Cache, _ derivatives: [Float], _ sums: (plain: [Double], products: [Double])
  ) -> [Float] {
    let rows = features == 0 ? 0 : derivatives.count / features
    let share = cache.statistics == nil ? 0 : 1 / Double(max(1, rows))
    let means = sums.plain.map { Float($0 * share) }
    let slopes = sums.products.map { Float($0 * share) }
    var result = derivatives
    for row in 0..<rows {
      let start = row * features
      for feature in 0..<features {
        let centred = derivatives[start + feature] - means[feature]
        result[start + feature] =
          weight[feature] * cache.inverseDeviation[feature]
          * (centred - cache.normalized[start + feature] * slopes[feature])
      }
    }
    return result
  }

  /// The mean of each column and the sum of squares around it, in two passes.
  private func moments(_ x: [Float], rows: Int) -> (mean: [Float], squares: [Double]) {
    let mean = columnSums(x, x).plain.map { $0 / Double(rows) }
    var squares = [Double](repeating: 0, count: features)
    for row in 0..<rows {
      for feature in 0..<features {
        let distance = Double(x[row * features + feature]) - mean[feature]
        squares[feature] += distance * distance
      }
    }
    return (mean.map { Float($0) }, squares)
  }

  /// The sum of each column of `a` and of its products with `b`.
  private func columnSums(_ a: [Float], _ b: [Float]) -> (plain: [Double], products: [Double]) {
    precondition(a.count == b.count, "\(a.count) against \(b.count) values")
    let width = features
    var plain = [Double](repeating: 0, count: width)
    var products = plain
    // On bare buffers, as checks of several places at once keep the loop from vectorising.
    plain.withUnsafeMutableBufferPointer { plain in
      products.withUnsafeMutableBufferPointer { products in
        a.withUnsafeBufferPointer { a in
          b.withUnsafeBufferPointer { b in
            for row in 0..<(width == 0 ? 0 : a.count / width) {
              let place = row * width..<(row + 1) * width
              let (one, other) = (a.extracting(place), b.extracting(place))
              for feature in 0..<width {
                let value = Double(one[feature])
                plain[feature] += value
                products[feature] += value * Double(other[feature])
              }
            }
          }
        }
      }
    }
    return (plain, products)
  }
}

extension BatchNorm: Parameterized {
  /// Visits `weight` and `bias`.
  public mutating func visitParameters(_ prefix: String, _ body: Visitor) {
    body("\(prefix).weight", [features], &weight)
    body("\(prefix).bias", [features], &bias)
  }

  /// Visits `running_mean` and `running_var`.
  public mutating func visitBuffers(_ prefix: String, _ body: Visitor) {
    let count = features
    body("\(prefix).running_mean", [count], &runningMean)
    body("\(prefix).running_var", [count], &runningVariance)
  }
}
