/// Exact quantiles of floats that are looked through in three passes, chunk by chunk.
///
/// The bits of a float, put in the order of the numbers, are a key of 32 bits. The first pass counts
/// the leading 11 bits of all keys; that decides which leading bits the wanted order statistics
/// have. The second pass counts the next 11 bits of keys with these leading bits, the third the last
/// 10: a radix selection. Counts add up in any order, so the result is the same for any division
/// into chunks, and exact. Quantiles are those of Hyndman & Fan's (1996) type 7: `j/m` of n sorted
/// values is at position `(n - 1) j/m`, with linear interpolation.
public struct ExactQuantiles: Sendable, Hashable, Codable {
  /// How often the values are looked through.
  public static let passCount = 3
  private static let widths = [11, 11, 10]

  /// The number of equal intervals that the quantiles divide the values into.
  public private(set) var intervals: Int
  private let isCapped: Bool
  /// Which of the quantiles are wanted, ascending; nil for all.
  private let chosen: [Int]?
  /// The number of passes done.
  public private(set) var pass = 0
  /// The number of values, known after the first pass.
  public private(set) var count = 0
  /// The leading bits of every order statistic, ascending.
  private var prefixes: [UInt32] = []
  /// The rank of every order statistic among the values with the same leading bits.
  private var ranks: [Int] = []

  /// Asks for the quantiles that divide the values into `intervals` equal parts, and both ends.
  ///
  /// If `isCapped`, there are no more quantiles than values.
  public init(intervals: Int, isCapped: Bool = false) {
    precondition(intervals >= 1, "\(intervals) intervals")
    self.intervals = intervals
    self.isCapped = isCapped
    chosen = nil
  }

  /// Asks for the quantiles at some shares of the values: ascending, in 0...1, whole millionths.
  public init(at shares: [Double]) {
    precondition(
      shares.allSatisfy { (0...1).contains($0) } && shares == shares.sorted(),
      "quantiles at \(shares)")
    intervals = 1_000_000
    isCapped = false
    chosen = shares.map { Int(($0 * 1_000_000).rounded()) }
  }

  /// Whether `values` can be read.
  public var isFinished: Bool { pass == Self.passCount }

  /// Counts the values of a chunk as the next pass needs them; values that are not finite are not
  /// counted.
  public func counts(_ values: Span<Float>) -> KeyCounts {
    precondition(!isFinished, "all passes are done")
    let shift = UInt32(Self.widths[(pass + 1)...].reduce(0, +))
    let width = UInt32(Self.widths[pass])
    let slots = leadingSlots
    var bins = [Int](repeating: 0, count: max(1, slots.count) << Int(width))
    let mask = UInt32(1) << width &- 1
    for index in values.indices where values[index].isFinite {
      let key = Self.key(values[index]) >> shift
      var slot = 0
      if pass > 0 {
        guard let found = slots.position(of: key >> width) else { continue }
        slot = found
      }
      bins[slot << Int(width) | Int(key & mask)] += 1
    }
    var result = KeyCounts()
    for (bin, count) in bins.enumerated() where count > 0 {
      let leading = pass == 0 ? 0 : slots.keys[bin >> Int(width)]
      result.append(leading << width | UInt32(bin) & mask, count)
    }
    return result
  }

  /// Takes the counts of all chunks and knows more bits of every order statistic.
  public mutating func narrow(_ counts: KeyCounts) {
    precondition(!isFinished, "all passes are done")
    if pass == 0 { begin(counts.total) }
    let width = UInt32(Self.widths[pass])
    var place = 0
    var before = 0
    var leading: UInt32?
    for target in prefixes.indices {
      if pass > 0, leading != prefixes[target] {
        leading = prefixes[target]
        while counts.keys[place] >> width < prefixes[target] { place += 1 }
        before = 0
      }
      while before + counts.counts[place] <= ranks[target] {
        before += counts.counts[place]
        place += 1
      }
      prefixes[target] = counts.keys[place]
      ranks[target] -= before
    }
    pass += 1
  }

  /// The quantiles, ascending; none if there is no value.
  public var values: [Double] {
    precondition(isFinished, "\(pass) of \(Self.passCount) passes are done")
    guard count > 0 else { return [] }
    let statistics = Dictionary(
      uniqueKeysWithValues: zip(wantedRanks, prefixes.lazy.map { Double(Self.value($0)) }))
    return indices.map { index in
      let (low, high) = neighbors(index)
      guard let below = statistics[low], let above = statistics[high] else { return .nan }
      let share = intervals == 0 ? 0 : (count - 1) * index % intervals
      return share == 0 ? below : below + (above - below) * Double(share) / Double(intervals)
    }
  }

  private mutating func begin(_ total: Int) {
    count = total
    guard total > 0 else { return }
    if isCapped { intervals = min(intervals, total - 1) }
    ranks = wantedRanks
    prefixes = [UInt32](repeating: 0, count: ranks.count)
  }

  private var indices: [Int] { chosen ?? Array(0...intervals) }

  /// The ranks of the two values between which a quantile lies.
  private func neighbors(_ index: Int) -> (low: Int, high: Int) {
    let low = intervals == 0 ? 0 : (count - 1) * index / intervals
    return (low, min(low + 1, count - 1))
  }

  /// The ranks of all values that quantiles lie between, ascending, each once.
  private var wantedRanks: [Int] {
    var result: [Int] = []
    for index in indices {
      let (low, high) = neighbors(index)
      for rank in [low, high] where rank > result.last ?? -1 { result.append(rank) }
    }
    return result
  }

  private var leadingSlots: Slots {
    var keys: [UInt32] = []
    for prefix in prefixes where keys.last != prefix { keys.append(prefix) }
    return Slots(keys: keys)
  }

  /// The leading bits that are looked for, ascending, found by bisection.
  private struct Slots {
    let keys: [UInt32]
    var count: Int { keys.count }

    func position(of key: UInt32) -> Int? {
      var low = 0
      var high = keys.count
      while low < high {
        let middle = (low + high) / 2
        if keys[middle] < key { low = middle + 1 } else { high = middle }
      }
      return low < keys.count && keys[low] == key ? low : nil
    }
  }

  /// The bits of a float in the order of the numbers; both zeros are one.
  static func key(_ value: Float) -> UInt32 {
    let bits = (value + 0).bitPattern
    return bits >> 31 == 0 ? bits | 0x8000_0000 : ~bits
  }

  private static func value(_ key: UInt32) -> Float {
    Float(bitPattern: key >> 31 == 1 ? key & 0x7fff_ffff : ~key)
  }
}

/// How often keys occur, keys ascending.
public struct KeyCounts: Sendable, Hashable, Codable {
  /// The keys, ascending.
  public private(set) var keys: [UInt32] = []
  /// How often each key occurs.
  public private(set) var counts: [Int] = []

  /// Nothing counted.
  public init() {}

  /// Takes keys (ascending) and their counts, as they were stored.
  public init(keys: [UInt32], counts: [Int]) {
    precondition(keys.count == counts.count, "\(counts.count) counts for \(keys.count) keys")
    self.keys = keys
    self.counts = counts
  }

  /// The sum of all counts.
  public var total: Int { counts.reduce(0, +) }

  /// Adds a key above all others.
  mutating func append(_ key: UInt32, _ count: Int) {
    keys.append(key)
    counts.append(count)
  }

  /// Adds other counts.
  public mutating func merge(_ other: KeyCounts) {
    var result = KeyCounts()
    result.keys.reserveCapacity(keys.count + other.keys.count)
    result.counts.reserveCapacity(keys.count + other.keys.count)
    var (left, right) = (0, 0)
    while left < keys.count || right < other.keys.count {
      let a = left < keys.count ? UInt64(keys[left]) : .max
      let b = right < other.keys.count ? UInt64(other.keys[right]) : .max
      let count = (a <= b ? counts[left] : 0) + (b <= a ? other.counts[right] : 0)
      result.append(UInt32(min(a, b)), count)
      if a <= b { left += 1 }
      if b <= a { right += 1 }
    }
    self = result
  }
}
