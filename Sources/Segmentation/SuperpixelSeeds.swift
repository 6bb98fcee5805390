public import Rasters

extension Superpixels {
  /// The first centres of a rectangle of lattice cells.
  ///
  /// A seed is the cell in the middle of its lattice cell. On a cell without data it moves to the
  /// nearest valid cell within `S` (Euclidean; ties to the first in row-major order), or there is no
  /// centre. `cube` must hold the cells within `S` of the seeds that are in the grid:
  /// `lattice.haloOfUpdate` around a chunk whose lattice cells are asked for.
  public func seeds(cube: DataCube, lattice: SuperpixelLattice, cells: Window) -> CentreTable {
    var result = CentreTable(cells: cells, bandCount: cube.bandCount)
    let radius = Int(lattice.spacing.rounded(.down))
    let offsets = Self.discs(radius: radius, limit: lattice.size)
    for latticeRow in cells.y..<cells.maxY {
      for latticeColumn in cells.x..<cells.maxX {
        let column = lattice.middleColumn(latticeColumn)
        let row = lattice.middleRow(latticeRow)
        let area = Window(x: column, y: row, width: 1, height: 1).expanded(by: radius)
          .intersection(lattice.gridWindow)
        precondition(cube.window.contains(area), "seeds need \(area), not \(cube.window)")
        for offset in offsets {
          let seed = Cell(column: column + offset.column, row: row + offset.row)
          guard area.contains(column: seed.column, row: seed.row),
            let spectrum = cube.validSpectrum(at: seed)
          else { continue }
          let index = cells.index(column: latticeColumn, row: latticeRow)
          result.colors.replaceSubrange(
            index * cube.bandCount..<(index + 1) * cube.bandCount, with: spectrum)
          result.columns[index] = Float(seed.column - lattice.firstColumn(latticeColumn))
          result.rows[index] = Float(seed.row - lattice.firstRow(latticeRow))
          result.counts[index] = 0
          break
        }
      }
    }
    return result
  }

  /// The offsets no further than the root of `limit`, nearest first, then in row-major order.
  private static func discs(radius: Int, limit: Double) -> [Cell] {
    var offsets: [Cell] = []
    for row in -radius...radius {
      for column in -radius...radius where Double(row * row + column * column) <= limit {
        offsets.append(Cell(column: column, row: row))
      }
    }
    func key(_ cell: Cell) -> (Int, Int, Int) {
      (cell.row * cell.row + cell.column * cell.column, cell.row, cell.column)
    }
    return offsets.sorted { key($0) < key($1) }
  }
}

extension SuperpixelLattice {
  /// The grid's column in the middle of a lattice column.
  func middleColumn(_ latticeColumn: Int) -> Int { middle(latticeColumn) - origin.column }

  /// The grid's row in the middle of a lattice row.
  func middleRow(_ latticeRow: Int) -> Int { middle(latticeRow) - origin.row }

  private func middle(_ index: Int) -> Int {
    max(first(index), Int(((Double(index) + 0.5) * spacing).rounded(.down)))
  }
}

extension DataCube {
  /// The samples of a cell inside the window, or nil where one is missing.
  fileprivate func validSpectrum(at cell: Cell) -> [Float]? {
    let index = window.index(column: cell.column, row: cell.row)
    for band in 0..<bandCount where !values[band * window.cellCount + index].isFinite {
      return nil
    }
    return spectrum(column: cell.column, row: cell.row)
  }
}
