public import Rasters

/// How well segments fit the classes and colours beneath them.
public enum SegmentationQuality {
  /// The share of the classes' boundary cells with a segment boundary within `tolerance` cells.
  ///
  /// A boundary cell differs from its right or lower neighbour. `classes` holds a class per cell,
  /// row-major; boundaries with class 0 (unlabelled) do not count (Achanta et al. 2012).
  public static func boundaryRecall(
    _ segments: SegmentRaster, classes: [Int32], tolerance: Int = 2
  ) -> Double {
    let window = segments.window
    precondition(classes.count == window.cellCount, "\(classes.count) classes over \(window)")
    let found = boundary(segments.ids, width: window.width) { _, _ in true }
    let wanted = boundary(classes, width: window.width) { $0 != 0 && $1 != 0 }
    var hits = 0
    var total = 0
    for row in 0..<window.height {
      for column in 0..<window.width where wanted[row * window.width + column] {
        total += 1
        let rows = max(0, row - tolerance)...min(window.height - 1, row + tolerance)
        let columns = max(0, column - tolerance)...min(window.width - 1, column + tolerance)
        if rows.contains(where: { y in columns.contains { found[y * window.width + $0] } }) {
          hits += 1
        }
      }
    }
    return total == 0 ? .nan : Double(hits) / Double(total)
  }

  /// The share of the labelled cells (class not 0) that carry the commonest class of their segment.
  public static func achievableAccuracy(_ segments: SegmentRaster, classes: [Int32]) -> Double {
    precondition(
      classes.count == segments.ids.count, "\(classes.count) classes over \(segments.window)")
    var counts: [UInt32: [Int32: Int]] = [:]
    for (id, label) in zip(segments.ids, classes) where id != SegmentRaster.none && label != 0 {
      counts[id, default: [:]][label, default: 0] += 1
    }
    let total = counts.values.reduce(0) { $0 + $1.values.reduce(0, +) }
    let best = counts.values.reduce(0) { $0 + ($1.values.max() ?? 0) }
    return total == 0 ? .nan : Double(best) / Double(total)
  }

  /// The variance inside segments as a share of the whole variance, over all bands together.
  public static func withinSegmentVariance(_ cube: DataCube, _ segments: SegmentRaster) -> Double {
    precondition(cube.window == segments.window, "\(cube.window) against \(segments.window)")
    let adjacency = RegionAdjacency(segments)
    var within = 0.0
    var whole = 0.0
    for band in 0..<cube.bandCount {
      let values = cube.band(band).map(Double.init)
      within += scatter(values, groups: adjacency.numberOfCell, count: adjacency.segmentCount)
      whole += scatter(values, groups: adjacency.numberOfCell.map { min($0, 0) }, count: 1)
    }
    return within / whole
  }

  /// The sum of squared distances from the mean of each group; negative groups do not count.
  private static func scatter(_ values: [Double], groups: [Int32], count: Int) -> Double {
    var sums = [Double](repeating: 0, count: count)
    var sizes = sums
    for (value, group) in zip(values, groups) where group >= 0 {
      sums[Int(group)] += value
      sizes[Int(group)] += 1
    }
    var result = 0.0
    for (value, group) in zip(values, groups) where group >= 0 {
      let distance = value - sums[Int(group)] / sizes[Int(group)]
      result += distance * distance
    }
    return result
  }

  private static func boundary<Label: Equatable>(
    _ labels: [Label], width: Int, where counts: (Label, Label) -> Bool
  ) -> [Bool] {
    labels.indices.map { cell in
      func differs(_ other: Int) -> Bool {
        labels[other] != labels[cell] && counts(labels[cell], labels[other])
      }
      return ((cell + 1) % width != 0 && differs(cell + 1))
        || (cell + width < labels.count && differs(cell + width))
    }
  }
}
