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
  /// The pixels, padded to whole groups of lanes.
  private var stride = 0
  /// Band-major, `stride` apart; padding is NaN and therefore nearest to nothing.
  private var values: [Float] = []
  private var columns: [Float] = []
  private var rows: [Float] = []
  /// The candidate nearest to each pixel, -1 for none.
  private var nearest: [Int32] = []

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
    resize(to: loaded)
    let left = loaded.x - lattice.firstColumn(cell.column)
    let top = loaded.y - lattice.firstRow(cell.row)
    let width = loaded.width
    for row in 0..<loaded.height {
      for column in 0..<width {
        columns[row * width + column] = Float(left + column)
        rows[row * width + column] = Float(top + row)
      }
    }
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

  private mutating func resize(to newWindow: Window) {
    defer { window = newWindow }
    guard newWindow.cellCount != window.cellCount || values.isEmpty else { return }
    stride = (newWindow.cellCount + Self.laneCount - 1) / Self.laneCount * Self.laneCount
    values = [Float](repeating: .nan, count: bandCount * stride)
    columns = [Float](repeating: 0, count: stride)
    rows = columns
    nearest = [Int32](repeating: -1, count: stride)
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
  func addSums(to sums: inout CentreSums, lattice: SuperpixelLattice, cell: Cell) {
    for (candidate, home) in candidateCells.enumerated()
    where sums.cells.contains(column: home.column, row: home.row) {
      let count = pixelCount(of: candidate)
      guard count > 0 else { continue }
      let index = sums.cells.index(column: home.column, row: home.row)
      let right = lattice.firstColumn(cell.column) - lattice.firstColumn(home.column)
      let down = lattice.firstRow(cell.row) - lattice.firstRow(home.row)
      sums.counts[index] += count
      sums.columns[index] += Double(right) * Double(count) + sum(columns, 0, of: candidate)
      sums.rows[index] += Double(down) * Double(count) + sum(rows, 0, of: candidate)
      for band in 0..<bandCount {
        sums.colors[index * bandCount + band] += sum(values, band * stride, of: candidate)
      }
    }
  }

  private func pixelCount(of candidate: Int) -> Int32 {
    nearest.withUnsafeBytes { nearest in
      var counts = SIMD16<Int32>(repeating: 0)
      for group in 0..<stride / Self.laneCount {
        let which = nearest.loadUnaligned(
          fromByteOffset: group * MemoryLayout<Lanes>.stride, as: SIMD16<Int32>.self)
        counts.replace(with: counts &+ 1, where: which .== Int32(candidate))
      }
      let eight = counts.lowHalf &+ counts.highHalf
      let four = eight.lowHalf &+ eight.highHalf
      return four[0] &+ four[1] &+ four[2] &+ four[3]
    }
  }

  /// The sum over a candidate's pixels: lanes over at most 256 pixels, widened and added in order.
  private func sum(_ numbers: [Float], _ start: Int, of candidate: Int) -> Double {
    let groups = stride / Self.laneCount
    let size = MemoryLayout<Lanes>.stride
    return numbers.withUnsafeBytes { numbers in
      nearest.withUnsafeBytes { nearest in
        var total = 0.0
        for strip in Swift.stride(from: 0, to: groups, by: 16) {
          var lanes = Lanes(repeating: 0)
          for group in strip..<min(strip + 16, groups) {
            let which = nearest.loadUnaligned(
              fromByteOffset: group * size, as: SIMD16<Int32>.self)
            let value = numbers.loadUnaligned(
              fromByteOffset: start * MemoryLayout<Float>.stride + group * size, as: Lanes.self)
            lanes += value.replacing(with: 0, where: which .!= Int32(candidate))
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
