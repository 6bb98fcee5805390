import Foundation
import Tensors

/// The share of one of several processes that fill one store.
public struct Shard: Sendable, Hashable, CustomStringConvertible {
  /// The number of the process, from 1 on.
  public let number: Int
  /// How many processes there are.
  public let count: Int

  /// Reads `K/N`; nil when it is none.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let number = parts[0], let count = parts[1], number >= 1,
      number <= count, count <= 100_000
    else { return nil }
    self.number = number
    self.count = count
  }

  /// The share as it is written, `K/N`.
  public var description: String { "\(number)/\(count)" }

  /// Whether piece `index` of `total` is this process's: pieces side by side go to one process,
  /// so that few halos are read across.
  func owns(_ index: Int, of total: Int) -> Bool { index * count / max(1, total) == number - 1 }
}

/// The stored nodes of a plan in levels that several processes fill side by side.
///
/// A node of a later level reads every chunk of one of an earlier level, or a value that takes
/// long to make; between two levels everybody waits. Values that are made quickly are made by
/// everybody who needs them.
struct ShardLevels {
  /// The nodes of each level in the order of work.
  let levels: [[Node]]

  init(_ schedule: Schedule, isKept: (Node) -> Bool = { _ in false }) {
    var known: [ObjectIdentifier: Int] = [:]
    func level(_ node: Node) -> Int {
      if let found = known[ObjectIdentifier(node)] { return found }
      let edges = node.policy != .always && isKept(node) ? [] : node.edges
      let own =
        edges.map { edge -> Int in
          let readsAll = edge.reach == .all && !edge.node.isValue
          return level(edge.node) + (readsAll || edge.node.isCostly ? 1 : 0)
        }.max() ?? 0
      known[ObjectIdentifier(node)] = own
      return own
    }
    var levels: [[Node]] = []
    for node in schedule.nodes {
      let own = level(node)
      while levels.count <= own { levels.append([]) }
      levels[own].append(node)
    }
    // A level of quick values alone has nothing to share.
    self.levels = levels.filter { $0.contains { !$0.isValue || $0.isCostly } }
  }
}

extension Executor {
  /// Whether the store has every chunk and costly value of these nodes; makes nothing that costs.
  func hasAll(_ nodes: [Node]) throws -> Bool {
    let looking = Executor(
      lattice: lattice, store: store, events: SilentEvents(), cacheBytes: 1 << 24, fits: fits,
      isLooking: true)
    do {
      let chunks = lattice.chunks
      for node in nodes where !node.isValue || node.isCostly {
        try Parallel.forEach(node.isValue ? 1 : chunks.count) { index in
          try looking.complete(node, node.isValue ? nil : chunks[index])
        }
      }
      return true
    } catch ExecutionError.notStored {
      return false
    }
  }

  /// Makes the share of one process of every level that can be begun; returns how many levels
  /// that were, and how many there are.
  func run(_ schedule: Schedule, share: Shard) throws -> (done: Int, all: Int) {
    let levels = ShardLevels(schedule) { self.keptContent(of: $0) != nil }.levels
    let count = lattice.chunks.count
    for (number, nodes) in levels.enumerated() {
      if number > 0, try !hasAll(levels[number - 1]) { return (number, levels.count) }
      let wanted = Set(nodes.map(ObjectIdentifier.init))
      let values = nodes.filter { $0.isValue && $0.isCostly }
      let own = values.enumerated().filter { $0.offset % share.count == share.number - 1 }
      let ownValues = Set(own.map { ObjectIdentifier($0.element) })
      try run(schedule) { node, index in
        guard wanted.contains(ObjectIdentifier(node)) else { return false }
        return index.map { share.owns($0, of: count) }
          ?? ownValues.contains(ObjectIdentifier(node))
      }
    }
    return (levels.count, levels.count)
  }
}

/// Tells nobody.
struct SilentEvents: RunEvents {
  func advanced(_ node: String, made: Bool) {}
  func note(_ sentence: String) {}
}
