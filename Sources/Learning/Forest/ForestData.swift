/// Checked samples in the form in which trees look at them.
struct ForestData: Sendable {
  let count: Int
  let featureCount: Int
  let outputCount: Int
  let isClassifier: Bool
  /// The rank of each sample's value among the feature's different values, features x samples.
  let ranks: [Int32]
  /// The different values of all features one after another, each ascending.
  let values: [Float]
  /// Where each feature's values begin, then their number.
  let valueStarts: [Int]
  /// The class of each sample; empty for values.
  let classes: [Int32]
  /// The value of each sample less `offset`; empty for classes.
  let targets: [Double]
  /// The mean of all values: sums of squares lose fewer digits without it.
  let offset: Double
  /// How much each sample counts once it is drawn.
  let weights: [Double]
  /// The sums of the weights by which samples are drawn, up to each; empty where all are 1.
  let draws: [Double]
  /// The features that compete for a split.
  let candidates: Int

  init(
    rows: [Float], target: RandomForest.Target, weights: [Float]?, options: RandomForest.Options
  ) throws(SampleError) {
    switch target {
    case .classes(let classes, let number):
      count = classes.count
      try Self.check(classes, number)
      (isClassifier, outputCount) = (true, number)
      self.classes = classes.map { Int32($0) }
      (targets, offset) = ([], 0)
    case .values(let known):
      count = known.count
      try Self.check(known, columns: 1, "the value")
      (isClassifier, outputCount, classes) = (false, 1, [])
      let mean = known.reduce(0.0) { $0 + Double($1) } / Double(max(1, count))
      (targets, offset) = (known.map { Double($0) - mean }, mean)
    }
    try Self.check(count, options)
    try Self.check(count, rows.count, weights)
    let features = rows.count / count
    try Self.check(rows, columns: features, "the feature")
    featureCount = features
    candidates = min(
      features,
      options.featuresPerSplit
        ?? (isClassifier ? max(1, Int(Double(features).squareRoot())) : features))
    let factors = ClassBalance.weights(classes, classCount: outputCount, options.classWeights)
    let classOfSample = classes
    let combined = (0..<count).map { sample in
      let factor = classOfSample.isEmpty ? 1 : factors[Int(classOfSample[sample])]
      return Double(weights?[sample] ?? 1) * factor
    }
    let isEven = options.weighting == .impurity || combined.allSatisfy { $0 == 1 }
    self.weights = isEven ? combined : combined.map { $0 > 0 ? 1 : 0 }
    draws = isEven ? [] : Self.sums(combined)
    guard combined.contains(where: { $0 > 0 }) else {
      throw .mismatch("all samples have the weight 0")
    }
    (ranks, values, valueStarts) = Self.ranked(rows, count: count, features: features)
  }

  /// The values of a feature, ascending.
  func values(of feature: Int) -> ArraySlice<Float> {
    values[valueStarts[feature]..<valueStarts[feature + 1]]
  }

  /// The number halfway between two values of a feature, never the greater one.
  func midpoint(_ feature: Int, _ low: Int32, _ high: Int32) -> Float {
    let start = valueStarts[feature]
    let (a, b) = (values[start + Int(low)], values[start + Int(high)])
    let middle = a / 2 + b / 2
    return middle >= a && middle < b ? middle : a
  }

  private static func sums(_ weights: [Double]) -> [Double] {
    var sum = 0.0
    return weights.map {
      sum += $0
      return sum
    }
  }

  /// The sample that a number from 0 to below 1 draws.
  func drawn(_ random: Double) -> Int {
    let total = draws.last ?? 0
    let wanted = min(random * total, total.nextDown)
    var (low, high) = (0, count - 1)
    // The first whose sum is above: one of weight 0 has its predecessor's.
    while low < high {
      let middle = (low + high) / 2
      if draws[middle] > wanted { high = middle } else { low = middle + 1 }
    }
    return low
  }

  private static func ranked(
    _ rows: [Float], count: Int, features: Int
  ) -> (ranks: [Int32], values: [Float], starts: [Int]) {
    var ranks = [Int32](repeating: 0, count: rows.count)
    var values: [Float] = []
    var starts = [0]
    for feature in 0..<features {
      // Adding zero makes one of its two signs.
      let column = (0..<count).map { rows[$0 * features + feature] + 0 }
      let order = column.indices.sorted { column[$0] < column[$1] }
      for place in order.indices {
        let value = column[order[place]]
        if place == 0 || value != column[order[place - 1]] { values.append(value) }
        ranks[feature * count + order[place]] = Int32(values.count - 1 - starts[feature])
      }
      starts.append(values.count)
    }
    return (ranks, values, starts)
  }
}

extension ForestData {
  static func check(
    _ count: Int, _ numbers: Int, _ weights: [Float]?
  ) throws(SampleError) {
    guard count > 0, numbers > 0, numbers % count == 0 else {
      throw .mismatch("\(numbers) features for \(count) samples; expected some for each sample")
    }
    guard let weights else { return }
    guard weights.count == count else {
      throw .mismatch("\(weights.count) weights for \(count) samples")
    }
    for (sample, weight) in weights.enumerated() where !(weight >= 0 && weight.isFinite) {
      throw .badWeight(id: sample, weight: weight)
    }
  }

  private static func check(
    _ count: Int, _ options: RandomForest.Options
  ) throws(SampleError) {
    // A tree's nodes must be countable in a Float, which its file is made of.
    guard count < 1 << 23 else {
      throw .mismatch("\(count) samples for a forest; expected fewer than \(1 << 23)")
    }
    guard options.trees > 0, options.minimumLeaf > 0, options.featuresPerSplit ?? 1 > 0,
      options.maximumDepth ?? 0 >= 0
    else {
      throw .mismatch(
        "a forest of \(options.trees) trees, \(options.minimumLeaf) samples a leaf, "
          + "\(options.featuresPerSplit ?? 1) features a split, depth "
          + "\(options.maximumDepth ?? 0); expected at least 1, 1, 1 and 0")
    }
  }

  static func check(_ classes: [Int], _ number: Int) throws(SampleError) {
    for (sample, index) in classes.enumerated() where index < 0 || index >= number {
      throw .badTarget(
        id: sample, found: "\(index)", expected: "a class from 0 to \(number - 1)")
    }
  }

  static func check(_ values: [Float], columns: Int, _ what: String) throws(SampleError) {
    guard let place = values.firstIndex(where: { !$0.isFinite }) else { return }
    throw .mismatch(
      "\(what) \(place % columns) of sample \(place / columns) is \(values[place]); expected a "
        + "finite number")
  }
}

/// What samples count by the frequency of their class.
enum ClassBalance {
  /// A weight for each class: `n / (occurring classes * n_c)`, or 1 for all.
  static func weights(
    _ classes: [Int32], classCount: Int, _ kind: TrainingOptions.ClassWeights
  ) -> [Double] {
    var counts = [Int](repeating: 0, count: classCount)
    for index in classes { counts[Int(index)] += 1 }
    let occurring = counts.count { $0 > 0 }
    return counts.map { number in
      kind == .none || number == 0
        ? 1 : Double(classes.count) / (Double(occurring) * Double(number))
    }
  }
}
