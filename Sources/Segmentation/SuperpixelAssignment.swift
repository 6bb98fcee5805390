public import Rasters

extension Superpixels {
  /// The labels of the cells of `window` before connectivity: the nearest centre's rank-0 id.
  ///
  /// `cube` must hold `window`, and `centres` the lattice cells around those that touch it
  /// (`lattice.tableHaloOfAssign`).
  public func assign(
    cube: DataCube, centres: CentreTable, lattice: SuperpixelLattice, window: Window
  ) -> SegmentRaster {
    precondition(
      cube.window.contains(window) && cube.bandCount == centres.bandCount,
      "\(window) of \(centres.bandCount) bands from \(cube.window) of \(cube.bandCount)")
    var result = SegmentRaster(window: window)
    var block = CellBlock(bandCount: cube.bandCount)
    let cells = lattice.cells(touching: window)
    for latticeRow in cells.y..<cells.maxY {
      for latticeColumn in cells.x..<cells.maxX {
        let cell = Cell(column: latticeColumn, row: latticeRow)
        block.load(cube, lattice: lattice, cell: cell, within: window)
        block.gatherCandidates(centres, lattice: lattice, cell: cell)
        block.findNearest(compactness: compactness, lattice: lattice)
        block.writeIDs(to: &result, lattice: lattice, cell: cell)
      }
    }
    return result
  }

  /// One iteration: the mean colour and position of the pixels nearest to each centre of `cells`.
  ///
  /// A centre without pixels stays where it was, with a count of zero; a lattice cell without a
  /// centre never gets one. `cube` must hold the pixels of `cells` and of the lattice cells around
  /// them, `centres` two rings of lattice cells around (`lattice.haloOfUpdate`,
  /// `lattice.tableHaloOfUpdate`). Sums run within each lattice cell and then over the 3 x 3, always
  /// in the same order, so that they are the same to the last bit however the raster is tiled.
  public func updated(
    _ centres: CentreTable, cube: DataCube, lattice: SuperpixelLattice, cells: Window
  ) -> CentreTable {
    precondition(cube.bandCount == centres.bandCount, "\(cube.bandCount) bands")
    let ring = cells.expanded(by: 1).intersection(lattice.allCells)
    precondition(
      cube.window.contains(lattice.window(of: ring)),
      "\(cells) needs \(lattice.window(of: ring)), not \(cube.window)")
    var block = CellBlock(bandCount: cube.bandCount)
    var sums = CentreSums(cells: cells, bandCount: cube.bandCount)
    guard !cells.isEmpty else { return CentreTable(cells: cells, bandCount: cube.bandCount) }
    for latticeRow in ring.y..<ring.maxY {
      for latticeColumn in ring.x..<ring.maxX {
        let cell = Cell(column: latticeColumn, row: latticeRow)
        block.load(cube, lattice: lattice, cell: cell, within: cube.window)
        block.gatherCandidates(centres, lattice: lattice, cell: cell)
        block.findNearest(compactness: compactness, lattice: lattice)
        block.addSums(to: &sums, lattice: lattice, cell: cell)
      }
    }
    return sums.centres(after: centres)
  }
}

/// Sums over the pixels of each centre of a rectangle of lattice cells.
struct CentreSums {
  let cells: Window
  let bandCount: Int
  var colors: [Double]
  var columns: [Double]
  var rows: [Double]
  var counts: [Int32]

  init(cells: Window, bandCount: Int) {
    self.cells = cells
    self.bandCount = bandCount
    colors = [Double](repeating: 0, count: cells.cellCount * bandCount)
    columns = [Double](repeating: 0, count: cells.cellCount)
    rows = columns
    counts = [Int32](repeating: 0, count: cells.cellCount)
  }

  /// The means, or the old centre where there was no pixel.
  func centres(after old: CentreTable) -> CentreTable {
    var result = old.cropped(to: cells)
    for index in 0..<cells.cellCount where result.counts[index] != CentreTable.absent {
      result.counts[index] = counts[index]
      guard counts[index] > 0 else { continue }
      let count = Double(counts[index])
      for band in index * bandCount..<(index + 1) * bandCount {
        result.colors[band] = Float(colors[band] / count)
      }
      result.columns[index] = Float(columns[index] / count)
      result.rows[index] = Float(rows[index] / count)
    }
    return result
  }
}
