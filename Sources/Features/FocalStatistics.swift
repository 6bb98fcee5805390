public import Rasters

/// Statistics of the cells around each cell.
///
/// Sums run along the rows of a window from its middle outwards, then over its rows from the top, so
/// that a cell's value has the same bits whatever part of the grid is computed at once.
public struct FocalStatistics: Sendable {
  /// What is told of the cells of a window.
  public enum Statistic: String, Sendable, CaseIterable {
    /// Their mean.
    case mean
    /// Their standard deviation, dividing by their number.
    case deviation
  }

  /// The form of a window.
  public enum Shape: String, Sendable, CaseIterable {
    /// All cells of the square.
    case square
    /// Those whose centre is no farther than half the side of the window from its centre.
    case circle
  }

  /// The number of cells on each side of the middle one.
  public let radius: Int
  /// How many cells on each side of its middle one the rows of a window have, from the top.
  private let halfWidths: [Int]
  /// The largest share of a window's cells inside the grid that may be missing.
  private let missing: Double
  /// Whether cells that are missing themselves get a value.
  private let fills: Bool

  /// Describes windows of `side` cells, an odd number.
  public init(side: Int, shape: Shape, missing: Double, fills: Bool) {
    precondition(side >= 1 && side % 2 == 1, "a window of \(side) cells")
    radius = side / 2
    self.missing = missing
    self.fills = fills
    let radius = radius
    // (side/2)^2 in quarters of a cell, so that nothing is rounded.
    halfWidths = (-radius...radius).map { row in
      guard shape == .circle else { return radius }
      return (0...radius).last { 4 * ($0 * $0 + row * row) <= side * side } ?? 0
    }
  }

  /// Count, mean and sum of squared deviations of some values.
  private struct Moments {
    var count: [Double]
    var mean: [Double]
    var squares: [Double]

    init(width: Int) {
      count = [Double](repeating: 0, count: width)
      mean = count
      squares = count
    }

    /// Takes in one value (Welford 1962); NaN is none.
    @inline(__always) mutating func add(_ value: Double, at index: Int) {
      guard !value.isNaN else { return }
      count[index] += 1
      let offset = value - mean[index]
      mean[index] += offset / count[index]
      squares[index] += offset * (value - mean[index])
    }

    /// Takes in the values of others (Chan and others 1979).
    @inline(__always) mutating func merge(_ other: borrowing Moments, from: Int, at index: Int) {
      guard other.count[from] > 0 else { return }
      let total = count[index] + other.count[from]
      let offset = other.mean[from] - mean[index]
      mean[index] += offset * other.count[from] / total
      squares[index] +=
        other.squares[from] + offset * offset * count[index] * other.count[from] / total
      count[index] = total
    }
  }

  /// Statistics of one band for the cells of `window`; `values` covers it and `radius` cells around.
  ///
  /// Cells beyond `grid` take no part: neither as values nor as missing ones.
  public func apply(
    _ statistics: [Statistic], to values: [Float], of window: Window, in grid: Window
  ) -> [[Float]] {
    let source = window.expanded(by: radius)
    precondition(values.count == source.cellCount, "\(values.count) values for \(source)")
    var windows = Moments(width: window.cellCount)
    for row in 0..<source.height {
      let line = values[row * source.width..<(row + 1) * source.width].map { Double($0) }
      add(line, row, window, to: &windows)
    }
    let least = leastCounts(window, grid)
    return statistics.map { statistic in
      (0..<window.cellCount).map { cell in
        let middle =
          (cell / window.width + radius) * source.width + cell % window.width + radius
        guard windows.count[cell] >= least[cell], windows.count[cell] > 0,
          fills || !values[middle].isNaN
        else { return .nan }
        switch statistic {
        case .mean: return Float(windows.mean[cell])
        case .deviation: return Float((windows.squares[cell] / windows.count[cell]).squareRoot())
        }
      }
    }
  }

  /// Adds a row of the source to the windows that reach it.
  private func add(_ line: [Double], _ row: Int, _ window: Window, to windows: inout Moments) {
    var sums = Moments(width: window.width)
    for width in 0...radius {
      for column in 0..<window.width {
        let middle = column + radius
        sums.add(line[middle - width], at: column)
        if width > 0 { sums.add(line[middle + width], at: column) }
      }
      // The rows of windows that reach this far.
      for (offset, halfWidth) in halfWidths.enumerated() where halfWidth == width {
        let target = row - offset
        guard (0..<window.height).contains(target) else { continue }
        for column in 0..<window.width {
          windows.merge(sums, from: column, at: target * window.width + column)
        }
      }
    }
  }

  /// How many values each window needs.
  private func leastCounts(_ window: Window, _ grid: Window) -> [Double] {
    var result: [Double] = []
    result.reserveCapacity(window.cellCount)
    for row in window.y..<window.maxY {
      for column in window.x..<window.maxX {
        result.append((1 - missing) * Double(cellCount(column, row, in: grid)) - 1e-9)
      }
    }
    return result
  }

  /// The cells of a window that lie inside the grid.
  private func cellCount(_ column: Int, _ row: Int, in grid: Window) -> Int {
    let isInside = grid.contains(
      Window(x: column, y: row, width: 1, height: 1).expanded(by: radius))
    if isInside { return fullCount }
    var count = 0
    for (offset, halfWidth) in halfWidths.enumerated() {
      let line = row + offset - radius
      guard line >= grid.y, line < grid.maxY else { continue }
      let (low, high) = (max(column - halfWidth, grid.x), min(column + halfWidth, grid.maxX - 1))
      count += max(0, high - low + 1)
    }
    return count
  }

  private var fullCount: Int { halfWidths.reduce(0) { $0 + 2 * $1 + 1 } }
}
