/// The options of a stage after all checks: every declared option by name, defaults filled in.
///
/// Asking for an option that is not declared is a programmer's mistake and stops the program. An
/// option that was missing or wrong, or is optional and absent, reads as an empty or zero value.
public struct OptionValues: Sendable {
  /// The values as one object; lists, files and bands given as one text are lists here.
  public let value: JSON5Value
  /// The tag of the stage, or nil for the pipeline's own keys.
  public let stage: String?
  /// The pipeline file.
  public let file: String?
  let specs: [OptionSpec]
  let path: String

  init(value: JSON5Value, specs: [OptionSpec], stage: String?, file: String?, path: String) {
    self.value = value
    self.specs = specs
    self.stage = stage
    self.file = file
    self.path = path
  }

  /// What identifies the options: JSON with sorted keys and all defaults, without absent options
  /// and without whether a fit is kept, which is no part of what is fitted.
  public var canonicalJSON: String { canonicalJSON(without: []) }

  /// What identifies the options but for some.
  func canonicalJSON(without names: Set<String>) -> String {
    let members = value.members ?? []
    return JSON5Value(
      .object(members.filter { !names.contains($0.key) && $0.key != FitPolicy.option.name })
    ).canonicalJSON
  }

  /// Whether the option has a value: given, or by default.
  public func has(_ name: String) -> Bool { raw(name) != nil }

  /// Whether the option was given by the user, in the file or on the command line.
  public func isGiven(_ name: String) -> Bool { raw(name).map { $0.place != .none } ?? false }

  /// The value as it is, or nil.
  public func raw(_ name: String) -> JSON5Value? {
    precondition(
      specs.contains { $0.name == name }, "option '\(name)' is not declared by \(stage ?? "-")")
    return value[name]
  }

  /// Where the option is given; where the object stands when it is not given.
  public func place(_ name: String) -> Place {
    guard let option = raw(name), option.place != .none else { return value.place }
    return option.place
  }

  /// A problem about an option, for stages that find one later.
  public func problem(_ name: String, _ message: String) -> Problem {
    Problem(
      file: file, place: place(name), stage: stage, key: OptionValidator.join(path, name), message)
  }
}

// Typed access.
extension OptionValues {
  /// A text.
  public func string(_ name: String) -> String { optionalString(name) ?? "" }
  /// A text, or nil when it is absent.
  public func optionalString(_ name: String) -> String? { raw(name)?.string }
  /// A whole number.
  public func int(_ name: String) -> Int { optionalInt(name) ?? 0 }
  /// A whole number, or nil when it is absent.
  public func optionalInt(_ name: String) -> Int? { raw(name)?.integer }
  /// A number.
  public func double(_ name: String) -> Double { optionalDouble(name) ?? 0 }
  /// A number, or nil when it is absent.
  public func optionalDouble(_ name: String) -> Double? { raw(name)?.number }
  /// A number in single precision.
  public func float(_ name: String) -> Float { Float(double(name)) }
  /// A truth value.
  public func bool(_ name: String) -> Bool { raw(name)?.bool ?? false }
  /// The texts of a list; a single text is a list of one.
  public func strings(_ name: String) -> [String] { optionalStrings(name) ?? [] }
  /// The texts of a list, or nil when it is absent.
  public func optionalStrings(_ name: String) -> [String]? {
    raw(name).map { $0.string.map { [$0] } ?? $0.elements?.compactMap(\.string) ?? [] }
  }
  /// The whole numbers of a list.
  public func ints(_ name: String) -> [Int] {
    raw(name)?.elements?.compactMap(\.integer) ?? []
  }
  /// The numbers of a list.
  public func doubles(_ name: String) -> [Double] {
    raw(name)?.elements?.compactMap(\.number) ?? []
  }
  /// The keys and values of a map, in the order in which they are written.
  public func map(_ name: String) -> [(key: String, value: JSON5Value)] {
    (raw(name)?.members ?? []).map { ($0.key, $0.value) }
  }
  /// The keys and texts of a map of texts, in the order in which they are written.
  public func stringMap(_ name: String) -> [(key: String, value: String)] {
    map(name).compactMap { entry in entry.value.string.map { (entry.key, $0) } }
  }

  /// The object of an option that is one, or nil; the type is empty for objects without types.
  public func object(_ name: String) -> (type: String, values: OptionValues)? {
    guard let value = raw(name), value.members != nil else { return nil }
    return nested(value, kind(name), OptionValidator.join(path, name))
  }

  /// The objects of an option that is a list of them.
  public func objects(_ name: String) -> [(type: String, values: OptionValues)] {
    guard let elements = raw(name)?.elements, case .list(let kind) = listKind(kind(name)) else {
      return []
    }
    let path = OptionValidator.join(path, name)
    return elements.enumerated().compactMap { nested($1, kind, "\(path)[\($0)]") }
  }

  private func kind(_ name: String) -> OptionKind {
    specs.first { $0.name == name }?.kind ?? .any
  }

  private func listKind(_ kind: OptionKind) -> OptionKind {
    guard case .either(let first, let second) = kind else { return kind }
    if case .list = first { return first }
    return second
  }

  private func nested(_ value: JSON5Value, _ kind: OptionKind, _ path: String)
    -> (type: String, values: OptionValues)?
  {
    switch kind {
    case .object(let specs):
      return ("", OptionValues(value: value, specs: specs, stage: stage, file: file, path: path))
    case .typed(let types):
      guard let type = value["type"]?.string, let specs = types[type] else { return nil }
      return (type, OptionValues(value: value, specs: specs, stage: stage, file: file, path: path))
    case .either(let first, let second):
      return nested(value, first, path) ?? nested(value, second, path)
    default: return nil
    }
  }
}
