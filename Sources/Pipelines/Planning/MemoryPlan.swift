import Foundation
import Rasters

/// The memory that a plan takes while it runs, and how a limit of it is kept.
///
/// A worker holds the windows that the chunk it makes reads, what its stage needs beside them, and
/// the chunk itself; all workers share a cache of chunks. When everything is made one block of an
/// output after the other is read and written. Everything else depends neither on the size of the
/// map nor on the number of its chunks, but for the samples of a training and the tables of a run,
/// some hundred bytes a chunk.
struct MemoryPlan {
  /// How a run keeps within a limit.
  struct Budget: Equatable {
    /// The chunks that are made at once.
    var workers: Int
    /// The bytes of chunks that are kept for those who read them next.
    var cacheBytes: Int
  }

  /// What the process takes beside windows and chunks: its code, projections, drivers, tables,
  /// models, and what the allocator cannot use.
  private static let fixedBytes = 120 << 20
  /// The bytes of raster blocks that GDAL keeps, with a limit or without.
  static func blockCacheBytes(isLimited: Bool) -> Int { isLimited ? 32 << 20 : 64 << 20 }
  /// The cache of chunks where no limit is given.
  private static let usualCacheBytes = 256 << 20
  /// A cache that is smaller makes neighbours read the same chunks again and again.
  private static let leastCacheBytes = 32 << 20
  /// The columns and rows of a block of an output.
  private static let writtenBlock = 512
  /// Smaller chunks have more halo than chunk.
  private static let leastChunk = 128

  private let lattice: ChunkLattice
  /// The node whose chunks take most, and how many bytes one takes.
  private let widest: (name: String, bytes: Int)
  /// The output whose blocks take most, and how many bytes one takes.
  private let written: (name: String, bytes: Int)

  init(_ plan: Runner.Plan) {
    lattice = ChunkLattice(grid: plan.planner.grid, size: plan.document.chunk)
    let lattice = lattice
    func widest(_ nodes: [Node], _ bytes: (Node, ChunkLattice) -> Int) -> (String, Int) {
      nodes.reduce(("", 0)) { widest, node in
        let bytes = bytes(node, lattice)
        return bytes > widest.1 ? (node.name, bytes) : widest
      }
    }
    self.widest = widest(Schedule(targets: plan.targets).nodes) { Self.bytes(of: $0, on: $1) }
    let outputs = plan.tasks.filter { $0.kind == .write }.flatMap(\.products)
    written = widest(outputs.flatMap(\.product.nodes)) { Self.bytesWriting($0, on: $1) }
  }

  /// The least that a run of the plan needs: one worker and a small cache.
  var least: Int {
    Self.common(isLimited: true) + Self.leastCacheBytes + max(widest.bytes, written.bytes)
  }

  private static func common(isLimited: Bool) -> Int {
    fixedBytes + blockCacheBytes(isLimited: isLimited)
  }

  /// The workers and the cache for `jobs` workers at most, within `limit` bytes where one is given.
  func budget(limit: Int?, jobs: Int) -> Budget {
    guard let limit else { return Budget(workers: jobs, cacheBytes: Self.usualCacheBytes) }
    let free = max(0, limit - Self.common(isLimited: true))
    let workers = (free - Self.leastCacheBytes) / max(1, widest.bytes)
    let kept = min(jobs, max(1, workers))
    let rest = free - max(kept * widest.bytes, written.bytes)
    return Budget(workers: kept, cacheBytes: min(Self.usualCacheBytes, max(0, rest)))
  }

  /// The bytes that a run with such a budget takes at most.
  func bytes(_ budget: Budget, isLimited: Bool) -> Int {
    Self.common(isLimited: isLimited) + budget.cacheBytes
      + max(budget.workers * widest.bytes, written.bytes)
  }

  /// Why a limit cannot be kept.
  func refusal(limit: Int) -> String {
    "'--memory' allows \(Self.text(limit)), but at least \(Self.text(least, isLeast: true)) are "
      + (written.bytes > widest.bytes
        ? "needed: a block of '\(written.name)' that is written takes "
          + Self.text(written.bytes, isLeast: true)
        : "needed: a chunk of \(lattice.size) x \(lattice.size) cells of '\(widest.name)' takes "
          + Self.text(widest.bytes, isLeast: true))
  }

  /// A plan in chunks that fit within a limit: those of the file, or smaller ones where it names
  /// none.
  static func fitting(
    limit: Int, _ plan: Runner.Plan, inChunks: (Int) throws -> Runner.Plan
  ) throws -> Runner.Plan {
    var result = plan
    while true {
      let memory = MemoryPlan(result)
      if memory.least <= limit { return result }
      let smaller = result.document.chunk / 2
      guard !result.document.isChunkGiven, smaller >= leastChunk else {
        throw PipelineError.invalid([
          Problem(file: plan.document.file, memory.refusal(limit: limit))
        ])
      }
      result = try inChunks(smaller)
    }
  }

  /// A number of bytes for people; a least one is rounded up, so that it is enough when given.
  static func text(_ bytes: Int, isLeast: Bool = false) -> String {
    for (shift, unit) in [(20, "MiB"), (10, "KiB")] where bytes >= 1 << shift {
      return "\((bytes + (isLeast ? (1 << shift) - 1 : 0)) >> shift) \(unit)"
    }
    return "\(bytes) B"
  }
}

extension MemoryPlan {
  /// The bytes that are held while one chunk of a node is made, or while a value goes through
  /// chunk after chunk.
  static func bytes(of node: Node, on lattice: ChunkLattice) -> Int {
    let made = Making(lattice).bytes(of: node, halo: 0)
    // The chunk is there twice while it is written: as numbers, and as the bytes of its record.
    return made.most + made.left
  }

  /// The bytes that are held while a block of an output is read and written.
  static func bytesWriting(_ node: Node, on lattice: ChunkLattice) -> Int {
    let block = ChunkLattice(grid: lattice.grid, size: max(lattice.size, writtenBlock))
    let read = Making(block).window(of: node, halo: 0)
    // As it was read, and as it is written, with the value for missing cells.
    return read.most + read.left
  }

  /// What making a window takes, from what it is made.
  private struct Making {
    private let lattice: ChunkLattice

    init(_ lattice: ChunkLattice) { self.lattice = lattice }

    /// The cells of a chunk and a halo around it.
    private func cells(_ halo: Int) -> Int {
      min(lattice.size + 2 * halo, lattice.grid.width)
        * min(lattice.size + 2 * halo, lattice.grid.height)
    }

    /// The bytes of a cell of what a node makes.
    private func size(_ node: Node) -> Int {
      switch node.kind {
      case .raster(let bands): 4 * bands.count
      case .segments: 4
      case .table, .value: 0
      }
    }

    /// The most bytes that are held while a chunk with its halo is made, and those that are left.
    func bytes(of node: Node, halo: Int) -> (most: Int, left: Int) {
      var (most, held) = (0, 0)
      for edge in node.edges {
        switch edge.reach {
        case .halo(let own):
          let part = window(of: edge.node, halo: halo + own)
          most = max(most, held + part.most)
          held += part.left
        case .all:
          // Chunk after chunk.
          most = max(most, held + window(of: edge.node, halo: 0).most)
        case .lazy:
          let part = bytes(of: edge.node, halo: 0)
          most = max(most, held + part.most + part.left)
        }
      }
      let left = size(node) * cells(halo)
      let scratch = node.scratch.reduce(0) { $0 + $1.bytes * cells(halo + $1.halo) }
      return (max(most, held + left + scratch), left)
    }

    /// The same for a window that is read: from the store, where its chunks are decoded one by one.
    func window(of node: Node, halo: Int) -> (most: Int, left: Int) {
      guard node.isStored else { return bytes(of: node, halo: halo) }
      let left = size(node) * cells(halo)
      return (left + 2 * size(node) * cells(0), left)
    }
  }
}
