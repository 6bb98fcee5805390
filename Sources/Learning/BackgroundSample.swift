internal import Tensors

/// Training samples that stand for "nothing special": the baselines of explanations.
public enum BackgroundSample {
  /// Chooses up to `count` of the samples at `positions`, in proportion to the classes.
  ///
  /// Every class that occurs has at least one where there is room; labels and quarters of values
  /// take the place of classes. The choice depends on the seed and the samples' ids alone. The
  /// result is ascending.
  public static func choose(
    from set: SampleSet, positions: [Int], count: Int = 50, seed: UInt64
  ) -> [Int] {
    if positions.count <= count { return positions.sorted() }
    let strata = Strata(set)
    let groups = Dictionary(grouping: positions) { strata.ofSample[$0] }
      .sorted { $0.key.lexicographicallyPrecedes($1.key) }
      .map(\.value)
    let quotas = quotas(groups.map(\.count), count: count)
    let choice = Randomness(seed: seed, Randomness.word("background"))
    var chosen: [Int] = []
    for (members, quota) in zip(groups, quotas) {
      let keyed = members.map { position -> (key: UInt64, position: Int) in
        let id = UInt64(bitPattern: Int64(set.samples[position].id))
        return (choice.bits64(id), position)
      }
      chosen += keyed.sorted { $0 < $1 }.prefix(quota).map(\.position)
    }
    return chosen.sorted()
  }

  /// Largest remainders after one for each group, the larger groups first where room is short.
  private static func quotas(_ sizes: [Int], count: Int) -> [Int] {
    let total = sizes.reduce(0, +)
    var quotas = sizes.map { _ in 0 }
    let bySize = sizes.indices.sorted { (-sizes[$0], $0) < (-sizes[$1], $1) }
    for group in bySize.prefix(count) { quotas[group] = 1 }
    func lack(_ group: Int) -> Double {
      quotas[group] >= sizes[group]
        ? -.infinity : Double(sizes[group] * count) / Double(total) - Double(quotas[group])
    }
    while quotas.reduce(0, +) < min(count, total) {
      guard let next = bySize.max(by: { lack($0) < lack($1) }) else { break }
      quotas[next] += 1
    }
    return quotas
  }
}
