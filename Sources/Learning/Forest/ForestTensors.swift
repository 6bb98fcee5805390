public import Networks

extension RandomForest {
  /// The forest as named arrays, as a safetensors file holds them.
  ///
  /// Whole numbers stay below 2^24 and so are exact: children count from the root of their tree,
  /// and leaves are numbered by their order.
  public var tensors: [NamedTensor] {
    var children: [Float] = []
    children.reserveCapacity(nodes.count)
    for tree in 0..<treeCount {
      for node in nodes[Int(roots[tree])..<Int(roots[tree + 1])] {
        children.append(node.isLeaf ? 0 : Float(node.next - roots[tree]))
      }
    }
    let sizes = (0..<treeCount).map { Float(roots[$0 + 1] - roots[$0]) }
    func tensor(_ name: String, _ values: [Float]) -> NamedTensor {
      NamedTensor(name: "forest.\(name)", shape: [values.count], values: values)
    }
    return [
      tensor("child", children), tensor("feature", nodes.map { Float($0.feature) }),
      tensor("importance", importances), tensor("kind", [isClassifier ? 1 : 0]),
      NamedTensor(
        name: "forest.leaf", shape: [leaves.count / outputCount, outputCount], values: leaves),
      tensor("score", outOfBagScore.map { [$0] } ?? []), tensor("size", sizes),
      tensor("threshold", nodes.map(\.threshold)),
    ]
  }

  /// Reads a forest from named arrays.
  ///
  /// - Throws: `ModelFileError` where an array is missing, unknown, of another shape or not finite,
  ///   or the numbers are no trees: prediction would not end or would read elsewhere.
  public init(tensors: [NamedTensor]) throws(ModelFileError) {
    var reader = TensorReader(tensors, prefix: "forest.")
    let features = try reader.whole("feature", from: -1)
    let thresholds = try reader.take("threshold", [features.count]).values
    let children = try reader.whole("child", from: 0, count: features.count)
    let sizes = try reader.whole("size", from: 1)
    let leaf = try reader.take("leaf", [nil, nil])
    let kind = try reader.whole("kind", from: 0, count: 1)
    let importances = try reader.take("importance", [nil]).values
    let score = try reader.take("score", [nil]).values
    try reader.finish()
    guard !sizes.isEmpty, sizes.reduce(0, +) == features.count, features.count <= Int32.max else {
      throw ModelFileError(
        "the trees of the forest have \(sizes.reduce(0, +)) nodes, its arrays \(features.count)")
    }
    guard leaf.shape[1] > 0, features.count(where: { $0 < 0 }) == leaf.shape[0] else {
      throw ModelFileError(
        "the forest has leaves of the shape \(leaf.shape) for "
          + "\(features.count(where: { $0 < 0 })) nodes that are leaves")
    }
    guard kind[0] == 1 || kind[0] == 0 && leaf.shape[1] == 1, score.count <= 1 else {
      throw ModelFileError(
        "the forest has the kind \(kind[0]), \(leaf.shape[1]) outputs and \(score.count) scores; "
          + "expected 1 for classes or 0 with one output, and at most one score")
    }
    if let feature = features.first(where: { $0 >= importances.count }) {
      throw ModelFileError("the forest asks for feature \(feature) of \(importances.count)")
    }
    let (nodes, roots) = try Self.nodes(features, thresholds, children, sizes)
    self.init(
      featureCount: importances.count, outputCount: leaf.shape[1], isClassifier: kind[0] == 1,
      importances: importances, outOfBagScore: score.first, nodes: nodes, roots: roots,
      leaves: leaf.values)
  }

  private static func nodes(
    _ features: [Int], _ thresholds: [Float], _ children: [Int], _ sizes: [Int]
  ) throws(ModelFileError) -> (nodes: [ForestNode], roots: [Int32]) {
    var nodes: [ForestNode] = []
    var roots: [Int32] = [0]
    var leaf: Int32 = 0
    for size in sizes {
      let root = nodes.count
      for place in root..<root + size {
        let isLeaf = features[place] < 0
        // A child after its parent and within its tree: every way ends in a leaf.
        guard isLeaf || (place - root + 1..<size).contains(children[place]) else {
          throw ModelFileError(
            "node \(place) of the forest has the child \(children[place]) in a tree of \(size)")
        }
        let next = isLeaf ? leaf : Int32(root + children[place])
        leaf += isLeaf ? 1 : 0
        nodes.append(
          ForestNode(feature: Int32(features[place]), threshold: thresholds[place], next: next))
      }
      roots.append(Int32(nodes.count))
    }
    return (nodes, roots)
  }
}
