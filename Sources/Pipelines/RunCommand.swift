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
      if let pattern = command.tiles {
        return try EachTile(command, pattern: pattern, progress).run()
      }
      let plan = try plan(command)
      if command.isDryRun { return print(try DryRun(plan, command).text) }
      let run = try PipelineRun(plan, command, progress)
      if let shard = command.shard { try run.run(share: shard) } else { try run.run() }
    }
  }

  /// Works as a command line asks for it; what goes wrong is said and becomes an exit status.
  static func attempt(_ command: Command.Run, _ work: (Progress) throws -> Void) -> Status {
    let progress = Progress(style: command.progress, isQuiet: command.verbosity == .quiet)
    let status = outcome(progress) {
      Interruption.install()
      try Parallel.with(jobs: command.jobs, cancellationCheck: { try Interruption.check() }) {
        try work(progress)
      }
    }
    progress.finish(status)
    return status
  }

  private static func outcome(_ progress: Progress, _ work: () throws -> Void) -> Status {
    do {
      try work()
      return .done
    } catch let error as PipelineError {
      progress.fail(error.description)
      return error.problems.isEmpty ? .failed : .invalid
    } catch let error as StoreError {
      progress.fail(error.description)
      if case .held = error { return .held }
      return .failed
    } catch let error as EachTile.Failure {
      progress.fail(error.description)
      return error.status
    } catch is CancellationError {
      progress.fail("interrupted; what was made is stored, run again to go on")
      return .interrupted
    } catch {
      progress.fail("\(error)")
      return .failed
    }
  }

  /// Writes a line to stderr.
  public static func say(_ line: String) {
    let text = Terminal.standardError.warning("gossan:") + " \(line)\n"
    FileHandle.standardError.write(Data(text.utf8))
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
  /// The pipeline's name, and the tile's where each of several has outputs of its own.
  private let name: String
  private let started = Date()

  init(_ plan: Runner.Plan, _ command: Command.Run, _ progress: Progress) throws {
    self.init(plan, try Workspace(command, name: plan.document.name, progress), progress)
  }

  init(_ plan: Runner.Plan, _ workspace: Workspace, _ progress: Progress) {
    self.plan = plan
    self.progress = progress
    folder = workspace.folder
    name = workspace.name(of: plan)
    executor = workspace.executor(plan, progress)
  }

  func run() throws {
    let schedule = Schedule(targets: plan.targets) { executor.keptContent(of: $0) != nil }
    progress.plan(schedule, chunks: executor.lattice.chunks.count)
    plan.transferNotes.forEach(progress.note)
    try executor.run(schedule)
    let moved = try RunRecord(plan, executor).fits().compactMap(\.sentence)
    let ledger = OutputLedger(store: executor.store)
    var result = OutputWriter.Result()
    for task in plan.tasks where task.kind == .write {
      let writer = OutputWriter(
        executor: executor, ledger: ledger, folder: folder, nodata: task.nodata, form: task.form,
        styles: task.styles)
      let part = try writer.write(task.products)
      result.written += part.written
      result.layers += part.layers
      result.vectors += part.vectors
      result.chips += part.chips
    }
    try ProjectFile(plan: plan, executor: executor, ledger: ledger, folder: folder)
      .write(&result)
    let writer = OutputWriter(executor: executor, ledger: ledger, folder: folder, nodata: .nan)
    let record = RunRecord(plan, executor)
    for task in plan.tasks where task.kind == .report {
      let page = ReportPage(
        plan: plan, task: task, executor: executor, layers: result.layers,
        pictures: ReportLayers(executor: executor, ledger: ledger))
      try writer.writeReport(page, record, &result)
    }
    try finish(result, record, moved)
    try StoreUses(store: executor.store, pipeline: name).note(executor.usedKeys)
  }

  /// Makes the share of one of several processes, as far as the others have come; writes nothing
  /// but to the store.
  func run(share: Shard) throws {
    let schedule = Schedule(targets: plan.targets) { executor.keptContent(of: $0) != nil }
    progress.plan(schedule, chunks: max(1, executor.lattice.chunks.count / share.count))
    let levels = try executor.run(schedule, share: share)
    let made = executor.statistics.values.reduce(0) { $0 + $1.made }
    progress.note(
      "share \(share): made \(made) chunks and values; "
        + (levels.done == levels.all
          ? "that is its part of all \(levels.all) levels"
          : "level \(levels.done + 1) of \(levels.all) waits for the other shares: run again when "
            + "they have ended"))
  }

  /// Writes the record of a run and says what it did; `moved` is what changed below kept fits.
  private func finish(
    _ result: OutputWriter.Result, _ record: RunRecord, _ moved: [String]
  ) throws {
    let outputs = try RecordedOutputs(plan, result.layers, executor, folder: folder)
    let made = executor.statistics.values.reduce(0) { $0 + $1.made }
    let found = executor.statistics.values.reduce(0) { $0 + $1.found }
    let isNew = made > 0 || !result.written.isEmpty
    // Quiet runs by the clock that find nothing new have said it before.
    if isNew || !progress.isQuiet { moved.forEach(progress.warn) }
    // A record of an earlier version does not say what the files hold.
    if isNew || (try? FinishedRun(folder: folder))?.outputs != outputs {
      try AtomicFile.write(
        [UInt8](
          try record.json(started: started, written: result.written, outputs: outputs)),
        to: folder + "/run.json")
    }
    guard isNew else {
      progress.note("nothing was new: \(found) stored chunks and values are up to date")
      return
    }
    progress.note(
      "made \(made) chunks and values, found \(found); wrote \(result.written.count) files to "
        + folder)
  }
}
