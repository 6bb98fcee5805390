internal import Tensors

/// Exponentials of many values by arithmetic alone: the same bits on every machine, and in lanes.
///
/// `exp(x) = 2^n exp(r)` with `|r| <= ln 2 / 2` and a polynomial of degree 6 for `exp(r)` (after Cody
/// and Waite 1980, with the coefficients of Cephes); within 2 units in the last place.
enum Exponential {
  /// The exponential of a value; those below -87 are taken for -87, those above 88 for 88.
  @inline(__always)
  static func exp(_ value: Float) -> Float {
    let x = min(max(value, -87), 88)
    // Adding 1.5 * 2^23 rounds to an integer, which then stands in the lowest bits.
    let magic: Float = 12_582_912
    let shifted = x * 1.442_695_04 + magic
    let n = shifted - magic
    let r = x - n * 0.693_359_375 - n * -2.121_944_4e-4
    var p: Float = 1.987_569_15e-4
    p = p * r + 1.398_199_95e-3
    p = p * r + 8.333_451_9e-3
    p = p * r + 4.166_579_6e-2
    p = p * r + 1.666_666_5e-1
    p = p * r + 5.000_000_1e-1
    let power = Float(
      bitPattern: (shifted.bitPattern &- magic.bitPattern &+ 127) << 23)
    return (p * r * r + r + 1) * power
  }

  /// Turns every row of a matrix into shares that add up to 1: its softmax.
  static func softmaxRows(_ values: UnsafeMutableBufferPointer<Float>, columns: Int) {
    guard columns > 0 else { return }
    for start in stride(from: 0, to: values.count, by: columns) {
      let row = UnsafeMutableBufferPointer(rebasing: values[start..<start + columns])
      let largest = Reductions.maximum(UnsafeBufferPointer(row))
      for index in 0..<columns { row[index] = exp(row[index] - largest) }
      let scale = 1 / Reductions.sum(UnsafeBufferPointer(row))
      for index in 0..<columns { row[index] *= scale }
    }
  }

  /// The derivative of a softmax by rows: `w * (z - sum(w * z))`, in place of `z`.
  ///
  /// It takes tangents of the softmax's arguments to those of its shares, and slopes back.
  static func softmaxSlopes(
    _ slopes: UnsafeMutableBufferPointer<Float>, shares: UnsafeBufferPointer<Float>, columns: Int
  ) {
    precondition(slopes.count == shares.count, "\(slopes.count) slopes of \(shares.count) shares")
    guard columns > 0 else { return }
    for start in stride(from: 0, to: slopes.count, by: columns) {
      let row = UnsafeMutableBufferPointer(rebasing: slopes[start..<start + columns])
      let own = UnsafeBufferPointer(rebasing: shares[start..<start + columns])
      let mean = Reductions.dot(UnsafeBufferPointer(row), own)
      for index in 0..<columns { row[index] = own[index] * (row[index] - mean) }
    }
  }

  /// The hyperbolic tangent of every value.
  static func tanh(_ values: inout [Float]) {
    for index in values.indices {
      values[index] = 1 - 2 / (exp(2 * values[index]) + 1)
    }
  }
}
