public import Rasters

/// The set cells of a mask as runs along the rows of a grid.
///
/// Memory grows with the outline of what is set and not with its area, so a mask of a whole map can
/// be held where the map cannot.
public struct MaskRuns: Sendable, Hashable {
  /// The columns of the runs of every row, ascending; runs of a row do not touch.
  public private(set) var rows: [[Range<Int>]]

  /// An empty mask of `height` rows.
  public init(height: Int) { rows = [[Range<Int>]](repeating: [], count: height) }

  /// Adds the set cells of a window; windows that share rows must come from left to right.
  ///
  /// - Parameter isSet: one for each cell of the window, rows from the top.
  public mutating func add(_ window: Window, _ isSet: [Bool]) {
    precondition(isSet.count == window.cellCount, "\(isSet.count) cells for \(window)")
    for row in window.y..<window.maxY {
      var column = window.x
      while column < window.maxX {
        guard isSet[window.index(column: column, row: row)] else {
          column += 1
          continue
        }
        let start = column
        while column < window.maxX, isSet[window.index(column: column, row: row)] { column += 1 }
        append(start..<column, row: row)
      }
    }
  }

  /// A run that touches the one before, over the border of two windows, makes it longer.
  private mutating func append(_ run: Range<Int>, row: Int) {
    guard let last = rows[row].last, last.upperBound >= run.lowerBound else {
      return rows[row].append(run)
    }
    precondition(last.upperBound == run.lowerBound, "windows do not come from left to right")
    rows[row][rows[row].count - 1] = last.lowerBound..<run.upperBound
  }
}
