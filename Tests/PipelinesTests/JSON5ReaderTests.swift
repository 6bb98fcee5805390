import Testing

@testable import Pipelines

@Suite struct JSON5ReaderTests {
  private func problems(_ text: String) -> [String] {
    JSON5Reader.read(text).problems.map { "\($0.place.line):\($0.place.column) \($0.message)" }
  }

  @Test(arguments: [
    ("null", "null"), ("true", "true"), ("12", "12"), ("+12", "12"), ("-0x1F", "-31"),
    (".5", "0.5"), ("5.", "5"), ("1e3", "1000"), ("-2.5E-1", "-0.25"), ("1.e2", "100"),
    ("Infinity", "\"inf\""), ("-Infinity", "\"-inf\""), ("NaN", "\"nan\""),
    ("'a\"b'", "\"a\\\"b\""), (#""\x41\u00e9\uD83D\uDE00\n\0\q""#, "\"A\u{E9}😀\\n\\u0000q\""),
    ("\"a\\\r\nb\\\nc\"", "\"abc\""), ("[1, 2,]", "[1,2]"), ("[]", "[]"), ("{}", "{}"),
    ("{ $a_1: 1, 'b-c': {}, ü: [] }", "{\"$a_1\":1,\"b-c\":{},\"ü\":[]}"),
    ("// a\n/* b */ 1 // c", "1"), ("\u{FEFF}\u{A0}1\u{2028}", "1"), ("1/**/", "1"),
  ])
  func readsJSON5(text: String, json: String) {
    let (value, problems) = JSON5Reader.read(text)
    #expect(problems.isEmpty, "\(problems)")
    #expect(value.canonicalJSON == json)
  }

  @Test func remembersPlaces() throws {
    let (value, problems) = JSON5Reader.read("{\r\n  ä: 'öö', b: [\r    1, 2],\n}")
    #expect(problems.isEmpty)
    let members = try #require(value.members)
    #expect(members[0].keyPlace == Place(line: 2, column: 3))
    #expect(members[0].value.place == Place(line: 2, column: 6))
    #expect(members[1].keyPlace == Place(line: 2, column: 12))
    #expect(members[1].value.elements?[1].place == Place(line: 3, column: 8))
  }

  @Test func keepsTheTextOfNumbers() {
    let value = JSON5Reader.read("9007199254740993").value
    #expect(value.integer == 9_007_199_254_740_993)
    #expect(value.canonicalJSON == "9007199254740993")
  }

  @Test(arguments: [
    ("", "1:1 expected a value, found the end of the file"),
    ("1 2", "1:3 expected the end of the file, found '2'"),
    ("idw", "1:1 expected a value, found 'idw'; a text needs quotes"),
    ("01", "1:1 expected a value, found '01'; a text needs quotes"),
    ("1e999", "1:1 the number 1e999 is too large"),
    ("0x", "1:1 expected a value, found '0x'; a text needs quotes"),
    ("[1, , 2]", "1:5 expected a value, found ','"),
    ("[1 2]", "1:4 expected ',' or ']', found '2'"),
    ("{ a 1 }", "1:5 expected ':' after the key 'a', found '1'"),
    ("{ 1a: 1 }", "1:3 expected a key, found '1a'; a key that is not a plain name needs quotes"),
    ("{ a: 1, a: 2 }", "1:9 key 'a' is given twice; it is first given in line 1"),
    ("{ a: 'x\n}", "1:6 the text is never closed: expected ' before the end of the line"),
    ("{ a: 1", "1:1 the bracket is never closed"),
    ("[1}", "1:3 expected ']' for the bracket of line 1, found '}'"),
    ("/* a", "1:1 the comment is never closed"),
    (#"'\u12'"#, #"1:2 expected four hexadecimal digits after \u, two after \x"#),
    (#"'\8'"#, #"1:2 there is no escape \8"#),
  ])
  func saysWhatIsWrong(text: String, problem: String) {
    #expect(problems(text).first == problem)
  }

  @Test func goesOnAfterAProblem() {
    let text = """
      {
        name: my pipeline,
        list: [1, two, 3],
        seed 5,
        first: 1
        second: 2,
        name: "again",
        last: 3, }
      """
    let (value, _) = JSON5Reader.read(text)
    #expect(
      problems(text) == [
        "2:9 expected a value, found 'my'; a text needs quotes",
        "3:13 expected a value, found 'two'; a text needs quotes",
        "4:8 expected ':' after the key 'seed', found '5'",
        "6:3 expected ',' or '}', found 'second'",
        "7:3 key 'name' is given twice; it is first given in line 2",
      ])
    #expect(value["list"]?.elements?.count == 3)
    #expect(value["second"]?.integer == 2)
    #expect(value["last"]?.integer == 3)
    #expect(value["seed"]?.isInvalid == true)
  }

  @Test func boundsDepthAndNumberOfProblems() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(problems(deep) == ["1:65 more than 64 levels of brackets"])
    let fits = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
    #expect(problems(fits).isEmpty)
    let many = "[" + String(repeating: "x,", count: 1000) + "]"
    #expect(problems(many).count == JSON5Reader.maximumProblems + 1)
  }

  @Test func reportsBytesThatAreNotText() {
    let bytes = Array("{ a: 'x\n".utf8.dropLast()) + [0xFF] + Array("' }".utf8)
    let problems = JSON5Reader.read(bytes: bytes).problems
    #expect(problems.map(\.message) == ["the file is not UTF-8"])
    #expect(problems.first?.place == Place(line: 1, column: 8))
  }

  @Test func survivesAnyDamage() {
    let original = Array(GrammarFixture.pipeline.utf8)
    let odd: [UInt8] =
      Array("{}[]\"',:\\/*\n\r\t ux0-+.eN$\u{0}".utf8) + [0x80, 0xC3, 0xE2, 0xF0, 0xFF]
    var numbers = TestNumbers(state: 1)
    var damaged = 0
    for _ in 0..<3000 {
      var bytes = original
      for _ in 0...numbers.next(below: 4) {
        let position = numbers.next(below: bytes.count)
        switch numbers.next(below: 4) {
        case 0: bytes[position] = odd[numbers.next(below: odd.count)]
        case 1: bytes.remove(at: position)
        case 2: bytes.insert(odd[numbers.next(below: odd.count)], at: position)
        default: bytes.removeSubrange(position..<min(bytes.count, position + 40))
        }
      }
      let (_, problems) = PipelineDocument.parse(
        bytes: bytes, file: "damaged.json5", catalog: GrammarFixture.catalog)
      damaged += problems.isEmpty ? 0 : 1
      for problem in problems { #expect(!problem.description.isEmpty) }
    }
    #expect(damaged > 1500)
  }

  @Test func saysSomethingAboutEveryCutFile() {
    let original = Array(GrammarFixture.pipeline.utf8)
    for length in stride(from: 0, to: original.count - 1, by: 7) {
      #expect(!JSON5Reader.read(bytes: Array(original[..<length])).problems.isEmpty)
    }
  }
}
