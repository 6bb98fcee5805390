internal import Tensors

/// A forest that is being grown, tree by tree in their order.
struct ForestTraining {
  /// The trees that grow before what they say is added up.
  private static let batch = 64

  private let data: ForestData
  private let options: RandomForest.Options
  private var nodes: [ForestNode] = []
  private var roots: [Int32] = [0]
  private var leaves: [Float] = []
  private var importances: [Double]
  /// What the trees that have not seen a sample say of it, added up: samples x outputs.
  private var votes: [Double]
  /// The number of those trees.
  private var voters: [Int]

  init(_ data: ForestData, _ options: RandomForest.Options) {
    self.data = data
    self.options = options
    importances = [Double](repeating: 0, count: data.featureCount)
    votes = [Double](repeating: 0, count: data.count * data.outputCount)
    voters = [Int](repeating: 0, count: data.count)
  }

  /// Grows all trees; `onTrees` is told how many there are, now and then.
  mutating func grow(jobs: Int?, onTrees: (Int) -> Void) throws {
    let (data, options) = (data, options)
    for first in stride(from: 0, to: options.trees, by: Self.batch) {
      let size = min(Self.batch, options.trees - first)
      let grown = try Parallel.map(size, jobs: jobs) { index in
        try Parallel.checkCancellation()
        var grower = TreeGrower(data, options, tree: first + index)
        return grower.grown()
      }
      for tree in grown { try take(tree) }
      onTrees(first + size)
    }
  }

  private mutating func take(_ tree: GrownTree) throws(SampleError) {
    guard nodes.count + tree.nodes.count <= Int32.max else {
      throw .mismatch(
        "the forest has more than \(Int32.max) nodes; expected fewer trees or samples, or larger "
          + "leaves")
    }
    let (firstNode, firstLeaf) = (Int32(nodes.count), Int32(leaves.count / data.outputCount))
    for node in tree.nodes {
      var node = node
      node.next += node.isLeaf ? firstLeaf : firstNode
      nodes.append(node)
    }
    leaves += tree.leaves
    roots.append(Int32(nodes.count))
    for feature in importances.indices { importances[feature] += tree.importances[feature] }
    for (sample, leaf) in zip(tree.unseen, tree.unseenLeaves) {
      voters[Int(sample)] += 1
      for output in 0..<data.outputCount {
        votes[Int(sample) * data.outputCount + output] +=
          Double(tree.leaves[Int(leaf) * data.outputCount + output])
      }
    }
  }

  /// The mean over the trees that have not seen a sample, samples x outputs; NaN without any.
  var outOfBag: [Float] {
    votes.indices.map { Float(votes[$0] / Double(voters[$0 / data.outputCount])) }
  }

  /// The forest of all trees grown.
  func forest() -> RandomForest {
    let sum = importances.reduce(0, +)
    return RandomForest(
      featureCount: data.featureCount, outputCount: data.outputCount,
      isClassifier: data.isClassifier,
      importances: importances.map { Float(sum > 0 ? $0 / sum : 0) }, outOfBagScore: score,
      nodes: nodes, roots: roots, leaves: leaves)
  }

  private var score: Float? {
    let known = voters.indices.filter { voters[$0] > 0 }
    guard !known.isEmpty else { return nil }
    let said = outOfBag
    guard data.isClassifier else {
      let metrics = ValueMetrics(
        predicted: known.map { said[$0] },
        measured: known.map { Float(data.targets[$0] + data.offset) })
      return metrics.r2.map { Float($0) }
    }
    let metrics = ClassMetrics(
      probabilities: known.flatMap {
        said[$0 * data.outputCount..<($0 + 1) * data.outputCount]
      },
      classes: known.map { Int(data.classes[$0]) }, classCount: data.outputCount)
    return metrics.accuracy.map { Float($0) }
  }
}
