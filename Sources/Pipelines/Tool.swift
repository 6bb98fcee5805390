import Foundation
import Glibc
import RasterFiles
import Rasters
import Tensors

/// What the commands do.
public enum Tool {
  /// Performs a command; results go to stdout, everything else to stderr.
  public static func perform(_ command: Command) -> Runner.Status {
    switch command {
    case .help(let verb): print(Command.helpText(for: verb), terminator: "")
    case .version: print("gossan \(Gossan.version)")
    case .run(let run): return Runner.run(run)
    case .check(let check): return perform(check)
    case .compare(let compare): return Runner.compare(compare)
    case .stages(let stages): return perform(stages)
    case .info(let info): return perform(info)
    case .explain(let explain): return perform(explain)
    case .refit(let refit): return Runner.refit(refit)
    case .slurm(let slurm): return perform(slurm)
    case .store(let store): return perform(store)
    case .doctor(let doctor): return perform(doctor)
    case .synthesize(let synthesize): return perform(synthesize)
    case .completions(let shell):
      print(shell.completions(stages: StageCatalog.definitions.map(\.name)), terminator: "")
    case .missing:
      FileHandle.standardError.write(Data(Command.helpText(for: nil).utf8))
      return .invalid
    }
    return .done
  }

  private static func perform(_ check: Command.Check) -> Runner.Status {
    let problems = Runner.problems(check.pipeline, overrides: check.overrides)
    for problem in problems { Runner.say(problem.description) }
    if problems.isEmpty && check.verbosity != .quiet {
      print("\(check.pipeline): no problems found")
      for line in Runner.remarks(check.pipeline, overrides: check.overrides) { print(line) }
    }
    return problems.isEmpty ? .done : .invalid
  }

  private static func perform(_ stages: Command.Stages) -> Runner.Status {
    let catalog = StageCatalog.definitions
    guard let name = stages.name else {
      print(
        stages.isSchema
          ? StageSchema.pipeline(catalog) : StageDefinition.list(StageCatalog.groupedDefinitions),
        terminator: "")
      return .done
    }
    guard let stage = catalog.first(where: { $0.name == name }) else {
      Runner.say(
        "there is no stage '\(name)'" + Suggestion.phrase(name, among: catalog.map(\.name)))
      return .invalid
    }
    print(stages.isSchema ? StageSchema.stage(stage) : stage.describe(), terminator: "")
    return .done
  }

  private static func perform(_ info: Command.Info) -> Runner.Status {
    do {
      print(try FileDescription(info.file).text(isJSON: info.isJSON))
      return .done
    } catch {
      Runner.say("\(error)")
      return .failed
    }
  }

  private static func perform(_ explain: Command.Explain) -> Runner.Status {
    do {
      let report = try PlaceQuestion(folder: explain.folder)
        .answer(x: explain.x, y: explain.y, crs: explain.crs)
      print(explain.isJSON ? try report.json : report.text)
      return .done
    } catch {
      Runner.say("\(error)")
      if case PlaceQuestion.Failure.usage = error { return .invalid }
      return .failed
    }
  }

  private static func perform(_ slurm: Command.Slurm) -> Runner.Status {
    do {
      let plan = try Runner.plan(slurm.run)
      print(SlurmScript(plan, slurm).text, terminator: "")
      return .done
    } catch {
      Runner.say("\(error)")
      return error is PipelineError ? .invalid : .failed
    }
  }

  private static func perform(_ doctor: Command.Doctor) -> Runner.Status {
    GDAL.initialize()
    let hasProjection = GDAL.projDataIsFound
    let facts: [(String, String)] = [
      ("gossan", Gossan.version), ("GDAL", GDAL.version), ("PROJ", GDAL.projVersion),
      ("PROJ data", hasProjection ? "found" : "missing: install proj-data, or set PROJ_LIB"),
      ("OpenBLAS kernel", Products.kernelName),
      ("cores", "\(ProcessInfo.processInfo.activeProcessorCount)"),
      ("memory", "\(ProcessInfo.processInfo.physicalMemory >> 20) MiB"),
    ]
    if doctor.isJSON {
      let object = Dictionary(uniqueKeysWithValues: facts)
      print(String(decoding: (try? JSONEncoder.stable.encode(object)) ?? Data(), as: UTF8.self))
    } else {
      for (name, value) in facts {
        print(name.padding(toLength: 18, withPad: " ", startingAt: 0) + value)
      }
    }
    return hasProjection ? .done : .failed
  }
}
