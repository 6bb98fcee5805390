/// Exact sums and sums of products of several variables: covariances with the same bits for any
/// order and any division into parts.
///
/// The product of two floats is an integer of 48 bits times a power of two, so sums of products are
/// kept exactly, as `ExactMoments` keeps squares; they are rounded once, on reading.
public struct ExactCovariance: Sendable, Hashable, Codable {
  /// The number of variables.
  public let variableCount: Int
  /// The number of observations.
  public private(set) var count = 0
  private var totals: [WideInteger]
  /// The products of variables i <= j, row by row of the upper triangle.
  private var products: [WideInteger]

  /// No observations of `variableCount` variables.
  public init(variableCount: Int) {
    precondition(variableCount >= 0, "\(variableCount) variables")
    self.variableCount = variableCount
    totals = [WideInteger](repeating: WideInteger(digitCount: 10), count: variableCount)
    products = [WideInteger](
      repeating: WideInteger(digitCount: 20), count: variableCount * (variableCount + 1) / 2)
  }

  /// Takes in observations, variable after variable: `values` is variables x observations, finite.
  public mutating func add(_ values: Span<Float>) {
    guard variableCount > 0 else { return }
    let observations = values.count / variableCount
    precondition(
      observations * variableCount == values.count,
      "\(values.count) values of \(variableCount) variables")
    // 2^15 products of 48 bits fit into a bin.
    for start in stride(from: 0, to: observations, by: 1 << 15) {
      let size = min(observations - start, 1 << 15)
      let block = (0..<variableCount).map { variable in
        Parts(
          values.extracting(
            variable * observations + start..<variable * observations + start + size))
      }
      add(block)
    }
    count += observations
  }

  /// The observations of one variable as integers and powers of two.
  private struct Parts {
    var mantissas: [Int64]
    var exponents: [Int32]

    init(_ values: Span<Float>) {
      mantissas = [Int64](repeating: 0, count: values.count)
      exponents = [Int32](repeating: 0, count: values.count)
      for index in values.indices {
        let value = values[index]
        precondition(value.isFinite, "a covariance of \(value)")
        let bits = value.bitPattern
        let biased = Int32(bits >> 23 & 0xff)
        let fraction = Int64(bits & 0x7f_ffff)
        let mantissa = biased == 0 ? fraction : fraction | 0x80_0000
        mantissas[index] = bits >> 31 == 0 ? mantissa : -mantissa
        exponents[index] = max(0, biased - 1)
      }
    }
  }

  /// One bin of products per sum of exponents, for every pair of variables.
  private mutating func add(_ block: [Parts]) {
    withUnsafeTemporaryAllocation(of: Int64.self, capacity: 512) { bins in
      var pair = 0
      for first in block.indices {
        bins.initialize(repeating: 0)
        for index in block[first].mantissas.indices {
          bins[Int(block[first].exponents[index])] &+= block[first].mantissas[index]
        }
        Self.empty(bins, into: &totals[first])
        for second in first..<block.count {
          bins.initialize(repeating: 0)
          Self.multiply(block[first], block[second], into: bins)
          Self.empty(bins, into: &products[pair])
          pair += 1
        }
      }
    }
  }

  private static func multiply(
    _ a: Parts, _ b: Parts, into bins: UnsafeMutableBufferPointer<Int64>
  ) {
    let (left, right) = (a.mantissas.span, b.mantissas.span)
    let (leftShift, rightShift) = (a.exponents.span, b.exponents.span)
    for index in left.indices {
      bins[Int(leftShift[index] &+ rightShift[index])] &+= left[index] &* right[index]
    }
  }

  private static func empty(
    _ bins: UnsafeMutableBufferPointer<Int64>, into number: inout WideInteger
  ) {
    for shift in bins.indices where bins[shift] != 0 {
      number.add(bins[shift].magnitude, shift: shift, isNegative: bins[shift] < 0)
    }
  }

  /// Takes in all observations of another accumulator.
  public mutating func merge(_ other: ExactCovariance) {
    precondition(
      other.variableCount == variableCount, "\(other.variableCount) into \(variableCount) variables"
    )
    count += other.count
    for index in totals.indices { totals[index].merge(other.totals[index]) }
    for index in products.indices { products[index].merge(other.products[index]) }
  }

  /// The mean of each variable; NaN for no observations.
  public var means: [Double] {
    totals.map { count == 0 ? .nan : $0.double(unit: -149) / Double(count) }
  }

  /// The sums of products of deviations from the means, variables x variables: `Q - S S' / n`.
  ///
  /// The numerator `n Q - S S'` is exact, so nearly constant variables lose nothing.
  public var scatter: [Double] {
    var result = [Double](repeating: 0, count: variableCount * variableCount)
    guard count > 0 else { return result }
    var pair = 0
    for first in 0..<variableCount {
      for second in first..<variableCount {
        var numerator = products[pair].multiplied(by: WideInteger(count), digitCount: 44)
        numerator.subtract(totals[first].multiplied(by: totals[second], digitCount: 44))
        let value = numerator.double(unit: -298) / Double(count)
        result[first * variableCount + second] = value
        result[second * variableCount + first] = value
        pair += 1
      }
    }
    return result
  }
}
