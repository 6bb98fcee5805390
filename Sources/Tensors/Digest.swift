/// The 32 bytes of a SHA-256 digest; written as 64 hexadecimal digits.
public struct Digest: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
  private let words: SIMD8<UInt32>

  init(words: [UInt32]) { self.words = SIMD8(words) }

  /// The digest that 64 hexadecimal digits spell, or nil where they do not.
  public init?(hex: String) {
    let digits = hex.utf8.compactMap { Self.value($0) }
    guard digits.count == 64, hex.utf8.count == 64 else { return nil }
    var words = SIMD8<UInt32>(repeating: 0)
    for (index, digit) in digits.enumerated() { words[index / 8] = words[index / 8] << 4 | digit }
    self.words = words
  }

  /// The digest of 32 bytes, most significant first, or nil where there are not as many.
  public init?(bytes: [UInt8]) {
    guard bytes.count == 32 else { return nil }
    words = SIMD8(
      (0..<8).map { word in
        bytes[4 * word..<4 * word + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      })
  }

  /// The bytes, most significant first.
  public var bytes: [UInt8] {
    (0..<32).map { UInt8(truncatingIfNeeded: words[$0 / 4] >> UInt32(24 - 8 * ($0 % 4))) }
  }

  /// 64 lower-case hexadecimal digits.
  public var hex: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// 64 lower-case hexadecimal digits.
  public var description: String { hex }

  /// The order of the hexadecimal digits.
  public static func < (left: Digest, right: Digest) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }

  /// Reads 64 hexadecimal digits.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let digest = Digest(hex: text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "a digest is 64 hexadecimal digits, not \"\(text)\"")
    }
    self = digest
  }

  /// Writes 64 hexadecimal digits.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(hex)
  }

  private static func value(_ digit: UInt8) -> UInt32? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(digit - UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(digit - UInt8(ascii: "A")) + 10
    default: nil
    }
  }
}
