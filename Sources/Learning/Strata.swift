internal import Networks
internal import Tensors

/// The strata that samples are balanced by when they are divided.
///
/// Classes are their own strata; a label makes two, one of the samples that have it and one of
/// those that do not; a value makes four, its quarters.
struct Strata: Sendable {
  /// The number of strata.
  let count: Int
  /// The strata that each sample belongs to; none where its target is not known.
  let ofSample: [[Int]]

  init(_ set: SampleSet) {
    switch set.kind {
    case .softmax:
      count = set.categories.count
      ofSample = set.samples.map {
        if case .category(let index) = $0.target { [index] } else { [] }
      }
    case .sigmoid:
      count = 2 * set.categories.count
      ofSample = set.samples.map { sample in
        guard case .values(let labels) = sample.target else { return [] }
        return labels.indices.filter { !labels[$0].isNaN }.map {
          2 * $0 + (labels[$0] == 1 ? 1 : 0)
        }
      }
    case .linear:
      count = 4
      ofSample = Self.quarters(set)
    }
  }

  /// The quarter of the first value that each sample is in.
  private static func quarters(_ set: SampleSet) -> [[Int]] {
    let known: [(value: Float, id: Int, position: Int)] = set.samples.indices.compactMap {
      guard case .values(let values) = set.samples[$0].target, let first = values.first,
        !first.isNaN
      else { return nil }
      return (first, set.samples[$0].id, $0)
    }
    var result = [[Int]](repeating: [], count: set.count)
    let ranked = known.sorted { ($0.value, $0.id) < ($1.value, $1.id) }
    for (rank, entry) in ranked.enumerated() {
      result[entry.position] = [4 * rank / ranked.count]
    }
    return result
  }

  /// How many of the given samples are in each stratum.
  func counts(of positions: [Int]) -> [Int] {
    var result = [Int](repeating: 0, count: count)
    for position in positions {
      for stratum in ofSample[position] { result[stratum] += 1 }
    }
    return result
  }
}

/// Samples that must stay together.
struct SampleGroup: Sendable {
  /// Two words that name the group wherever its samples stand in the list.
  var key: (UInt64, UInt64)
  /// The positions of the samples.
  var positions: [Int]
}

/// Divides groups of samples into parts so that every part has its share of every stratum.
///
/// The greedy rule of scikit-learn's `StratifiedGroupKFold`: groups with the most uneven counts
/// come first, or in an order that is drawn, and each goes where the shares of the strata spread
/// least; ties go to the smaller part, then to the first.
enum GroupStratification {
  /// Which group is placed first.
  enum Order {
    /// The most uneven ones; the seed decides between equals.
    case uneven
    /// Any, as the seed says: a few large groups are divided differently by each seed.
    case drawn
  }

  /// The part of each group; parts aim at `shares` of all samples.
  static func assign(
    _ groups: [SampleGroup], _ strata: Strata, shares: [Double], seed: UInt64,
    order: Order = .uneven
  ) -> [Int] {
    let counts = groups.map { strata.counts(of: $0.positions).map(Double.init) }
    var totals = [Double](repeating: 0, count: strata.count)
    for count in counts { for stratum in totals.indices { totals[stratum] += count[stratum] } }
    let unevenness = counts.map { spread($0) }
    let ties = Randomness(seed: seed, Randomness.word("stratification"))
    let keys = groups.map { ties.derived($0.key.0, $0.key.1).bits64(0) }
    let places = groups.indices.sorted {
      order == .drawn
        ? (keys[$0], $0) < (keys[$1], $1)
        : (-unevenness[$0], -groups[$0].positions.count, keys[$0])
          < (-unevenness[$1], -groups[$1].positions.count, keys[$1])
    }
    var parts = Parts(shares: shares, totals: totals)
    var result = [Int](repeating: 0, count: groups.count)
    for group in places {
      result[group] = parts.place(counts[group], size: groups[group].positions.count)
    }
    return result
  }

  /// The counts of the parts so far.
  private struct Parts {
    let shares: [Double]
    let totals: [Double]
    var counts: [[Double]]
    var sizes: [Double]

    init(shares: [Double], totals: [Double]) {
      self.shares = shares
      self.totals = totals
      counts = shares.map { _ in [Double](repeating: 0, count: totals.count) }
      sizes = shares.map { _ in 0 }
    }

    mutating func place(_ group: [Double], size: Int) -> Int {
      var best = 0
      var bestSpread = Double.infinity
      var bestSize = Double.infinity
      for part in shares.indices {
        let spread = spreadWith(group, in: part)
        let filled = sizes[part] / shares[part]
        let isTie = abs(spread - bestSpread) <= 1e-9 * (1 + abs(bestSpread))
        if isTie ? filled < bestSize : spread < bestSpread {
          (best, bestSpread, bestSize) = (part, spread, filled)
        }
      }
      for stratum in group.indices { counts[best][stratum] += group[stratum] }
      sizes[best] += Double(size)
      return best
    }

    private func spreadWith(_ group: [Double], in part: Int) -> Double {
      var sum = 0.0
      for stratum in totals.indices where totals[stratum] > 0 {
        sum += GroupStratification.spread(
          shares.indices.map {
            (counts[$0][stratum] + ($0 == part ? group[stratum] : 0))
              / (totals[stratum] * shares[$0])
          })
      }
      return sum
    }
  }

  /// The standard deviation of a few numbers.
  static func spread(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    let mean = values.reduce(0, +) / Double(values.count)
    return
      (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
  }
}
