/// A position in a file, or in an argument of the command line.
public struct Place: Sendable, Hashable, Comparable {
  /// The line, 1 first; 0 for what stands in no file.
  public var line: Int
  /// The column in characters (Unicode scalars), 1 first; 0 for what stands in no file.
  public var column: Int
  /// The argument of the command line that gave the value, such as `--set size=50`.
  public var origin: String?

  /// Names a position.
  public init(line: Int, column: Int, origin: String? = nil) {
    self.line = line
    self.column = column
    self.origin = origin
  }

  /// The place of what the program itself supplies, such as defaults.
  public static let none = Place(line: 0, column: 0)

  /// Orders places from the top of the file.
  public static func < (left: Place, right: Place) -> Bool {
    (left.line, left.column, left.origin ?? "") < (right.line, right.column, right.origin ?? "")
  }
}

/// A value of a JSON5 text that remembers where it stands.
public struct JSON5Value: Sendable, Hashable {
  /// The value itself.
  public var content: Content
  /// Where it begins.
  public var place: Place

  /// Places a value.
  public init(_ content: Content, at place: Place = .none) {
    self.content = content
    self.place = place
  }

  /// What a JSON5 value can be.
  public indirect enum Content: Sendable, Hashable {
    /// The word `null`.
    case null
    /// A truth value.
    case bool(Bool)
    /// A number and the text it was written as.
    case number(Double, text: String)
    /// A text.
    case string(String)
    /// A list of values.
    case array([JSON5Value])
    /// Members in the order in which they are written.
    case object([Member])
    /// A value that could not be read; the reason is among the problems already.
    case invalid
  }

  /// One `key: value` of an object.
  public struct Member: Sendable, Hashable {
    /// The key; empty where the member could not be read.
    public var key: String
    /// Where the key begins.
    public var keyPlace: Place
    /// The value.
    public var value: JSON5Value

    /// Makes a member.
    public init(key: String, keyPlace: Place = .none, value: JSON5Value) {
      self.key = key
      self.keyPlace = keyPlace
      self.value = value
    }
  }
}

extension JSON5Value {
  /// The members of an object, or nil.
  public var members: [Member]? {
    if case .object(let members) = content { members } else { nil }
  }

  /// The elements of a list, or nil.
  public var elements: [JSON5Value]? {
    if case .array(let elements) = content { elements } else { nil }
  }

  /// The text of a string, or nil.
  public var string: String? {
    if case .string(let text) = content { text } else { nil }
  }

  /// The value of a number, or nil.
  public var number: Double? {
    if case .number(let value, _) = content { value } else { nil }
  }

  /// The value of a number that is whole and fits, or nil.
  public var integer: Int? {
    guard case .number(let value, let text) = content else { return nil }
    return Int(text) ?? Int(exactly: value)
  }

  /// The truth value, or nil.
  public var bool: Bool? {
    if case .bool(let value) = content { value } else { nil }
  }

  /// Whether the value could not be read.
  public var isInvalid: Bool { content == .invalid }

  /// The value of the member `key` of an object, or nil.
  public subscript(key: String) -> JSON5Value? {
    members?.first { $0.key == key }?.value
  }

  /// What the value is, in words for a sentence: "a number", "a list".
  public var kindName: String {
    switch content {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(_, let text): "the number \(text)"
    case .string(let text): "the text '\(text.count > 40 ? "\(text.prefix(40))..." : text)'"
    case .array: "a list"
    case .object: "an object"
    case .invalid: "nothing that can be read"
    }
  }
}

extension JSON5Value: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// The value `null`.
  public init(nilLiteral: ()) { self.init(.null) }
  /// A truth value.
  public init(booleanLiteral value: Bool) { self.init(.bool(value)) }
  /// A whole number.
  public init(integerLiteral value: Int) { self.init(.number(Double(value), text: "\(value)")) }
  /// A number.
  public init(floatLiteral value: Double) { self.init(.number(value, text: "\(value)")) }
  /// A text.
  public init(stringLiteral value: String) { self.init(.string(value)) }
  /// A list.
  public init(arrayLiteral elements: JSON5Value...) { self.init(.array(elements)) }
  /// An object with members in the order given.
  public init(dictionaryLiteral elements: (String, JSON5Value)...) {
    self.init(.object(elements.map { Member(key: $0.0, value: $0.1) }))
  }
}
