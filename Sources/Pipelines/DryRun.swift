import Foundation
import Rasters

/// What a run would make: per node its bands, chunks and bytes, and the memory that a chunk takes.
struct DryRun {
  private let plan: Runner.Plan
  private let lattice: ChunkLattice
  private let jobs: Int

  init(_ plan: Runner.Plan, _ command: Command.Run) throws {
    self.plan = plan
    lattice = ChunkLattice(grid: plan.planner.grid, size: plan.document.chunk)
    jobs = command.jobs ?? ProcessInfo.processInfo.activeProcessorCount
  }

  /// A line per node, in the order of work.
  var text: String {
    let schedule = Schedule(targets: plan.targets)
    let grid = lattice.grid
    let chunks = lattice.chunks.count
    var lines = [
      "grid \(grid.width) x \(grid.height), \(chunks) chunks of \(lattice.size) cells, \(jobs) workers",
      row("stage", "kind", "bands", "chunks", "bytes", "memory"),
    ]
    var total = 0
    var peak = 0
    for node in schedule.nodes {
      let bytes = self.bytes(of: node)
      let memory = self.memory(of: node)
      total += bytes
      peak = max(peak, memory)
      lines.append(
        row(
          node.name, kind(node), "\(max(node.bands.count, 1))", "\(node.isValue ? 1 : chunks)",
          size(bytes), size(memory)))
    }
    lines.append(
      "at most \(size(total)) in the store; about \(size(peak * jobs)) of memory for the widest "
        + "windows of \(jobs) workers")
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

  /// The bytes of the windows that making one chunk reads, halos included, and of the chunk.
  private func memory(of node: Node) -> Int {
    let own = max(1, node.bands.count) * window(halo: 0) * 4
    return node.edges.reduce(own) { sum, edge in
      guard case .halo(let halo) = edge.reach else { return sum }
      return sum + max(1, edge.node.bands.count) * window(halo: halo) * 4
    }
  }

  private func window(halo: Int) -> Int {
    min(lattice.size + 2 * halo, lattice.grid.width)
      * min(lattice.size + 2 * halo, lattice.grid.height)
  }

  private func size(_ bytes: Int) -> String {
    bytes >= 1 << 20 ? "\(bytes >> 20) MiB" : bytes >= 1 << 10 ? "\(bytes >> 10) KiB" : "\(bytes) B"
  }
}
