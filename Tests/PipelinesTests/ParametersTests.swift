import Testing

@testable import Pipelines

@Suite struct ParametersTests {
  private func resolve(_ text: String, set: [Overrides.Parameter] = [], in template: JSON5Value)
    -> (value: JSON5Value, problems: [String])
  {
    var problems: [Problem] = []
    let parameters = Parameters(
      JSON5Reader.read(text).value, overrides: set, file: nil, into: &problems)
    let value = parameters.substituted(template, stage: "s", key: "k", into: &problems)
    return (value, problems.map(\.description))
  }

  @Test func replacesInsideTextsAndWholeValues() {
    let (value, problems) = resolve(
      "{ a: 'x', n: 5, l: [1, 2] }",
      in: ["${a}", "${n}", "${l}", "-${a}-${n}-", "$${a}", "${", ["k": "${a}"]])
    #expect(problems.isEmpty)
    #expect(value.canonicalJSON == #"["x",5,[1,2],"-x-5-","${a}","${",{"k":"x"}]"#)
  }

  @Test func parametersUseOneAnotherInAnyOrder() {
    let (value, problems) = resolve("{ a: '${b}/a', b: '${c}', c: '$${c}' }", in: "${a}")
    #expect(problems.isEmpty)
    #expect(value.string == "${c}/a")
  }

  @Test func reportsCirclesUnknownNamesAndListsInTexts() {
    let (value, problems) = resolve(
      "{ a: '${b}', b: '${a}', l: [] }", in: ["${bb}", "x${l}", "${a}"])
    #expect(
      problems == [
        "line 1:17: key 'parameters.b': the parameter uses itself: a -> b -> a",
        "stage 's', option 'k[0]': there is no parameter 'bb'; did you mean 'b'?",
        "stage 's', option 'k[1]': the parameter 'l' is a list: it cannot be part of a text",
      ])
    #expect(value.elements?.allSatisfy(\.isInvalid) == true)
  }

  @Test func theCommandLineWins() {
    let set = [
      Overrides.Parameter(name: "n", text: "[1, 'a']"),
      Overrides.Parameter(name: "a", text: "../x"),
      Overrides.Parameter(name: "aa", text: "1"),
    ]
    let (value, problems) = resolve("{ a: 'x', n: 5 }", set: set, in: ["${a}", "${n}"])
    #expect(value.canonicalJSON == #"["../x",[1,"a"]]"#)
    #expect(value.elements?.first?.place.origin == "--set a=../x")
    #expect(problems == ["--set aa=1: there is no parameter 'aa'; did you mean 'a'?"])
  }
}
