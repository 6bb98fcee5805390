/// How values get from the cells of a file to the cells of a grid.
public enum Resampling: String, Sendable, CaseIterable {
  /// The cell under the centre; for categories.
  case nearest
  /// Linear between the four cells around the centre; for values where cells do not grow.
  case bilinear
  /// Cubic convolution (a = -0.5) over the sixteen cells around the centre; smooth values.
  case cubic
  /// The mean of the cells under the target cell, by area; for values where cells grow.
  case average
  /// The value with the largest area under the target cell; for categories where cells grow.
  case mode

  /// Whether values depend on all cells under the target cell rather than on those at its centre.
  var isOverArea: Bool { self == .average || self == .mode }

  /// How far from the centre the cells lie that take part, in source cells.
  var reach: Int {
    switch self {
    case .nearest, .average, .mode: 0
    case .bilinear: 1
    case .cubic: 2
    }
  }
}

/// Some cells of one band of a file; NaN where there is no data.
struct SourceTile {
  /// The first column and row, counted in the file.
  let x: Int
  let y: Int
  let width: Int
  let height: Int
  /// The values, rows from the top.
  let values: ArraySlice<Float>

  /// The value of a cell; NaN outside the tile, which reaches as far as the file or the kernel.
  @inline(__always)
  func value(_ column: Int, _ row: Int) -> Float {
    let (dx, dy) = (column - x, row - y)
    guard dx >= 0, dy >= 0, dx < width, dy < height else { return .nan }
    return values[values.startIndex + dy * width + dx]
  }
}

/// A thousandth of a thousandth of a cell: positions this close below a border lie on it.
///
/// Centres that fall exactly on borders would otherwise go left or right by their last digits.
private let borderTolerance = 1e-6

/// The column (or row) of the cell that holds a position.
@inline(__always)
func cellIndex(_ position: Double) -> Int { Int((position + borderTolerance).rounded(.down)) }

/// Sampling at a position.
///
/// A target cell is valid exactly where the cell under its centre is; the weights of its missing
/// neighbours go to the others, so no value of an invalid cell ever enters.
extension SourceTile {
  /// The value at a position in columns and rows of the file.
  func sample(_ column: Double, _ row: Double, by resampling: Resampling) -> Float {
    let nearest = value(cellIndex(column), cellIndex(row))
    guard !nearest.isNaN else { return .nan }
    switch resampling {
    case .nearest, .average, .mode: return nearest
    case .bilinear: return bilinear(column - 0.5, row - 0.5) ?? nearest
    case .cubic:
      return cubic(column - 0.5, row - 0.5) ?? bilinear(column - 0.5, row - 0.5) ?? nearest
    }
  }

  /// The value between four cell centres; nil where all weight falls on missing cells.
  private func bilinear(_ column: Double, _ row: Double) -> Float? {
    let (left, top) = (column.rounded(.down), row.rounded(.down))
    let (fx, fy) = (column - left, row - top)
    var sum = 0.0
    var total = 0.0
    for dy in 0..<2 {
      for dx in 0..<2 {
        let weight = (dx == 0 ? 1 - fx : fx) * (dy == 0 ? 1 - fy : fy)
        let value = value(Int(left) + dx, Int(top) + dy)
        guard weight > 0, !value.isNaN else { continue }
        sum += weight * Double(value)
        total += weight
      }
    }
    return total > 0 ? Float(sum / total) : nil
  }

  /// The value by cubic convolution; nil where one of the sixteen cells is missing, because
  /// weights of both signs cannot be shared out safely.
  private func cubic(_ column: Double, _ row: Double) -> Float? {
    let (left, top) = (column.rounded(.down), row.rounded(.down))
    let wx = Self.cubicWeights(column - left)
    let wy = Self.cubicWeights(row - top)
    var sum = 0.0
    for dy in 0..<4 {
      var line = 0.0
      for dx in 0..<4 {
        let value = value(Int(left) + dx - 1, Int(top) + dy - 1)
        if value.isNaN { return nil }
        line += wx[dx] * Double(value)
      }
      sum += wy[dy] * line
    }
    return Float(sum)
  }

  /// The weights of the cells at -1, 0, 1 and 2 for a position between 0 and 1.
  private static func cubicWeights(_ t: Double) -> SIMD4<Double> {
    let t2 = t * t
    let t3 = t2 * t
    return SIMD4(
      -0.5 * t3 + t2 - 0.5 * t, 1.5 * t3 - 2.5 * t2 + 1, -1.5 * t3 + 2 * t2 + 0.5 * t,
      0.5 * t3 - 0.5 * t2)
  }
}

/// A rectangle in (fractional) columns and rows of a file: where a target cell lies.
struct Footprint {
  var left: Double
  var top: Double
  var right: Double
  var bottom: Double

  /// The file's columns under the footprint, those only touched included.
  var columns: Range<Int> { Self.cells(left, right) }
  /// The file's rows under the footprint.
  var rows: Range<Int> { Self.cells(top, bottom) }

  private static func cells(_ low: Double, _ high: Double) -> Range<Int> {
    let first = Int(low.rounded(.down))
    return first..<max(first, Int(high.rounded(.up)))
  }
}

/// Sampling over an area.
extension SourceTile {
  /// The mean or the most frequent value under a footprint, by area; NaN where nothing is valid.
  func sample(_ area: Footprint, by resampling: Resampling) -> Float {
    resampling == .mode ? mode(area) : average(area)
  }

  /// The share of valid area below which a cell counts as missed: noise in the last digits.
  private static var sliver: Double { 1e-6 }

  private func average(_ area: Footprint) -> Float {
    var sum = 0.0
    var total = 0.0
    forEachCell(under: area) { value, weight in
      sum += weight * Double(value)
      total += weight
    }
    let extent = (area.right - area.left) * (area.bottom - area.top)
    return total > Self.sliver * extent ? Float(sum / total) : .nan
  }

  /// Ties go to the smaller value.
  private func mode(_ area: Footprint) -> Float {
    var weights: [Float: Double] = [:]
    forEachCell(under: area) { value, weight in weights[value, default: 0] += weight }
    let extent = (area.right - area.left) * (area.bottom - area.top)
    var best = (value: Float.nan, weight: Self.sliver * extent)
    for (value, weight) in weights.sorted(by: { $0.key < $1.key }) where weight > best.weight {
      best = (value, weight)
    }
    return best.value
  }

  /// Calls `body` with each valid cell and the part of its area under the footprint.
  @inline(__always)
  private func forEachCell(under area: Footprint, _ body: (Float, Double) -> Void) {
    let columns = area.columns.clamped(to: x..<x + width)
    for row in area.rows.clamped(to: y..<y + height) {
      let high = min(area.bottom, Double(row + 1)) - max(area.top, Double(row))
      let base = values.startIndex + (row - y) * width - x
      for column in columns {
        let value = values[base + column]
        if value.isNaN { continue }
        let wide = min(area.right, Double(column + 1)) - max(area.left, Double(column))
        body(value, wide * high)
      }
    }
  }
}
