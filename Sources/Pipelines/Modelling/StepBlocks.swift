import Rasters

/// Blocks of cells of which one stands for all, so that a map is explained in less time.
///
/// Blocks lie on the absolute lattice of cells: a grid that grows keeps them.
struct StepBlocks {
  /// The option of stages that explain.
  static let option = OptionSpec(
    "step", .integer(1...64), default: 1, unit: "cells",
    "Explains one cell of each block of so many cells a side, that nearest to its middle; the others "
      + "show the same. Must divide 'chunk'.")

  /// The cells that stand for a block, by rows of blocks.
  let cells: [Int]
  /// For each wanted cell the position in `cells` of the one that stands for it; else -1.
  let positions: [Int]

  /// Chooses among the wanted cells of a window, given in absolute columns and rows, whose sides
  /// are those of blocks or of the grid.
  init(_ wanted: [Bool], window: Window, step: Int) {
    precondition(wanted.count == window.cellCount, "\(wanted.count) cells for \(window)")
    func block(_ place: Int) -> Int { place >= 0 ? place / step : -((-place + step - 1) / step) }
    let (left, top) = (block(window.x), block(window.y))
    let columns = block(window.maxX - 1) - left + 1
    var best = [(cell: Int, distance: Int)?](
      repeating: nil, count: columns * (block(window.maxY - 1) - top + 1))
    var blocks = [Int](repeating: -1, count: wanted.count)
    for cell in wanted.indices where wanted[cell] {
      let (x, y) = (window.x + cell % window.width, window.y + cell / window.width)
      let (column, row) = (block(x), block(y))
      let own = (row - top) * columns + column - left
      blocks[cell] = own
      // Twice the distance from the middle, which may lie between cells.
      let (dx, dy) = (2 * (x - column * step) + 1 - step, 2 * (y - row * step) + 1 - step)
      let distance = dx * dx + dy * dy
      if best[own].map({ distance < $0.distance }) ?? true { best[own] = (cell, distance) }
    }
    var number = [Int](repeating: -1, count: best.count)
    var cells: [Int] = []
    for (index, found) in best.enumerated() {
      guard let found else { continue }
      number[index] = cells.count
      cells.append(found.cell)
    }
    self.cells = cells
    positions = blocks.map { $0 < 0 ? -1 : number[$0] }
  }
}
