internal import Tensors

/// The mean of each class and the covariance that all of them share, shrunk toward a sphere.
///
/// The residuals `r` of samples from the mean of their class are pooled; their covariance
/// `S = sum r r^T / N` becomes `(1 - s) S + s m I` with `m = trace S / D` and the share s that
/// Ledoit and Wolf (2004, J. Multivariate Anal. 88) find best, so that it can be inverted however few
/// samples there are.
public struct WithinCovariance: Sendable, Hashable {
  /// The mean of each class, classes x features; of classes without samples zeros.
  public let means: FeaturePoints
  /// How many samples each class has.
  public let counts: [Int]
  /// The shrunk covariance, features x features.
  public let covariance: [Double]
  /// The share s, 0 to 1.
  public let shrinkage: Double
  /// The mean variance m of a feature within its class.
  public let variance: Double

  /// Estimates from samples of classes `0..<classCount`.
  public init(_ points: FeaturePoints, classes: [Int], classCount: Int) {
    precondition(
      classes.count == points.count, "\(classes.count) classes of \(points.count) points")
    let size = points.dimensions
    let members = (0..<classCount).map { number in classes.indices.filter { classes[$0] == number }
    }
    counts = members.map(\.count)
    let means = members.flatMap { points.mean(of: $0) }
    self.means = FeaturePoints(means, dimensions: size)
    var residuals = points.values
    for (point, number) in classes.enumerated() {
      for index in 0..<size { residuals[point * size + index] -= means[number * size + index] }
    }
    (covariance, shrinkage, variance) = Self.shrunk(residuals, size: size)
  }

  /// The covariance of residuals `samples x size` about zero, shrunk, with its share and mean variance.
  static func shrunk(
    _ residuals: [Double], size: Int
  ) -> (covariance: [Double], shrinkage: Double, variance: Double) {
    let samples = Double(max(1, residuals.count / size))
    var covariance = [Double](repeating: 0, count: size * size)
    Products.multiply(
      rows: size, columns: size, inner: residuals.count / size, alpha: 1 / samples, residuals,
      .transposed(size), residuals, .rows(size), into: &covariance, .rows(size))
    let width = Double(size)
    let variance = (0..<size).reduce(0) { $0 + covariance[$1 * size + $1] } / width
    let squares = covariance.reduce(0) { $0 + $1 * $1 }
    // How far single samples' squares lie from their mean, and how far that is from a sphere.
    let fourth = stride(from: 0, to: residuals.count, by: size).reduce(0.0) { sum, start in
      let length = (start..<start + size).reduce(0) { $0 + residuals[$1] * residuals[$1] }
      return sum + length * length
    }
    let spread = (squares - width * variance * variance) / width
    let noise = min((fourth / samples - squares) / (width * samples), spread)
    let share = noise > 0 ? noise / spread : 0
    for place in covariance.indices {
      covariance[place] *= 1 - share
      if place % (size + 1) == 0 { covariance[place] += share * variance }
    }
    return (covariance, share, variance)
  }
}
