import Rasters

/// The kernel of SLIC: the pixels of one lattice cell, copied together, against at most nine centres.
///
/// All pixels of a lattice cell share their candidates. Positions are counted from the lattice
/// cell's first column and row, and every pixel's arithmetic has a fixed order, so that a distance
/// does not depend on what else was loaded.
struct CellBlock {
  private typealias Lanes = SIMD16<Float>
  private static let laneCount = 16

  private let bandCount: Int
  /// The cells of the grid that are loaded.
  private var window = Window(x: 0, y: 0, width: 0, height: 0)
  /// The first cell, counted from the lattice cell's first.
  private var corner: Cell?
  /// The pixels, padded to whole groups of lanes.
  private var stride = 0
  /// Band-major, `stride` apart; padding is NaN and therefore nearest to nothing.
  private var values: [Float] = []
  private var columns: [Float] = []
  private var rows: [Float] = []
  /// The candidate nearest to each pixel, -1 for none.
  private var nearest: [Int32] = []
  /// All bits of the pixels of one candidate.
  private var selection: [UInt32] = []

  // The candidates, ascending in lattice index.
  private var candidateCells: [Cell] = []
  private var colors: [Float] = []
  private var centreColumns: [Float] = []
  private var centreRows: [Float] = []

  init(bandCount: Int) { self.bandCount = bandCount }

  /// Copies the pixels of a lattice cell that lie within a window of the cube.
  mutating func load(
    _ cube: DataCube, lattice: SuperpixelLattice, cell: Cell, within: Window
  ) {
    let one = Window(x: cell.column, y: cell.row, width: 1, height: 1)
    let loaded = lattice.window(of: one).intersection(within)
    let corner = Cell(
      column: loaded.x - lattice.firstColumn(cell.column),
      row: loaded.y - lattice.firstRow(cell.row))
    place(loaded, corner: corner)
    let width = loaded.width
    let start = cube.window.index(column: loaded.x, row: loaded.y)
    cube.values.withUnsafeBufferPointer { source in
      values.withUnsafeMutableBufferPointer { target in
        for band in 0..<bandCount {
          for row in 0..<loaded.height {
            let from = band * cube.window.cellCount + start + row * cube.window.width
            let to = band * stride + row * width
            for column in 0..<width { target[to + column] = source[from + column] }
          }
        }
      }
    }
  }

  /// Makes room for a window and notes its cells' positions, unless they are the last one's.
  private mutating func place(_ loaded: Window, corner newCorner: Cell) {
    let isSameShape = loaded.width == window.width && loaded.height == window.height
    window = loaded
    if isSameShape, corner == newCorner { return }
    corner = newCorner
    stride = (loaded.cellCount + Self.laneCount - 1) / Self.laneCount * Self.laneCount
    values = [Float](repeating: .nan, count: bandCount * stride)
    columns = [Float](repeating: 0, count: stride)
    rows = columns
    nearest = [Int32](repeating: -1, count: stride)
    selection = [UInt32](repeating: 0, count: stride)
    for row in 0..<loaded.height {
      for column in 0..<loaded.width {
        columns[row * loaded.width + column] = Float(newCorner.column + column)
        rows[row * loaded.width + column] = Float(newCorner.row + row)
      }
    }
  }

  /// Looks up the centres of the 3 x 3 lattice cells around `cell`.
  mutating func gatherCandidates(_ centres: CentreTable, lattice: SuperpixelLattice, cell: Cell) {
    candidateCells.removeAll(keepingCapacity: true)
    colors.removeAll(keepingCapacity: true)
    centreColumns.removeAll(keepingCapacity: true)
    centreRows.removeAll(keepingCapacity: true)
    let around = Window(x: cell.column, y: cell.row, width: 1, height: 1).expanded(by: 1)
      .intersection(lattice.allCells)
    precondition(centres.cells.contains(around), "\(around) is not in \(centres.cells)")
    for row in around.y..<around.maxY {
      for column in around.x..<around.maxX {
        let index = centres.cells.index(column: column, row: row)
        guard centres.counts[index] != CentreTable.absent else { continue }
        candidateCells.append(Cell(column: column, row: row))
        colors += centres.colors[index * bandCount..<(index + 1) * bandCount]
        let right = lattice.firstColumn(column) - lattice.firstColumn(cell.column)
        let down = lattice.firstRow(row) - lattice.firstRow(cell.row)
        centreColumns.append(Float(right) + centres.columns[index])
        centreRows.append(Float(down) + centres.rows[index])
      }
    }
  }

  /// Finds the nearest candidate of every pixel; the first of equals.
  mutating func findNearest(compactness: Double, lattice: SuperpixelLattice) {
    let weight = Float(compactness * compactness / lattice.size)
    let limit = Float(4 * lattice.size)
    let bands = bandCount
    let bandBytes = stride * MemoryLayout<Float>.stride
    let groups = stride / Self.laneCount
    values.withUnsafeBytes { values in
      columns.withUnsafeBytes { columns in
        rows.withUnsafeBytes { rows in
          nearest.withUnsafeMutableBytes { nearest in
            for group in 0..<groups {
              let offset = group * MemoryLayout<Lanes>.stride
              let x = columns.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
              let y = rows.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
              var best = Lanes(repeating: .infinity)
              var which = SIMD16<Int32>(repeating: -1)
              for candidate in 0..<centreColumns.count {
                let dx = x - centreColumns[candidate]
                let dy = y - centreRows[candidate]
                let xx = dx * dx
                let yy = dy * dy
                var distance = (xx + yy) * weight
                distance.replace(with: .infinity, where: (xx .> limit) .| (yy .> limit))
                for band in 0..<bands {
                  let sample = values.loadUnaligned(
                    fromByteOffset: offset + band * bandBytes, as: Lanes.self)
                  let delta = sample - colors[candidate * bands + band]
                  distance += delta * delta
                }
                let closer = distance .< best
                best.replace(with: distance, where: closer)
                which.replace(with: Int32(candidate), where: closer)
              }
              nearest.storeBytes(of: which, toByteOffset: offset, as: SIMD16<Int32>.self)
            }
          }
        }
      }
    }
  }

  /// Writes the ids of the nearest candidates.
  func writeIDs(to raster: inout SegmentRaster, lattice: SuperpixelLattice, cell: Cell) {
    let ids = candidateCells.map { lattice.id(latticeColumn: $0.column, latticeRow: $0.row) }
    for row in 0..<window.height {
      let target = raster.window.index(column: window.x, row: window.y + row)
      for column in 0..<window.width {
        let candidate = nearest[row * window.width + column]
        if candidate >= 0 { raster.ids[target + column] = ids[Int(candidate)] }
      }
    }
  }

  /// Adds the pixels of each candidate that `sums` covers.
  mutating func addSums(to sums: inout CentreSums, lattice: SuperpixelLattice, cell: Cell) {
    for (candidate, home) in candidateCells.enumerated()
    where sums.cells.contains(column: home.column, row: home.row) {
      let count = select(Int32(candidate))
      guard count > 0 else { continue }
      let index = sums.cells.index(column: home.column, row: home.row)
      let right = lattice.firstColumn(cell.column) - lattice.firstColumn(home.column)
      let down = lattice.firstRow(cell.row) - lattice.firstRow(home.row)
      sums.counts[index] += count
      sums.columns[index] += Double(right) * Double(count) + selectedSum(columns, from: 0)
      sums.rows[index] += Double(down) * Double(count) + selectedSum(rows, from: 0)
      for band in 0..<bandCount {
        sums.colors[index * bandCount + band] += selectedSum(values, from: band * stride)
      }
    }
  }

  /// Sets the bits of a candidate's pixels and clears those of others; returns their number.
  private mutating func select(_ candidate: Int32) -> Int32 {
    nearest.withUnsafeBufferPointer { nearest in
      selection.withUnsafeMutableBufferPointer { selection in
        var count: Int32 = 0
        for pixel in 0..<nearest.count {
          let isOwn = nearest[pixel] == candidate
          selection[pixel] = isOwn ? ~0 : 0
          count &+= isOwn ? 1 : 0
        }
        return count
      }
    }
  }

  /// The sum over the selected pixels: lanes over at most 256 pixels, widened and added in order.
  private func selectedSum(_ numbers: [Float], from start: Int) -> Double {
    let groups = stride / Self.laneCount
    let size = MemoryLayout<Lanes>.stride
    return numbers.withUnsafeBytes { numbers in
      selection.withUnsafeBytes { selection in
        var total = 0.0
        for strip in Swift.stride(from: 0, to: groups, by: 16) {
          var lanes = Lanes(repeating: 0)
          for offset in Swift.stride(
            from: strip * size, to: min(strip + 16, groups) * size, by: size)
          {
            let bits = numbers.loadUnaligned(
              fromByteOffset: start * MemoryLayout<Float>.stride + offset,
              as: SIMD16<UInt32>.self)
            let mask = selection.loadUnaligned(fromByteOffset: offset, as: SIMD16<UInt32>.self)
            // Missing samples of other pixels vanish with their bits; a product would keep NaN.
            lanes += unsafeBitCast(bits & mask, to: Lanes.self)
          }
          let eight = lanes.lowHalf + lanes.highHalf
          let four = eight.lowHalf + eight.highHalf
          total += Double((four[0] + four[2]) + (four[1] + four[3]))
        }
        return total
      }
    }
  }
}
