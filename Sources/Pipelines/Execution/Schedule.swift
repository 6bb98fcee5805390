import Tensors

/// The order in which the nodes of a plan are completed: level by level, each in parallel.
///
/// Values come before the chunks that read them, so no worker waits for a fit inside a chunk.
struct Schedule {
  /// The stored nodes of each level; a node reads only nodes of earlier levels.
  let levels: [[Node]]

  /// Orders `targets` and everything below them.
  init(targets: [Node]) {
    var level: [ObjectIdentifier: Int] = [:]
    var nodes: [Node] = []
    var wanted: Set<ObjectIdentifier> = []
    func visit(_ node: Node, isWanted: Bool) -> Int {
      let name = ObjectIdentifier(node)
      let isNew = isWanted && wanted.insert(name).inserted
      if let known = level[name], !isNew { return known }
      // A node that is only read lazily is left out; what it reads is made beforehand.
      let below = node.edges.map { visit($0.node, isWanted: $0.reach != .lazy) }
      if level[name] == nil { nodes.append(node) }
      let own = (below.max() ?? -1) + 1
      level[name] = own
      return own
    }
    for target in targets { _ = visit(target, isWanted: true) }
    var levels = [[Node]](repeating: [], count: (level.values.max() ?? -1) + 1)
    for node in nodes
    where wanted.contains(ObjectIdentifier(node)) && (node.isStored || node.isValue) {
      levels[level[ObjectIdentifier(node)] ?? 0].append(node)
    }
    self.levels = levels
  }

  /// Every stored node and value of the plan.
  var nodes: [Node] { levels.flatMap(\.self) }
}

extension Executor {
  /// Makes everything of a schedule that the store does not have.
  func run(_ schedule: Schedule) throws {
    for nodes in schedule.levels {
      let tasks = nodes.flatMap { node in
        node.isValue ? [(node, nil)] : lattice.chunks.map { (node, Optional($0)) }
      }
      // A single task may use all workers itself.
      if let task = tasks.first, tasks.count == 1 {
        try complete(task.0, task.1)
      } else {
        try Parallel.forEach(tasks.count) { try complete(tasks[$0].0, tasks[$0].1) }
      }
    }
  }
}
