internal import Glibc
import Rasters

/// Sums over the cells of each segment of a window.
struct SegmentSums {
  let window: Window
  let bandCount: Int
  var counts: [Int]
  var colors: [Double]
  /// The cells of each segment that have a value, by segment and band.
  var valueCounts: [Int32]
  /// Sums of columns and rows from the window's first, and of their products.
  var columns: [Int]
  var rows: [Int]
  var squares: [SIMD4<Int>]
  /// First and last column and row.
  var bounds: [SIMD4<Int>]

  init(cube: DataCube, numberOfCell: [Int32], of count: Int) {
    window = cube.window
    bandCount = cube.bandCount
    counts = [Int](repeating: 0, count: count)
    colors = [Double](repeating: 0, count: count * cube.bandCount)
    valueCounts = [Int32](repeating: 0, count: count * cube.bandCount)
    columns = counts
    rows = counts
    squares = [SIMD4<Int>](repeating: SIMD4(repeating: 0), count: count)
    bounds = [SIMD4<Int>](repeating: SIMD4(.max, .max, .min, .min), count: count)
    for cell in 0..<numberOfCell.count where numberOfCell[cell] >= 0 {
      add(cell, to: Int(numberOfCell[cell]))
    }
    for band in 0..<bandCount {
      let start = band * window.cellCount
      for cell in 0..<numberOfCell.count where numberOfCell[cell] >= 0 {
        let value = cube.values[start + cell]
        guard value.isFinite else { continue }
        let place = Int(numberOfCell[cell]) * bandCount + band
        colors[place] += Double(value)
        valueCounts[place] += 1
      }
    }
  }

  private mutating func add(_ cell: Int, to segment: Int) {
    let column = cell % window.width
    let row = cell / window.width
    counts[segment] += 1
    columns[segment] += column
    rows[segment] += row
    squares[segment] &+= SIMD4(column * column, column * row, row * row, 0)
    let old = bounds[segment]
    bounds[segment] = SIMD4(
      min(old[0], column), min(old[1], row), max(old[2], column), max(old[3], row))
  }

  func row(
    _ segment: Int, id: UInt32, origin: Cell, transform: GeoTransform,
    neighbors: [SegmentTable.Neighbor]
  ) -> SegmentTable.Row {
    let count = Double(counts[segment])
    let left = window.x + origin.column
    let top = window.y + origin.row
    let box = bounds[segment]
    let shape = shape(segment, transform: transform)
    return SegmentTable.Row(
      id: id, pixelCount: counts[segment],
      means: (segment * bandCount..<(segment + 1) * bandCount).map {
        Float(colors[$0] / Double(valueCounts[$0]))
      },
      column: (Double(columns[segment] + left * counts[segment]) / count) + 0.5,
      row: (Double(rows[segment] + top * counts[segment]) / count) + 0.5,
      bounds: Window(
        x: box[0] + left, y: box[1] + top, width: box[2] - box[0] + 1, height: box[3] - box[1] + 1),
      elongation: shape.elongation, strike: shape.strike, neighbors: neighbors)
  }

  /// The axes of the second moments in map units; a cell counts as a square, not as a point.
  func shape(_ segment: Int, transform: GeoTransform) -> (
    elongation: Double, strike: Double
  ) {
    let count = counts[segment]
    // Integers until the last division, so that the window's place cannot show in rounding.
    func covariance(_ products: Int, _ a: Int, _ b: Int) -> Double {
      Double(count * products - a * b) / (Double(count) * Double(count))
    }
    let square = squares[segment]
    let cc = covariance(square[0], columns[segment], columns[segment]) + 1 / 12
    let cr = covariance(square[1], columns[segment], rows[segment])
    let rr = covariance(square[2], rows[segment], rows[segment]) + 1 / 12
    let (a, b) = (transform.columnX, transform.rowX)
    let (c, d) = (transform.columnY, transform.rowY)
    let xx = a * a * cc + 2 * a * b * cr + b * b * rr
    let xy = a * c * cc + (a * d + b * c) * cr + b * d * rr
    let yy = c * c * cc + 2 * c * d * cr + d * d * rr
    let middle = (xx + yy) / 2
    let radius = ((xx - yy) * (xx - yy) / 4 + xy * xy).squareRoot()
    let strike = 90 - atan2(2 * xy, xx - yy) / 2 * 180 / .pi
    return (
      ((middle + radius) / (middle - radius)).squareRoot(), strike >= 180 ? strike - 180 : strike
    )
  }
}
