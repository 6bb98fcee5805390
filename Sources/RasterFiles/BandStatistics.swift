/// Exact statistics of the values of a band, gathered block by block in a fixed order.
public struct BandStatistics: Sendable, Hashable {
  /// The number of cells with a value.
  public private(set) var validCount = 0
  /// The number of cells.
  public private(set) var count = 0
  /// The smallest value; infinite while there is none.
  public private(set) var minimum = Double.infinity
  /// The largest value; infinite while there is none.
  public private(set) var maximum = -Double.infinity
  /// The mean; 0 while there is no value.
  public private(set) var mean = 0.0
  private var squares = 0.0

  /// The statistics of no cell.
  public init() {}

  /// The standard deviation of the values (divided by their number, as GDAL does).
  public var standardDeviation: Double {
    validCount > 0 ? (max(0, squares) / Double(validCount)).squareRoot() : 0
  }

  /// The share of cells with a value, in percent.
  public var validPercent: Double {
    count > 0 ? 100 * Double(validCount) / Double(count) : 0
  }

  /// Adds a block of cells; those equal to `nodata` have no value, nor has a NaN.
  ///
  /// Blocks are summed by themselves and combined as in Chan, Golub and LeVeque (1983), so that
  /// digits are not lost in long sums.
  mutating func add<Value: OutputValue>(_ values: ArraySlice<Value>, nodata: Value?) {
    count += values.count
    var (blockCount, sum) = (0, 0.0)
    for value in values where value != nodata && !value.isMissing {
      let number = value.number
      minimum = min(minimum, number)
      maximum = max(maximum, number)
      sum += number
      blockCount += 1
    }
    guard blockCount > 0 else { return }
    let blockMean = sum / Double(blockCount)
    var blockSquares = 0.0
    for value in values where value != nodata && !value.isMissing {
      let difference = value.number - blockMean
      blockSquares += difference * difference
    }
    let total = Double(validCount + blockCount)
    let difference = blockMean - mean
    squares +=
      blockSquares
      + difference * difference * Double(validCount) * Double(blockCount) / total
    mean += difference * Double(blockCount) / total
    validCount += blockCount
  }
}

/// A type of cells that rasters are written with.
protocol OutputValue: Equatable, BitwiseCopyable {
  /// Whether the value stands for no value by itself.
  var isMissing: Bool { get }
  /// The value as a number.
  var number: Double { get }
}

extension Float: OutputValue {
  var isMissing: Bool { isNaN }
  var number: Double { Double(self) }
}

extension UInt8: OutputValue {
  var isMissing: Bool { false }
  var number: Double { Double(self) }
}

extension UInt16: OutputValue {
  var isMissing: Bool { false }
  var number: Double { Double(self) }
}

extension UInt32: OutputValue {
  var isMissing: Bool { false }
  var number: Double { Double(self) }
}
