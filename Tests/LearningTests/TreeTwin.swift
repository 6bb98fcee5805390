import Testing

@testable import Learning

/// Splits by their definition: every threshold of every feature, impurities summed anew.
struct TreeTwin {
  let data: ForestData
  let weights: [Double]
  let minimumLeaf: Int

  init(_ data: ForestData, _ weights: [Double], minimumLeaf: Int) {
    self.data = data
    self.weights = weights
    self.minimumLeaf = minimumLeaf
  }

  func value(_ sample: Int, _ feature: Int) -> Float {
    let rank = Int(data.ranks[feature * data.count + sample])
    return data.values[data.valueStarts[feature] + rank]
  }

  /// Weight times Gini impurity, or times variance.
  func impurity(_ samples: [Int]) -> Double {
    let weight = samples.reduce(0) { $0 + weights[$1] }
    guard weight > 0 else { return 0 }
    guard data.isClassifier else {
      let mean = samples.reduce(0) { $0 + weights[$1] * data.targets[$1] } / weight
      return samples.reduce(0) {
        $0 + weights[$1] * (data.targets[$1] - mean) * (data.targets[$1] - mean)
      }
    }
    var shares = [Double](repeating: 0, count: data.outputCount)
    for sample in samples { shares[Int(data.classes[sample])] += weights[sample] / weight }
    return weight * shares.reduce(1) { $0 - $1 * $1 }
  }

  /// The least impurity that two children can have together; nil without a split.
  func best(_ samples: [Int]) -> Double? {
    var best: Double?
    for feature in 0..<data.featureCount {
      for threshold in Set(samples.map { value($0, feature) }) {
        let (left, right) = divide(samples, feature, threshold)
        guard left.count >= minimumLeaf, right.count >= minimumLeaf else { continue }
        best = min(best ?? .infinity, impurity(left) + impurity(right))
      }
    }
    return best
  }

  func divide(
    _ samples: [Int], _ feature: Int, _ threshold: Float
  ) -> (left: [Int], right: [Int]) {
    (
      samples.filter { value($0, feature) <= threshold },
      samples.filter { value($0, feature) > threshold }
    )
  }

  /// Whether every split of a tree is a best one among all features, and every leaf is due.
  func check(_ tree: GrownTree, samples: [Int], node place: Int = 0) {
    let node = tree.nodes[place]
    let own = impurity(samples)
    let best = best(samples)
    if node.isLeaf {
      #expect(best == nil || own < 1e-9)
      checkLeaf(tree, Int(node.next), samples)
      return
    }
    let (left, right) = divide(samples, Int(node.feature), node.threshold)
    #expect(abs(impurity(left) + impurity(right) - (best ?? .infinity)) < 1e-9 * max(1, own))
    // Halfway between neighbours, so that unseen values go to the nearer side.
    let low = left.map { value($0, Int(node.feature)) }.max() ?? .nan
    let high = right.map { value($0, Int(node.feature)) }.min() ?? .nan
    #expect(node.threshold == low / 2 + high / 2)
    check(tree, samples: left, node: place + 1)
    check(tree, samples: right, node: Int(node.next))
  }

  private func checkLeaf(_ tree: GrownTree, _ row: Int, _ samples: [Int]) {
    let weight = samples.reduce(0) { $0 + weights[$1] }
    for output in 0..<data.outputCount {
      let sum = samples.reduce(0.0) {
        $0 + weights[$1]
          * (data.isClassifier
            ? (Int(data.classes[$1]) == output ? 1 : 0) : data.targets[$1] + data.offset)
      }
      #expect(abs(tree.leaves[row * data.outputCount + output] - Float(sum / weight)) < 1e-6)
    }
  }
}
