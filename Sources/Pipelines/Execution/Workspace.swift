import Foundation
import RasterFiles
import Tensors

/// The folder of the outputs and the store beside them, held for one process.
struct Workspace {
  private(set) var folder: String
  let store: ChunkStore
  /// The tile whose outputs the folder has, where each of several has its own.
  private(set) var tile: String?
  private let memory: Int?

  /// Makes folder and store where they are missing, and clears away what killed runs left.
  ///
  /// `name` is the pipeline's, after which the folder is called unless the command names one.
  init(_ command: Command.Run, name: String, _ events: any RunEvents) throws {
    folder = command.output ?? "out/\(name)"
    try FileManager.default.makeFolder(folder)
    store = try ChunkStore(
      directory: command.work ?? folder + "/.gossan", isShared: command.shard != nil)
    _ = AtomicFile.removeAbandoned(in: folder)
    memory = command.memory
    GDAL.setCacheLimit(bytes: MemoryPlan.blockCacheBytes(isLimited: memory != nil))
    if memory != nil { Allocation.returnBlocks(from: 1 << 17) }
    try compareKernel(events)
  }

  /// The same store with a folder for the outputs of one tile.
  func forTile(_ name: String) throws -> Workspace {
    var result = self
    result.folder = "\(folder)/\(name)"
    result.tile = name
    try FileManager.default.makeFolder(result.folder)
    _ = AtomicFile.removeAbandoned(in: result.folder)
    return result
  }

  /// The name under which the store knows a pipeline: with the tile's, where each has its own.
  func name(of plan: Runner.Plan) -> String {
    plan.document.name + (tile.map { "/\($0)" } ?? "")
  }

  /// What makes a plan's products in this store, with the fits that it keeps.
  func executor(
    _ plan: Runner.Plan, _ events: any RunEvents, renewing tags: Set<String> = []
  ) -> Executor {
    executor(plan, events) { lattice in
      KeptFits(
        store: store, pipeline: name(of: plan), cells: lattice.cellIdentity, renewing: tags)
    }
  }

  /// What makes a plan's products in this store, every fit from what is there.
  func fittingExecutor(_ plan: Runner.Plan, _ events: any RunEvents) -> Executor {
    executor(plan, events) { _ in nil }
  }

  private func executor(
    _ plan: Runner.Plan, _ events: any RunEvents, fits: (ChunkLattice) -> KeptFits?
  ) -> Executor {
    let lattice = ChunkLattice(grid: plan.planner.grid, size: plan.document.chunk)
    let budget = MemoryPlan(plan).budget(limit: memory, jobs: Parallel.jobs)
    return Executor(
      lattice: lattice, store: store, events: events, cacheBytes: budget.cacheBytes,
      workers: budget.workers, fits: fits(lattice))
  }

  /// Says when another machine's products filled the store: its values may differ in last digits.
  private func compareKernel(_ events: any RunEvents) throws {
    let path = store.directory + "/kernel"
    let own = Products.kernelName
    guard let data = FileManager.default.contents(atPath: path) else {
      return try AtomicFile.write(own, to: path)
    }
    let filled = String(decoding: data, as: UTF8.self)
    guard filled != own else { return }
    events.note(
      "the store was filled with OpenBLAS's \(filled) kernels, this machine uses \(own): "
        + "values may differ in their last digits")
  }
}
