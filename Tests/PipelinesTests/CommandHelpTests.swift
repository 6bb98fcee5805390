import Testing

@testable import Pipelines

@Suite struct CommandHelpTests {
  @Test(arguments: Command.Verb.allCases)
  func explainsEveryOption(verb: Command.Verb) throws {
    let help = Command.helpText(for: verb)
    for option in CommandParser.options[verb] ?? [] where option != "--help" {
      let name = option.hasSuffix("=") ? String(option.dropLast()) : option
      #expect(help.contains(name), "\(name)")
    }
    for line in help.split(separator: "\n") { #expect(line.count <= 90, "\(line)") }
    // The example is a command line that is understood.
    let example = try #require(help.split(separator: "\n").last).split(separator: " ")
    #expect(example.first == "gossan")
    _ = try Command.parse(example.dropFirst().map(String.init))
  }

  @Test func namesEveryCommand() {
    for verb in Command.Verb.allCases {
      #expect(Command.helpText(for: nil).contains("\n  \(verb.rawValue) "))
    }
  }
}
