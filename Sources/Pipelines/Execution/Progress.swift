import Foundation
import Synchronization

/// Tells a person or a log what a run does; on stderr, so that stdout stays free for results.
final class Progress: RunEvents {
  private struct State {
    var progress = ProgressState()
    /// When the bar was drawn, and when a line about each stage was written.
    var lastDraw = -Double.infinity
    var lastLines: [String: Double] = [:]
    var barIsDrawn = false
    var isFinished = false
  }
  private let style: Command.ProgressStyle
  /// Whether only warnings and errors are shown.
  let isQuiet: Bool
  /// Whether lines begin with time and level.
  private let isStamped: Bool
  private let terminal: @Sendable () -> Terminal
  private let write: @Sendable (String) -> Void
  private let clock: @Sendable () -> Double
  private let date: @Sendable () -> Date
  private let state = Mutex(State())

  /// A bar is not drawn more often than this many seconds.
  private static let drawInterval = 0.1
  /// In logs a stage is not spoken of more often than this many seconds.
  private static let lineInterval = 30.0

  /// Shows progress on stderr in a style; `isQuiet` leaves only warnings and errors.
  convenience init(style: Command.ProgressStyle, isQuiet: Bool) {
    let origin = ContinuousClock.now
    self.init(
      style: style, isQuiet: isQuiet, ticks: true, terminal: { Terminal.standardError },
      clock: { (ContinuousClock.now - origin) / .seconds(1) }, date: { Date() },
      write: { FileHandle.standardError.write(Data($0.utf8)) })
  }

  /// Shows progress on a terminal, by two clocks and through a writer of the caller's.
  init(
    style: Command.ProgressStyle, isQuiet: Bool, ticks: Bool = false,
    terminal: @escaping @Sendable () -> Terminal, clock: @escaping @Sendable () -> Double,
    date: @escaping @Sendable () -> Date, write: @escaping @Sendable (String) -> Void
  ) {
    self.style = Self.resolved(style, on: terminal())
    self.isQuiet = isQuiet
    isStamped = !terminal().isTerminal
    self.terminal = terminal
    self.clock = clock
    self.date = date
    self.write = write
    if ticks, self.style == .bar, !isQuiet { startTicking() }
  }

  /// What is shown: a bar needs a terminal that can draw over a line.
  static func resolved(
    _ style: Command.ProgressStyle, on terminal: Terminal
  ) -> Command.ProgressStyle {
    switch style {
    case .auto: terminal.isTerminal && terminal.canRedraw ? .bar : .plain
    case .bar: terminal.canRedraw ? .bar : .plain
    case .plain, .json, .none: style
    }
  }

  /// A long fit says nothing by itself: a tick each second keeps rates and times true.
  private func startTicking() {
    Thread.detachNewThread { [weak self] in
      repeat { Thread.sleep(forTimeInterval: 1) } while self?.tick() ?? false
    }
  }

  /// Draws again; false when there is no more to draw.
  private func tick() -> Bool {
    state.withLock { state in
      if !state.isFinished { draw(&state) }
      return !state.isFinished
    }
  }

  private var isShown: Bool { !isQuiet && style != .none }
}

// Events.
extension Progress {
  /// What a schedule makes or looks at; chunks are counted once for each stored node.
  func plan(_ schedule: Schedule, chunks: Int) {
    var order: [String] = []
    var totals: [String: Int] = [:]
    for node in schedule.nodes {
      let stage = ProgressState.stage(of: node.name)
      if totals[stage] == nil { order.append(stage) }
      totals[stage, default: 0] += node.isValue ? 1 : chunks
    }
    plan(order.map { ($0, totals[$0] ?? 0) })
  }

  /// What will be made or looked at, by stage.
  func plan(_ counts: [(stage: String, total: Int)]) {
    state.withLock { state in
      state.progress.plan(counts)
      guard isShown, style == .json else { return }
      let stages = counts.map { ProgressEvent.Planned(stage: $0.stage, total: $0.total) }
      emit(
        ProgressEvent(event: .plan, total: state.progress.plannedTotal, stages: stages))
    }
  }

  func began(_ node: String) {
    state.withLock { state in
      let isFirst = state.progress.begin(node, at: clock())
      guard isShown else { return }
      let stage = ProgressState.stage(of: node)
      switch style {
      case .json where isFirst: emit(ProgressEvent(event: .begin, stage: stage))
      case .bar: drawInTime(&state)
      case .plain where isFirst:
        state.lastLines[stage] = clock()
        say(.info, "making \(stage)")
      case .auto, .plain, .json, .none: break
      }
    }
  }

  func advanced(_ node: String, made: Bool) {
    state.withLock { state in
      state.progress.advance(node, made: made, at: clock())
      guard isShown else { return }
      let counts = state.progress.counts(of: node)
      switch style {
      case .json:
        emit(
          ProgressEvent(
            event: .chunk, stage: counts.stage, node: node, done: counts.done,
            total: counts.total == 0 ? nil : counts.total, made: made))
      case .bar: drawInTime(&state)
      case .plain: speakInTime(&state)
      case .auto, .none: break
      }
    }
  }

  func stepped(_ node: String, _ step: TrainingStep) {
    state.withLock { state in
      state.progress.step(node, step, at: clock())
      guard isShown else { return }
      switch style {
      case .json:
        emit(
          ProgressEvent(
            event: ProgressEvent.kind(of: step), stage: ProgressState.stage(of: node),
            node: node, done: step.done, total: step.limit))
      case .bar: drawInTime(&state)
      case .plain: speakInTime(&state)
      case .auto, .none: break
      }
    }
  }

  func note(_ sentence: String) {
    if !isQuiet { tell(.note, .info, sentence) }
  }

  /// Says what a person must look at, also when nothing else is said.
  func warn(_ sentence: String) { tell(.note, .warning, sentence) }

  /// Says why the run failed, or a part of it that others go on without; also when nothing else is
  /// said.
  func fail(_ sentence: String, level: ProgressEvent.Level = .error) {
    tell(.error, level, sentence, prefix: terminal().warning("gossan:") + " ")
  }

  /// Says a sentence; `prefix` stands before it on a terminal.
  private func tell(
    _ event: ProgressEvent.Kind, _ level: ProgressEvent.Level, _ sentence: String,
    prefix: String = ""
  ) {
    state.withLock { state in
      erase(&state)
      if style == .json {
        emit(ProgressEvent(event: event, level: level, text: sentence))
      } else {
        say(level, (isStamped ? "" : prefix) + sentence)
      }
    }
  }

  /// Takes a bar away until the next plan, so that results follow on lines of their own.
  func pause() {
    state.withLock { state in
      erase(&state)
      state.progress = ProgressState()
    }
  }

  /// Ends all showing with the status of the process.
  func finish(_ status: Runner.Status) {
    state.withLock { state in
      guard !state.isFinished else { return }
      erase(&state)
      state.isFinished = true
      if isShown, style == .json {
        emit(ProgressEvent(event: .done, status: status.rawValue))
      }
    }
  }
}

// Showing.
extension Progress {
  private func emit(_ event: ProgressEvent) {
    var event = event
    event.time = timestamp
    write(event.json + "\n")
  }

  /// Writes lines as they are on a terminal, with time and level in a log.
  private func say(_ level: ProgressEvent.Level, _ text: String) {
    guard isStamped else { return write(text + "\n") }
    let start = "\(timestamp) \(level.rawValue) "
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    write(lines.map { start + $0 + "\n" }.joined())
  }

  private var timestamp: String { date().formatted(.iso8601) }

  private func drawInTime(_ state: inout State) {
    if clock() - state.lastDraw >= Self.drawInterval { draw(&state) }
  }

  private func draw(_ state: inout State) {
    let now = clock()
    guard let view = state.progress.view(at: now) else { return }
    let terminal = terminal()
    state.lastDraw = now
    state.barIsDrawn = true
    write(
      "\r"
        + ProgressText.bar(view, columns: terminal.columns, isColored: terminal.isColored)
        + "\u{1B}[K")
  }

  private func erase(_ state: inout State) {
    guard state.barIsDrawn else { return }
    state.barIsDrawn = false
    write("\r\u{1B}[K")
  }

  /// A line about a stage that takes long.
  private func speakInTime(_ state: inout State) {
    let now = clock()
    guard let view = state.progress.view(at: now), let last = state.lastLines[view.stage],
      now - last >= Self.lineInterval
    else { return }
    state.lastLines[view.stage] = now
    say(.info, ProgressText.line(view))
  }
}
