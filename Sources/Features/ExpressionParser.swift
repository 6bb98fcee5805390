extension BandExpression {
  /// The functions that expressions know, by name.
  public static let functions: [String] =
    (Unary.allCases.filter { $0 != .minus && $0 != .not }.map(\.rawValue)
    + ["min", "max", "atan2", "where", "if"]).sorted()

  /// The numbers that have names; `missing` is no value.
  static let constants: [String: Double] = ["pi": .pi, "e": 2.718281828459045, "missing": .nan]

  /// Words that combine truth values, which are 1 and 0.
  static let operators: Set<String> = ["and", "or", "not"]

  /// Reads an expression over bands of these names.
  ///
  /// From the weakest: `or`; `and`; `not`; comparisons; `+` and `-`; `*` and `/`; signs; `^`, from the
  /// right. Names that are not made of letters, digits and `_` stand in quotes.
  public init(_ text: String, bands: [String]) throws(ExpressionError) {
    var parser = try ExpressionParser(text, bands: bands)
    term = try parser.whole()
  }
}

/// A piece of the text of an expression.
private struct Token {
  enum Kind: Equatable {
    case number(Double)
    case name(String)
    /// A name in quotes, always a band's.
    case quoted(String)
    case symbol(String)
    case end
  }

  var kind: Kind
  var column: Int

  /// The token in words.
  var phrase: String {
    switch kind {
    case .number(let number): "\(number)"
    case .name(let name), .quoted(let name): "'\(name)'"
    case .symbol(let symbol): "'\(symbol)'"
    case .end: "the end"
    }
  }
}

/// Cuts the text of an expression into tokens.
private struct ExpressionScanner {
  private let text: [Character]
  private var position = 0

  init(_ text: String) { self.text = Array(text) }

  mutating func tokens() throws(ExpressionError) -> [Token] {
    var tokens: [Token] = []
    while position < text.count {
      if text[position].isWhitespace {
        position += 1
        continue
      }
      tokens.append(try token())
    }
    tokens.append(Token(kind: .end, column: text.count + 1))
    return tokens
  }

  private mutating func token() throws(ExpressionError) -> Token {
    let column = position + 1
    let first = text[position]
    if Self.isDigit(first) || first == "." { return Token(kind: try number(), column: column) }
    if first.isLetter || first == "_" {
      return Token(kind: .name(take { $0.isLetter || $0.isNumber || $0 == "_" }), column: column)
    }
    if "'\"`".contains(first) { return Token(kind: try quoted(first), column: column) }
    let pair = String(text[position..<min(text.count, position + 2)])
    for symbol in [pair, String(first)] where Self.symbols.contains(symbol) {
      position += symbol.count
      return Token(kind: .symbol(symbol), column: column)
    }
    throw ExpressionError(kind: .syntax(Self.complaint(pair, first)), column: column)
  }

  private static let symbols: Set<String> = [
    "+", "-", "*", "/", "^", "(", ")", ",", "<", "<=", ">", ">=", "==", "!=",
  ]

  private static func complaint(_ pair: String, _ first: Character) -> String {
    switch first {
    case "=": "'=' has no meaning here; equality is '=='"
    case "&": "'\(pair)' has no meaning here; write 'and'"
    case "|": "'\(pair)' has no meaning here; write 'or'"
    case "!": "'!' has no meaning here; write 'not'"
    default: "'\(first)' has no meaning here; a band's name with such a character stands in quotes"
    }
  }

  private static func isDigit(_ character: Character) -> Bool {
    character.isASCII && character.isNumber
  }

  private mutating func take(while condition: (Character) -> Bool) -> String {
    let start = position
    while position < text.count, condition(text[position]) { position += 1 }
    return String(text[start..<position])
  }

  private mutating func number() throws(ExpressionError) -> Token.Kind {
    let start = position
    var word = take { Self.isDigit($0) || $0 == "." }
    if position < text.count, text[position] == "e" || text[position] == "E" {
      var end = position + 1
      if end < text.count, text[end] == "-" || text[end] == "+" { end += 1 }
      if end < text.count, Self.isDigit(text[end]) {
        word += String(text[position..<end])
        position = end
        word += take { Self.isDigit($0) }
      }
    }
    if position < text.count, text[position].isLetter || text[position] == "_" {
      word += take { $0.isLetter || $0.isNumber || $0 == "_" }
      throw ExpressionError(
        kind: .syntax("'\(word)' is no number; a band's name that begins so stands in quotes"),
        column: start + 1)
    }
    guard let value = Double(word), value.isFinite else {
      throw ExpressionError(kind: .syntax("'\(word)' is no number"), column: start + 1)
    }
    return .number(value)
  }

  private mutating func quoted(_ quote: Character) throws(ExpressionError) -> Token.Kind {
    let start = position
    position += 1
    let name = take { $0 != quote }
    guard position < text.count else {
      throw ExpressionError(kind: .syntax("the quote \(quote) is not closed"), column: start + 1)
    }
    position += 1
    return .quoted(name)
  }
}

/// Reads terms by recursive descent.
private struct ExpressionParser {
  private let tokens: [Token]
  private let bands: [String]
  private var position = 0
  private var depth = 0

  /// Deeper terms could exhaust the stack.
  private static let deepest = 100
  private static let most = 1000

  init(_ text: String, bands: [String]) throws(ExpressionError) {
    var scanner = ExpressionScanner(text)
    tokens = try scanner.tokens()
    self.bands = bands
    if tokens.count > Self.most {
      throw ExpressionError(
        kind: .syntax("the expression has more than \(Self.most) parts; divide it"),
        column: tokens[Self.most].column)
    }
  }

  typealias Term = BandExpression.Term

  mutating func whole() throws(ExpressionError) -> Term {
    let term = try disjunction()
    guard next.kind == .end else {
      throw problem("\(next.phrase) is not expected here; is an operator missing before it?")
    }
    return term
  }

  private var next: Token { tokens[position] }

  private func problem(_ message: String) -> ExpressionError {
    ExpressionError(kind: .syntax(message), column: next.column)
  }

  /// Goes on if the next token is one of some symbols or words; which one.
  private mutating func accept(_ symbols: String...) -> String? {
    for symbol in symbols where next.kind == .symbol(symbol) || next.kind == .name(symbol) {
      position += 1
      return symbol
    }
    return nil
  }

  private mutating func expect(_ symbol: String, after what: String) throws(ExpressionError) {
    guard accept(symbol) != nil else {
      throw problem("'\(symbol)' is expected after \(what), not \(next.phrase)")
    }
  }

  // MARK: Operators, from the weakest

  private mutating func disjunction() throws(ExpressionError) -> Term {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.deepest else {
      throw problem("the expression is nested more than \(Self.deepest) times")
    }
    var term = try conjunction()
    while accept("or") != nil { term = .binary(.or, term, try conjunction()) }
    return term
  }

  private mutating func conjunction() throws(ExpressionError) -> Term {
    var term = try negation()
    while accept("and") != nil { term = .binary(.and, term, try negation()) }
    return term
  }

  private mutating func negation() throws(ExpressionError) -> Term {
    var count = 0
    while accept("not") != nil { count += 1 }
    let term = try comparison()
    return (0..<min(count, 2 - count % 2)).reduce(term) { term, _ in .unary(.not, term) }
  }

  private mutating func comparison() throws(ExpressionError) -> Term {
    let term = try sum()
    guard let symbol = accept("<", "<=", ">", ">=", "==", "!="),
      let operation = BandExpression.Binary(rawValue: symbol)
    else { return term }
    let result = Term.binary(operation, term, try sum())
    if ["<", "<=", ">", ">=", "==", "!="].contains(where: { next.kind == .symbol($0) }) {
      throw problem("comparisons cannot be chained; join two of them with 'and'")
    }
    return result
  }

  private mutating func sum() throws(ExpressionError) -> Term {
    var term = try product()
    while let symbol = accept("+", "-") {
      term = .binary(symbol == "+" ? .plus : .minus, term, try product())
    }
    return term
  }

  private mutating func product() throws(ExpressionError) -> Term {
    var term = try signed()
    while let symbol = accept("*", "/") {
      term = .binary(symbol == "*" ? .times : .divided, term, try signed())
    }
    return term
  }

  private mutating func signed() throws(ExpressionError) -> Term {
    var isNegative = false
    while let symbol = accept("-", "+") { isNegative = isNegative != (symbol == "-") }
    let term = try power()
    return isNegative ? .unary(.minus, term) : term
  }

  private mutating func power() throws(ExpressionError) -> Term {
    let base = try operand()
    guard accept("^") != nil else { return base }
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.deepest else {
      throw problem("the expression is nested more than \(Self.deepest) times")
    }
    return .binary(.power, base, try signed())
  }

  // MARK: Operands

  private mutating func operand() throws(ExpressionError) -> Term {
    let token = next
    switch token.kind {
    case .number(let number):
      position += 1
      return .number(number)
    case .quoted(let name):
      position += 1
      return try band(name, token)
    case .name(let name) where !BandExpression.operators.contains(name):
      position += 1
      return next.kind == .symbol("(") ? try call(name, token) : try named(name, token)
    case .symbol("("):
      position += 1
      let term = try disjunction()
      try expect(")", after: "the term in parentheses")
      return term
    default:
      throw problem("a number, a band or a function is expected, not \(token.phrase)")
    }
  }

  private func named(_ name: String, _ token: Token) throws(ExpressionError) -> Term {
    guard let constant = BandExpression.constants[name] else { return try band(name, token) }
    guard !bands.contains(name) else {
      throw ExpressionError(
        kind: .syntax("'\(name)' is a constant and a band; a band of that name stands in quotes"),
        column: token.column)
    }
    return .number(constant)
  }

  private func band(_ name: String, _ token: Token) throws(ExpressionError) -> Term {
    guard let index = bands.firstIndex(of: name) else {
      throw ExpressionError(kind: .unknownBand(name), column: token.column)
    }
    return .band(index)
  }

  private mutating func call(_ name: String, _ token: Token) throws(ExpressionError) -> Term {
    guard BandExpression.functions.contains(name) else {
      throw ExpressionError(kind: .unknownFunction(name), column: token.column)
    }
    position += 1
    var arguments: [Term] = []
    if next.kind != .symbol(")") {
      repeat { arguments.append(try disjunction()) } while accept(",") != nil
    }
    try expect(")", after: "the arguments of '\(name)'")
    guard let term = Self.call(name, arguments) else {
      throw ExpressionError(
        kind: .syntax(
          "'\(name)' takes \(Self.argumentCounts[name] ?? "one argument"), not \(arguments.count)"),
        column: token.column)
    }
    return term
  }

  private static let argumentCounts = [
    "min": "two arguments or more", "max": "two arguments or more", "atan2": "two arguments",
    "where": "three arguments", "if": "three arguments",
  ]

  /// The term of a function; nil where the number of arguments is not its own.
  private static func call(_ name: String, _ arguments: [Term]) -> Term? {
    switch (name, arguments.count) {
    case ("where", 3), ("if", 3): .choice(arguments[0], arguments[1], arguments[2])
    case ("min", 2...), ("max", 2...), ("atan2", 2):
      BandExpression.Binary(rawValue: name).map { operation in
        arguments.dropFirst().reduce(arguments[0]) { .binary(operation, $0, $1) }
      }
    case (_, 1): BandExpression.Unary(rawValue: name).map { .unary($0, arguments[0]) }
    default: nil
    }
  }
}
