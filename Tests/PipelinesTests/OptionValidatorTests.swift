import Testing

@testable import Pipelines

@Suite struct OptionValidatorTests {
  private func validate(_ text: String, _ specs: [OptionSpec]) -> (OptionValues, [String]) {
    var problems: [Problem] = []
    let values = OptionSpec.validate(
      JSON5Reader.read(text).value, specs, stage: "s", into: &problems)
    return (values, problems.map { "\($0.key ?? "-"): \($0.message)" })
  }

  @Test(arguments: [
    (OptionKind.string, "5", "expected a text, found the number 5"),
    (.file, "''", "expected a file, found an empty text"),
    (.files, "[]", "expected at least one file"),
    (.files, "{}", "expected a file, a pattern or a list of these, found an object"),
    (.integer(1...5), "6", "expected a whole number from 1 to 5, found the number 6"),
    (.integer(1 ... .max), "1.5", "expected a whole number of at least 1, found the number 1.5"),
    (.number(0...1), "NaN", "expected a number from 0 to 1, found the number NaN"),
    (
      .number(0 ... .infinity), "Infinity",
      "expected a number of at least 0, found the number Infinity"
    ),
    (
      .number(Double.leastNonzeroMagnitude ... .infinity), "0",
      "expected a number above 0, found the number 0"
    ),
    (.bool, "'yes'", "expected true or false, found the text 'yes'"),
    (.choice(["clr", "ilr"]), "'clrr'", "unknown value 'clrr'; did you mean 'clr'?"),
    (.choice(["clr", "ilr"]), "1", "expected 'clr' or 'ilr', found the number 1"),
    (.list(of: .bool), "true", "expected a list, each true or false, found true"),
    (.map(of: .string), "[]", "expected an object of names, each with a text, found a list"),
    (.textOrList, "null", "expected a text or a list of texts, found null"),
    (.object([]), "1", "expected an object, found the number 1"),
    (.typed(["a": []]), "'a'", "expected an object with type 'a', found the text 'a'"),
    (.either(.bool, .choice(["auto"])), "'aut'", "unknown value 'aut'; did you mean 'auto'?"),
  ])
  func reportsAWrongValue(kind: OptionKind, text: String, message: String) {
    let (values, problems) = validate("{ o: \(text) }", [OptionSpec("o", kind, "Option.")])
    #expect(problems == ["o: \(message)"])
    #expect(!values.has("o"))
  }

  @Test func reportsInsideListsMapsAndObjects() {
    let specs = [
      OptionSpec("l", .list(of: .integer(0...9)), "List."),
      OptionSpec("m", .map(of: .bool), "Map."),
      OptionSpec(
        "t", .list(of: .typed(["a": [OptionSpec("n", .integer(0...9), "Number.")]])), "Objects."),
    ]
    let (_, problems) = validate(
      "{ l: [1, 'x', 99], m: { k: 1 }, t: [{ type: 'a', nn: 1 }, { type: 'b' }, {}] }", specs)
    #expect(
      problems == [
        "l[1]: expected a whole number from 0 to 9, found the text 'x'",
        "l[2]: expected a whole number from 0 to 9, found the number 99",
        "m.k: expected true or false, found the number 1",
        "t[0].nn: unknown option; did you mean 'n'?",
        "t[0].n: is missing: expected a whole number from 0 to 9",
        "t[1].type: unknown value 'b'; did you mean 'a'?",
        "t[2].type: is missing: expected 'a'",
      ])
  }

  @Test func fillsInDefaultsAtEveryLevel() {
    let inner = [OptionSpec("n", .integer(0...9), default: 7, "Number.")]
    let specs = [
      OptionSpec("t", .typed(["a": inner]), default: ["type": "a"], "Object."),
      OptionSpec("x", .string, default: .optional, "Text."),
      OptionSpec("b", .bands, default: "all", "Bands."),
    ]
    let (values, problems) = validate("{ x: null }", specs)
    #expect(problems.isEmpty)
    #expect(values.canonicalJSON == #"{"b":["all"],"t":{"n":7,"type":"a"}}"#)
    #expect(!values.isGiven("t"))
  }

  @Test func identityDoesNotDependOnHowOptionsAreWritten() {
    let specs = [
      OptionSpec("a", .number(0...9), default: 2, "A."), OptionSpec("f", .files, "F."),
    ]
    let first = validate("{ f: 'x.tif' }", specs).0
    let second = validate("{ f: ['x.tif'], a: 2.0 }", specs).0
    let third = validate("{ f: ['x.tif'], a: 2.5 }", specs).0
    #expect(first.canonicalJSON == second.canonicalJSON)
    #expect(first.canonicalJSON != third.canonicalJSON)
  }

  @Test func whatCouldNotBeReadIsNotReportedAgain() {
    var problems: [Problem] = []
    let (value, syntax) = JSON5Reader.read("{ n: idw, x }")
    let specs = [OptionSpec("n", .string, "N."), OptionSpec("y", .string, "Y.")]
    _ = OptionSpec.validate(value, specs, stage: "s", ignoring: ["x"], into: &problems)
    #expect(syntax.count == 2)
    #expect(problems.map(\.key) == ["y"])
    let lost = JSON5Reader.read("{ 1x: 5 }").value
    problems = []
    _ = OptionSpec.validate(lost, specs, stage: "s", into: &problems)
    #expect(problems.isEmpty)
  }
}
