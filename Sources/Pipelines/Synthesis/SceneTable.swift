import Foundation

/// Tables in the texts beside synthetic scenes.
enum SceneTable {
  /// Columns side by side, indented.
  static func lines(_ header: [String], _ rows: [[String]]) -> String {
    let all = [header] + rows
    let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.map { row in
      zip(row, widths).map { $0.padding(toLength: $1 + 2, withPad: " ", startingAt: 0) }.joined()
        .replacingOccurrences(of: " +$", with: "", options: .regularExpression)
    }.map { "    " + $0 }.joined(separator: "\n")
  }
}
