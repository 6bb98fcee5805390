extension StageDefinition {
  /// The stage's help for the terminal, at most 80 columns wide.
  public func describe() -> String {
    var blocks = [HelpText.wrap("\(name): \(summary)", indentation: 0)]
    if !details.isEmpty {
      blocks.append(
        details.split(separator: "\n\n").map { paragraph in
          HelpText.wrap(String(paragraph), indentation: 0)
        }.joined(separator: "\n\n"))
    }
    blocks.append("Makes    \(output?.rawValue ?? "files only")")
    if !inputs.isEmpty {
      blocks.append((["Inputs"] + inputs.map(Self.line)).joined(separator: "\n"))
    }
    if !options.isEmpty {
      blocks.append((["Options"] + Self.lines(options, indentation: 2)).joined(separator: "\n"))
    }
    blocks.append(
      "Example\n"
        + example.split(separator: "\n").map { line in
          HelpText.wrap(String(line), indentation: 2 + line.prefix { $0 == " " }.count)
        }.joined(separator: "\n"))
    return blocks.joined(separator: "\n\n") + "\n"
  }

  private static func line(_ input: InputDefinition) -> String {
    var words = input.phrase
    if input.isMany { words += ", several" }
    words += input.isRequired ? ", required" : ", optional"
    if input.source == .everything { words += "; default: every such product" }
    if input.source == .named { words += "; must be named" }
    let text = input.summary.isEmpty ? words : "\(words). \(input.summary)"
    let name = input.name == "*" ? "(other names)" : input.name
    return HelpText.entry(name, text, indentation: 2)
  }

  private static func lines(_ specs: [OptionSpec], indentation: Int) -> [String] {
    specs.flatMap { spec in
      [HelpText.entry(spec.name, text(spec), indentation: indentation)]
        + nested(spec.kind, indentation: indentation + 2)
    }
  }

  private static func text(_ spec: OptionSpec) -> String {
    var text = "\(spec.summary) \(HelpText.capitalized(spec.kind.phrase))"
    if !spec.unit.isEmpty { text += ", in \(spec.unit)" }
    switch spec.fallback {
    case .required: text += "; required."
    case .optional: text += "; optional."
    case .value(let value): text += "; default \(value.json5)."
    }
    return text
  }

  private static func nested(_ kind: OptionKind, indentation: Int) -> [String] {
    switch kind {
    case .object(let specs): lines(specs, indentation: indentation)
    case .typed(let types):
      types.sorted { $0.key < $1.key }.flatMap { type, specs in
        [String(repeating: " ", count: indentation) + "type '\(type)'"]
          + lines(specs, indentation: indentation + 2)
      }
    case .list(let kind), .map(let kind): nested(kind, indentation: indentation)
    case .either(let first, let second):
      nested(first, indentation: indentation) + nested(second, indentation: indentation)
    default: []
    }
  }

  /// A table of stages under their purposes: name and summary.
  public static func list(_ groups: [(title: String, stages: [StageDefinition])]) -> String {
    groups.map { group in
      group.title + "\n"
        + group.stages.map { HelpText.entry($0.name, $0.summary, indentation: 2) + "\n" }.joined()
    }.joined(separator: "\n")
  }
}

/// Lays out text for a terminal of 80 columns.
enum HelpText {
  static let width = 80

  /// A name in a column of 20 and its text beside it.
  static func entry(_ name: String, _ text: String, indentation: Int) -> String {
    let start = String(repeating: " ", count: indentation) + name
    let column = indentation + 20
    let wrapped = wrap(text, indentation: column)
    if start.count + 2 > column { return start + "\n" + wrapped }
    return start + wrapped.dropFirst(start.count)
  }

  /// Breaks a text at blanks; every line is indented.
  static func wrap(_ text: String, indentation: Int) -> String {
    let margin = String(repeating: " ", count: indentation)
    var lines: [String] = []
    var line = margin
    for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
      if line.count > indentation, line.count + 1 + word.count > width {
        lines.append(line)
        line = margin
      }
      line += (line.count > indentation ? " " : "") + word
    }
    return (lines + [line]).joined(separator: "\n")
  }

  static func capitalized(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst()
  }
}
