/// The parameters of a pipeline and their substitution into texts.
///
/// `"${name}"` as a whole text becomes the parameter's value with its type; inside a longer text it
/// becomes the value's text. `$${` stands for `${` itself. Parameters may use one another.
struct Parameters {
  private(set) var values: [String: JSON5Value] = [:]
  private(set) var names: [String] = []
  private var resolved: Set<String> = []
  private let file: String?

  init(
    _ object: JSON5Value?, overrides: [Overrides.Parameter], file: String?,
    into problems: inout [Problem]
  ) {
    self.file = file
    for member in object?.members ?? [] where !member.key.isEmpty {
      names.append(member.key)
      values[member.key] = member.value
    }
    for override in overrides {
      if values[override.name] == nil {
        let hint = Suggestion.phrase(override.name, among: names)
        let place = Place(line: 0, column: 0, origin: override.origin)
        problems.append(
          Problem(
            file: file, place: place, "there is no parameter '\(override.name)'\(hint)"))
      } else {
        values[override.name] = Overrides.value(override.text, origin: override.origin)
      }
    }
    for name in names { resolve(name, users: [], into: &problems) }
  }

  /// Replaces the parameters inside one parameter; `users` are those that wait for it.
  private mutating func resolve(_ name: String, users: [String], into problems: inout [Problem]) {
    guard let value = values[name], !resolved.contains(name) else { return }
    var inner: [String] = []
    Self.collect(value, into: &inner)
    for other in inner where values[other] != nil {
      if other == name || users.contains(other) {
        let circle = (users + [name, other]).joined(separator: " -> ")
        let message = "the parameter uses itself: \(circle)"
        problems.append(
          Problem(file: file, place: value.place, key: "parameters.\(name)", message))
        values[name] = JSON5Value(.invalid, at: value.place)
        resolved.insert(name)
        return
      }
      resolve(other, users: users + [name], into: &problems)
    }
    guard resolved.insert(name).inserted else { return }
    values[name] = substituted(value, stage: nil, key: "parameters.\(name)", into: &problems)
  }

  private static func collect(_ value: JSON5Value, into names: inout [String]) {
    switch value.content {
    case .string(let text): names += pieces(text).compactMap { $0.isName ? $0.text : nil }
    case .array(let elements): for element in elements { collect(element, into: &names) }
    case .object(let members): for member in members { collect(member.value, into: &names) }
    default: break
    }
  }

  /// The value with every parameter replaced; unknown ones are reported.
  func substituted(
    _ value: JSON5Value, stage: String?, key: String, into problems: inout [Problem]
  ) -> JSON5Value {
    switch value.content {
    case .string(let text):
      return text.contains("${")
        ? replaced(text, at: value.place, stage: stage, key: key, into: &problems) : value
    case .array(let elements):
      let replaced = elements.enumerated().map {
        substituted($1, stage: stage, key: "\(key)[\($0)]", into: &problems)
      }
      return JSON5Value(.array(replaced), at: value.place)
    case .object(var members):
      for index in members.indices {
        let path = OptionValidator.join(key, members[index].key)
        members[index].value = substituted(
          members[index].value, stage: stage, key: path, into: &problems)
      }
      return JSON5Value(.object(members), at: value.place)
    default: return value
    }
  }

  private func replaced(
    _ text: String, at place: Place, stage: String?, key: String,
    into problems: inout [Problem]
  ) -> JSON5Value {
    let pieces = Self.pieces(text)
    var place = place
    var result = ""
    for piece in pieces {
      guard piece.isName else {
        result += piece.text
        continue
      }
      guard let value = values[piece.text] else {
        let hint = Suggestion.phrase(piece.text, among: names)
        problems.append(
          Problem(
            file: file, place: place, stage: stage, key: key,
            "there is no parameter '\(piece.text)'\(hint)"))
        return JSON5Value(.invalid, at: place)
      }
      // A problem is best shown where the parameter is used, with the argument that set it.
      place.origin = value.place.origin ?? place.origin
      if value.isInvalid { return JSON5Value(.invalid, at: place) }
      if pieces.count == 1 { return value.moved(to: place) }
      guard let inserted = Self.text(of: value) else {
        let message =
          "the parameter '\(piece.text)' is \(value.kindName): it cannot be part of a text"
        problems.append(Problem(file: file, place: place, stage: stage, key: key, message))
        return JSON5Value(.invalid, at: place)
      }
      result += inserted
    }
    return JSON5Value(.string(result), at: place)
  }

  private static func text(of value: JSON5Value) -> String? {
    switch value.content {
    case .string(let text), .number(_, let text): text
    case .bool(let flag): "\(flag)"
    default: nil
    }
  }

  /// A text cut into literal pieces and names of parameters.
  static func pieces(_ text: String) -> [(text: String, isName: Bool)] {
    var pieces: [(text: String, isName: Bool)] = []
    var literal = ""
    var rest = text[...]
    while let character = rest.first {
      if rest.hasPrefix("$${") {
        literal += "${"
        rest.removeFirst(3)
      } else if rest.hasPrefix("${"), let end = rest.firstIndex(of: "}") {
        if !literal.isEmpty { pieces.append((literal, false)) }
        literal = ""
        pieces.append((String(rest[rest.index(rest.startIndex, offsetBy: 2)..<end]), true))
        rest = rest[rest.index(after: end)...]
      } else {
        literal.append(character)
        rest.removeFirst()
      }
    }
    if !literal.isEmpty { pieces.append((literal, false)) }
    return pieces
  }
}
