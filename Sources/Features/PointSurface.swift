public import Rasters

/// A surface through point measurements.
public protocol PointSurface: Sendable {
  /// How many bands `cube` has.
  var bandCount: Int { get }

  /// The bands at the centres of a window's cells, without the points of `excluding`.
  ///
  /// A cell's value depends on the points and its place alone, so it is the same bits for any
  /// division of a grid into windows.
  func cube(window: Window, grid: Grid, excluding: Set<Int>) -> DataCube

  /// The estimate of each measured column at some places, without the points of `excluding`.
  func estimates(x: [Double], y: [Double], excluding: Set<Int>) -> [[Float]]

  /// The estimates at the places of some points, each without all points at its place.
  ///
  /// `x` and `y` are those of all points of the surface.
  func leaveOneOut(_ points: [Int], x: [Double], y: [Double]) -> [[Float]]
}

extension PointSurface {
  /// The estimates at the places of some points, each without all points at its place.
  public func leaveOneOut(_ points: [Int], x: [Double], y: [Double]) -> [[Float]] {
    var here: [SIMD2<Double>: Set<Int>] = [:]
    for point in x.indices { here[SIMD2(x[point], y[point]), default: []].insert(point) }
    var columns: [[Float]] = []
    for point in points {
      let excluded = here[SIMD2(x[point], y[point])] ?? [point]
      let found = estimates(x: [x[point]], y: [y[point]], excluding: excluded)
      if columns.isEmpty { columns = found.map { _ in [] } }
      for (column, values) in found.enumerated() { columns[column] += values }
    }
    return columns
  }
}

extension InverseDistance: PointSurface {
  /// One band a column.
  public var bandCount: Int { columnCount }

  /// The value of every column at some places.
  public func estimates(x: [Double], y: [Double], excluding: Set<Int>) -> [[Float]] {
    let found = zip(x, y).map { values(x: $0, y: $1, excluding: excluding) }
    return (0..<columnCount).map { column in found.map { $0[column] } }
  }
}

/// The bands of several surfaces of the same points, one after another.
public struct JoinedSurfaces: PointSurface {
  private let parts: [any PointSurface]

  /// Joins surfaces.
  public init(_ parts: [any PointSurface]) { self.parts = parts }

  /// The number of all bands.
  public var bandCount: Int { parts.reduce(0) { $0 + $1.bandCount } }

  /// The bands of all surfaces.
  public func cube(window: Window, grid: Grid, excluding: Set<Int>) -> DataCube {
    DataCube(
      window: window, bandCount: bandCount,
      values: parts.flatMap { $0.cube(window: window, grid: grid, excluding: excluding).values })
  }

  /// The estimates of all surfaces.
  public func estimates(x: [Double], y: [Double], excluding: Set<Int>) -> [[Float]] {
    parts.flatMap { $0.estimates(x: x, y: y, excluding: excluding) }
  }

  /// The estimates of all surfaces at points, each in its own way.
  public func leaveOneOut(_ points: [Int], x: [Double], y: [Double]) -> [[Float]] {
    parts.flatMap { $0.leaveOneOut(points, x: x, y: y) }
  }
}
