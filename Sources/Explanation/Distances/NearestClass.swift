internal import Tensors

/// The distance of features to the nearest mean of a class.
public struct NearestClass: Sendable, Hashable, Codable {
  /// How distances are measured.
  public let metric: FeatureMetric
  /// What is taken off features first, so that large offsets cost no digits.
  private let origin: [Double]
  /// The means of the classes that have samples, mapped, classes x mapped dimensions.
  private let means: [Double]

  /// Takes the means of the classes that have samples.
  public init(_ metric: FeatureMetric, _ within: WithinCovariance) {
    let size = metric.dimensions
    let known = within.counts.indices.filter { within.counts[$0] > 0 }
    precondition(!known.isEmpty, "no class has samples")
    let own = within.means.selecting(known)
    let middle = own.mean(of: 0..<own.count)
    self.metric = metric
    origin = middle
    means =
      metric.mapped(
        FeaturePoints(
          own.values.enumerated().map { $1 - middle[$0 % size] }, dimensions: size)
      ).values
  }

  /// Whether its numbers go together and are for so many features; one from a file may be damaged.
  public func isMade(for features: Int) -> Bool {
    features > 0 && metric.dimensions == features && !metric.map.isEmpty
      && metric.map.count.isMultiple(of: features) && origin.count == features && !means.isEmpty
      && means.count.isMultiple(of: metric.mappedDimensions)
      && [metric.map, origin, means].joined().allSatisfy(\.isFinite)
  }

  /// The distance of each of some cells to the nearest mean.
  ///
  /// - Parameters:
  ///   - planes: Features x cells, feature by feature.
  ///   - cells: The number of cells.
  public func distances(planes: UnsafeBufferPointer<Float>, cells: Int) -> [Float] {
    let (size, rows) = (metric.dimensions, metric.mappedDimensions)
    precondition(planes.count == size * cells, "\(planes.count) features of \(size) x \(cells)")
    var centred = [Double](repeating: 0, count: size * cells)
    for feature in 0..<size {
      for cell in 0..<cells {
        centred[feature * cells + cell] = Double(planes[feature * cells + cell]) - origin[feature]
      }
    }
    var mapped = [Double](repeating: 0, count: rows * cells)
    Products.multiply(
      rows: rows, columns: cells, inner: size, metric.map, .rows(size), centred, .rows(cells),
      into: &mapped, .rows(cells))
    var nearest = [Double](repeating: .infinity, count: cells)
    var sums = [Double](repeating: 0, count: cells)
    for start in stride(from: 0, to: means.count, by: rows) {
      for cell in 0..<cells { sums[cell] = 0 }
      for row in 0..<rows {
        let mean = means[start + row]
        for cell in 0..<cells {
          let difference = mapped[row * cells + cell] - mean
          sums[cell] += difference * difference
        }
      }
      for cell in 0..<cells { nearest[cell] = min(nearest[cell], sums[cell]) }
    }
    return nearest.map { Float($0.squareRoot()) }
  }

  /// The distance of each of some points to the nearest mean.
  public func distances(_ points: FeaturePoints) -> [Double] {
    let size = metric.dimensions
    let mapped = metric.mapped(
      FeaturePoints(
        points.values.enumerated().map { $1 - origin[$0 % size] }, dimensions: size))
    let centers = FeaturePoints(means, dimensions: metric.mappedDimensions)
    return (0..<points.count).map { point in
      (centers.squaredDistances(to: mapped[point]).min() ?? .infinity).squareRoot()
    }
  }

  /// The distance of each sample to the nearest mean, all estimated without it.
  ///
  /// Its class's mean is that of the others, `x - m_-i = n / (n - 1) (x - m)`; from the covariance of
  /// a Mahalanobis metric its own residual is taken out (Sherman and Morrison 1950), with shrinkage
  /// and divisor as they are. A learnt map stays. Of a class's only sample the other classes count;
  /// infinite where there are none.
  public static func distancesWithoutOwn(
    _ metric: FeatureMetric, _ within: WithinCovariance, _ points: FeaturePoints, classes: [Int]
  ) -> [Double] {
    let centers = metric.mapped(within.means)
    let mapped = metric.mapped(points)
    let rows = metric.mappedDimensions
    return Parallel.map(points.count) { point in
      let (own, number) = (Array(mapped[point]), classes[point])
      let count = Double(within.counts[number])
      let residual = zip(own, centers[number]).map { $0 - $1 }
      let length = residual.reduce(0) { $0 + $1 * $1 }
      // The share of the covariance that this sample alone accounts for.
      let part =
        metric.kind == .mahalanobis && count > 1
        ? (1 - within.shrinkage) / Double(points.count) * count / (count - 1) : 0
      let rest = max(1 - part * length, 1e-12)
      var nearest = Double.infinity
      for other in within.counts.indices {
        guard within.counts[other] > (other == number ? 1 : 0) else { continue }
        let factor = other == number ? count / (count - 1) : 1
        var (square, product) = (0.0, 0.0)
        for row in 0..<rows {
          let difference = factor * (own[row] - centers.values[other * rows + row])
          square += difference * difference
          product += difference * residual[row]
        }
        nearest = min(nearest, square + part * product * product / rest)
      }
      return nearest.squareRoot()
    }
  }
}
