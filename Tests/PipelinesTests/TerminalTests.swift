import Testing

@testable import Pipelines

@Suite struct TerminalTests {
  private func terminal(_ columns: Int?, _ environment: [String: String]) -> Terminal {
    Terminal(isTerminal: true, windowColumns: columns, environment: environment)
  }

  private func terminal(_ environment: [String: String]) -> Terminal { terminal(100, environment) }

  @Test func respectsTheEnvironment() {
    #expect(terminal(["TERM": "xterm"]).isColored)
    #expect(terminal([:]).isColored)
    #expect(!terminal(["TERM": "xterm", "NO_COLOR": "1"]).isColored)
    // The convention: an empty NO_COLOR says nothing.
    #expect(terminal(["TERM": "xterm", "NO_COLOR": ""]).isColored)
    #expect(!terminal(["TERM": "dumb"]).isColored && !terminal(["TERM": "dumb"]).canRedraw)
    #expect(!Terminal(isTerminal: false, windowColumns: nil, environment: [:]).isColored)
  }

  @Test func takesTheWindowsWidthFirst() {
    #expect(terminal(100, ["COLUMNS": "60"]).columns == 100)
    #expect(terminal(0, ["COLUMNS": "60"]).columns == 60)
    #expect(terminal(nil, ["COLUMNS": "-3"]).columns == 80)
    #expect(terminal(nil, ["COLUMNS": "wide"]).columns == 80)
  }

  @Test func coloursOnlyWhereWanted() {
    #expect(terminal(["NO_COLOR": "1"]).warning("gossan:") == "gossan:")
    #expect(terminal([:]).warning("gossan:") == "\u{1B}[1;31mgossan:\u{1B}[0m")
  }

  @Test(arguments: [
    ("abc", 3), ("Zürich", 6), ("u\u{308}", 1), ("钨矿", 4), ("한글", 4), ("🔥", 2),
    ("e\u{301}\u{200B}", 1), ("", 0),
  ])
  func countsColumns(text: String, columns: Int) {
    #expect(TextColumns.count(text) == columns)
  }

  @Test(arguments: [
    ("probability", 11, "probability"), ("probability", 8, "proba..."), ("probability", 2, ".."),
    ("probability", 0, ""), ("钨矿区域", 8, "钨矿区域"), ("钨矿区域", 7, "钨矿..."),
    ("钨矿区域", 6, "钨..."), ("a\u{1B}[2Jb", 9, "a?[2Jb"),
  ])
  func cutsByColumns(text: String, columns: Int, expected: String) {
    #expect(TextColumns.fitted(text, columns) == expected)
    #expect(TextColumns.count(TextColumns.fitted(text, columns)) <= columns)
  }
}
