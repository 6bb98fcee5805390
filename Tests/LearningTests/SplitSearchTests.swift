import Tensors
import Testing

@testable import Learning

struct SplitSearchTests {
  private let random = Randomness(seed: 7)

  /// Samples with many equal values, in a feature of few and one of many different ones.
  private func data(_ count: Int, classes: Bool) throws -> ForestData {
    let rows = (0..<count).flatMap { sample -> [Float] in
      let key = random.derived(UInt64(sample))
      return [Float(key.integer(0, below: 6)), key.normal(1), 3]
    }
    let target: RandomForest.Target =
      classes
      ? .classes((0..<count).map { random.derived(9).integer(UInt64($0), below: 3) }, count: 3)
      : .values((0..<count).map { random.derived(9).normal(UInt64($0)) + 5 })
    return try ForestData(
      rows: rows, target: target, weights: nil, options: RandomForest.Options())
  }

  @Test(arguments: [true, false], [2, 3, 39, 41, 700])
  func theSweepFindsTheLeastImpurity(classes: Bool, count: Int) throws {
    let data = try data(count, classes: classes)
    let weights = (0..<count).map { 0.25 + random.derived(3).uniformDouble(UInt64($0)) }
    let samples = (0..<count).filter { count < 5 || $0 % 5 != 0 }
    let order = samples.map { Int32($0) }
    for minimumLeaf in [1, 8] {
      var search = SplitSearch(data, minimumLeaf: minimumLeaf)
      let twin = TreeTwin(data, weights, minimumLeaf: minimumLeaf)
      let sums = NodeSums(order.span, data, weights)
      for feature in 0..<2 {
        let split = search.best(order.span, weights, sums, feature: feature)
        var least: Double?
        for threshold in Set(samples.map { twin.value($0, feature) }) {
          let (left, right) = twin.divide(samples, feature, threshold)
          guard left.count >= minimumLeaf, right.count >= minimumLeaf else { continue }
          least = min(least ?? .infinity, twin.impurity(left) + twin.impurity(right))
        }
        #expect((split == nil) == (least == nil))
        guard let split, let least else { continue }
        let (left, right) = twin.divide(
          samples, feature, data.values[data.valueStarts[feature] + Int(split.low)])
        #expect(abs(twin.impurity(left) + twin.impurity(right) - least) < 1e-9)
        #expect(right.map { data.ranks[feature * count + $0] }.min() == split.high)
        let gain = twin.impurity(samples) - least
        #expect(abs(split.score - sums.score - gain) < 1e-9)
      }
      #expect(search.best(order.span, weights, sums, feature: 2) == nil)
    }
  }

  @Test func drawingGoesOnPastConstantFeatures() throws {
    let count = 50
    let rows = (0..<count).flatMap { sample in (0..<40).map { Float($0 == 17 ? sample : $0) } }
    var options = RandomForest.Options()
    options.featuresPerSplit = 1
    options.trees = 5
    let forest = try RandomForest(
      rows: rows, target: .classes((0..<count).map { $0 / 25 }, count: 2), options: options)
    #expect(forest.importances[17] == 1)
    #expect(forest.nodes.allSatisfy { $0.isLeaf || $0.feature == 17 })
  }

  @Test func thresholdsLieBetweenNeighbours() throws {
    let largest = Float.greatestFiniteMagnitude
    let rows: [Float] = [1, Float(1).nextUp, -largest, largest, 0, -0.0]
    let data = try ForestData(
      rows: rows, target: .values([1, 2, 3, 4, 5, 6]), weights: nil,
      options: RandomForest.Options())
    #expect(data.values == [-largest, 0, 1, Float(1).nextUp, largest])
    #expect(data.midpoint(0, 2, 3) == 1)
    #expect(data.midpoint(0, 0, 4) == 0)
    #expect(data.midpoint(0, 1, 2) == 0.5)
  }

  @Test func drawsFollowTheWeights() throws {
    let weights: [Float] = [0, 1, 0, 3, 0]
    let data = try ForestData(
      rows: [1, 2, 3, 4, 5], target: .values([1, 2, 3, 4, 5]), weights: weights,
      options: RandomForest.Options())
    #expect([0, 0.2, 0.25, 0.9, 1 - 0x1p-53].map(data.drawn) == [1, 1, 3, 3, 3])
    #expect(data.weights == [0, 1, 0, 1, 0])
  }
}
