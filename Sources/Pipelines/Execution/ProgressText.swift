import Foundation

/// Progress in words and as a bar: texts that depend on nothing but what is given.
enum ProgressText {
  /// A line for a terminal of `columns` that shows a bar, the stage and how fast it goes.
  ///
  /// The line never takes all columns, since some terminals then begin a new one. What does not fit
  /// is left out, the least important first, and a name is cut at last.
  static func bar(_ view: ProgressState.View, columns: Int, isColored: Bool) -> String {
    let room = max(0, columns - 1)
    let name = TextColumns.fitted(view.stage, 24)
    let count = count(view)
    let rate = view.rate.map(self.rate) ?? ""
    let left = left(view)
    let percent = view.fraction.map { String(format: "%3d%%", Int($0 * 100)) } ?? ""
    let forms: [(bar: Int, details: [String])] = [
      (24, [count, rate, left]), (12, [count, rate, left]), (12, [count, left]), (12, [count]),
      (0, [count]),
    ]
    for form in forms {
      let details = form.details.filter { !$0.isEmpty }.joined(separator: ", ")
      let words = [percent, name, details].filter { !$0.isEmpty }.joined(separator: " ")
      let length = form.bar > 0 && view.fraction != nil ? form.bar : 0
      guard TextColumns.count(words) + (length > 0 ? length + 3 : 0) <= room else { continue }
      return (length > 0 ? block(view.fraction ?? 0, length, isColored) + " " : "") + words
    }
    let words = [percent, name].filter { !$0.isEmpty }.joined(separator: " ")
    return TextColumns.fitted(words, room)
  }

  /// A line for logs: "model: epoch 34 of at most 200, 11/s, at most 15 s left".
  static func line(_ view: ProgressState.View) -> String {
    let details = [count(view), view.rate.map(rate) ?? "", left(view)].filter { !$0.isEmpty }
    return "\(view.stage): " + details.joined(separator: ", ")
  }

  private static func block(_ fraction: Double, _ length: Int, _ isColored: Bool) -> String {
    let filled = min(length, max(0, Int(fraction * Double(length))))
    let done = String(repeating: "#", count: filled)
    let rest = String(repeating: ".", count: length - filled)
    return isColored ? "[\u{1B}[32m\(done)\u{1B}[0m\(rest)]" : "[\(done)\(rest)]"
  }

  private static func count(_ view: ProgressState.View) -> String {
    if let step = view.step { return words(step) }
    if view.total > 0 { return "\(view.done)/\(view.total) chunks" }
    return view.done > 0 ? "\(view.done) chunks" : ""
  }

  private static func words(_ step: TrainingStep) -> String {
    switch step.kind {
    case .epoch: "epoch \(step.done) of at most \(step.limit)"
    case .tree: "tree \(step.done) of \(step.limit)"
    case .candidate: "comparison \(step.done) of \(step.limit)"
    }
  }

  private static func left(_ view: ProgressState.View) -> String {
    guard let left = view.left else { return "" }
    return (view.step?.kind == .epoch ? "at most " : "") + duration(left) + " left"
  }

  /// What is done a second, or where that is less than one, a minute or an hour.
  static func rate(_ rate: Double) -> String {
    for (unit, factor) in [("s", 1.0), ("min", 60.0)] where rate * factor >= 1 {
      return String(format: rate * factor < 9.95 ? "%.1f" : "%.0f", rate * factor) + "/\(unit)"
    }
    return String(format: "%.1f/h", rate * 3600)
  }

  /// A time in words, rounded up: "16 s", "3 min", "2 h 10 min".
  static func duration(_ seconds: Double) -> String {
    let seconds = min(max(0, seconds.rounded(.up)), 3.6e8)
    if seconds < 90 { return "\(Int(seconds)) s" }
    let minutes = Int((seconds / 60).rounded(.up))
    if minutes < 90 { return "\(minutes) min" }
    return "\(minutes / 60) h" + (minutes % 60 == 0 ? "" : " \(minutes % 60) min")
  }
}
