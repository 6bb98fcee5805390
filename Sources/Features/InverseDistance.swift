import Foundation
public import Rasters

/// Inverse distance weighting: point measurements as a surface (after Shepard 1968).
///
/// The value at a place is `sum d^-power z / sum d^-power` over the nearest points that have a
/// value, the nearest one first (over all points: by index). Each value depends on the points and the place alone, so it is the same bits for any
/// division of a grid into windows.
public struct InverseDistance: Sendable {
  /// How points are weighted and which ones count.
  public struct Options: Sendable, Hashable, Codable {
    /// The exponent of the distance.
    public var power: Double
    /// How many nearest points count; 0 for all.
    public var neighbors: Int
    /// How far away a point may be, in map units; 0 for any distance.
    public var radius: Double

    /// Chooses options.
    public init(power: Double = 2, neighbors: Int = 12, radius: Double = 0) {
      self.power = power
      self.neighbors = neighbors
      self.radius = radius
    }
  }

  /// The columns that lack values at the same points, and the tree of the points that have them.
  private struct Group: Sendable {
    var columns: [Int]
    var tree: PointTree
    /// Point-major: the group's columns of the first point, then of the second.
    var values: [Double]
  }

  /// What the surface was made with.
  public let options: Options
  /// The number of points, with or without values.
  public let pointCount: Int
  /// The number of measured columns.
  public let columnCount: Int
  private let groups: [Group]

  /// Prepares the search; `columns` holds the values of one measurement at all points each.
  ///
  /// NaN and infinite values are missing, for that column only; a point with such a coordinate has
  /// no values at all. Coordinates are in map units.
  public init(x: [Double], y: [Double], columns: [[Float]], options: Options = Options()) {
    precondition(x.count == y.count, "\(x.count) x for \(y.count) y")
    for column in columns {
      precondition(column.count == x.count, "\(column.count) values for \(x.count) points")
    }
    precondition(options.neighbors >= 0, "\(options.neighbors) neighbours")
    self.options = options
    pointCount = x.count
    columnCount = columns.count
    let located = x.indices.map { x[$0].isFinite && y[$0].isFinite }
    var patterns: [[Bool]] = []
    var members: [[Int]] = []
    for column in columns.indices {
      let present = x.indices.map { located[$0] && columns[column][$0].isFinite }
      if let known = patterns.firstIndex(of: present) {
        members[known].append(column)
      } else {
        patterns.append(present)
        members.append([column])
      }
    }
    groups = zip(patterns, members).map { present, members in
      Group(
        columns: members,
        tree: PointTree(x: x, y: y, members: x.indices.filter { present[$0] }),
        values: x.indices.flatMap { point in members.map { Double(columns[$0][point]) } })
    }
  }

  /// The value of every column at a place; NaN where no point is near enough.
  ///
  /// Points of `excluding` are left out, for leave-one-out values. At the very place of a point the
  /// value is that of the point, the mean of all points that coincide there.
  public func values(x: Double, y: Double, excluding: Set<Int> = []) -> [Float] {
    var scratch = Scratch(columnCount: columnCount)
    estimate(x: x, y: y, excluding: excluding, &scratch)
    return scratch.values
  }

  /// The value of every column at the centres of a window's cells, one band each.
  public func cube(window: Window, grid: Grid, excluding: Set<Int> = []) -> DataCube {
    var cube = DataCube(window: window, bandCount: columnCount)
    var scratch = Scratch(columnCount: columnCount)
    for row in window.y..<window.maxY {
      for column in window.x..<window.maxX {
        let place = grid.center(of: Cell(column: column, row: row))
        estimate(x: place.x, y: place.y, excluding: excluding, &scratch)
        let cell = window.index(column: column, row: row)
        for band in 0..<columnCount {
          cube.values[band * window.cellCount + cell] = scratch.values[band]
        }
      }
    }
    return cube
  }

  private struct Scratch {
    var values: [Float]
    var found: [PointTree.Neighbor] = []

    init(columnCount: Int) { values = [Float](repeating: .nan, count: columnCount) }
  }

  private func estimate(x: Double, y: Double, excluding: Set<Int>, _ scratch: inout Scratch) {
    let squaredRadius = options.radius > 0 ? options.radius * options.radius : .infinity
    let isExcluded = { (index: Int) in !excluding.isEmpty && excluding.contains(index) }
    for group in groups {
      if options.neighbors > 0 {
        group.tree.nearest(
          x: x, y: y, limit: options.neighbors, squaredRadius: squaredRadius, into: &scratch.found,
          isExcluded: isExcluded)
      } else {
        group.tree.all(
          x: x, y: y, squaredRadius: squaredRadius, into: &scratch.found, isExcluded: isExcluded)
      }
      let nearest = scratch.found.lazy.map(\.squaredDistance).min()
      if nearest == 0 {
        // More points may coincide than are asked for: the mean is of all of them.
        group.tree.nearest(
          x: x, y: y, limit: group.tree.count, squaredRadius: 0, into: &scratch.found,
          isExcluded: isExcluded)
      }
      average(group, nearest: nearest, &scratch)
    }
  }

  /// Weights are relative to the nearest point's, so that no power overflows or underflows.
  private func average(_ group: Group, nearest: Double?, _ scratch: inout Scratch) {
    let width = group.columns.count
    guard let nearest else {
      for column in group.columns { scratch.values[column] = .nan }
      return
    }
    for neighbor in scratch.found.indices {
      let ratio = nearest == 0 ? 1 : nearest / scratch.found[neighbor].squaredDistance
      scratch.found[neighbor].squaredDistance =
        options.power == 2 ? ratio : pow(ratio, options.power / 2)
    }
    for slot in 0..<width {
      var sum = 0.0
      var weights = 0.0
      for neighbor in scratch.found {
        sum += neighbor.squaredDistance * group.values[neighbor.index * width + slot]
        weights += neighbor.squaredDistance
      }
      scratch.values[group.columns[slot]] = Float(sum / weights)
    }
  }
}
