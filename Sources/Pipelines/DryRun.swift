import Foundation
import Rasters

/// What a run would make: per node its bands, chunks and bytes, and the memory that a chunk takes.
struct DryRun {
  private let plan: Runner.Plan
  private let lattice: ChunkLattice
  private let memory: MemoryPlan
  private let budget: MemoryPlan.Budget
  private let isLimited: Bool

  init(_ plan: Runner.Plan, _ command: Command.Run) throws {
    self.plan = plan
    lattice = ChunkLattice(grid: plan.planner.grid, size: plan.document.chunk)
    memory = MemoryPlan(plan)
    isLimited = command.memory != nil
    budget = memory.budget(
      limit: command.memory,
      jobs: command.jobs ?? ProcessInfo.processInfo.activeProcessorCount)
  }

  /// A line per node, in the order of work.
  var text: String {
    let schedule = Schedule(targets: plan.targets)
    let grid = lattice.grid
    let chunks = lattice.chunks.count
    var lines = [
      "grid \(grid.width) x \(grid.height), \(chunks) chunks of \(lattice.size) cells, \(budget.workers) workers",
      row("stage", "kind", "bands", "chunks", "bytes", "memory"),
    ]
    var total = 0
    for node in schedule.nodes {
      let bytes = self.bytes(of: node)
      total += bytes
      lines.append(
        row(
          node.name, kind(node), "\(max(node.bands.count, 1))", "\(node.isValue ? 1 : chunks)",
          MemoryPlan.text(bytes),
          MemoryPlan.text(MemoryPlan.bytes(of: node, on: lattice))))
    }
    lines.append(
      "at most \(MemoryPlan.text(total)) in the store; at most "
        + "\(MemoryPlan.text(memory.bytes(budget, isLimited: isLimited))) of memory with \(budget.workers) workers and "
        + "\(MemoryPlan.text(budget.cacheBytes)) of chunks that are kept")
    return lines.joined(separator: "\n")
  }

  private func row(_ cells: String...) -> String {
    zip(cells, [34, 10, 6, 8, 10, 10]).map {
      $0.padding(toLength: $1, withPad: " ", startingAt: 0)
    }.joined(separator: " ")
  }

  private func kind(_ node: Node) -> String {
    switch node.kind {
    case .raster: "raster"
    case .segments: "segments"
    case .table: "table"
    case .value: "value"
    }
  }

  /// The bytes of a raster's chunks; those of tables and values depend on the data.
  private func bytes(of node: Node) -> Int {
    switch node.kind {
    case .raster(let bands): bands.count * lattice.grid.cellCount * 4
    case .segments: lattice.grid.cellCount * 4
    case .table, .value: 0
    }
  }
}
