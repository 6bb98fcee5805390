import Foundation
import Glibc
import Synchronization

/// Tells a person or a log what a run does; on stderr, so that stdout stays free for results.
final class Progress: RunEvents {
  private struct State {
    var made: [String: Int] = [:]
    var found = 0
    var planned: [String: Int] = [:]
    var finished: Set<String> = []
    var lastDraw: ContinuousClock.Instant?
    var lineIsOpen = false
  }
  private let style: Command.ProgressStyle
  private let isQuiet: Bool
  private let state = Mutex(State())

  init(style: Command.ProgressStyle, isQuiet: Bool) {
    let isTerminal = isatty(STDERR_FILENO) == 1
    self.style = style == .auto ? (isTerminal ? .bar : .plain) : style
    self.isQuiet = isQuiet
  }

  /// The number of chunks that are made or checked at each node.
  func plan(_ chunks: [String: Int]) { state.withLock { $0.planned = chunks } }

  func advanced(_ node: String, made: Bool) {
    guard !isQuiet, style != .none else { return }
    state.withLock { state in
      guard made else {
        state.found += 1
        return
      }
      state.made[node, default: 0] += 1
      switch style {
      case .json:
        emit(#"{"event":"chunk","stage":"\#(node)","done":\#(state.made[node] ?? 0)}"#)
      case .bar: draw(node, &state)
      case .plain, .auto, .none: announce(node, &state)
      }
    }
  }

  func note(_ sentence: String) {
    guard !isQuiet else { return }
    state.withLock { state in
      closeLine(&state)
      if style == .json {
        let text = sentence.replacingOccurrences(of: "\\", with: "\\\\")
          .replacingOccurrences(of: "\"", with: "\\\"")
        emit(#"{"event":"note","text":"\#(text)"}"#)
      } else {
        emit(sentence)
      }
    }
  }

  /// Ends a bar's line, so that what follows starts on its own.
  func finish() { state.withLock { closeLine(&$0) } }

  private func announce(_ node: String, _ state: inout State) {
    guard state.made[node] == 1, state.finished.insert(node).inserted else { return }
    emit("making \(node)")
  }

  private func draw(_ node: String, _ state: inout State) {
    let now = ContinuousClock.now
    if let last = state.lastDraw, now - last < .milliseconds(100) { return }
    state.lastDraw = now
    state.lineIsOpen = true
    let done = state.made.values.reduce(state.found, +)
    let total = max(done, state.planned.values.reduce(0, +))
    let width = 24
    let filled = total == 0 ? 0 : done * width / total
    let bar =
      String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
    FileHandle.standardError.write(Data("\r\u{1B}[K[\(bar)] \(done)/\(total) \(node)".utf8))
  }

  private func closeLine(_ state: inout State) {
    guard state.lineIsOpen else { return }
    state.lineIsOpen = false
    FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
  }

  private func emit(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
}
