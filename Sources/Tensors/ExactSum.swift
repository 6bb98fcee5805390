/// The exact sum of floats: the same bits for any order and any division into parts.
///
/// A finite `Float` is an integer of 24 bits times `2^(e - 149)`. The sum is kept as one long
/// integer in units of `2^-149`, in digits of 32 bits with room for carries (a superaccumulator
/// after Kulisch), so it is exact for all finite floats; it is rounded once, on reading.
public struct ExactSum: Sendable, Hashable, Codable {
  /// Ten digits reach from 2^-149 to 2^171: the largest float 2^43 times.
  private var number = WideInteger(digitCount: 10)

  /// An empty sum.
  public init() {}

  /// The sum of an array; see `add(_:)`.
  public init(_ values: [Float]) {
    for value in values { add(value) }
    number.normalize()
  }

  /// Adds a finite value.
  public mutating func add(_ value: Float) {
    precondition(value.isFinite, "an exact sum of \(value)")
    let (mantissa, exponent) = value.integerParts
    number.add(mantissa, shift: exponent, isNegative: value.sign == .minus)
  }

  /// Adds another sum.
  public mutating func merge(_ other: ExactSum) { number.merge(other.number) }

  /// The sum, rounded once to the nearest.
  public var value: Double { number.double(unit: -149) }

  /// The exact number in units of 2^-149.
  var units: WideInteger { number }
}

/// Count, mean, standard deviation and range of floats, exact however the floats were divided.
///
/// NaN and infinite values are skipped and counted apart. Two accumulators of the same values are
/// equal, in any order and after any merging.
public struct ExactMoments: Sendable, Hashable, Codable {
  /// The number of finite values.
  public private(set) var count = 0
  /// The number of values that were skipped.
  public private(set) var skipped = 0
  /// The smallest value; infinity for none.
  public private(set) var minimum = Float.infinity
  /// The largest value; -infinity for none.
  public private(set) var maximum = -Float.infinity
  private var total = WideInteger(digitCount: 10)
  /// Twenty digits reach from 2^-298 to 2^342: the largest square 2^86 times.
  private var squares = WideInteger(digitCount: 20)

  /// No values.
  public init() {}

  /// The moments of an array.
  public init(_ values: [Float]) { add(contentsOf: values.span) }

  /// Takes in one value.
  public mutating func add(_ value: Float) {
    guard value.isFinite else {
      skipped += 1
      return
    }
    let (mantissa, exponent) = value.integerParts
    total.add(mantissa, shift: exponent, isNegative: value.sign == .minus)
    squares.add(mantissa * mantissa, shift: 2 * exponent, isNegative: false)
    count += 1
    // Zero has two signs: adding one keeps equal sets of values equal in bits.
    minimum = min(minimum, value + 0)
    maximum = max(maximum, value + 0)
  }

  /// Takes in all values of a span.
  public mutating func add(contentsOf values: Span<Float>) {
    values.withUnsafeBufferPointer { values in
      // 2^15 squares of 48 bits fit into a bin.
      for start in stride(from: 0, to: values.count, by: 1 << 15) {
        add(
          block: UnsafeBufferPointer(
            rebasing: values[start..<min(values.count, start + 1 << 15)]))
      }
    }
  }

  /// Takes in a block through one bin of mantissas and one of their squares per exponent.
  private mutating func add(block values: UnsafeBufferPointer<Float>) {
    withUnsafeTemporaryAllocation(of: Int64.self, capacity: 512) { bins in
      bins.initialize(repeating: 0)
      var (low, high) = (minimum, maximum)
      var finite = 0
      for index in values.indices {
        let bits = values[index].bitPattern
        let biased = Int(bits >> 23 & 0xff)
        guard biased != 0xff else { continue }
        let fraction = Int64(bits & 0x7f_ffff)
        let mantissa = biased == 0 ? fraction : fraction | 0x80_0000
        bins[biased] &+= bits >> 31 == 0 ? mantissa : -mantissa
        bins[256 + biased] &+= mantissa &* mantissa
        let value = values[index] + 0
        low = value < low ? value : low
        high = value > high ? value : high
        finite += 1
      }
      for biased in 0..<255 where bins[256 + biased] != 0 {
        let shift = max(0, biased - 1)
        total.add(bins[biased].magnitude, shift: shift, isNegative: bins[biased] < 0)
        squares.add(bins[256 + biased].magnitude, shift: 2 * shift, isNegative: false)
      }
      count += finite
      skipped += values.count - finite
      (minimum, maximum) = (low, high)
    }
  }

  /// Takes in all values of another accumulator.
  public mutating func merge(_ other: ExactMoments) {
    count += other.count
    skipped += other.skipped
    minimum = min(minimum, other.minimum)
    maximum = max(maximum, other.maximum)
    total.merge(other.total)
    squares.merge(other.squares)
  }

  /// The sum of the values, rounded once.
  public var sum: Double { total.double(unit: -149) }

  /// The mean; NaN for no values.
  public var mean: Double { count == 0 ? .nan : sum / Double(count) }

  /// The variance with divisor `count`: `(n Q - S^2) / n^2`, whose numerator is exact.
  public var variance: Double {
    guard count > 0 else { return .nan }
    var numerator = squares.multiplied(by: WideInteger(count), digitCount: 44)
    numerator.subtract(total.multiplied(by: total, digitCount: 44))
    let size = Double(count)
    return numerator.double(unit: -298) / size / size
  }

  /// The standard deviation with divisor `count`; NaN for no values.
  public var standardDeviation: Double { variance.squareRoot() }
}

extension Float {
  /// The integer and the power of two that make up the magnitude in units of 2^-149.
  fileprivate var integerParts: (mantissa: UInt64, exponent: Int) {
    let bits = bitPattern
    let biased = Int(bits >> 23 & 0xff)
    let fraction = UInt64(bits & 0x7f_ffff)
    return biased == 0 ? (fraction, 0) : (fraction | 0x80_0000, biased - 1)
  }
}
