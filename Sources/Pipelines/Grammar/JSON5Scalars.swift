// Blanks, comments, keys, texts, numbers and words of the JSON5 reader.
extension JSON5Reader {
  /// The character or word at the current position, for messages.
  var found: String {
    guard let byte = current else { return "the end of the file" }
    let rest = bytes[position...].prefix { !Self.endsWord($0) }
    if rest.isEmpty { return "'\(Character(Unicode.Scalar(byte)))'" }
    let word = String(decoding: rest, as: UTF8.self)
    return word.count > 32 ? "'\(word.prefix(32))...'" : "'\(word)'"
  }

  mutating func skipBlank() {
    while let byte = current {
      switch byte {
      case 9...13, 32: advance()
      case UInt8(ascii: "/"): if !skipComment() { return }
      case 0x80...:
        guard let scalar, Self.isBlank(scalar) else { return }
        for _ in 0..<UTF8.width(scalar) { advance() }
      default: return
      }
    }
  }

  /// Skips the comment at the current position, if there is one.
  mutating func skipComment() -> Bool {
    let opening = here
    switch byte(after: 1) {
    case UInt8(ascii: "/"):
      while let byte = current, byte != .lineFeed, byte != .carriageReturn { advance() }
    case UInt8(ascii: "*"):
      advance()
      advance()
      while current != nil {
        if current == UInt8(ascii: "*"), byte(after: 1) == UInt8(ascii: "/") {
          advance()
          advance()
          return true
        }
        advance()
      }
      report("the comment is never closed", at: opening)
    default: return false
    }
    return true
  }

  /// The scalar at the current position of bytes known to be UTF-8.
  private var scalar: Unicode.Scalar? {
    var iterator = bytes[position...].prefix(4).makeIterator()
    var decoder = UTF8()
    if case .scalarValue(let scalar) = decoder.decode(&iterator) { return scalar }
    return nil
  }

  private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .spaceSeparator || scalar == "\u{FEFF}"
      || scalar == "\u{2028}" || scalar == "\u{2029}"
  }

  private static func endsWord(_ byte: UInt8) -> Bool {
    switch byte {
    case 9...13, 32: true
    case UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "{"), UInt8(ascii: "}"): true
    case UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "\""), UInt8(ascii: "'"): true
    default: false
    }
  }

  /// Takes everything up to a blank, a bracket, a quote, a comma, a colon or a comment.
  private mutating func takeWord() -> String {
    let start = position
    while let byte = current, !Self.endsWord(byte) {
      if byte == UInt8(ascii: "/"), let next = self.byte(after: 1),
        next == UInt8(ascii: "/") || next == UInt8(ascii: "*")
      {
        break
      }
      if byte >= 0x80, let scalar, Self.isBlank(scalar) { break }
      advance()
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  /// A key, quoted or plain; nil when there is none, reported.
  mutating func key() -> String? {
    let place = here
    if current == UInt8(ascii: "\"") || current == UInt8(ascii: "'") { return quotedText() }
    let description = found
    let word = takeWord()
    if Self.isPlainKey(word) { return word }
    let hint = word.isEmpty ? "" : "; a key that is not a plain name needs quotes"
    report("expected a key, found \(description)\(hint)", at: place)
    return nil
  }

  /// Whether a key can stand without quotes.
  static func isPlainKey(_ key: String) -> Bool {
    guard let first = key.unicodeScalars.first, isKeyScalar(first),
      first.properties.numericType == nil
    else { return false }
    return key.unicodeScalars.allSatisfy(isKeyScalar)
  }

  private static func isKeyScalar(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "$" || scalar == "_" || scalar.properties.isIDContinue
  }
}

// Words and numbers.
extension JSON5Reader {
  /// A word or a number; what is neither is reported.
  mutating func word() -> JSON5Value.Content {
    let place = here
    let description = found
    let text = takeWord()
    switch text {
    case "true": return .bool(true)
    case "false": return .bool(false)
    case "null": return .null
    default: break
    }
    if let number = Self.number(text) {
      if number.isFinite || text.hasSuffix("Infinity") || text.hasSuffix("NaN") {
        return .number(number, text: text)
      }
      report("the number \(text) is too large", at: place)
    } else if text.isEmpty {
      report("expected a value, found \(description)", at: place)
    } else {
      report("expected a value, found \(description); a text needs quotes", at: place)
    }
    return .invalid
  }

  /// The number written as `text` by the rules of JSON5, or nil.
  static func number(_ text: String) -> Double? {
    let isNegative = text.hasPrefix("-")
    let body = isNegative || text.hasPrefix("+") ? text.dropFirst() : text[...]
    return magnitude(body).map { isNegative ? -$0 : $0 }
  }

  private static func magnitude(_ text: Substring) -> Double? {
    if text == "Infinity" { return .infinity }
    if text == "NaN" { return .nan }
    if text.hasPrefix("0x") || text.hasPrefix("0X") {
      let digits = text.dropFirst(2)
      guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else { return nil }
      return digits.reduce(0) { $0 * 16 + Double($1.hexDigitValue ?? 0) }
    }
    return isDecimal(text) ? Double(padded(text)) : nil
  }

  private static func isDecimal(_ text: Substring) -> Bool {
    var rest = text
    let whole = takeDigits(&rest)
    if whole.count > 1, whole.hasPrefix("0") { return false }
    var fraction = 0
    if rest.first == "." {
      rest.removeFirst()
      fraction = takeDigits(&rest).count
    }
    guard whole.count + fraction > 0 else { return false }
    if rest.first == "e" || rest.first == "E" {
      rest.removeFirst()
      if rest.first == "+" || rest.first == "-" { rest.removeFirst() }
      if takeDigits(&rest).isEmpty { return false }
    }
    return rest.isEmpty
  }

  private static func takeDigits(_ text: inout Substring) -> Substring {
    let digits = text.prefix { ("0"..."9").contains($0) }
    text.removeFirst(digits.count)
    return digits
  }

  /// `.5` and `5.` as `0.5` and `5.0`.
  private static func padded(_ text: Substring) -> String {
    guard let point = text.firstIndex(of: ".") else { return String(text) }
    let whole = text[..<point]
    let rest = text[text.index(after: point)...]
    let fraction = rest.first?.isNumber == true ? "" : "0"
    return "\(whole.isEmpty ? "0" : whole).\(fraction)\(rest)"
  }
}

// Quoted texts.
extension JSON5Reader {
  /// The text in quotes at the current position; nil when it is never closed, reported.
  mutating func quotedText() -> String? {
    let opening = here
    guard let quote = current else { return nil }
    var text: [UInt8] = []
    advance()
    while let byte = current, byte != .lineFeed, byte != .carriageReturn {
      switch byte {
      case quote:
        advance()
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): escape(into: &text)
      case 0..<32 where byte != 9:
        report("a text cannot hold the control character \(byte) as it is")
        advance()
      default:
        text.append(byte)
        advance()
      }
    }
    let character = Character(Unicode.Scalar(quote))
    report(
      "the text is never closed: expected \(character) before the end of the line", at: opening)
    return nil
  }

  private mutating func escape(into text: inout [UInt8]) {
    let place = here
    advance()
    guard let byte = current else { return }
    switch byte {
    case .carriageReturn where self.byte(after: 1) == .lineFeed:
      advance()
      advance()
    case .lineFeed, .carriageReturn: advance()
    case UInt8(ascii: "u"), UInt8(ascii: "x"):
      guard let scalar = numericEscape() else {
        report("expected four hexadecimal digits after \\u, two after \\x", at: place)
        return
      }
      text.append(contentsOf: Array(String(Character(scalar)).utf8))
    case UInt8(ascii: "1")...UInt8(ascii: "9"):
      report("there is no escape \\\(Character(Unicode.Scalar(byte)))", at: place)
      advance()
    default:
      text.append(Self.escapes[byte] ?? byte)
      advance()
    }
  }

  private static let escapes: [UInt8: UInt8] = [
    UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9, UInt8(ascii: "b"): 8,
    UInt8(ascii: "f"): 12, UInt8(ascii: "v"): 11, UInt8(ascii: "0"): 0,
  ]

  /// The scalar of `xHH`, `uHHHH` or a pair of surrogates, from the letter on.
  private mutating func numericEscape() -> Unicode.Scalar? {
    let digits = current == UInt8(ascii: "x") ? 2 : 4
    advance()
    guard let first = hexadecimal(digits) else { return nil }
    guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) }
    guard current == UInt8(ascii: "\\"), byte(after: 1) == UInt8(ascii: "u") else { return nil }
    advance()
    advance()
    guard let second = hexadecimal(4), (0xDC00..<0xE000).contains(second) else { return nil }
    return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
  }

  private mutating func hexadecimal(_ count: Int) -> UInt32? {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        return nil
      }
      value = value << 4 + UInt32(digit)
      advance()
    }
    return value
  }
}
