internal import Tensors

/// A division of a node's samples by one feature.
struct Split: Equatable {
  var feature: Int
  /// The rank of the largest value on the left.
  var low: Int32
  /// The rank of the smallest value on the right.
  var high: Int32
  /// What the best split has most of: the children's sums of squares over their weights.
  var score: Double
}

/// What the samples of a node add up to.
struct NodeSums {
  /// The weight of all samples.
  var weight = 0.0
  /// The weight of each class, or the weighted sum of values.
  var totals: [Double]
  /// Whether all samples have one class or value.
  var isPure = true

  /// The score of the samples undivided: a split's gain is its score less this.
  var score: Double { totals.reduce(0) { $0 + $1 * $1 } / weight }

  init(_ order: Span<Int32>, _ data: ForestData, _ weights: [Double]) {
    totals = [Double](repeating: 0, count: data.outputCount)
    for place in order.indices {
      let (sample, first) = (Int(order[place]), Int(order[0]))
      weight += weights[sample]
      if data.isClassifier {
        totals[Int(data.classes[sample])] += weights[sample]
        if data.classes[sample] != data.classes[first] { isPure = false }
      } else {
        totals[0] += weights[sample] * data.targets[sample]
        if data.targets[sample] != data.targets[first] { isPure = false }
      }
    }
  }
}

/// The search for a node's best split, with room for its work.
///
/// Maximising the children's sums of squares over their weights minimises both the Gini impurity
/// of classes and the variance of values: the rest of either is the same for all splits.
struct SplitSearch {
  private let data: ForestData
  private let minimumLeaf: Int
  private let features: [Int]
  private var sorter: RankSorter

  init(_ data: ForestData, minimumLeaf: Int) {
    self.data = data
    self.minimumLeaf = minimumLeaf
    features = Array(0..<data.featureCount)
    sorter = RankSorter(capacity: data.count)
  }

  /// The best split of some samples among features drawn without replacement, the first on ties.
  ///
  /// A feature with one value counts as drawn, but drawing goes on until one has several values.
  mutating func best(
    _ order: Span<Int32>, _ weights: [Double], _ sums: NodeSums, random: Randomness
  ) -> Split? {
    var pool = features
    var best: Split?
    var constants = 0
    for drawn in pool.indices {
      guard drawn < data.candidates || constants == drawn else { break }
      pool.swapAt(drawn, drawn + random.integer(UInt64(drawn), below: pool.count - drawn))
      guard sort(order, by: pool[drawn]) else {
        constants += 1
        continue
      }
      sweep(weights, sums, pool[drawn], &best)
    }
    return best
  }

  /// The best split by one feature; nil where none leaves enough samples on both sides.
  mutating func best(
    _ order: Span<Int32>, _ weights: [Double], _ sums: NodeSums, feature: Int
  ) -> Split? {
    var best: Split?
    if sort(order, by: feature) { sweep(weights, sums, feature, &best) }
    return best
  }

  /// Sorts samples by a feature; false where all have one value.
  private mutating func sort(_ order: Span<Int32>, by feature: Int) -> Bool {
    let start = feature * data.count
    return data.ranks.withUnsafeBufferPointer { ranks in
      sorter.sort(order, ranks: UnsafeBufferPointer(rebasing: ranks[start..<start + data.count]))
    }
  }

  private mutating func sweep(
    _ weights: [Double], _ sums: NodeSums, _ feature: Int, _ best: inout Split?
  ) {
    let keys = sorter.sorted.span.extracting(0..<sorter.count)
    let found =
      data.isClassifier
      ? Self.sweepClasses(
        keys, data.classes.span, weights.span, sums, minimumLeaf)
      : Self.sweepValues(keys, data.targets.span, weights.span, sums, minimumLeaf)
    guard let found, found.score > best?.score ?? -.infinity else { return }
    let (low, high) = (sorter.rank(found.place), sorter.rank(found.place + 1))
    best = Split(feature: feature, low: low, high: high, score: found.score)
  }

  /// Moves sorted samples to the left one by one; the last place on the left of the best division.
  private static func sweepClasses(
    _ keys: Span<UInt64>, _ classes: Span<Int32>, _ weights: Span<Double>, _ sums: NodeSums,
    _ minimumLeaf: Int
  ) -> (place: Int, score: Double)? {
    var best: (place: Int, score: Double)?
    var left = [Double](repeating: 0, count: sums.totals.count)
    var weightLeft = 0.0
    var squaresLeft = 0.0
    let totals = sums.totals.span
    var squaresRight = sums.totals.reduce(0) { $0 + $1 * $1 }
    for place in 0..<keys.count - 1 {
      let sample = Int(UInt32(truncatingIfNeeded: keys[place]))
      let weight = weights[sample]
      let index = Int(classes[sample])
      let before = left[index]
      squaresLeft += weight * (2 * before + weight)
      squaresRight -= weight * (2 * (totals[index] - before) - weight)
      left[index] = before + weight
      weightLeft += weight
      guard keys[place] >> 32 != keys[place + 1] >> 32, place + 1 >= minimumLeaf,
        keys.count - place > minimumLeaf
      else { continue }
      let score = squaresLeft / weightLeft + squaresRight / (sums.weight - weightLeft)
      if score > best?.score ?? -.infinity { best = (place, score) }
    }
    return best
  }

  /// The same for values.
  private static func sweepValues(
    _ keys: Span<UInt64>, _ targets: Span<Double>, _ weights: Span<Double>, _ sums: NodeSums,
    _ minimumLeaf: Int
  ) -> (place: Int, score: Double)? {
    var best: (place: Int, score: Double)?
    var weightLeft = 0.0
    var left = 0.0
    for place in 0..<keys.count - 1 {
      let sample = Int(UInt32(truncatingIfNeeded: keys[place]))
      weightLeft += weights[sample]
      left += weights[sample] * targets[sample]
      guard keys[place] >> 32 != keys[place + 1] >> 32, place + 1 >= minimumLeaf,
        keys.count - place > minimumLeaf
      else { continue }
      let right = sums.totals[0] - left
      let score = left * left / weightLeft + right * right / (sums.weight - weightLeft)
      if score > best?.score ?? -.infinity { best = (place, score) }
    }
    return best
  }
}
