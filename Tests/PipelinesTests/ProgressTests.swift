import Foundation
import Synchronization
import Testing

@testable import Pipelines

@Suite struct ProgressTests {
  /// What was written, by a clock that is set by hand.
  private final class Screen: Sendable {
    private let text = Mutex("")
    private let time = Mutex(0.0)
    let terminal: Terminal

    init(isTerminal: Bool = true, _ environment: [String: String] = ["NO_COLOR": "1"]) {
      terminal = Terminal(
        isTerminal: isTerminal, windowColumns: isTerminal ? 60 : nil, environment: environment)
    }

    func progress(_ style: Command.ProgressStyle, isQuiet: Bool = false) -> Pipelines.Progress {
      Pipelines.Progress(
        style: style, isQuiet: isQuiet, terminal: { [terminal] in terminal },
        clock: { [self] in time.withLock { $0 } },
        date: { [self] in Date(timeIntervalSince1970: 1_795_291_432 + time.withLock { $0 }) },
        write: { [self] part in text.withLock { $0 += part } })
    }

    func pass(_ seconds: Double) { time.withLock { $0 += seconds } }

    /// What was written since it was last asked for.
    var written: String {
      text.withLock { text in
        defer { text = "" }
        return text
      }
    }
  }

  private func run(_ progress: Pipelines.Progress, _ screen: Screen) {
    progress.plan([(stage: "cube", total: 2), (stage: "model", total: 1)])
    progress.began("cube")
    screen.pass(2)
    progress.advanced("cube", made: true)
    progress.advanced("cube", made: false)
    progress.began("model@0")
    screen.pass(40)
    progress.stepped("model@0", TrainingStep(kind: .epoch, done: 1, limit: 9))
    progress.note("a \"note\"\n\\ with\u{7} signs")
    progress.advanced("model@0", made: true)
  }

  @Test func choosesByTheTerminal() {
    let screen = Screen().terminal
    let dumb = Screen(["TERM": "dumb"]).terminal
    let file = Screen(isTerminal: false).terminal
    #expect(Pipelines.Progress.resolved(.auto, on: screen) == .bar)
    #expect(Pipelines.Progress.resolved(.auto, on: dumb) == .plain)
    #expect(Pipelines.Progress.resolved(.auto, on: file) == .plain)
    #expect(Pipelines.Progress.resolved(.bar, on: file) == .bar)
    #expect(Pipelines.Progress.resolved(.bar, on: dumb) == .plain)
    #expect(Pipelines.Progress.resolved(.json, on: dumb) == .json)
  }

  @Test func drawsABarAndTakesItAway() {
    let screen = Screen()
    let progress = screen.progress(.auto)
    progress.plan([(stage: "cube", total: 4)])
    progress.began("cube")
    #expect(screen.written == "\r[........................]   0% cube 0/4 chunks\u{1B}[K")
    // Not more often than ten times a second.
    screen.pass(0.05)
    progress.began("cube")
    #expect(screen.written == "")
    screen.pass(0.95)
    progress.advanced("cube", made: true)
    #expect(screen.written.contains("25% cube 1/4 chunks, 1.0/s, 3 s left"))
    screen.pass(1)
    progress.advanced("cube", made: true)
    #expect(
      screen.written == "\r[######......]  50% cube 2/4 chunks, 1.0/s, 2 s left\u{1B}[K")
    progress.note("something")
    #expect(screen.written == "\r\u{1B}[Ksomething\n")
    screen.pass(1)
    progress.began("cube")
    #expect(!screen.written.isEmpty)
    progress.fail("no more")
    #expect(screen.written == "\r\u{1B}[Kgossan: no more\n")
    progress.finish(.failed)
    progress.finish(.failed)
    #expect(screen.written == "")
  }

  @Test func leavesNoBarBehind() {
    let screen = Screen()
    for (index, end) in [Runner.Status.done, .failed, .interrupted].enumerated() {
      let progress = screen.progress(.bar)
      screen.pass(Double(index))
      progress.began("cube")
      progress.finish(end)
      #expect(screen.written.hasSuffix("\r\u{1B}[K"))
    }
    let progress = screen.progress(.bar)
    progress.began("cube")
    progress.pause()
    #expect(screen.written.hasSuffix("\r\u{1B}[K"))
    progress.finish(.done)
    #expect(screen.written == "")
  }

  @Test func writesPlainLines() {
    let screen = Screen(isTerminal: false)
    let progress = screen.progress(.auto)
    run(progress, screen)
    progress.finish(.done)
    #expect(
      screen.written == """
        2026-11-21T20:03:52Z info making cube
        2026-11-21T20:03:54Z info making model
        2026-11-21T20:04:34Z info model: epoch 1 of at most 9
        2026-11-21T20:04:34Z info a "note"
        2026-11-21T20:04:34Z info \\ with\u{7} signs

        """)
    progress.warn("look")
    progress.fail("tile a", level: .warning)
    progress.fail("all failed")
    #expect(
      screen.written == """
        2026-11-21T20:04:34Z warning look
        2026-11-21T20:04:34Z warning tile a
        2026-11-21T20:04:34Z error all failed

        """)
  }

  /// On a terminal that cannot draw, lines are for a person who sees them come.
  @Test func linesOnATerminalHaveNoTimes() {
    let screen = Screen(["TERM": "dumb"])
    let progress = screen.progress(.auto)
    run(progress, screen)
    progress.warn("look")
    progress.fail("tile a", level: .warning)
    #expect(
      screen.written == """
        making cube
        making model
        model: epoch 1 of at most 9
        a "note"
        \\ with\u{7} signs
        look
        gossan: tile a

        """)
  }

  @Test func speaksOfLongStagesNowAndThen() {
    let screen = Screen(isTerminal: false)
    let progress = screen.progress(.plain)
    progress.plan([(stage: "map", total: 1000)])
    for _ in 0..<1000 {
      progress.began("map")
      screen.pass(0.1)
      progress.advanced("map", made: true)
    }
    let lines = screen.written.split(separator: "\n")
    #expect(lines.first?.hasSuffix("Z info making map") == true && (4...5).contains(lines.count))
    #expect(
      lines.dropFirst().allSatisfy {
        $0.contains("Z info map: ") && $0.contains("/1000 chunks, 10/s")
      })
  }

  @Test func writesOneEventALine() throws {
    let screen = Screen()
    let progress = screen.progress(.json)
    run(progress, screen)
    progress.fail("it \"failed\"")
    progress.finish(.failed)
    let written = screen.written
    let lines = written.split(separator: "\n").map(String.init)
    #expect(
      lines.map(Self.withoutTime) == [
        #"{"event":"plan","stages":[{"stage":"cube","total":2},{"stage":"model","total":1}],"total":3}"#,
        #"{"event":"begin","stage":"cube"}"#,
        #"{"done":1,"event":"chunk","made":true,"node":"cube","stage":"cube","total":2}"#,
        #"{"done":2,"event":"chunk","made":false,"node":"cube","stage":"cube","total":2}"#,
        #"{"event":"begin","stage":"model"}"#,
        #"{"done":1,"event":"epoch","node":"model@0","stage":"model","total":9}"#,
        #"{"event":"note","text":"a \"note\"\n\\ with\u0007 signs"}"#,
        #"{"done":1,"event":"chunk","made":true,"node":"model@0","stage":"model","total":1}"#,
        #"{"event":"error","text":"it \"failed\""}"#,
        #"{"event":"done","status":1}"#,
      ])
    for line in lines {
      let value = try JSONSerialization.jsonObject(with: Data(line.utf8))
      let event = try #require(value as? [String: Any])
      #expect(event["event"] is String && event["level"] is String)
      let time = try #require(event["time"] as? String)
      #expect(time.hasPrefix("2026-11-21T20:0") && time.hasSuffix("Z"))
    }
    let levels = lines.compactMap { $0.firstMatch(of: /"level":"(\w+)"/)?.1 }
    #expect(levels == Array(repeating: "info", count: 8) + ["error", "info"])
    progress.warn("look")
    #expect(
      screen.written
        == #"{"event":"note","level":"warning","text":"look","time":"2026-11-21T20:04:34Z"}"# + "\n"
    )
  }

  /// An event without the keys that all have.
  private static func withoutTime(_ line: String) -> String {
    line.replacing(/,"level":"\w+"/, with: "").replacing(/,"time":"[^"]+"/, with: "")
  }

  @Test func everyKindOfStepHasAnEventOfItsName() {
    let screen = Screen()
    let progress = screen.progress(.json)
    for (kind, done) in [(TrainingStep.Kind.candidate, 4), (.tree, 64), (.epoch, 7)] {
      progress.stepped("model@1", TrainingStep(kind: kind, done: done, limit: 90))
    }
    #expect(
      Self.withoutTime(screen.written) == """
        {"done":4,"event":"candidate","node":"model@1","stage":"model","total":90}
        {"done":64,"event":"tree","node":"model@1","stage":"model","total":90}
        {"done":7,"event":"epoch","node":"model@1","stage":"model","total":90}

        """)
  }

  @Test func saysNothingWhenQuietButWhatWentWrong() {
    let screen = Screen()
    for style in Command.ProgressStyle.allCases {
      let progress = screen.progress(style, isQuiet: true)
      run(progress, screen)
      progress.finish(.done)
      #expect(screen.written == "", "\(style)")
      progress.warn("look")
      #expect(screen.written.contains("look"))
      progress.fail("it failed")
      #expect(screen.written.contains("it failed"))
    }
  }

  /// Events come from all workers at once.
  @Test func keepsLinesWhole() async {
    let screen = Screen()
    let progress = screen.progress(.json)
    await withTaskGroup { group in
      for worker in 0..<4 {
        group.addTask {
          for _ in 0..<50 {
            progress.began("node\(worker)")
            progress.advanced("node\(worker)", made: true)
          }
        }
      }
    }
    let lines = screen.written.split(separator: "\n")
    #expect(lines.count == 4 * 51)
    #expect(lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
  }
}
