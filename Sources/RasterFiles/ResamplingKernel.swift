internal import Rasters

/// The values of a window's cells from tiles of a file, whatever tiles these are.
protocol ResamplingKernel {
  /// The cells of the file on which the cells of a part of the window depend.
  func sourceWindow(of block: Window, within extent: Window) -> Window
  /// The value of the cell at a row-major index of the window.
  func value(at index: Int, from tile: SourceTile) -> Float
}

/// Nearest, bilinear and cubic: values at the centres of the cells.
struct PointKernel: ResamplingKernel {
  private let window: Window
  private let resampling: Resampling
  private let positions: CoordinateMap.Positions

  init(_ map: CoordinateMap, _ window: Window, _ resampling: Resampling) {
    self.window = window
    self.resampling = resampling
    positions = map.centers(of: window)
  }

  func sourceWindow(of block: Window, within extent: Window) -> Window {
    var bounds = CellBounds()
    for row in block.y..<block.maxY {
      let first = window.index(column: block.x, row: row)
      for index in first..<first + block.width {
        let (x, y) = (positions.columns[index], positions.rows[index])
        guard !x.isNaN, !y.isNaN else { continue }
        let (column, row) = (cellIndex(x), cellIndex(y))
        guard extent.contains(column: column, row: row) else { continue }
        bounds.include(column..<column + 1, row..<row + 1)
      }
    }
    let window = bounds.window
    return window.isEmpty ? window : window.expanded(by: resampling.reach).intersection(extent)
  }

  func value(at index: Int, from tile: SourceTile) -> Float {
    let (x, y) = (positions.columns[index], positions.rows[index])
    return x.isNaN || y.isNaN ? .nan : tile.sample(x, y, by: resampling)
  }
}

/// Average and mode: values over the areas of the cells.
struct AreaKernel: ResamplingKernel {
  private let window: Window
  private let resampling: Resampling
  private let footprints: [Footprint]

  init(_ map: CoordinateMap, _ window: Window, _ resampling: Resampling) {
    self.window = window
    self.resampling = resampling
    footprints = map.footprints(of: window)
  }

  func sourceWindow(of block: Window, within extent: Window) -> Window {
    var bounds = CellBounds()
    for row in block.y..<block.maxY {
      let first = window.index(column: block.x, row: row)
      for footprint in footprints[first..<first + block.width] where !footprint.left.isNaN {
        let columns = footprint.columns.clamped(to: extent.x..<extent.maxX)
        let rows = footprint.rows.clamped(to: extent.y..<extent.maxY)
        if !columns.isEmpty && !rows.isEmpty { bounds.include(columns, rows) }
      }
    }
    return bounds.window
  }

  func value(at index: Int, from tile: SourceTile) -> Float {
    let footprint = footprints[index]
    return footprint.left.isNaN ? .nan : tile.sample(footprint, by: resampling)
  }
}

/// The smallest window around some cells.
private struct CellBounds {
  private var left = Int.max
  private var top = Int.max
  private var right = Int.min
  private var bottom = Int.min

  mutating func include(_ columns: Range<Int>, _ rows: Range<Int>) {
    left = min(left, columns.lowerBound)
    top = min(top, rows.lowerBound)
    right = max(right, columns.upperBound)
    bottom = max(bottom, rows.upperBound)
  }

  var window: Window {
    left > right
      ? Window(x: 0, y: 0, width: 0, height: 0)
      : Window(x: left, y: top, width: right - left, height: bottom - top)
  }
}
