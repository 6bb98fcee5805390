import Foundation
import RasterFiles
import Tensors

/// The folder of the outputs and the store beside them, held for one process.
struct Workspace {
  let folder: String
  let store: ChunkStore
  private let cacheBytes: Int

  /// Makes folder and store where they are missing, and clears away what killed runs left.
  ///
  /// `name` is the pipeline's, after which the folder is called unless the command names one.
  init(_ command: Command.Run, name: String, _ events: any RunEvents) throws {
    folder = command.output ?? "out/\(name)"
    try FileManager.default.makeFolder(folder)
    store = try ChunkStore(directory: command.work ?? folder + "/.gossan")
    _ = AtomicFile.removeAbandoned(in: folder)
    GDAL.setCacheLimit(bytes: 64 << 20)
    cacheBytes = min((command.memory ?? 1 << 30) / 4, 256 << 20)
    try compareKernel(events)
  }

  /// What makes a plan's products in this store.
  func executor(_ plan: Runner.Plan, _ events: any RunEvents) -> Executor {
    Executor(
      lattice: ChunkLattice(grid: plan.planner.grid, size: plan.document.chunk), store: store,
      events: events, cacheBytes: cacheBytes)
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
