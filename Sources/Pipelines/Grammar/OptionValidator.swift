extension OptionSpec {
  /// Checks the members of an object against what is declared and fills in the defaults.
  ///
  /// Every unknown, missing or wrong option is added to `problems`. Lists, files and bands given as
  /// one text become lists. `ignoring` names members that are not options.
  public static func validate(
    _ object: JSON5Value, _ specs: [OptionSpec], stage: String? = nil, file: String? = nil,
    ignoring: [String] = [], into problems: inout [Problem]
  ) -> OptionValues {
    var validator = OptionValidator(stage: stage, file: file)
    let value = validator.object(object, specs, path: "", ignoring: ignoring)
    problems += validator.problems
    return OptionValues(value: value, specs: specs, stage: stage, file: file, path: "")
  }
}

/// Walks an object along its declaration and collects problems.
struct OptionValidator {
  let stage: String?
  let file: String?
  var problems: [Problem] = []

  mutating func report(_ message: String, at place: Place, key: String) {
    problems.append(
      Problem(file: file, place: place, stage: stage, key: key.isEmpty ? nil : key, message))
  }

  /// The object with only known members, in the order of declaration, defaults filled in.
  mutating func object(
    _ value: JSON5Value, _ specs: [OptionSpec], path: String, ignoring: [String]
  ) -> JSON5Value {
    let members = value.members ?? []
    if value.members == nil, !value.isInvalid {
      report("expected an object, found \(value.kindName)", at: value.place, key: path)
    }
    let names = specs.map(\.name) + ignoring
    for member in members where !member.key.isEmpty && !names.contains(member.key) {
      report(
        "unknown \(stage == nil ? "key" : "option")\(Suggestion.phrase(member.key, among: names))",
        at: member.keyPlace,
        key: Self.join(path, member.key))
    }
    // A member that could not be read may have been any option: then none counts as missing.
    let isIncomplete = value.members == nil || members.contains(where: \.key.isEmpty)
    var result: [JSON5Value.Member] = []
    for spec in specs {
      // null takes back what was given before, in a variant for instance.
      let given = members.first {
        $0.key == spec.name && !(spec.hasFallback && $0.value.content == .null)
      }
      if var member = given, let checked = option(member.value, spec, path: path) {
        member.value = checked
        result.append(member)
      } else if given == nil, let value = missing(spec, in: value, path, isIncomplete) {
        result.append(JSON5Value.Member(key: spec.name, value: value))
      }
    }
    return JSON5Value(.object(result), at: value.place)
  }

  private mutating func option(_ value: JSON5Value, _ spec: OptionSpec, path: String)
    -> JSON5Value?
  {
    check(value, spec.kind, path: Self.join(path, spec.name))
  }

  private mutating func missing(
    _ spec: OptionSpec, in object: JSON5Value, _ path: String, _ isIncomplete: Bool
  ) -> JSON5Value? {
    switch spec.fallback {
    case .value(let value): return check(value, spec.kind, path: Self.join(path, spec.name))
    case .optional: return nil
    case .required:
      if !isIncomplete {
        report(
          "is missing: expected \(spec.kind.phrase)", at: object.place,
          key: Self.join(path, spec.name))
      }
      return nil
    }
  }

  static func join(_ path: String, _ name: String) -> String {
    path.isEmpty ? name : "\(path).\(name)"
  }
}

// Checks by kind. Each returns the value in its normal form, or nil after reporting.
extension OptionValidator {
  mutating func check(_ value: JSON5Value, _ kind: OptionKind, path: String) -> JSON5Value? {
    if value.isInvalid { return nil }
    switch kind {
    case .any: return value
    case .string, .file: return text(value, kind, path)
    case .choice(let words): return choice(value, words, path)
    case .integer, .number: return number(value, kind, path)
    case .bool:
      return value.bool == nil ? mismatch(value, kind, path) : value
    case .textOrList, .files, .bands: return texts(value, kind, path)
    case .list(let element): return list(value, of: element, path)
    case .map(let element): return map(value, of: element, path)
    case .object(let specs):
      if value.members == nil { return mismatch(value, kind, path) }
      return object(value, specs, path: path, ignoring: [])
    case .typed(let types): return typed(value, types, path)
    case .either(let first, let second):
      return check(value, matches(value, first) ? first : second, path: path)
    }
  }

  private mutating func mismatch(_ value: JSON5Value, _ kind: OptionKind, _ path: String)
    -> JSON5Value?
  {
    report("expected \(kind.phrase), found \(value.kindName)", at: value.place, key: path)
    return nil
  }

  private mutating func text(_ value: JSON5Value, _ kind: OptionKind, _ path: String)
    -> JSON5Value?
  {
    guard let text = Self.looseText(value) else { return mismatch(value, kind, path) }
    if case .file = kind, text.isEmpty {
      report("expected a file, found an empty text", at: value.place, key: path)
      return nil
    }
    return JSON5Value(.string(text), at: value.place)
  }

  /// The text of a string; on the command line nobody can say that `5` is meant as a text.
  private static func looseText(_ value: JSON5Value) -> String? {
    switch value.content {
    case .string(let text): text
    case .number(_, let text) where value.place.origin != nil: text
    case .bool(let flag) where value.place.origin != nil: "\(flag)"
    default: nil
    }
  }

  private mutating func choice(_ value: JSON5Value, _ words: [String], _ path: String)
    -> JSON5Value?
  {
    guard let text = Self.looseText(value) else { return mismatch(value, .choice(words), path) }
    if words.contains(text) { return JSON5Value(.string(text), at: value.place) }
    report(
      "unknown value '\(text)'\(Suggestion.phrase(text, among: words))", at: value.place,
      key: path)
    return nil
  }

  private mutating func number(_ value: JSON5Value, _ kind: OptionKind, _ path: String)
    -> JSON5Value?
  {
    switch kind {
    case .integer(let range):
      guard let number = value.integer, range.contains(number) else { break }
      return JSON5Value(.number(Double(number), text: "\(number)"), at: value.place)
    case .number(let range):
      guard let number = value.number, number.isFinite, range.contains(number) else { break }
      return value
    default: break
    }
    return mismatch(value, kind, path)
  }

  private mutating func texts(_ value: JSON5Value, _ kind: OptionKind, _ path: String)
    -> JSON5Value?
  {
    var elements = value.elements ?? [value]
    for (index, element) in elements.enumerated() {
      if element.isInvalid { return nil }
      guard let text = Self.looseText(element) else {
        return mismatch(element, kind, value.elements == nil ? path : "\(path)[\(index)]")
      }
      elements[index] = JSON5Value(.string(text), at: element.place)
    }
    if case .files = kind, elements.isEmpty {
      report("expected at least one file", at: value.place, key: path)
      return nil
    }
    return JSON5Value(.array(elements), at: value.place)
  }

  private mutating func list(_ value: JSON5Value, of kind: OptionKind, _ path: String)
    -> JSON5Value?
  {
    guard let elements = value.elements else { return mismatch(value, .list(of: kind), path) }
    let checked = elements.enumerated().map { check($1, kind, path: "\(path)[\($0)]") }
    let valid = checked.compactMap(\.self)
    return valid.count == elements.count ? JSON5Value(.array(valid), at: value.place) : nil
  }

  private mutating func map(_ value: JSON5Value, of kind: OptionKind, _ path: String)
    -> JSON5Value?
  {
    guard let members = value.members else { return mismatch(value, .map(of: kind), path) }
    var result: [JSON5Value.Member] = []
    for var member in members where !member.key.isEmpty {
      guard let checked = check(member.value, kind, path: Self.join(path, member.key)) else {
        continue
      }
      member.value = checked
      result.append(member)
    }
    return result.count == members.count ? JSON5Value(.object(result), at: value.place) : nil
  }

  private mutating func typed(
    _ value: JSON5Value, _ types: [String: [OptionSpec]], _ path: String
  ) -> JSON5Value? {
    guard let members = value.members else { return mismatch(value, .typed(types), path) }
    let names = types.keys.sorted()
    guard let type = value["type"] else {
      if !members.contains(where: \.key.isEmpty) {
        let words = Suggestion.alternatives(names.map { "'\($0)'" })
        report("is missing: expected \(words)", at: value.place, key: Self.join(path, "type"))
      }
      return nil
    }
    guard let checked = check(type, .choice(names), path: Self.join(path, "type")),
      let specs = checked.string.flatMap({ types[$0] })
    else { return nil }
    let rest = object(value, specs, path: path, ignoring: ["type"])
    let member = JSON5Value.Member(key: "type", keyPlace: type.place, value: checked)
    return JSON5Value(.object([member] + (rest.members ?? [])), at: value.place)
  }

  /// Whether a value has the outer form of a kind, whatever is wrong inside.
  private func matches(_ value: JSON5Value, _ kind: OptionKind) -> Bool {
    switch kind {
    case .any: true
    case .string, .file: value.string != nil
    case .choice(let words): value.string.map(words.contains) ?? false
    case .integer, .number: value.number != nil
    case .bool: value.bool != nil
    case .textOrList, .files, .bands: value.string != nil || value.elements != nil
    case .list: value.elements != nil
    case .map, .object, .typed: value.members != nil
    case .either(let first, let second): matches(value, first) || matches(value, second)
    }
  }
}
