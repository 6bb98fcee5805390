import Foundation
import Glibc
import RasterFiles
import Rasters
import Synchronization
import Tensors

extension Runner {
  /// Runs a pipeline as a command line asks for it and tells on stderr what happened.
  public static func run(_ command: Command.Run) -> Status {
    attempt(command) { progress in
      let plan = try plan(command.pipeline, overrides: command.overrides)
      if command.isDryRun { return print(try DryRun(plan, command).text) }
      try PipelineRun(plan, command, progress).run()
    }
  }

  /// Works as a command line asks for it; what goes wrong is said and becomes an exit status.
  static func attempt(_ command: Command.Run, _ work: (Progress) throws -> Void) -> Status {
    let progress = Progress(style: command.progress, isQuiet: command.verbosity == .quiet)
    do {
      if let jobs = command.jobs { Parallel.jobs = jobs }
      Interruption.install()
      Parallel.setCancellationCheck { try Interruption.check() }
      try work(progress)
      return .done
    } catch let error as PipelineError {
      progress.finish()
      say(error.description)
      return error.problems.isEmpty ? .failed : .invalid
    } catch let error as StoreError {
      progress.finish()
      say(error.description)
      if case .held = error { return .held }
      return .failed
    } catch is CancellationError {
      progress.finish()
      say("interrupted; what was made is stored, run again to go on")
      return .interrupted
    } catch {
      progress.finish()
      say("\(error)")
      return .failed
    }
  }

  /// Writes a line to stderr.
  public static func say(_ line: String) {
    FileHandle.standardError.write(Data(("gossan: " + line + "\n").utf8))
  }
}

/// Stops a run after the current chunks when the process is asked to end.
private enum Interruption {
  /// A handler may do no more than set this.
  static let isRequested = Atomic(false)

  static func install() {
    isRequested.store(false, ordering: .relaxed)
    for number in [SIGINT, SIGTERM] {
      signal(number) { _ in Interruption.isRequested.store(true, ordering: .relaxed) }
    }
  }

  static func check() throws {
    if isRequested.load(ordering: .relaxed) { throw CancellationError() }
  }
}

/// One run of a plan: makes what is missing, writes what is new.
struct PipelineRun {
  let plan: Runner.Plan
  let folder: String
  let executor: Executor
  let progress: Progress
  private let started = Date()

  init(_ plan: Runner.Plan, _ command: Command.Run, _ progress: Progress) throws {
    self.plan = plan
    self.progress = progress
    folder = command.output ?? "out/\(plan.document.name)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let store = try ChunkStore(directory: command.work ?? folder + "/.gossan")
    _ = AtomicFile.removeAbandoned(in: folder)
    GDAL.setCacheLimit(bytes: 64 << 20)
    let memory = command.memory ?? 1 << 30
    executor = Executor(
      lattice: ChunkLattice(grid: plan.planner.grid, size: plan.document.chunk), store: store,
      events: progress, cacheBytes: min(memory / 4, 256 << 20))
  }

  /// Says when another machine's products filled the store: its values may differ in last digits.
  private func compareKernel() throws {
    let path = executor.store.directory + "/kernel"
    let own = Products.kernelName
    if let data = FileManager.default.contents(atPath: path) {
      let filled = String(decoding: data, as: UTF8.self)
      if filled != own {
        progress.note(
          "the store was filled with OpenBLAS's \(filled) kernels, this machine uses \(own): "
            + "values may differ in their last digits")
      }
    } else {
      try AtomicFile.write(own, to: path)
    }
  }

  func run() throws {
    try compareKernel()
    let schedule = Schedule(targets: plan.targets)
    let chunks = executor.lattice.chunks.count
    var planned: [String: Int] = [:]
    for node in schedule.nodes { planned[node.name, default: 0] += node.isValue ? 1 : chunks }
    progress.plan(planned)
    try executor.run(schedule)
    let ledger = OutputLedger(store: executor.store)
    var result = OutputWriter.Result()
    for task in plan.tasks where task.kind == .write {
      let writer = OutputWriter(
        executor: executor, ledger: ledger, folder: folder, nodata: task.nodata)
      let part = try writer.write(task.products)
      result.written += part.written
      result.layers += part.layers
    }
    let writer = OutputWriter(executor: executor, ledger: ledger, folder: folder, nodata: .nan)
    let record = RunRecord(plan, executor)
    for task in plan.tasks where task.kind == .report {
      let page = ReportPage(plan: plan, task: task, executor: executor, layers: result.layers)
      try writer.writeReport(page, record, &result)
    }
    try finish(result, record)
  }

  private func finish(_ result: OutputWriter.Result, _ record: RunRecord) throws {
    progress.finish()
    let made = executor.statistics.values.reduce(0) { $0 + $1.made }
    let found = executor.statistics.values.reduce(0) { $0 + $1.found }
    guard made > 0 || !result.written.isEmpty else {
      progress.note("nothing was new: \(found) stored chunks and values are up to date")
      return
    }
    try AtomicFile.write(
      [UInt8](try record.json(started: started, written: result.written)),
      to: folder + "/run.json")
    progress.note(
      "made \(made) chunks and values, found \(found); wrote \(result.written.count) files to "
        + folder)
  }
}
