import Networks
import Tensors
import Testing

@testable import Learning

struct RandomForestTests {
  private func options(_ trees: Int, seed: UInt64 = 0) -> RandomForest.Options {
    var options = RandomForest.Options()
    options.trees = trees
    options.seed = seed
    return options
  }

  private func target(_ table: ForestTable) -> RandomForest.Target {
    .classes(Array(table.three[..<table.trained]), count: 3)
  }

  @Test func workersDoNotChangeTheBits() throws {
    let table = try ForestTable.load()
    let targets = [target(table), .values(Array(table.values[..<table.trained]))]
    for target in targets {
      let (one, bag) = try RandomForest.train(
        rows: table.trainingRows, target: target, options: options(70), jobs: 1)
      let (three, otherBag) = try RandomForest.train(
        rows: table.trainingRows, target: target, options: options(70), jobs: 3)
      #expect(one == three)
      #expect(bag.map(\.bitPattern) == otherBag.map(\.bitPattern))
      let rows = (0..<5).flatMap { _ in table.testRows }
      let count = 5 * table.testCount
      #expect(
        one.probabilities(rows, count: count, jobs: 1)
          == one.probabilities(rows, count: count, jobs: 3))
    }
  }

  @Test func whoeverWatchesIsToldOfTrees() throws {
    let table = try ForestTable.load()
    for (trees, expected) in [(1, [1]), (64, [64]), (150, [64, 128, 150])] {
      var told: [Int] = []
      let forest = try RandomForest(
        rows: table.trainingRows, target: target(table), options: options(trees),
        onTrees: { told.append($0) })
      #expect(told == expected && forest.treeCount == trees)
    }
  }

  @Test func seedsMakeTheForest() throws {
    let table = try ForestTable.load()
    func forest(_ trees: Int, _ seed: UInt64) throws -> RandomForest {
      try RandomForest(
        rows: table.trainingRows, target: target(table), options: options(trees, seed: seed))
    }
    let first = try forest(3, 1)
    #expect(try forest(3, 1) == first)
    #expect(try forest(3, 2) != first)
    // A tree depends on its number, not on how many there are.
    let more = try forest(5, 1)
    #expect(Array(more.nodes[..<first.nodes.count]) == first.nodes)
    let sizes = (0..<5).map { more.roots[$0 + 1] - more.roots[$0] }
    #expect(Set(sizes).count > 1)
  }

  @Test func aTreeFollowsFromItsDefinition() throws {
    let table = try ForestTable.load()
    for minimumLeaf in [1, 4] {
      var options = options(6, seed: 5)
      options.featuresPerSplit = table.features
      options.minimumLeaf = minimumLeaf
      let data = try ForestData(
        rows: table.trainingRows, target: target(table), weights: nil, options: options)
      for number in 0..<options.trees {
        var grower = TreeGrower(data, options, tree: number)
        let bag = grower.order.map { Int($0) }
        let twin = TreeTwin(data, grower.weights, minimumLeaf: minimumLeaf)
        let tree = grower.grown()
        twin.check(tree, samples: bag)
        #expect(tree.nodes.count > 10)
      }
    }
  }

  @Test func separateClassesAreLearntWholly() throws {
    let rows = (0..<60).flatMap { [Float($0 % 7), Float($0)] }
    let classes = (0..<60).map { $0 / 20 }
    var options = options(60)
    options.featuresPerSplit = 2
    let forest = try RandomForest(
      rows: rows, target: .classes(classes, count: 4), options: options)
    let metrics = ClassMetrics(
      probabilities: forest.probabilities(rows, count: 60), classes: classes, classCount: 4)
    #expect(metrics.accuracy == 1)
    #expect(forest.importances[1] > 0.9)
    #expect(abs(forest.importances[0] + forest.importances[1] - 1) < 1e-6)
    #expect(try #require(forest.outOfBagScore) > 0.9)
    let values = try RandomForest(
      rows: rows, target: .values((0..<60).map { Float($0) + 1000 }), options: options)
    #expect(try #require(values.outOfBagScore) > 0.98)
  }

  @Test func classWeightsMatter() throws {
    let table = try ForestTable.load()
    let classes = Array(table.two[..<table.trained])
    func mean(_ change: (inout RandomForest.Options) -> Void) throws -> Float {
      var options = options(100)
      options.minimumLeaf = 20
      change(&options)
      let forest = try RandomForest(
        rows: table.trainingRows, target: .classes(classes, count: 2), options: options)
      let predicted = forest.probabilities(table.testRows, count: table.testCount)
      return (0..<table.testCount).reduce(0) { $0 + predicted[2 * $1 + 1] } / 100
    }
    let none = try mean { $0.classWeights = .none }
    #expect(try mean { $0.weighting = .draws } > none + 0.1)
    #expect(try mean { $0.weighting = .impurity } > none + 0.1)
  }

  @Test func samplesWithoutWeightDoNotCount() throws {
    let table = try ForestTable.load()
    var classes = Array(table.two[..<table.trained])
    let weights = (0..<table.trained).map { Float($0 % 3) }
    for weighting in [RandomForest.Weighting.draws, .impurity] {
      var options = options(20)
      options.weighting = weighting
      options.classWeights = .none
      func nodes() throws -> [ForestNode] {
        try RandomForest(
          rows: table.trainingRows, target: .classes(classes, count: 2), weights: weights,
          options: options
        ).nodes
      }
      let before = try nodes()
      for sample in stride(from: 0, to: table.trained, by: 3) { classes[sample] = 1 }
      #expect(try nodes() == before)
      classes[1] = 1 - classes[1]
      #expect(try nodes() != before)
    }
  }

  @Test func limitsHold() throws {
    let table = try ForestTable.load()
    var options = options(20)
    options.maximumDepth = 2
    let shallow = try RandomForest(
      rows: table.trainingRows, target: target(table), options: options)
    #expect(shallow.nodes.count <= 7 * 20)
    options.maximumDepth = 0
    let stumps = try RandomForest(
      rows: table.trainingRows, target: target(table), options: options)
    #expect(stumps.nodes.count == 20 && stumps.importances.allSatisfy { $0 == 0 })
  }

  @Test func cellsAreSamples() throws {
    let table = try ForestTable.load()
    let forest = try RandomForest(
      rows: table.trainingRows, target: target(table), options: options(15))
    let cells = 7 * table.testCount
    var rows = (0..<7).flatMap { _ in table.testRows }
    rows[3 * table.features + 7] = .nan
    let planes = (0..<rows.count).map { rows[$0 % cells * table.features + $0 / cells] }
    let expected = forest.probabilities(rows, count: cells)
    let dense = forest.dense(planes, cells: cells, jobs: 2)
    #expect(
      dense.map(\.bitPattern)
        == dense.indices.map { expected[$0 % cells * 3 + $0 / cells].bitPattern })
    #expect(expected[9..<12].allSatisfy { $0.isNaN } && !expected[12].isNaN)
    #expect((0..<3).reduce(0) { $0 + expected[$1] } == 1)
    #expect(forest.dense([], cells: 0).isEmpty)
  }

  @Test func badSamplesAreRefused() {
    func refused(_ rows: [Float], _ target: RandomForest.Target, _ weights: [Float]? = nil) {
      #expect(throws: SampleError.self) {
        try RandomForest(rows: rows, target: target, weights: weights)
      }
    }
    refused([1, .nan], .classes([0, 1], count: 2))
    refused([1, .infinity], .values([0, 1]))
    refused([1, 2, 3], .classes([0, 1], count: 2))
    refused([1, 2], .classes([0, 2], count: 2))
    refused([1, 2], .values([0, .nan]))
    refused([1, 2], .values([0, 1]), [1])
    refused([1, 2], .values([0, 1]), [1, -1])
    refused([1, 2], .values([0, 1]), [0, 0])
    refused([], .values([]))
    var none = RandomForest.Options()
    none.trees = 0
    #expect(throws: SampleError.self) {
      try RandomForest(rows: [1, 2], target: .values([0, 1]), options: none)
    }
  }
}
