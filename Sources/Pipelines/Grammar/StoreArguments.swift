extension Command.Store.Task {
  /// The options that the task takes, beside those of all tasks.
  fileprivate var options: [String] {
    switch self {
    case .list: ["--json"]
    case .verify: ["--remove", "--quiet"]
    case .prune: ["--older-than", "--down-to", "--pipeline", "--dry-run", "--quiet"]
    }
  }
}

extension Command.Store {
  /// Understands the words and options after `gossan store`; `options` has what options said.
  init(operands: [String], given: [String], options: Command.Store) throws(UsageError) {
    let words = Task.allCases.map(\.rawValue)
    guard operands.count >= 2 else {
      throw UsageError(
        description: "'gossan store' needs \(Suggestion.alternatives(words)) and the folder of a "
          + "store; see 'gossan store --help'")
    }
    guard let task = Task(rawValue: operands[0]) else {
      throw UsageError(
        description: "'gossan store' does not know '\(operands[0])'"
          + Suggestion.phrase(operands[0], among: words))
    }
    if operands.count > 2 {
      throw UsageError(description: "'gossan store' does not expect '\(operands[2])'")
    }
    for name in given where !task.options.contains(name) {
      throw UsageError(
        description: "'gossan store \(task.rawValue)' has no option '\(name)'; see 'gossan store "
          + "--help'")
    }
    self = options
    self.task = task
    folder = operands[1]
    if task == .prune, age == nil, bytes == nil, pipeline == nil {
      throw UsageError(
        description: "'gossan store prune' needs --older-than, --down-to or --pipeline, which say "
          + "what to remove")
    }
  }
}

extension CommandParser {
  /// The seconds of a time such as `30d`.
  static func age(_ text: String) -> Int? {
    let units: [Character: Int] = ["h": 3600, "d": 86_400, "w": 7 * 86_400]
    guard let last = text.last, let unit = units[last], text.utf8.count < 8,
      let count = Int(text.dropLast()), count >= 0
    else { return nil }
    return count * unit
  }
}
