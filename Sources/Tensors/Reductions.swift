/// Sums, products and maxima of floats in 16 lanes of fixed order, the same on every machine.
public enum Reductions {
  /// The sum of the values.
  public static func sum(_ values: UnsafeBufferPointer<Float>) -> Float {
    let raw = UnsafeRawBufferPointer(values)
    var lanes = SIMD16<Float>(repeating: 0)
    let whole = values.count / 16 * 16
    for start in stride(from: 0, to: whole, by: 16) {
      lanes += raw.loadUnaligned(fromByteOffset: start * 4, as: SIMD16<Float>.self)
    }
    var total = folded(lanes)
    for index in whole..<values.count { total += values[index] }
    return total
  }

  /// The sum of the products of two equally long runs of values.
  public static func dot(
    _ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>
  ) -> Float {
    precondition(a.count == b.count, "the product of \(a.count) and \(b.count) values")
    let (left, right) = (UnsafeRawBufferPointer(a), UnsafeRawBufferPointer(b))
    var lanes = SIMD16<Float>(repeating: 0)
    let whole = a.count / 16 * 16
    for start in stride(from: 0, to: whole, by: 16) {
      lanes +=
        left.loadUnaligned(fromByteOffset: start * 4, as: SIMD16<Float>.self)
        * right.loadUnaligned(fromByteOffset: start * 4, as: SIMD16<Float>.self)
    }
    var total = folded(lanes)
    for index in whole..<a.count { total += a[index] * b[index] }
    return total
  }

  /// The largest value, -infinity for none; NaN never wins.
  public static func maximum(_ values: UnsafeBufferPointer<Float>) -> Float {
    let raw = UnsafeRawBufferPointer(values)
    var lanes = SIMD16<Float>(repeating: -.infinity)
    let whole = values.count / 16 * 16
    for start in stride(from: 0, to: whole, by: 16) {
      let next = raw.loadUnaligned(fromByteOffset: start * 4, as: SIMD16<Float>.self)
      lanes.replace(with: next, where: next .> lanes)
    }
    var largest = -Float.infinity
    for lane in 0..<16 where lanes[lane] > largest { largest = lanes[lane] }
    for index in whole..<values.count where values[index] > largest { largest = values[index] }
    return largest
  }

  /// The sum of the values.
  public static func sum(_ values: [Float]) -> Float {
    values.withUnsafeBufferPointer { sum($0) }
  }

  /// The sum of the values.
  public static func sum(_ values: Span<Float>) -> Float {
    values.withUnsafeBufferPointer { sum($0) }
  }

  /// The sum of the products of two equally long arrays.
  public static func dot(_ a: [Float], _ b: [Float]) -> Float {
    a.withUnsafeBufferPointer { left in b.withUnsafeBufferPointer { dot(left, $0) } }
  }

  /// The sum of the products of two equally long spans.
  public static func dot(_ a: Span<Float>, _ b: Span<Float>) -> Float {
    a.withUnsafeBufferPointer { left in b.withUnsafeBufferPointer { dot(left, $0) } }
  }

  /// The largest value, -infinity for none; NaN never wins.
  public static func maximum(_ values: [Float]) -> Float {
    values.withUnsafeBufferPointer { maximum($0) }
  }

  /// The largest value, -infinity for none; NaN never wins.
  public static func maximum(_ values: Span<Float>) -> Float {
    values.withUnsafeBufferPointer { maximum($0) }
  }

  /// The sum of 16 lanes, halves first.
  private static func folded(_ lanes: SIMD16<Float>) -> Float {
    let eight = lanes.lowHalf + lanes.highHalf
    let four = eight.lowHalf + eight.highHalf
    let two = four.lowHalf + four.highHalf
    return two.x + two.y
  }
}
