/// How often magnitudes of each size occur, to a two-thousandth of each: parts merge exactly, in any
/// order, and a quantile of all takes one pass.
///
/// Where no digit may be lost, `ExactQuantiles` takes several passes over the map.
public struct MagnitudeCounts: Sendable, Hashable, Codable {
  /// The leading bits of the magnitudes that occur, ascending.
  public private(set) var keys: [UInt32] = []
  /// How often each occurs.
  public private(set) var counts: [Int] = []

  /// Eight bits of exponent and eleven of fraction.
  private static let droppedBits: UInt32 = 12

  /// Counts nothing.
  public init() {}

  /// Counts the magnitudes of values; those that are missing or infinite do not count.
  public init(_ values: some Sequence<Float>) {
    var found: [UInt32: Int] = [:]
    for value in values where value.isFinite {
      found[value.magnitude.bitPattern >> Self.droppedBits, default: 0] += 1
    }
    keys = found.keys.sorted()
    counts = keys.map { found[$0] ?? 0 }
  }

  /// Takes counts that were made before; keys must ascend, each with a count.
  public init?(keys: [UInt32], counts: [Int]) {
    guard keys.count == counts.count, zip(keys, keys.dropFirst()).allSatisfy({ $0 < $1 }),
      counts.allSatisfy({ $0 > 0 }), keys.last ?? 0 < 1 << (31 - Self.droppedBits)
    else { return nil }
    self.keys = keys
    self.counts = counts
  }

  /// The number of values.
  public var total: Int { counts.reduce(0, +) }

  /// Adds the counts of other values.
  public mutating func merge(_ other: MagnitudeCounts) {
    var merged = MagnitudeCounts()
    var (i, j) = (0, 0)
    while i < keys.count || j < other.keys.count {
      let own = i < keys.count ? keys[i] : .max
      let their = j < other.keys.count ? other.keys[j] : .max
      merged.keys.append(min(own, their))
      merged.counts.append((own <= their ? counts[i] : 0) + (their <= own ? other.counts[j] : 0))
      if own <= their { i += 1 }
      if their <= own { j += 1 }
    }
    self = merged
  }

  /// A value that at least the `share` of all magnitudes do not exceed, at most a two-thousandth
  /// above the least such; nil where there are none.
  public func quantile(_ share: Double) -> Float? {
    let total = total
    guard total > 0 else { return nil }
    let rank = max(1, Int((share * Double(total)).rounded(.up)))
    var seen = 0
    for (key, count) in zip(keys, counts) {
      seen += count
      guard seen >= rank else { continue }
      // The largest magnitude with these leading bits; that of zero is zero.
      return key == 0 ? 0 : Float(bitPattern: (key + 1) << Self.droppedBits).nextDown
    }
    return nil
  }
}
