/// Samples of several bands over a window of a grid.
///
/// `values` is band-major, rows from the top, `bandCount * window.cellCount` long. A missing sample
/// is NaN: readers turn nodata, masked, NaN and infinite pixels into NaN before anything else.
public struct DataCube: Sendable, Equatable {
  /// The cells that are covered, in the grid's columns and rows.
  public let window: Window
  /// The number of bands.
  public let bandCount: Int
  /// The samples, band-major.
  public var values: [Float]

  /// Wraps samples; `values` must hold `bandCount * window.cellCount` numbers.
  public init(window: Window, bandCount: Int, values: [Float]) {
    precondition(
      values.count == bandCount * window.cellCount,
      "\(values.count) values for \(bandCount) bands of \(window.cellCount) cells")
    self.window = window
    self.bandCount = bandCount
    self.values = values
  }

  /// A cube with every sample set to `fill`.
  public init(window: Window, bandCount: Int, filledWith fill: Float = .nan) {
    self.window = window
    self.bandCount = bandCount
    values = [Float](repeating: fill, count: bandCount * window.cellCount)
  }

  /// The samples of one band.
  public func band(_ index: Int) -> ArraySlice<Float> {
    values[index * window.cellCount..<(index + 1) * window.cellCount]
  }

  /// The samples of some bands, one band after another.
  public func bands(_ range: Range<Int>) -> ArraySlice<Float> {
    values[range.lowerBound * window.cellCount..<range.upperBound * window.cellCount]
  }

  /// The samples of all bands at one cell of the window.
  public func spectrum(column: Int, row: Int) -> [Float] {
    let cell = window.index(column: column, row: row)
    return (0..<bandCount).map { values[$0 * window.cellCount + cell] }
  }

  /// Copies the overlap of `other` (same bands) into this cube.
  public mutating func paste(_ other: DataCube) {
    precondition(other.bandCount == bandCount, "\(other.bandCount) bands into \(bandCount)")
    let shared = window.intersection(other.window)
    guard !shared.isEmpty else { return }
    for band in 0..<bandCount {
      for row in shared.y..<shared.maxY {
        let source = band * other.window.cellCount + other.window.index(column: shared.x, row: row)
        let target = band * window.cellCount + window.index(column: shared.x, row: row)
        for column in 0..<shared.width {
          values[target + column] = other.values[source + column]
        }
      }
    }
  }

  /// The part of the cube inside `target`; cells outside this cube's window are NaN.
  public func cropped(to target: Window) -> DataCube {
    if target == window { return self }
    var result = DataCube(window: target, bandCount: bandCount)
    result.paste(self)
    return result
  }
}
