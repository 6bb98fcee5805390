/// What a stage declares about one of its options: the source of checks, help and JSON Schema.
public struct OptionSpec: Sendable {
  /// The key in the pipeline file.
  public var name: String
  /// What values are allowed.
  public var kind: OptionKind
  /// What holds when the option is not given.
  public var fallback: Fallback
  /// The unit of a number, empty when there is none.
  public var unit: String
  /// One sentence for people.
  public var summary: String
  /// A value as one would write it, empty when the default says it all.
  public var example: String

  /// Declares an option: `OptionSpec("size", .integer(4...10_000), default: 50, "...")`.
  public init(
    _ name: String, _ kind: OptionKind, default fallback: Fallback = .required, unit: String = "",
    _ summary: String, example: String = ""
  ) {
    self.name = name
    self.kind = kind
    self.fallback = fallback
    self.unit = unit
    self.summary = summary
    self.example = example
  }

  /// Whether the option may be left out.
  var hasFallback: Bool { if case .required = fallback { false } else { true } }

  /// What holds when an option is not given; literals are default values.
  public enum Fallback: Sendable {
    /// The option must be given.
    case required
    /// The option may be absent.
    case optional
    /// The option has this value.
    case value(JSON5Value)
  }
}

/// The values that an option may have.
public indirect enum OptionKind: Sendable {
  /// A text.
  case string
  /// An input file that must exist; its path is relative to the pipeline file.
  case file
  /// Input files: a path, a pattern with `*` and `?`, or a list of these.
  case files
  /// A whole number in a range.
  case integer(ClosedRange<Int>)
  /// A number in a range; a bound may be infinite, the number may not.
  case number(ClosedRange<Double>)
  /// `true` or `false`.
  case bool
  /// One of a few words.
  case choice([String])
  /// A list of values of one kind.
  case list(of: OptionKind)
  /// An object with keys of the user's own and values of one kind.
  case map(of: OptionKind)
  /// A text or a list of texts.
  case textOrList
  /// An object with options of its own.
  case object([OptionSpec])
  /// An object whose member `type` chooses which options it has.
  case typed([String: [OptionSpec]])
  /// The first kind if the value has its form, otherwise the second.
  case either(OptionKind, OptionKind)
  /// Names of bands, or one name.
  case bands
  /// Whatever JSON5 can say; the stage checks it.
  case any
}

extension OptionSpec.Fallback: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  /// A truth value.
  public init(booleanLiteral value: Bool) { self = .value(JSON5Value(booleanLiteral: value)) }
  /// A whole number.
  public init(integerLiteral value: Int) { self = .value(JSON5Value(integerLiteral: value)) }
  /// A number.
  public init(floatLiteral value: Double) { self = .value(JSON5Value(floatLiteral: value)) }
  /// A text.
  public init(stringLiteral value: String) { self = .value(JSON5Value(stringLiteral: value)) }
  /// A list.
  public init(arrayLiteral elements: JSON5Value...) { self = .value(JSON5Value(.array(elements))) }
  /// An object.
  public init(dictionaryLiteral elements: (String, JSON5Value)...) {
    self = .value(
      JSON5Value(.object(elements.map { JSON5Value.Member(key: $0.0, value: $0.1) })))
  }
}

extension OptionKind {
  /// The kind in words, for help and for messages: "a whole number from 4 to 10000".
  public var phrase: String {
    switch self {
    case .string: "a text"
    case .file: "a file"
    case .files: "a file, a pattern or a list of these"
    case .integer(let range): "a whole number" + Self.bounds(range)
    case .number(let range): "a number" + Self.bounds(range)
    case .bool: "true or false"
    case .choice(let words): Suggestion.alternatives(words.map { "'\($0)'" })
    case .list(let kind): "a list, each \(kind.phrase)"
    case .map(let kind): "an object of names, each with \(kind.phrase)"
    case .textOrList: "a text or a list of texts"
    case .object: "an object"
    case .typed(let types):
      "an object with type "
        + Suggestion.alternatives(types.keys.sorted().map { "'\($0)'" })
    case .either(let first, let second): "\(first.phrase), or \(second.phrase)"
    case .bands: "a band or a list of bands"
    case .any: "any value"
    }
  }

  private static func bounds(_ range: ClosedRange<Int>) -> String {
    switch (range.lowerBound, range.upperBound) {
    case (.min, .max): ""
    case (.min, let upper): " of at most \(upper)"
    case (let lower, .max): " of at least \(lower)"
    case (let lower, let upper): " from \(lower) to \(upper)"
    }
  }

  /// The least positive number as lower bound is the way to say "above zero".
  private static func bounds(_ range: ClosedRange<Double>) -> String {
    let isPositive = range.lowerBound == .leastNonzeroMagnitude
    let lower = isPositive ? "above 0" : JSON5Value(floatLiteral: range.lowerBound).canonicalJSON
    let upper = JSON5Value(floatLiteral: range.upperBound).canonicalJSON
    switch (range.lowerBound == -.infinity, range.upperBound == .infinity) {
    case (true, true): return ""
    case (true, false): return " of at most \(upper)"
    case (false, true): return isPositive ? " \(lower)" : " of at least \(lower)"
    case (false, false):
      return isPositive ? " \(lower) and at most \(upper)" : " from \(lower) to \(upper)"
    }
  }
}
