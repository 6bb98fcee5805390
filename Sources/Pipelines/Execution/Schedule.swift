import Tensors

/// The order in which the nodes of a plan are completed.
///
/// Every node comes after those it reads. Nodes that use all workers are put off as far as
/// possible, since the others share the workers among themselves.
struct Schedule {
  /// The stored nodes and values in order, in phases that end before the next begins.
  let phases: [[Node]]

  /// Orders `targets` and everything below them, but for what only kept fits were made from.
  init(targets: [Node], isKept: (Node) -> Bool = { _ in false }) {
    var order: [Node] = []
    var phase: [ObjectIdentifier: Int] = [:]
    var depth: [ObjectIdentifier: Int] = [:]
    var wanted: Set<ObjectIdentifier> = []
    func visit(_ node: Node, isWanted: Bool) -> Int {
      let name = ObjectIdentifier(node)
      let isNew = isWanted && wanted.insert(name).inserted
      if let known = phase[name], !isNew { return known }
      // A node that is only read lazily is left out; what it reads is made beforehand.
      let edges = node.policy != .always && isKept(node) ? [] : node.edges
      let below = edges.map { edge -> Int in
        let own = visit(edge.node, isWanted: edge.reach != .lazy)
        return edge.node.usesAllWorkers && !node.usesAllWorkers ? own + 1 : own
      }
      if phase[name] == nil { order.append(node) }
      // Even phases hold nodes that share the workers, odd ones those that use all of them.
      let least = below.max() ?? 0
      let own = node.usesAllWorkers ? least | 1 : (least + 1) & ~1
      phase[name] = own
      depth[name] = (edges.compactMap { depth[ObjectIdentifier($0.node)] }.max() ?? -1) + 1
      return own
    }
    for target in targets { _ = visit(target, isWanted: true) }
    var phases = [[Node]](repeating: [], count: (phase.values.max() ?? -1) + 1)
    for node in order
    where wanted.contains(ObjectIdentifier(node)) && (node.isStored || node.isValue) {
      phases[phase[ObjectIdentifier(node)] ?? 0].append(node)
    }
    // By depth, so that workers find independent fits, such as those of all folds, side by side.
    self.phases = phases.map { nodes in
      nodes.enumerated().sorted { a, b in
        (depth[ObjectIdentifier(a.element)] ?? 0, a.offset)
          < (depth[ObjectIdentifier(b.element)] ?? 0, b.offset)
      }.map(\.element)
    }
  }

  /// Every stored node and value of the plan.
  var nodes: [Node] { phases.flatMap(\.self) }
}

extension Executor {
  /// Makes everything of a schedule that the store does not have.
  ///
  /// Tasks are handed out in order. One that needs what another worker is making waits for it; it
  /// never waits in a circle, because needs only go down. `isWanted` may leave out chunks, by
  /// their position among all of them, and values.
  func run(_ schedule: Schedule, where isWanted: (Node, Int?) -> Bool = { _, _ in true }) throws {
    try Parallel.with(jobs: min(workers, Parallel.jobs)) { try make(schedule, where: isWanted) }
  }

  private func make(_ schedule: Schedule, where isWanted: (Node, Int?) -> Bool) throws {
    let chunks = lattice.chunks
    for nodes in schedule.phases {
      let tasks = nodes.flatMap { node -> [(Node, ChunkLattice.Index?)] in
        if node.isValue { return isWanted(node, nil) ? [(node, nil)] : [] }
        return chunks.indices.filter { isWanted(node, $0) }.map { (node, chunks[$0]) }
      }
      let isSolo =
        tasks.count == 1 || (nodes.allSatisfy(\.usesAllWorkers) && chunks.count < 2 * Parallel.jobs)
      if isSolo {
        for task in tasks { try complete(task.0, task.1) }
      } else {
        try Parallel.forEach(tasks.count) { try complete(tasks[$0].0, tasks[$0].1) }
      }
      Allocation.returnFreed()
    }
  }
}
