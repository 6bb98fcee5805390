public import Rasters

extension SuperpixelLattice {
  /// The labels of the cells of `window` before connectivity: the lattice cell that each lies in.
  ///
  /// Blocks of equal size that look at no colour, the control for superpixels; with a `size` of 1
  /// every cell is a segment and the graph of segments that of pixels. `cube` must hold `window`;
  /// cells with a NaN in any band belong to no segment.
  public func squares(cube: DataCube, window: Window) -> SegmentRaster {
    precondition(cube.window.contains(window), "\(window) from \(cube.window)")
    let columns = (window.x..<window.maxX).map(latticeColumn(ofColumn:))
    var result = SegmentRaster(window: window)
    for row in window.y..<window.maxY {
      let latticeRow = latticeRow(ofRow: row)
      let start = cube.window.index(column: window.x, row: row)
      let target = window.index(column: window.x, row: row)
      for column in 0..<window.width {
        let isComplete = (0..<cube.bandCount).allSatisfy {
          !cube.values[$0 * cube.window.cellCount + start + column].isNaN
        }
        guard isComplete else { continue }
        result.ids[target + column] = id(latticeColumn: columns[column], latticeRow: latticeRow)
      }
    }
    return result
  }
}
