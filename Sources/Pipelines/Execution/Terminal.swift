import Foundation
import Glibc

/// What is known of the terminal that stderr may be.
struct Terminal: Sendable, Hashable {
  /// Whether stderr is a terminal at all.
  let isTerminal: Bool
  /// Whether a line can be drawn over itself.
  let canRedraw: Bool
  /// Whether colours are wanted and understood.
  let isColored: Bool
  /// The columns of a line.
  let columns: Int

  /// Judges by what the system says and by `TERM`, `NO_COLOR` and `COLUMNS`.
  init(isTerminal: Bool, windowColumns: Int?, environment: [String: String]) {
    self.isTerminal = isTerminal
    canRedraw = environment["TERM"] != "dumb"
    isColored = isTerminal && canRedraw && environment["NO_COLOR", default: ""].isEmpty
    let stated = environment["COLUMNS"].flatMap { Int($0) }
    columns = [windowColumns, stated].compactMap(\.self).first { $0 > 0 } ?? 80
  }

  /// The terminal of stderr as it is now: its window may change.
  static var standardError: Terminal {
    var size = winsize()
    let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0
    return Terminal(
      isTerminal: isatty(STDERR_FILENO) == 1, windowColumns: isKnown ? Int(size.ws_col) : nil,
      environment: ProcessInfo.processInfo.environment)
  }

  /// A text in bold red, where colours are wanted.
  func warning(_ text: String) -> String { isColored ? "\u{1B}[1;31m\(text)\u{1B}[0m" : text }
}

/// Texts in columns: a letter of Chinese takes two, an accent put over a letter none.
enum TextColumns {
  /// The columns that a text takes on a terminal.
  static func count(_ text: String) -> Int { text.reduce(0) { $0 + count($1) } }

  /// The text, cut to `columns` with an ellipsis where it takes more; control characters become
  /// question marks.
  static func fitted(_ text: String, _ columns: Int) -> String {
    let clean = String(text.map { isControl($0) ? "?" : $0 })
    guard count(clean) > columns else { return clean }
    let mark = String("...".prefix(max(0, columns)))
    var result = ""
    var used = mark.count
    for character in clean {
      used += count(character)
      guard used <= columns else { break }
      result.append(character)
    }
    return result + mark
  }

  private static func isControl(_ character: Character) -> Bool {
    character.unicodeScalars.contains { $0.properties.generalCategory == .control }
  }

  private static func count(_ character: Character) -> Int {
    guard let first = character.unicodeScalars.first else { return 0 }
    switch first.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: return 0
    default: break
    }
    let isWide = wide.contains { $0.contains(first.value) } || first.properties.isEmojiPresentation
    return isWide ? 2 : 1
  }

  /// Hangul, kana, Han and full-width forms (Unicode Standard Annex 11).
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
    0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD,
  ]
}
