internal import Tensors

/// One tree with what its growth tells.
struct GrownTree: Sendable {
  /// The nodes in preorder, children and leaves counted from 0.
  var nodes: [ForestNode] = []
  /// Leaves x outputs.
  var leaves: [Float] = []
  /// The decrease of impurity by each feature, normalised to sum 1 or all 0.
  var importances: [Double]
  /// The samples that the tree has not seen.
  var unseen: [Int32] = []
  /// The leaf of each unseen sample.
  var unseenLeaves: [Int32] = []
}

/// The growth of one tree on a bootstrap sample.
struct TreeGrower {
  private let data: ForestData
  private let maximumDepth: Int
  private let minimumLeaf: Int
  private let random: Randomness
  /// How much each sample counts: its weight as often as it was drawn.
  private(set) var weights: [Double]
  /// The drawn samples; those of a node are neighbours, in ascending order.
  private(set) var order: [Int32] = []
  private var spare: [Int32]
  private var search: SplitSearch
  private var tree: GrownTree

  /// A node that has yet to be made of a part of `order`.
  private struct Task {
    var samples: Range<Int>
    var depth: Int
    var random: Randomness
    /// The node whose right child this is.
    var parent: Int?
  }

  init(_ data: ForestData, _ options: RandomForest.Options, tree number: Int) {
    self.data = data
    maximumDepth = options.maximumDepth ?? .max
    minimumLeaf = options.minimumLeaf
    random = Randomness(seed: options.seed, Randomness.word("forest"), UInt64(number))
    weights = [Double](repeating: 0, count: data.count)
    tree = GrownTree(importances: [Double](repeating: 0, count: data.featureCount))
    search = SplitSearch(data, minimumLeaf: options.minimumLeaf)
    spare = []
    draw()
    spare = order
  }

  /// Draws as many samples as there are, with replacement.
  private mutating func draw() {
    let key = random.derived(Randomness.word("bag"))
    var counts = [Int32](repeating: 0, count: data.count)
    for place in 0..<UInt64(data.count) {
      let sample =
        data.draws.isEmpty
        ? key.integer(place, below: data.count) : data.drawn(key.uniformDouble(place))
      counts[sample] += 1
    }
    for sample in 0..<data.count {
      weights[sample] = data.weights[sample] * Double(counts[sample])
      if counts[sample] == 0 { tree.unseen.append(Int32(sample)) }
      if weights[sample] > 0 { order.append(Int32(sample)) }
    }
  }

  /// Grows the tree, the left of two children first.
  mutating func grown() -> GrownTree {
    var tasks = [
      Task(
        samples: 0..<order.count, depth: 0, random: random.derived(Randomness.word("root")),
        parent: nil)
    ]
    while let task = tasks.popLast() {
      if let parent = task.parent { tree.nodes[parent].next = Int32(tree.nodes.count) }
      let sums = NodeSums(order.span.extracting(task.samples), data, weights)
      guard let split = split(task, sums) else {
        addLeaf(sums)
        continue
      }
      tree.importances[split.feature] += max(0, split.score - sums.score)
      let middle = divide(task.samples, split)
      let node = tree.nodes.count
      tree.nodes.append(
        ForestNode(
          feature: Int32(split.feature),
          threshold: data.midpoint(split.feature, split.low, split.high), next: 0))
      let (left, right) = (task.samples.lowerBound..<middle, middle..<task.samples.upperBound)
      tasks.append(
        Task(samples: right, depth: task.depth + 1, random: task.random.derived(1), parent: node))
      tasks.append(
        Task(samples: left, depth: task.depth + 1, random: task.random.derived(0), parent: nil))
    }
    finish()
    return tree
  }

  private mutating func split(_ task: Task, _ sums: NodeSums) -> Split? {
    guard !sums.isPure, task.depth < maximumDepth, task.samples.count / 2 >= minimumLeaf else {
      return nil
    }
    let order = order
    return search.best(
      order.span.extracting(task.samples), weights, sums, random: task.random)
  }

  private mutating func addLeaf(_ sums: NodeSums) {
    let row = tree.leaves.count / data.outputCount
    tree.nodes.append(ForestNode(feature: -1, threshold: 0, next: Int32(row)))
    for total in sums.totals {
      // A bag of samples that do not count says nothing.
      let nothing = data.isClassifier ? 1 / Double(data.outputCount) : 0
      let share = sums.weight > 0 ? total / sums.weight : nothing
      tree.leaves.append(Float(share + data.offset))
    }
  }

  /// Brings the samples of the left child before those of the right one; where the latter begin.
  private mutating func divide(_ samples: Range<Int>, _ split: Split) -> Int {
    let start = split.feature * data.count
    var (middle, others) = (samples.lowerBound, 0)
    for place in samples {
      let sample = order[place]
      if data.ranks[start + Int(sample)] <= split.low {
        order[middle] = sample
        middle += 1
      } else {
        spare[others] = sample
        others += 1
      }
    }
    for place in 0..<others { order[middle + place] = spare[place] }
    return middle
  }

  /// Normalises the importances and finds the leaves of unseen samples.
  private mutating func finish() {
    let sum = tree.importances.reduce(0, +)
    if sum > 0 { tree.importances = tree.importances.map { $0 / sum } }
    tree.unseenLeaves = tree.unseen.map { sample in
      var node = 0
      while !tree.nodes[node].isLeaf {
        let feature = Int(tree.nodes[node].feature)
        let rank = Int(data.ranks[feature * data.count + Int(sample)])
        let value = data.values[data.valueStarts[feature] + rank]
        node = value <= tree.nodes[node].threshold ? node + 1 : Int(tree.nodes[node].next)
      }
      return tree.nodes[node].next
    }
  }
}
