import Tensors
import Testing

@testable import Features

struct HierarchicalClusteringTests {
  private typealias Linkage = HierarchicalClustering.Linkage

  /// Symmetric distances; whole numbers below `levels` where there are to be ties.
  private func distances(_ count: Int, seed: UInt64, levels: Int? = nil) -> [Double] {
    var numbers = TestNumbers(seed)
    var result = [Double](repeating: 0, count: count * count)
    for row in 0..<count {
      for column in 0..<row {
        let value = Double(numbers.next())
        let distance = levels.map { (value * Double($0)).rounded(.down) + 1 } ?? value
        result[row * count + column] = distance
        result[column * count + row] = distance
      }
    }
    return result
  }

  /// The clustering by its definition: distances of clusters from all pairs of their items.
  private func naive(
    _ distances: [Double], _ count: Int, _ linkage: HierarchicalClustering.Linkage
  ) -> (pairs: [Int], heights: [Double]) {
    var clusters = (0..<count).map { (number: $0, items: [$0]) }
    var result: (pairs: [Int], heights: [Double]) = ([], [])
    while clusters.count > 1 {
      var best = (distance: Double.infinity, first: 0, second: 0)
      for first in clusters.indices {
        for second in clusters.indices where second > first {
          let all = clusters[first].items.flatMap { a in
            clusters[second].items.map { distances[a * count + $0] }
          }
          let distance =
            switch linkage {
            case .average: all.reduce(0, +) / Double(all.count)
            case .complete: all.max() ?? 0
            case .single: all.min() ?? 0
            }
          if distance < best.distance { best = (distance, first, second) }
        }
      }
      let (left, right) = (clusters[best.first], clusters[best.second])
      result.pairs += [left.number, right.number]
      result.heights.append(best.distance)
      clusters.remove(at: best.second)
      clusters.remove(at: best.first)
      clusters.append((count + result.heights.count - 1, left.items + right.items))
    }
    return result
  }

  @Test(arguments: HierarchicalClustering.Linkage.allCases, [1, 2, 3, 17])
  func mergesAreThoseOfTheDefinition(linkage: HierarchicalClustering.Linkage, count: Int) {
    // The mean of many equal distances is rounded in its own way: ties are for the others.
    for levels in linkage == .average ? [nil] : [nil, 4] {
      let table = distances(count, seed: UInt64(count), levels: levels)
      let tree = HierarchicalClustering(distances: table, count: count, linkage: linkage)
      let expected = naive(table, count, linkage)
      #expect(tree.merges.flatMap { [$0.left, $0.right] } == expected.pairs)
      for (merge, height) in zip(tree.merges, expected.heights) {
        #expect(abs(merge.distance - height) < 1e-12)
      }
      #expect(tree.leaves.sorted() == Array(0..<count))
    }
  }

  /// Parity with SciPy's `linkage` and `leaves_list`, and with the shortest of all turned trees.
  @Test func treesAreSciPys() {
    var moments = ExactCovariance(variableCount: 12)
    moments.add(OrderFixture.values.map { Float($0) }.span)
    let table = BandOrder.distances(moments)
    let expected: [(Linkage, [Int], [Double], [Int], [Int])] = [
      (
        .average, OrderFixture.averagePairs, OrderFixture.averageDistances,
        OrderFixture.averageLeaves, OrderFixture.averageOptimal
      ),
      (
        .complete, OrderFixture.completePairs, OrderFixture.completeDistances,
        OrderFixture.completeLeaves, OrderFixture.completeOptimal
      ),
      (
        .single, OrderFixture.singlePairs, OrderFixture.singleDistances,
        OrderFixture.singleLeaves, OrderFixture.singleOptimal
      ),
    ]
    for (linkage, pairs, heights, leaves, optimal) in expected {
      let tree = HierarchicalClustering(distances: table, count: 12, linkage: linkage)
      #expect(tree.merges.flatMap { [$0.left, $0.right] } == pairs)
      #expect(zip(tree.merges, heights).allSatisfy { abs($0.distance - $1) < 1e-12 })
      #expect(tree.leaves == leaves)
      #expect(tree.optimalLeaves(distances: table) == optimal)
      let order = BandOrder(
        clustering: moments, bands: Array(20..<32), linkage: linkage, isOptimal: false)
      #expect(order.bands == leaves.map { $0 + 20 })
    }
  }

  private func length(_ order: [Int], _ distances: [Double], _ count: Int) -> Double {
    zip(order, order.dropFirst()).reduce(0) { $0 + distances[$1.0 * count + $1.1] }
  }

  /// No way to turn the branches is shorter.
  @Test(arguments: [2, 3, 5, 9]) func optimalLeavesAreTheShortestOfAll(count: Int) {
    for seed in 1...6 {
      let table = distances(count, seed: UInt64(seed))
      let tree = HierarchicalClustering(distances: table, count: count, linkage: .average)
      var shortest = Double.infinity
      for turned in 0..<(1 << tree.merges.count) {
        func items(_ cluster: Int) -> [Int] {
          guard cluster >= count else { return [cluster] }
          let merge = tree.merges[cluster - count]
          let (left, right) = (items(merge.left), items(merge.right))
          return turned >> (cluster - count) & 1 == 0 ? left + right : right + left
        }
        shortest = min(shortest, length(items(2 * count - 2), table, count))
      }
      let found = tree.optimalLeaves(distances: table)
      #expect(found.sorted() == Array(0..<count))
      #expect(abs(length(found, table, count) - shortest) < 1e-12)
      #expect(found[0] < found[count - 1])
    }
  }
}
