import Foundation

/// A shell script that submits a pipeline to Slurm: a job array for each level of the plan, one
/// after the other, and the run that writes the outputs.
struct SlurmScript {
  private let plan: Runner.Plan
  private let command: Command.Slurm
  private let folder = FileManager.default.currentDirectoryPath

  init(_ plan: Runner.Plan, _ command: Command.Slurm) {
    self.plan = plan
    self.command = command
  }

  /// The script.
  var text: String {
    let levels = ShardLevels(Schedule(targets: plan.targets)).levels.count
    let name = plan.document.name
    return """
      #!/bin/sh
      # Runs the pipeline '\(name)' on Slurm: \(levels) job arrays of \(command.shards) tasks, each \
      begun when
      # the one before is done, and a job that writes the outputs. The store must be in a folder that \
      all
      # nodes share. Partition, account, time and memory are those of the cluster, or of sbatch's own
      # variables: SBATCH_PARTITION, SBATCH_ACCOUNT, SBATCH_TIMELIMIT, SBATCH_MEM_PER_NODE.
      set -eu
      cd \(quoted(folder))
      mkdir -p \(quoted(logs))

      submit() {
        sbatch --parsable --requeue --kill-on-invalid-dep=yes --open-mode=append\(cpus) "$@"
      }

      previous=
      for level in $(seq \(levels)); do
        previous=$(submit --job-name=\(quoted("\(name)-level"))$level --array=1-\(command.shards) \\
          ${previous:+--dependency=afterok:$previous} --output=\(quoted(logs + "/%A-%a.log")) \\
          --wrap=\(quoted("exec \(runLine) --shard $SLURM_ARRAY_TASK_ID/\(command.shards)")))
      done
      submit --job-name=\(quoted("\(name)-outputs")) --dependency=afterok:$previous \\
        --output=\(quoted(logs + "/%A.log")) --wrap=\(quoted("exec \(runLine)"))

      """
  }

  private var cpus: String {
    command.run.jobs.map { " --cpus-per-task=\($0)" } ?? ""
  }

  /// The folder of the outputs, absolute.
  private var output: String {
    absolute(command.run.output ?? "out/\(plan.document.name)")
  }

  private var logs: String { output + "/slurm" }

  /// The run that every task begins with.
  private var runLine: String {
    var words = [program, "run", absolute(command.run.pipeline)]
    for parameter in command.run.overrides.parameters {
      words += ["--set", "\(parameter.name)=\(parameter.text)"]
    }
    words += command.run.overrides.options.map(\.origin)
    words += ["--out", output]
    if let work = command.run.work { words += ["--work", absolute(work)] }
    if let jobs = command.run.jobs { words += ["--jobs", "\(jobs)"] }
    if let memory = command.run.memory { words += ["--memory", "\(memory)"] }
    return (words.map(quoted) + ["--progress", "plain"]).joined(separator: " ")
  }

  /// The program itself, as the kernel knows it.
  private var program: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "gossan"
  }

  private func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : "\(folder)/\(path)"
  }

  /// The word as a shell takes it.
  private func quoted(_ word: String) -> String {
    let isPlain = word.unicodeScalars.allSatisfy {
      ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
        || "_-./=,:%+".unicodeScalars.contains($0)
    }
    return isPlain && !word.isEmpty
      ? word : "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
  }
}
