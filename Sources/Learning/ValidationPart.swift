internal import Rasters

/// The part of the training samples that early stopping watches and nothing is trained on.
public struct ValidationPart: Sendable, Hashable, Codable {
  /// How the part was chosen.
  public let method: Folds.Method
  /// The positions of the samples that are trained on, ascending.
  public let training: [Int]
  /// The positions of the samples that are watched, ascending.
  public let validation: [Int]

  /// Takes about `share` of the samples at `positions`, by blocks where that is possible.
  ///
  /// Cells are taken at random instead where there are fewer than five blocks, where the part would
  /// miss `share` by more than half of it, or where a class that can be in both parts would be
  /// missing from one. With `share` 0, or a single cell, nothing is watched. `segments`, one per
  /// sample of the set, keeps the samples of a segment together at the place of the first of them,
  /// for models in which they share features.
  public static func choose(
    from set: SampleSet, positions: [Int], share: Double = 0.2, blockSize: Double,
    segments: [Int32] = [], seed: UInt64
  ) -> ValidationPart {
    precondition(share >= 0 && share < 1, "a validation share of \(share)")
    let strata = Strata(set)
    let anchors = anchors(set, positions, segments)
    if let blocks = blocks(set, positions, anchors, size: blockSize), blocks.count >= 5 {
      let part = divide(blocks, strata, .blocks, share: share, seed: seed)
      let size = Double(part.validation.count) / Double(positions.count)
      if abs(size - share) <= share / 2, part.keepsStrata(strata) { return part }
    }
    let cells = Folds.groups(
      anchors.map { set.samples[$0].cell }, set, among: positions)
    return divide(cells, strata, .random, share: share, seed: seed)
  }

  /// The sample whose place each sample counts at: itself, or the first of its segment.
  private static func anchors(_ set: SampleSet, _ positions: [Int], _ segments: [Int32]) -> [Int] {
    var result = Array(set.samples.indices)
    guard !segments.isEmpty else { return result }
    var first: [Int32: Int] = [:]
    for position in positions.sorted(by: { set.samples[$0].id < set.samples[$1].id }) {
      let anchor = first[segments[position], default: position]
      first[segments[position]] = anchor
      result[position] = anchor
    }
    return result
  }

  private static func blocks(
    _ set: SampleSet, _ positions: [Int], _ anchors: [Int], size: Double
  ) -> [SampleGroup]? {
    var places = [Cell](repeating: Cell(column: 0, row: 0), count: set.count)
    for position in positions {
      let sample = set.samples[anchors[position]]
      guard let block = try? Folds.block(x: sample.x, y: sample.y, size: size) else { return nil }
      places[position] = block
    }
    return Folds.groups(places, set, among: positions)
  }

  private static func divide(
    _ groups: [SampleGroup], _ strata: Strata, _ method: Folds.Method, share: Double, seed: UInt64
  ) -> ValidationPart {
    let all = groups.flatMap(\.positions).sorted()
    guard share > 0, groups.count > 1 else {
      return ValidationPart(method: method, training: all, validation: [])
    }
    let parts = GroupStratification.assign(
      groups, strata, shares: [1 - share, share], seed: seed)
    let watched = zip(groups, parts).flatMap { $1 == 1 ? $0.positions : [] }
    let kept = zip(groups, parts).flatMap { $1 == 0 ? $0.positions : [] }
    return ValidationPart(method: method, training: kept.sorted(), validation: watched.sorted())
  }

  /// Whether both parts hold every stratum that has more than one sample.
  private func keepsStrata(_ strata: Strata) -> Bool {
    let kept = strata.counts(of: training)
    let watched = strata.counts(of: validation)
    return (0..<strata.count).allSatisfy { stratum in
      kept[stratum] + watched[stratum] < 2 || (kept[stratum] > 0 && watched[stratum] > 0)
    }
  }
}
