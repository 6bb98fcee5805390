import Networks

/// A rectangle of a chunk's cells that is explained in one go.
struct Strip: Equatable {
  var rows: Range<Int>
  var columns: Range<Int>

  /// The rectangles that hold every wanted cell.
  ///
  /// Rows without wanted cells are skipped where the gap is wider than the halo that a new strip
  /// has to read again. A model with a graph gets one rectangle, for its graph is the whole
  /// chunk's.
  static func covering(
    _ wanted: [Bool]?, width: Int, height: Int, margin: Int, whole: Bool, rowLimit: Int = .max
  ) -> [Strip] {
    guard let wanted else {
      return split(0..<height, by: whole ? .max : rowLimit).map {
        Strip(rows: $0, columns: 0..<width)
      }
    }
    precondition(wanted.count == width * height, "\(wanted.count) cells for \(width) x \(height)")
    var runs: [Range<Int>] = []
    var left = width
    var right = 0
    for y in 0..<height {
      let row = wanted[y * width..<(y + 1) * width]
      guard let first = row.firstIndex(of: true), let last = row.lastIndex(of: true) else {
        continue
      }
      left = min(left, first - y * width)
      right = max(right, last - y * width + 1)
      if let run = runs.last, whole || y - run.upperBound <= 2 * margin {
        runs[runs.count - 1] = run.lowerBound..<y + 1
      } else {
        runs.append(y..<y + 1)
      }
    }
    let strips = runs.flatMap { split($0, by: whole ? .max : rowLimit) }
      .map { Strip(rows: $0, columns: left..<right) }
    // A part that is nearly all takes more memory than it spares work: it is a copy.
    guard let only = strips.first, strips.count == 1,
      8 * only.rows.count * only.columns.count >= 7 * wanted.count
    else { return strips }
    return [Strip(rows: 0..<height, columns: 0..<width)]
  }

  private static func split(_ rows: Range<Int>, by limit: Int) -> [Range<Int>] {
    stride(from: rows.lowerBound, to: rows.upperBound, by: min(max(limit, 1), max(rows.count, 1)))
      .map { $0..<min($0 + max(min(limit, rows.count), 1), rows.upperBound) }
  }
}

extension ExplanationField {
  /// Explains the wanted cells strip by strip and puts the parts together.
  func explained(
    where wanted: [Bool]?, rowLimit: Int = .max, _ explain: (ExplanationField) -> Attribution
  ) -> Attribution {
    let strips = Strip.covering(
      wanted, width: input.width, height: input.height, margin: input.margin,
      whole: input.graph != nil, rowLimit: rowLimit)
    if strips == [Strip(rows: 0..<input.height, columns: 0..<input.width)] {
      var all = explain(self)
      if let wanted { all.leaveOut { !wanted[$0] } }
      return all
    }
    var whole = Attribution(featureCount: mixing.featureCount, cellCount: input.cellCount)
    for strip in strips {
      let part = explain(cropped(rows: strip.rows, columns: strip.columns))
      for (i, y) in strip.rows.enumerated() {
        for (k, x) in strip.columns.enumerated() where wanted?[y * input.width + x] ?? true {
          let from = i * strip.columns.count + k
          let to = y * input.width + x
          whole.base[to] = part.base[from]
          whole.output[to] = part.output[from]
          whole.residual[to] = part.residual[from]
          for t in 0..<whole.featureCount {
            whole.features[t * whole.cellCount + to] = part.features[t * part.cellCount + from]
          }
        }
      }
    }
    return whole
  }
}
