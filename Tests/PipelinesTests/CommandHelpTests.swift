import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

@Suite struct CommandHelpTests {
  @Test(arguments: Command.Verb.allCases)
  func explainsEveryOption(verb: Command.Verb) throws {
    let help = Command.helpText(for: verb)
    #expect(!verb.summary.isEmpty)
    for option in verb.form.options + [.help] {
      #expect(help.contains("\n  \(option.phrase)"), "\(option.phrase)")
      #expect(!option.summary.isEmpty)
    }
    for operand in verb.form.operands { #expect(help.contains(operand.name)) }
    for line in help.split(separator: "\n") { #expect(line.count <= 90, "\(line)") }
  }

  /// The example is a command line that is understood, of this command, on files that are there.
  @Test(arguments: Command.Verb.allCases)
  func exampleIsTrue(verb: Command.Verb) throws {
    let example = verb.form.example
    let words = example.split(separator: " ").map(String.init)
    #expect(Array(words.prefix(2)) == ["gossan", verb.rawValue])
    #expect(Command.helpText(for: verb).hasSuffix("\nExample\n  \(example)\n"))
    let root = SampleRun.root
    switch try Command.parse(Array(words.dropFirst())) {
    case .run(let run): #expect(problems(root, run.pipeline, run.overrides) == [])
    case .check(let check): #expect(problems(root, check.pipeline, check.overrides) == [])
    case .compare(let compare):
      #expect(problems(root, compare.run.pipeline, compare.run.overrides) == [])
    case .stages(let stages): #expect(StageCatalog.stage(stages.name ?? "") != nil)
    case .info(let info): _ = try FileDescription("\(root)/\(info.file)").text(isJSON: true)
    case .explain(let explain):
      let grid = try RasterInfo(path: "\(root)/sample-rasters/jura/landuse_rock.tif").gridOfCells
      let place = try CRS.transform(
        x: [explain.x], y: [explain.y], from: CRS.wkt(from: explain.crs ?? ""), to: grid.crs)
      #expect(grid.cell(x: place.x[0], y: place.y[0]) != nil)
    case .slurm(let slurm): #expect(problems(root, slurm.run.pipeline, slurm.run.overrides) == [])
    case .refit(let refit):
      let plan = try Runner.plan("\(root)/\(refit.run.pipeline)", overrides: refit.run.overrides)
      #expect(plan.targets.contains { $0.policy == .once(tag: refit.tag) })
    case .store(let store): #expect(store.folder.hasSuffix("/.gossan"))
    case .synthesize, .doctor, .completions: break
    case .help, .version, .missing: Issue.record("\(example)")
    }
  }

  private func problems(_ root: String, _ file: String, _ overrides: Overrides) -> [Problem] {
    Runner.problems("\(root)/\(file)", overrides: overrides)
  }

  @Test func namesEveryCommandAndStatus() {
    let help = Command.helpText(for: nil)
    for verb in Command.Verb.allCases { #expect(help.contains("\n  \(verb.rawValue) ")) }
    for text in [help, Command.helpText(for: .run)] {
      #expect(text.contains("\nExit status\n  0                   Done, also when nothing"))
      for status in Runner.Status.allCases { #expect(text.contains("\n  \(status.rawValue) ")) }
    }
  }

  @Test func helpIsTheSameHoweverItIsAskedFor() throws {
    for verb in Command.Verb.allCases {
      #expect(try Command.parse(["help", verb.rawValue]) == .help(verb))
      #expect(try Command.parse([verb.rawValue, "--help"]) == .help(verb))
    }
  }
}
