/// A style file of QGIS that is XML, taken apart as far as a project needs it.
///
/// It is checked as QGIS's own parser would: one root element `qgis`, elements closed in their order,
/// attributes quoted and named once, known references. Definitions of entities are refused, since
/// the content is to stand in other documents.
public struct QMLDocument: Sendable, Hashable {
  /// What stands between the tags of the root.
  public let content: String
  /// The attributes of the root, as they are written.
  public let attributes: [String: String]

  /// What is wrong with a text that should be a style, and on which line.
  public struct Problem: Error, Hashable, CustomStringConvertible {
    /// The line, 1 first.
    public let line: Int
    /// What is wrong and what was expected.
    public let message: String

    /// The problem as one phrase.
    public var description: String { "line \(line): \(message)" }
  }

  /// Reads a style, in UTF-8.
  public init(bytes: [UInt8]) throws(Problem) {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Problem(line: 1, message: "the file is not text in UTF-8")
    }
    try self.init(text)
  }

  /// Reads a style.
  public init(_ text: String) throws(Problem) {
    var scanner = MarkupScanner(text)
    let root = try scanner.document()
    guard root.name == "qgis" else {
      throw Problem(line: root.line, message: "the root is '\(root.name)'; expected 'qgis'")
    }
    attributes = root.attributes
    content = root.content
  }
}

/// Goes through the bytes of an XML document once.
private struct MarkupScanner {
  typealias Problem = QMLDocument.Problem

  private let bytes: [UInt8]
  private var position = 0

  init(_ text: String) {
    bytes = Array(text.utf8)
    // A mark of the byte order.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  struct Root {
    var name: String
    var attributes: [String: String]
    var content: String
    var line: Int
  }

  /// An element's opening tag.
  private struct Tag {
    var name: String
    var attributes: [String: String]
    var isEmpty: Bool
  }

  private func problem(_ message: String, at place: Int? = nil) -> Problem {
    let line = bytes.prefix(place ?? position).count { $0 == UInt8(ascii: "\n") } + 1
    return Problem(line: line, message: message)
  }

  mutating func document() throws(Problem) -> Root {
    try skipMisc(mayDefine: true)
    guard isNext("<") else { throw problem("expected the element 'qgis'") }
    let start = position
    let tag = try openingTag()
    let inside = position
    var end = inside
    if !tag.isEmpty { end = try skipContent(of: tag.name) }
    try skipMisc(mayDefine: false)
    guard position == bytes.count else { throw problem("something follows the end of the root") }
    return Root(
      name: tag.name, attributes: tag.attributes,
      content: String(decoding: bytes[inside..<max(inside, end)], as: UTF8.self),
      line: problem("", at: start).line)
  }

  // MARK: Parts

  /// Goes to the end of an element; returns where its content ends.
  private mutating func skipContent(of root: String) throws(Problem) -> Int {
    var open = [root]
    while let current = open.last {
      let start = position
      guard let next = peek() else { throw problem("'\(current)' is not closed") }
      if next == UInt8(ascii: "&") {
        try skipReference()
      } else if next != UInt8(ascii: "<") {
        try checkCharacter(next)
        position += 1
      } else if isNext("</") {
        position += 2
        let name = try self.name()
        skipSpace()
        try expect(">")
        guard name == current else {
          throw problem("'\(name)' is closed where '\(current)' is open", at: start)
        }
        open.removeLast()
        if open.isEmpty { return start }
      } else if isNext("<![CDATA[") {
        try skip(to: "]]>")
      } else if isNext("<!--") {
        try skip(to: "-->")
      } else if isNext("<?") {
        try skip(to: "?>")
      } else {
        let tag = try openingTag()
        if !tag.isEmpty { open.append(tag.name) }
      }
    }
    return position
  }

  /// Comments, instructions and the type of the document, outside the root.
  private mutating func skipMisc(mayDefine: Bool) throws(Problem) {
    while true {
      skipSpace()
      if isNext("<!--") {
        try skip(to: "-->")
      } else if isNext("<?") {
        try skip(to: "?>")
      } else if mayDefine, isNext("<!DOCTYPE") {
        let start = position
        try skip(to: ">")
        guard !bytes[start..<position].contains(UInt8(ascii: "[")) else {
          throw problem("the document defines entities of its own", at: start)
        }
      } else {
        return
      }
    }
  }

  private mutating func openingTag() throws(Problem) -> Tag {
    try expect("<")
    var tag = Tag(name: try name(), attributes: [:], isEmpty: false)
    while true {
      let hasSpace = skipSpace()
      if isNext("/>") {
        position += 2
        tag.isEmpty = true
        return tag
      }
      if isNext(">") {
        position += 1
        return tag
      }
      guard hasSpace else { throw problem("expected the end of '\(tag.name)' or an attribute") }
      let start = position
      let key = try name()
      skipSpace()
      try expect("=")
      skipSpace()
      let value = try quoted()
      guard tag.attributes.updateValue(value, forKey: key) == nil else {
        throw problem("'\(tag.name)' has the attribute '\(key)' twice", at: start)
      }
    }
  }

  private mutating func quoted() throws(Problem) -> String {
    guard let quote = peek(), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
      throw problem("expected a value in quotes")
    }
    position += 1
    let start = position
    while let byte = peek(), byte != quote {
      if byte == UInt8(ascii: "<") { throw problem("'<' in the value of an attribute") }
      if byte == UInt8(ascii: "&") {
        try skipReference()
      } else {
        try checkCharacter(byte)
        position += 1
      }
    }
    guard peek() != nil else { throw problem("a value in quotes does not end", at: start) }
    position += 1
    return String(decoding: bytes[start..<position - 1], as: UTF8.self)
  }

  /// A name: letters, digits and a few marks; the first is no digit.
  private mutating func name() throws(Problem) -> String {
    let start = position
    while let byte = peek(), Self.isOfName(byte, isFirst: position == start) { position += 1 }
    guard position > start else { throw problem("expected a name") }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private static func isOfName(_ byte: UInt8, isFirst: Bool) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "_"), UInt8(ascii: ":"), 0x80...:
      true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."): !isFirst
    default: false
    }
  }

  /// `&amp;` and its like, or the number of a character.
  private mutating func skipReference() throws(Problem) {
    let start = position
    position += 1
    let end = bytes[position...].prefix(12).firstIndex(of: UInt8(ascii: ";"))
    let text = end.map { String(decoding: bytes[position..<$0], as: UTF8.self) } ?? ""
    guard let end, Self.isKnown(text) else {
      throw problem("'&' begins no reference that XML knows; write &amp;", at: start)
    }
    position = end + 1
  }

  private static func isKnown(_ reference: String) -> Bool {
    if ["amp", "lt", "gt", "quot", "apos"].contains(reference) { return true }
    guard reference.hasPrefix("#") else { return false }
    let isHexadecimal = reference.hasPrefix("#x")
    let digits = reference.dropFirst(isHexadecimal ? 2 : 1)
    guard let first = digits.first, first.isHexDigit,
      let code = UInt32(digits, radix: isHexadecimal ? 16 : 10)
    else { return false }
    return (code >= 32 || [9, 10, 13].contains(code)) && Unicode.Scalar(code) != nil
  }

  // MARK: Bytes

  private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

  private func isNext(_ text: StaticString) -> Bool {
    text.withUTF8Buffer { expected in
      position + expected.count <= bytes.count
        && expected.indices.allSatisfy { bytes[position + $0] == expected[$0] }
    }
  }

  private mutating func expect(_ text: StaticString) throws(Problem) {
    guard isNext(text) else { throw problem("expected '\(text)'") }
    position += text.utf8CodeUnitCount
  }

  /// Goes behind the next occurrence of a text.
  private mutating func skip(to end: StaticString) throws(Problem) {
    let start = position
    while position < bytes.count {
      if isNext(end) {
        position += end.utf8CodeUnitCount
        return
      }
      position += 1
    }
    throw problem("what begins here does not end with '\(end)'", at: start)
  }

  @discardableResult
  private mutating func skipSpace() -> Bool {
    let start = position
    while let byte = peek(), [9, 10, 13, 32].contains(byte) { position += 1 }
    return position > start
  }

  private func checkCharacter(_ byte: UInt8) throws(Problem) {
    guard byte >= 32 || [9, 10, 13].contains(byte) else {
      throw problem("a control character, which XML forbids")
    }
  }
}
