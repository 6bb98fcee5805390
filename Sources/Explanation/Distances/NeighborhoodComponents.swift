internal import Glibc
internal import Tensors

/// A linear map in which points of one class are neighbours.
///
/// It is that of neighbourhood components analysis (Goldberger, Roweis, Hinton and Salakhutdinov
/// 2004). With `p_ij` the softmax over j of `-|A x_i - A x_j|^2`, A maximises the sum of `p_ij` over pairs of
/// one class: the expected number of points whose neighbour, drawn so, has their class. It starts
/// from the principal components of the standardised features, scaled so that half of the points
/// have a neighbour within distance 1, and draws nothing.
public struct NeighborhoodComponents: Sendable, Hashable {
  /// A, components x features, row-major, for features as they were given.
  public let map: [Double]
  /// The share of points whose drawn neighbour is expected to have their class, at the start.
  public let start: Double
  /// The same at the end.
  public let end: Double

  /// Learns from points of known classes.
  ///
  /// - Parameters:
  ///   - components: The rows of A; at most the number of features.
  ///   - iterations: The most steps of L-BFGS.
  public init(
    _ points: FeaturePoints, classes: [Int], components: Int = 16, iterations: Int = 50
  ) throws {
    let size = points.dimensions
    let (scaled, scales) = Self.standardized(points)
    let axes = Self.firstMap(scaled, rows: min(components, size))
    let search = LimitedMemoryBFGS(iterations: iterations)
    let first = Self.objective(axes, scaled, classes)
    let found = try search.minimize(axes) { map in
      let (value, gradient) = Self.objective(map, scaled, classes)
      return (-value, gradient.map { -$0 })
    }
    map = found.point.enumerated().map { $1 * scales[$0 % size] }
    start = first.value / Double(points.count)
    end = -found.value / Double(points.count)
  }

  /// The sum of `p_i` over points at a map and its derivative, `map` and derivative rows x features.
  static func objective(
    _ map: [Double], _ points: FeaturePoints, _ classes: [Int]
  ) -> (value: Double, gradient: [Double]) {
    let (count, size, rows) = (points.count, points.dimensions, map.count / points.dimensions)
    var mapped = [Double](repeating: 0, count: count * rows)
    Products.multiply(
      rows: count, columns: rows, inner: size, points.values, .rows(size), map, .transposed(size),
      into: &mapped, .rows(rows))
    let places = FeaturePoints(mapped, dimensions: rows)
    let parts = Parallel.map(count) { point in Self.weights(places, classes, point) }
    var value = 0.0
    var weights = [Double](repeating: 0, count: count * count)
    var columns = [Double](repeating: 0, count: count)
    for (i, part) in parts.enumerated() {
      value += part.value
      for j in 0..<count {
        weights[i * count + j] += part.weights[j]
        weights[j * count + i] += part.weights[j]
        columns[j] += part.weights[j]
      }
    }
    for i in 0..<count { weights[i * count + i] = -columns[i] }
    var inner = [Double](repeating: 0, count: count * size)
    Products.multiply(
      rows: count, columns: size, inner: count, weights, .rows(count), points.values, .rows(size),
      into: &inner, .rows(size))
    var gradient = [Double](repeating: 0, count: rows * size)
    Products.multiply(
      rows: rows, columns: size, inner: count, alpha: 2, mapped, .transposed(rows), inner,
      .rows(size), into: &gradient, .rows(size))
    return (value, gradient)
  }

  /// `p_i` of a point and `p_ij (s_ij - p_i)` for all j, with s_ij whether they have one class.
  private static func weights(
    _ places: FeaturePoints, _ classes: [Int], _ point: Int
  ) -> (value: Double, weights: [Double]) {
    var shares = places.squaredDistances(to: places[point])
    var least = Double.infinity
    for (index, distance) in shares.enumerated() where index != point {
      least = min(least, distance)
    }
    var (sum, own) = (0.0, 0.0)
    for index in shares.indices {
      shares[index] = index == point ? 0 : exp(least - shares[index])
      sum += shares[index]
      if classes[index] == classes[point] { own += shares[index] }
    }
    let value = own / sum
    for index in shares.indices {
      shares[index] *= ((classes[index] == classes[point] ? 1 : 0) - value) / sum
    }
    return (value, shares)
  }

  /// The features over their standard deviations, and what they were multiplied by; constant ones by 1.
  private static func standardized(_ points: FeaturePoints) -> (FeaturePoints, [Double]) {
    let (count, size) = (points.count, points.dimensions)
    let mean = points.mean(of: 0..<count)
    var squares = [Double](repeating: 0, count: size)
    for (index, value) in points.values.enumerated() {
      let difference = value - mean[index % size]
      squares[index % size] += difference * difference
    }
    let scales = squares.map { $0 > 0 ? 1 / ($0 / Double(count)).squareRoot() : 1 }
    let values = points.values.enumerated().map { ($1 - mean[$0 % size]) * scales[$0 % size] }
    return (FeaturePoints(values, dimensions: size), scales)
  }

  /// The first principal axes of centred points, scaled by the median distance of nearest neighbours.
  private static func firstMap(_ points: FeaturePoints, rows: Int) -> [Double] {
    let size = points.dimensions
    var scatter = [Double](repeating: 0, count: size * size)
    Products.multiply(
      rows: size, columns: size, inner: points.count, points.values, .transposed(size),
      points.values, .rows(size), into: &scatter, .rows(size))
    let axes = Array(SymmetricEigen(scatter, size: size).vectors.prefix(rows * size))
    var mapped = [Double](repeating: 0, count: points.count * rows)
    Products.multiply(
      rows: points.count, columns: rows, inner: size, points.values, .rows(size), axes,
      .transposed(size), into: &mapped, .rows(rows))
    let places = FeaturePoints(mapped, dimensions: rows)
    let distances = Parallel.map(points.count) {
      places.nearest(1, of: $0).squaredDistances.first ?? 0
    }.sorted()
    let middle = distances[distances.count / 2].squareRoot()
    return axes.map { middle > 0 ? $0 / middle : $0 }
  }
}
