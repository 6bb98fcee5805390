/// Reads JSON5 and reports everything that is wrong with it, each problem with its place.
///
/// JSON5 is JSON with comments, trailing commas, plain keys, single quotes, hexadecimal numbers,
/// signs, infinities and texts continued over lines (json5.org). After a problem the reader goes on
/// with the next member or element; what could not be read is `invalid` in the tree.
public struct JSON5Reader {
  /// More levels than a person writes; bounds the recursion.
  static let maximumDepth = 64
  /// Problems after which the file is taken for something else.
  static let maximumProblems = 100

  let file: String?
  let bytes: [UInt8]
  var position = 0
  var here = Place(line: 1, column: 1)
  var problems: [Problem] = []
  private var closers: [UInt8] = []
  private var isAborted = false

  private init(_ bytes: [UInt8], file: String?, origin: String?) {
    self.file = file
    here.origin = origin
    let repaired = Array(String(decoding: bytes, as: UTF8.self).utf8)
    self.bytes = repaired
    if repaired != bytes { reportEncoding(of: bytes) }
  }

  /// Reads a text; the tree is complete when there are no problems.
  public static func read(
    _ text: String, file: String? = nil, origin: String? = nil
  ) -> (value: JSON5Value, problems: [Problem]) {
    read(bytes: Array(text.utf8), file: file, origin: origin)
  }

  /// Reads the bytes of a file; bytes that are not UTF-8 are a problem.
  public static func read(
    bytes: [UInt8], file: String? = nil, origin: String? = nil
  ) -> (value: JSON5Value, problems: [Problem]) {
    var reader = JSON5Reader(bytes, file: file, origin: origin)
    reader.skipBlank()
    let value = reader.value()
    if value.isInvalid { reader.recover() }
    reader.skipBlank()
    if reader.current != nil {
      reader.report("expected the end of the file, found \(reader.found)")
    }
    return (value, reader.problems)
  }

  var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  func byte(after offset: Int) -> UInt8? {
    position + offset < bytes.count ? bytes[position + offset] : nil
  }

  mutating func advance() {
    let byte = bytes[position]
    position += 1
    if byte == .lineFeed || (byte == .carriageReturn && current != .lineFeed) {
      here.line += 1
      here.column = 1
    } else if byte & 0xC0 != 0x80 {
      here.column += 1
    }
  }

  mutating func report(_ message: String, at place: Place? = nil) {
    guard !isAborted else { return }
    problems.append(Problem(file: file, place: place ?? here, message))
    if problems.count == Self.maximumProblems { abort("too many problems: is this JSON5?") }
  }

  private mutating func abort(_ message: String) {
    guard !isAborted else { return }
    problems.append(Problem(file: file, place: here, message))
    isAborted = true
    position = bytes.count
  }

  private mutating func reportEncoding(of original: [UInt8]) {
    let start = here
    let shared = zip(original, bytes).prefix { $0.0 == $0.1 }.count
    while position < shared { advance() }
    report("the file is not UTF-8")
    position = 0
    here = start
  }
}

// Structure: values, objects, lists, and finding the way back after a problem.
extension JSON5Reader {
  private mutating func value() -> JSON5Value {
    let place = here
    switch current {
    case UInt8(ascii: "{"): return JSON5Value(container(object: true), at: place)
    case UInt8(ascii: "["): return JSON5Value(container(object: false), at: place)
    case UInt8(ascii: "\""), UInt8(ascii: "'"):
      return JSON5Value(quotedText().map { .string($0) } ?? .invalid, at: place)
    default: return JSON5Value(word(), at: place)
    }
  }

  private mutating func container(object: Bool) -> JSON5Value.Content {
    let opening = here
    guard closers.count < Self.maximumDepth else {
      abort("more than \(Self.maximumDepth) levels of brackets")
      return .invalid
    }
    closers.append(UInt8(ascii: object ? "}" : "]"))
    defer { closers.removeLast() }
    advance()
    return object ? .object(members(since: opening)) : .array(elements(since: opening))
  }

  private mutating func elements(since opening: Place) -> [JSON5Value] {
    var elements: [JSON5Value] = []
    while hasNext(since: opening) {
      let element = value()
      elements.append(element)
      separate(isLost: element.isInvalid)
    }
    return elements
  }

  private mutating func members(since opening: Place) -> [JSON5Value.Member] {
    var members: [JSON5Value.Member] = []
    var known: [String: Place] = [:]
    while hasNext(since: opening) {
      let member = member()
      separate(isLost: member.value.isInvalid)
      if let first = known[member.key], !member.key.isEmpty {
        let message = "key '\(member.key)' is given twice; it is first given in line \(first.line)"
        report(message, at: member.keyPlace)
      } else {
        known[member.key] = member.keyPlace
        members.append(member)
      }
    }
    return members
  }

  private mutating func member() -> JSON5Value.Member {
    var member = JSON5Value.Member(key: "", keyPlace: here, value: JSON5Value(.invalid, at: here))
    guard let key = key() else { return member }
    member.key = key
    skipBlank()
    guard current == UInt8(ascii: ":") else {
      report("expected ':' after the key '\(key)', found \(found)")
      return member
    }
    advance()
    skipBlank()
    member.value = value()
    return member
  }

  /// Whether a further item begins here; otherwise the closing bracket is behind.
  private mutating func hasNext(since opening: Place) -> Bool {
    while true {
      skipBlank()
      guard let byte = current else {
        report("the bracket is never closed", at: opening)
        return false
      }
      guard byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") else { return true }
      if byte == closers.last {
        advance()
        return false
      }
      let expected = closers.last.map { Character(Unicode.Scalar($0)) } ?? "}"
      report("expected '\(expected)' for the bracket of line \(opening.line), found \(found)")
      if closers.contains(byte) { return false }
      advance()
    }
  }

  /// Passes the comma after an item; `isLost` says that the item was reported already.
  private mutating func separate(isLost: Bool) {
    if isLost { recover() }
    let end = here
    skipBlank()
    switch current {
    case UInt8(ascii: ","): advance()
    case UInt8(ascii: "}"), UInt8(ascii: "]"), nil: break
    default:
      if isLost, here.line > end.line { return }
      let closer = closers.last.map { Character(Unicode.Scalar($0)) } ?? "}"
      report("expected ',' or '\(closer)', found \(found)")
      if here.line == end.line {
        recover()
        skipBlank()
        if current == UInt8(ascii: ",") { advance() }
      }
    }
  }

  /// Skips to the comma, the closing bracket or the end of the line that ends a broken item.
  private mutating func recover() {
    var depth = 0
    while let byte = current {
      switch byte {
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return }
        depth -= 1
      case UInt8(ascii: ","), .lineFeed, .carriageReturn:
        if depth == 0 { return }
      case UInt8(ascii: "\""), UInt8(ascii: "'"):
        skipText(quote: byte)
        continue
      case UInt8(ascii: "/") where skipComment(): continue
      default: break
      }
      advance()
    }
  }

  private mutating func skipText(quote: UInt8) {
    advance()
    while let byte = current, byte != .lineFeed, byte != .carriageReturn {
      advance()
      if byte == quote { return }
      if byte == UInt8(ascii: "\\"), current != nil { advance() }
    }
  }
}

extension UInt8 {
  static let lineFeed: UInt8 = 10
  static let carriageReturn: UInt8 = 13
}
