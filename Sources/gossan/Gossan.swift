import Glibc
import Pipelines

/// The command line: parses the arguments, calls the library, ends with its exit status.
@main
struct CommandLineTool {
  static func main() {
    do {
      let command = try Command.parse(Array(CommandLine.arguments.dropFirst()))
      exit(Tool.perform(command).rawValue)
    } catch {
      Runner.say("\(error)")
      exit(UsageError.exitStatus)
    }
  }
}
