extension JSON5Value {
  /// The value as JSON in one line with sorted keys: equal values give equal texts.
  ///
  /// Whole numbers lose their fraction (`50.0` is `50`); NaN and infinities become texts.
  public var canonicalJSON: String {
    var text = ""
    write(to: &text, sorted: true, indentation: nil, depth: 0)
    return text
  }

  /// The value as JSON on several lines, two spaces a level, keys in their order.
  public var prettyJSON: String {
    var text = ""
    write(to: &text, sorted: false, indentation: 2, depth: 0)
    return text
  }

  /// The value as a person would write it in a pipeline file, in one line.
  public var json5: String {
    switch content {
    case .array(let elements): "[\(elements.map(\.json5).joined(separator: ", "))]"
    case .object(let members) where members.isEmpty: "{}"
    case .object(let members):
      "{ "
        + members.map { member in
          let plain = JSON5Reader.isPlainKey(member.key)
          return "\(plain ? member.key : Self.quoted(member.key)): \(member.value.json5)"
        }.joined(separator: ", ") + " }"
    case .number(_, let text): text
    default: canonicalJSON
    }
  }

  private func write(to text: inout String, sorted: Bool, indentation: Int?, depth: Int) {
    switch content {
    case .null, .invalid: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .number(let value, let written): text += Self.numberText(value, written)
    case .string(let value): text += Self.quoted(value)
    case .array(let elements):
      Self.writeList(elements, ("[", "]"), to: &text, indentation, depth) { element, text in
        element.write(to: &text, sorted: sorted, indentation: indentation, depth: depth + 1)
      }
    case .object(let members):
      let ordered = sorted ? members.sorted { Self.precedes($0.key, $1.key) } : members
      Self.writeList(ordered, ("{", "}"), to: &text, indentation, depth) { member, text in
        text += Self.quoted(member.key) + (indentation == nil ? ":" : ": ")
        member.value.write(to: &text, sorted: sorted, indentation: indentation, depth: depth + 1)
      }
    }
  }

  private static func writeList<Item>(
    _ items: [Item], _ brackets: (String, String), to text: inout String, _ indentation: Int?,
    _ depth: Int, item write: (Item, inout String) -> Void
  ) {
    text += brackets.0
    for (index, item) in items.enumerated() {
      if index > 0 { text += "," }
      if let indentation { text += lineBreak(indentation * (depth + 1)) }
      write(item, &text)
    }
    if let indentation, !items.isEmpty { text += lineBreak(indentation * depth) }
    text += brackets.1
  }

  private static func lineBreak(_ spaces: Int) -> String {
    "\n" + String(repeating: " ", count: spaces)
  }

  /// The order of bytes: the comparison of strings would depend on Unicode's version.
  private static func precedes(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
  }

  private static func numberText(_ value: Double, _ written: String) -> String {
    if let whole = Int(written) ?? Int(exactly: value) { return "\(whole)" }
    return value.isFinite ? "\(value)" : "\"\(value)\""
  }

  /// A text in double quotes, as JSON writes it.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\0"..<" ":
        let hexadecimal = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
