/// A long signed integer in digits of 32 bits that add without carrying.
///
/// Each digit is an `Int64`, so 2^30 additions of 32-bit parts fit before carries must move up. The
/// normal form, all digits but the last in `0..<2^32`, is unique; equality and coding use it.
struct WideInteger: Sendable {
  private var digits: [Int64]
  private var pending = 0

  init(digitCount: Int) { digits = [Int64](repeating: 0, count: digitCount) }

  /// A non-negative integer.
  init(_ value: Int) {
    precondition(value >= 0, "\(value) is negative")
    digits = [Int64(value & 0xffff_ffff), Int64(value >> 32), 0]
  }

  /// Adds `magnitude 2^shift`, or subtracts it.
  mutating func add(_ magnitude: UInt64, shift: Int, isNegative: Bool) {
    let place = shift >> 5
    let bits = UInt64(shift & 31)
    let first = (magnitude & 0xffff_ffff) << bits
    let second = (magnitude >> 32) << bits
    let parts = (
      Int64(first & 0xffff_ffff), Int64(first >> 32) + Int64(second & 0xffff_ffff),
      Int64(second >> 32)
    )
    let sign: Int64 = isNegative ? -1 : 1
    digits[place] += sign * parts.0
    digits[place + 1] += sign * parts.1
    if parts.2 != 0 { digits[place + 2] += sign * parts.2 }
    pending += 1
    if pending == 1 << 29 { normalize() }
  }

  mutating func merge(_ other: WideInteger) {
    precondition(other.digits.count == digits.count, "numbers of different length")
    normalize()
    let addend = other.normalized
    for index in digits.indices { digits[index] += addend.digits[index] }
    normalize()
  }

  mutating func subtract(_ other: WideInteger) {
    precondition(other.digits.count == digits.count, "numbers of different length")
    normalize()
    let subtrahend = other.normalized
    for index in digits.indices { digits[index] -= subtrahend.digits[index] }
    normalize()
  }

  /// Moves carries up; the last digit keeps the sign.
  mutating func normalize() {
    var carry: Int64 = 0
    for index in digits.indices.dropLast() {
      let value = digits[index] + carry
      digits[index] = value & 0xffff_ffff
      carry = value >> 32
    }
    digits[digits.count - 1] += carry
    pending = 0
  }

  private var normalized: WideInteger {
    var copy = self
    copy.normalize()
    return copy
  }

  /// Sign and magnitude, the latter in digits of 32 bits.
  private var magnitude: (isNegative: Bool, digits: [UInt32]) {
    var number = normalized
    let isNegative = number.digits[digits.count - 1] < 0
    if isNegative {
      for index in number.digits.indices { number.digits[index] = -number.digits[index] }
      number.normalize()
    }
    var result = number.digits.dropLast().map { UInt32(truncatingIfNeeded: $0) }
    let last = UInt64(number.digits[digits.count - 1])
    result.append(UInt32(truncatingIfNeeded: last))
    result.append(UInt32(last >> 32))
    return (isNegative, result)
  }

  /// The product, in `digitCount` digits that must suffice.
  func multiplied(by other: WideInteger, digitCount: Int) -> WideInteger {
    let (left, right) = (magnitude, other.magnitude)
    var product = [UInt64](repeating: 0, count: left.digits.count + right.digits.count + 1)
    for (i, a) in left.digits.enumerated() where a != 0 {
      var carry: UInt64 = 0
      for (j, b) in right.digits.enumerated() {
        let value = product[i + j] + UInt64(a) * UInt64(b) + carry
        product[i + j] = value & 0xffff_ffff
        carry = value >> 32
      }
      product[i + right.digits.count] += carry
    }
    precondition(
      product.dropFirst(digitCount - 1).allSatisfy { $0 == 0 }, "a product of too many digits")
    var result = WideInteger(digitCount: digitCount)
    let sign: Int64 = left.isNegative == right.isNegative ? 1 : -1
    for index in 0..<min(digitCount, product.count) {
      result.digits[index] = sign * Int64(product[index])
    }
    result.normalize()
    return result
  }

  /// The number times `2^unit`, rounded once to the nearest, ties to even.
  func double(unit: Int) -> Double {
    let (isNegative, parts) = magnitude
    guard let top = parts.lastIndex(where: { $0 != 0 }) else { return 0 }
    let leading = parts[top].leadingZeroBitCount
    func digit(_ index: Int) -> UInt64 { index < 0 ? 0 : UInt64(parts[index]) }
    // The 64 leading bits; what lies below them counts in the last bit only, to break ties.
    let wide = UInt128(digit(top)) << 64 | UInt128(digit(top - 1) << 32 | digit(top - 2))
    let shifted = wide << UInt128(leading)
    var bits = UInt64(truncatingIfNeeded: shifted >> 32)
    let below = UInt32(truncatingIfNeeded: shifted) != 0
    if below || parts.prefix(max(0, top - 2)).contains(where: { $0 != 0 }) { bits |= 1 }
    let exponent = (top - 1) * 32 - leading + unit
    let value = Double(sign: .plus, exponent: exponent, significand: Double(bits))
    return isNegative ? -value : value
  }
}

extension WideInteger: Hashable, Codable {
  static func == (left: WideInteger, right: WideInteger) -> Bool {
    left.normalized.digits == right.normalized.digits
  }

  func hash(into hasher: inout Hasher) { hasher.combine(normalized.digits) }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    digits = try container.decode([Int64].self)
    guard digits.count >= 2 else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "a wide integer of \(digits.count) digits")
    }
    for digit in digits.dropLast() where digit < 0 || digit > 0xffff_ffff {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "\(digit) is no digit of a wide integer")
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(normalized.digits)
  }
}
