import Foundation
public import Rasters

/// Ordinary kriging of one measurement: the unbiased mean of near points with the least variance.
///
/// The weights solve `sum_j w_j gamma(i, j) + m = gamma(i, 0)` for every point i with
/// `sum_j w_j = 1`; the variance is `sum_i w_i gamma(i, 0) + m`. As in PyKrige (`exact_values`) the
/// semivariance at distance 0 is 0 whatever the nugget: at the very place of a point the value is
/// that of the point and the variance 0, and beside it the nugget counts in full. Points that
/// coincide are averaged first.
///
/// The points of a neighbourhood enter the equations by index, so a value depends on the points and
/// the place alone: the same bits for any division of a grid into windows.
public struct OrdinaryKriging: PointSurface {
  /// An estimated value.
  public struct Estimate: Sendable, Hashable {
    /// The value; NaN where no point is near enough.
    public var value: Double
    /// The variance of its error, if the variogram holds.
    public var variance: Double
  }

  /// The model of the semivariances.
  public let variogram: VariogramModel
  /// How many of the nearest places count; 0 for all.
  public let neighbors: Int
  /// How far points are used, in map units; 0 for any distance.
  public let radius: Double
  /// Whether `cube` has a second band with the variance.
  public let hasVariance: Bool
  private let sites: PointSites
  private let tree: PointTree

  /// Prepares the search; NaN and infinite values and coordinates are missing.
  public init(
    x: [Double], y: [Double], values: [Float], variogram: VariogramModel, neighbors: Int = 12,
    radius: Double = 0, hasVariance: Bool = false
  ) {
    precondition(neighbors >= 0, "\(neighbors) neighbours")
    self.variogram = variogram
    self.neighbors = neighbors
    self.radius = radius
    self.hasVariance = hasVariance
    sites = PointSites(x: x, y: y, values: values)
    tree = PointTree(x: sites.x, y: sites.y, members: Array(0..<sites.count))
  }

  /// The number of different places with a value.
  public var placeCount: Int { sites.count }

  /// The value, and its variance where that is wanted.
  public var bandCount: Int { hasVariance ? 2 : 1 }

  /// The estimate at a place, without the points of `excluding`.
  public func estimate(x: Double, y: Double, excluding: Set<Int> = []) -> Estimate {
    var scratch = Scratch()
    return estimate(x, y, excluding, &scratch)
  }

  /// The estimates at some places, without the points of `excluding`.
  public func estimates(x: [Double], y: [Double], excluding: Set<Int>) -> [[Float]] {
    var scratch = Scratch()
    return [zip(x, y).map { Float(estimate($0, $1, excluding, &scratch).value) }]
  }

  /// The estimates at points without all points at their place.
  ///
  /// With all points there is one system for all of them: what is left out changes the estimate by
  /// `(K^-1 z)_i / (K^-1)_ii` (Dubrule 1983).
  public func leaveOneOut(_ points: [Int], x: [Double], y: [Double]) -> [[Float]] {
    let isWhole = neighbors == 0 && radius == 0 && variogram.sill > 0 && sites.count > 2
    var scratch = Scratch()
    if isWhole {
      search(0, 0, [], &scratch.found)
      prepare(&scratch)
    }
    guard isWhole, let system = scratch.system else {
      return [points.map { oneWithout(x[$0], y[$0]) }]
    }
    var siteOfPlace: [SIMD2<Double>: Int] = [:]
    for site in 0..<sites.count { siteOfPlace[SIMD2(sites.x[site], sites.y[site])] = site }
    return [
      points.map { point in
        guard let site = siteOfPlace[SIMD2(x[point], y[point])] else {
          return Float(estimate(x: x[point], y: y[point]).value)
        }
        var unit = [Double](repeating: 0, count: sites.count + 1)
        unit[site] = 1
        let inverse = system.solve(unit)
        let sum = zip(inverse, sites.values).reduce(0) { $0 + $1.0 * $1.1 }
        return Float(sites.values[site] - sum / inverse[site])
      }
    ]
  }

  private func oneWithout(_ x: Double, _ y: Double) -> Float {
    let here = sites.members.indices.first { sites.x[$0] == x && sites.y[$0] == y }
    return Float(estimate(x: x, y: y, excluding: Set(here.map { sites.members[$0] } ?? [])).value)
  }

  /// The estimates, and the variances if wanted, at the centres of a window's cells.
  public func cube(window: Window, grid: Grid, excluding: Set<Int> = []) -> DataCube {
    var cube = DataCube(window: window, bandCount: bandCount)
    var scratch = Scratch()
    for row in window.y..<window.maxY {
      for column in window.x..<window.maxX {
        let place = grid.center(of: Cell(column: column, row: row))
        let found = estimate(place.x, place.y, excluding, &scratch)
        let cell = window.index(column: column, row: row)
        cube.values[cell] = Float(found.value)
        if hasVariance { cube.values[window.cellCount + cell] = Float(found.variance) }
      }
    }
    return cube
  }

  /// What neighbouring cells share: mostly their neighbourhood and so its equations.
  private struct Scratch {
    var found: [PointTree.Neighbor] = []
    /// The places of the equations, ascending.
    var places: [Int] = []
    var system: LUFactors?
    /// The greatest semivariance of the equations, which they are divided by.
    var unit = 1.0
    /// What is added to the nugget, in that unit.
    var nugget = 0.0
  }

  private func estimate(
    _ x: Double, _ y: Double, _ excluding: Set<Int>, _ scratch: inout Scratch
  ) -> Estimate {
    search(x, y, excluding, &scratch.found)
    if let here = scratch.found.first(where: { $0.squaredDistance == 0 }) {
      return Estimate(value: value(here.index, excluding), variance: 0)
    }
    guard !scratch.found.isEmpty else { return Estimate(value: .nan, variance: .nan) }
    let values = scratch.found.map { value($0.index, excluding) }
    guard variogram.sill > 0, scratch.found.count > 1 else {
      // Equal weights; of one point the variance is twice the semivariance.
      let mean = values.reduce(0, +) / Double(values.count)
      let distance = scratch.found[0].squaredDistance.squareRoot()
      return Estimate(value: mean, variance: 2 * variogram.semivariance(at: distance))
    }
    prepare(&scratch)
    guard let system = scratch.system else { return Estimate(value: .nan, variance: .nan) }
    let near = scratch.found.map { neighbor in
      variogram.semivariance(at: neighbor.squaredDistance.squareRoot()) / scratch.unit
        + scratch.nugget
    }
    let weights = system.solve(near + [1])
    var (sum, variance) = (0.0, weights[near.count])
    for index in near.indices {
      sum += weights[index] * values[index]
      variance += weights[index] * near[index]
    }
    return Estimate(value: sum, variance: max(0, variance * scratch.unit))
  }

  /// The places that count, ascending.
  private func search(
    _ x: Double, _ y: Double, _ excluding: Set<Int>, _ found: inout [PointTree.Neighbor]
  ) {
    let squaredRadius = radius > 0 ? radius * radius : .infinity
    let isExcluded = { (site: Int) in
      !excluding.isEmpty && sites.value(of: site, excluding: excluding) == nil
    }
    if neighbors > 0 {
      tree.nearest(
        x: x, y: y, limit: neighbors, squaredRadius: squaredRadius, into: &found,
        isExcluded: isExcluded)
      found.sort { $0.index < $1.index }
    } else {
      tree.all(x: x, y: y, squaredRadius: squaredRadius, into: &found, isExcluded: isExcluded)
    }
  }

  private func value(_ site: Int, _ excluding: Set<Int>) -> Double {
    sites.value(of: site, excluding: excluding) ?? .nan
  }

  /// Factorizes the equations of the places that were found, unless they are those of before.
  private func prepare(_ scratch: inout Scratch) {
    let isKnown =
      scratch.places.count == scratch.found.count
      && zip(scratch.places, scratch.found).allSatisfy { $0 == $1.index }
    if isKnown { return }
    scratch.places = scratch.found.map(\.index)
    let size = scratch.places.count + 1
    var matrix = matrix(scratch.places)
    // Then elements are about 1 whatever the unit of the values and the range.
    scratch.unit = max(matrix.max() ?? 0, .leastNormalMagnitude)
    for element in matrix.indices { matrix[element] /= scratch.unit }
    for index in 0..<size - 1 {
      matrix[index * size + size - 1] = 1
      matrix[size * (size - 1) + index] = 1
    }
    scratch.nugget = 0
    scratch.system = LUFactors(matrix, size: size)
    if scratch.system == nil {
      // Smooth models of dense points are singular to rounding; a trace of nugget is enough.
      scratch.nugget = 1e-6
      for row in 0..<size - 1 {
        for column in 0..<size - 1 where column != row { matrix[row * size + column] += 1e-6 }
      }
      scratch.system = LUFactors(matrix, size: size)
    }
  }

  /// The semivariances of pairs of places, with a row and a column of zeros.
  private func matrix(_ places: [Int]) -> [Double] {
    let size = places.count + 1
    var matrix = [Double](repeating: 0, count: size * size)
    for row in places.indices {
      for column in 0..<row {
        let element = variogram.semivariance(at: sites.distance(places[row], places[column]))
        matrix[row * size + column] = element
        matrix[column * size + row] = element
      }
    }
    return matrix
  }
}
