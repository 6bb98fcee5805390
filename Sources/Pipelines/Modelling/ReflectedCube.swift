import Rasters

/// The place that a column or row beyond the border stands for: reflected, the edge not repeated.
func reflected(_ position: Int, _ count: Int) -> Int {
  guard count > 1 else { return 0 }
  let period = 2 * (count - 1)
  let inside = ((position % period) + period) % period
  return inside < count ? inside : period - inside
}

extension NodeContext {
  /// The samples of input `index` over any window, reflected beyond the raster's border.
  ///
  /// So every window of a network is whole. Missing cells stay NaN.
  func reflectedCube(
    _ index: Int, _ wanted: Window, excluding: Set<Cell>? = nil
  ) throws -> DataCube {
    let inside = wanted.intersection(grid.window)
    if inside == wanted { return try cube(index, wanted, excluding: excluding) }
    let columns = (wanted.x..<wanted.maxX).map { reflected($0, grid.width) }
    let rows = (wanted.y..<wanted.maxY).map { reflected($0, grid.height) }
    let left = columns.min() ?? 0
    let top = rows.min() ?? 0
    let needed = Window(
      x: left, y: top, width: (columns.max() ?? 0) - left + 1,
      height: (rows.max() ?? 0) - top + 1)
    let source = try cube(index, needed, excluding: excluding)
    var result = DataCube(window: wanted, bandCount: source.bandCount)
    for band in 0..<source.bandCount {
      for (y, row) in rows.enumerated() {
        let from = band * needed.cellCount + needed.index(column: left, row: row)
        let to = band * wanted.cellCount + y * wanted.width
        for (x, column) in columns.enumerated() {
          result.values[to + x] = source.values[from + column - left]
        }
      }
    }
    return result
  }
}

extension DataCube {
  /// Whether each cell has a value in every band.
  var completeCells: [Bool] {
    var complete = [Bool](repeating: true, count: window.cellCount)
    for band in 0..<bandCount {
      let start = band * window.cellCount
      for cell in 0..<window.cellCount where values[start + cell].isNaN { complete[cell] = false }
    }
    return complete
  }
}
