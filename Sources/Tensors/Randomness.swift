internal import Glibc

/// Random numbers by counter: a number depends on seed, key and counter, never on order.
///
/// Philox 4x32-10 (Salmon et al. 2011). Seed and key words are mixed into the 64-bit key and the
/// upper half of the counter; give every purpose, layer, epoch or sample a key of its own.
public struct Randomness: Sendable, Hashable {
  private let key: UInt64
  private let stream: UInt64

  /// A generator for a seed and key words.
  public init(seed: UInt64, key words: [UInt64]) {
    var first = Self.mix(seed)
    var second = Self.mix(seed ^ 0x6a09_e667_f3bc_c908)
    for word in words {
      first = Self.mix(first ^ word)
      second = Self.mix(second &+ Self.mix(word ^ 0xbb67_ae85_84ca_a73b))
    }
    self.init(key: first, stream: second)
  }

  /// A generator for a seed and key words.
  public init(seed: UInt64, _ words: UInt64...) { self.init(seed: seed, key: words) }

  init(key: UInt64, stream: UInt64) {
    self.key = key
    self.stream = stream
  }

  /// A generator of its own for further key words.
  public func derived(_ words: UInt64...) -> Randomness {
    Randomness(seed: key, key: [stream] + words)
  }

  /// A key word for a name: FNV-1a of its UTF-8 bytes.
  public static func word(_ name: String) -> UInt64 {
    name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  /// 32 random bits.
  public func bits32(_ counter: UInt64) -> UInt32 { block(counter >> 2)[Int(counter & 3)] }

  /// 64 random bits.
  public func bits64(_ counter: UInt64) -> UInt64 {
    let four = block(counter)
    return UInt64(four[1]) << 32 | UInt64(four[0])
  }

  /// A number in 0..<1, a multiple of 2^-24.
  public func uniform(_ counter: UInt64) -> Float { Float(bits32(counter) >> 8) * 0x1p-24 }

  /// A number in 0..<1, a multiple of 2^-53.
  public func uniformDouble(_ counter: UInt64) -> Double {
    Double(bits64(counter) >> 11) * 0x1p-53
  }

  /// The numbers `uniform(first), uniform(first + 1), ...`, four to each evaluation.
  public func uniforms(_ count: Int, from first: UInt64 = 0) -> [Float] {
    var counter = first
    var four = block(counter >> 2)
    return (0..<count).map { _ in
      if counter & 3 == 0 { four = block(counter >> 2) }
      defer { counter += 1 }
      return Float(four[Int(counter & 3)] >> 8) * 0x1p-24
    }
  }

  /// A standard normal number (Box and Muller 1958).
  public func normal(_ counter: UInt64) -> Float {
    let four = block(counter)
    let first = (UInt64(four[1]) << 32 | UInt64(four[0])) >> 11
    let second = (UInt64(four[3]) << 32 | UInt64(four[2])) >> 11
    let radius = (-2 * log(Double(first + 1) * 0x1p-53)).squareRoot()
    return Float(radius * cos(2 * Double.pi * Double(second) * 0x1p-53))
  }

  /// An integer in `0..<bound`; the bias is below `bound / 2^64`.
  public func integer(_ counter: UInt64, below bound: Int) -> Int {
    precondition(bound > 0, "a random integer below \(bound)")
    return Int(bits64(counter).multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// The indices `0..<count` in random order (Fisher and Yates).
  public func permutation(_ count: Int) -> [Int] { shuffled(Array(0..<count)) }

  /// The elements in random order.
  public func shuffled<Element>(_ elements: [Element]) -> [Element] {
    var result = elements
    for last in stride(from: result.count - 1, to: 0, by: -1) {
      result.swapAt(last, integer(UInt64(last), below: last + 1))
    }
    return result
  }

  /// One evaluation of Philox 4x32 with ten rounds.
  func block(_ counter: UInt64) -> SIMD4<UInt32> {
    var c0 = UInt32(truncatingIfNeeded: counter)
    var c1 = UInt32(counter >> 32)
    var c2 = UInt32(truncatingIfNeeded: stream)
    var c3 = UInt32(stream >> 32)
    var k0 = UInt32(truncatingIfNeeded: key)
    var k1 = UInt32(key >> 32)
    for _ in 0..<10 {
      let a = UInt64(c0) &* 0xd251_1f53
      let b = UInt64(c2) &* 0xcd9e_8d57
      let next = (UInt32(b >> 32) ^ c1 ^ k0, UInt32(a >> 32) ^ c3 ^ k1)
      c1 = UInt32(truncatingIfNeeded: b)
      c3 = UInt32(truncatingIfNeeded: a)
      (c0, c2) = next
      k0 &+= 0x9e37_79b9
      k1 &+= 0xbb67_ae85
    }
    return SIMD4(c0, c1, c2, c3)
  }

  /// The finalizer of SplitMix64 (Steele, Lea and Flood 2014).
  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9e37_79b9_7f4a_7c15
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
