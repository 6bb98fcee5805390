internal import Tensors

/// A way to measure distances of features: `|L (x - y)|`.
///
/// Every metric is in units of what samples of one class differ by: the mean squared distance from the
/// class's mean is about the number of dimensions that count, whatever the features' own scale.
public struct FeatureMetric: Sendable, Hashable, Codable {
  /// Which metric it is.
  public let kind: Kind
  /// L, rows x features, row-major.
  public let map: [Double]
  /// The number of features.
  public let dimensions: Int

  /// The kinds of metrics.
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// `L^T L` is the inverse of the shrunk covariance within classes (Mahalanobis 1936).
    case mahalanobis
    /// L is learnt so that neighbours have the same class (Goldberger et al. 2004).
    case nca
    /// L is a number.
    case euclidean
  }

  /// The metric of the covariance within classes; nil where all samples are the same.
  public init?(mahalanobis within: WithinCovariance) {
    let size = within.means.dimensions
    guard within.variance > 0, let factor = CholeskyFactor(within.covariance, size: size) else {
      return nil
    }
    self.init(kind: .mahalanobis, map: factor.inverseLower, dimensions: size)
  }

  /// All features alike; nil where all samples are the same.
  public init?(euclidean within: WithinCovariance) {
    let size = within.means.dimensions
    guard within.variance > 0 else { return nil }
    let scale = 1 / within.variance.squareRoot()
    self.init(
      kind: .euclidean, map: (0..<size * size).map { $0 % (size + 1) == 0 ? scale : 0 },
      dimensions: size)
  }

  /// A learnt map; nil where it takes all samples of a class to one place.
  public init?(nca components: NeighborhoodComponents, _ points: FeaturePoints, classes: [Int]) {
    let size = points.dimensions
    let plain = FeatureMetric(kind: .nca, map: components.map, dimensions: size)
    let within = WithinCovariance(
      plain.mapped(points), classes: classes, classCount: (classes.max() ?? 0) + 1)
    guard within.variance > 0 else { return nil }
    let scale = 1 / within.variance.squareRoot()
    self.init(kind: .nca, map: components.map.map { $0 * scale }, dimensions: size)
  }

  private init(kind: Kind, map: [Double], dimensions: Int) {
    self.kind = kind
    self.map = map
    self.dimensions = dimensions
  }

  /// The number of rows of L.
  public var mappedDimensions: Int { map.count / dimensions }

  /// `L x` of points: Euclidean distances of these are the metric's.
  public func mapped(_ points: FeaturePoints) -> FeaturePoints {
    precondition(points.dimensions == dimensions, "\(points.dimensions) of \(dimensions) features")
    var result = [Double](repeating: 0, count: points.count * mappedDimensions)
    Products.multiply(
      rows: points.count, columns: mappedDimensions, inner: dimensions, points.values,
      .rows(dimensions), map, .transposed(dimensions), into: &result, .rows(mappedDimensions))
    return FeaturePoints(result, dimensions: mappedDimensions)
  }
}
