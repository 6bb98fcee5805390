import Foundation
import Learning
import RasterFiles
import Rasters
import Reports
import Tensors

extension Runner {
  /// Runs the variants of a pipeline over repeated splits and seeds and writes tables of them.
  public static func compare(_ command: Command.Compare) -> Status {
    attempt(command.run) { progress in
      try ComparisonRun(try comparable(command.run), command, progress).run()
    }
  }

  /// The pipeline, if it and all its variants can be compared: a mistake in the last variant must
  /// not show after hours.
  private static func comparable(_ command: Command.Run) throws -> PipelineDocument {
    let problems = problems(command.pipeline, overrides: command.overrides)
    guard problems.isEmpty else { throw PipelineError.invalid(problems) }
    let document = try plan(command).document
    guard document.variants.count > 1 else {
      throw PipelineError.invalid([
        Problem(
          file: document.file, key: "variants",
          "\(document.variants.isEmpty ? "is missing" : "has one entry"); expected the variants "
            + "to compare, or a 'curve' of several values")
      ])
    }
    guard document.stages.contains(where: { $0.definition.output == .scores }) else {
      throw PipelineError.invalid([
        Problem(file: document.file, "has no 'validate' stage: there is nothing to compare")
      ])
    }
    return document
  }
}

/// All runs of a comparison, in one store: what variants share is made once, and an interrupted
/// comparison goes on where it was.
struct ComparisonRun {
  private let document: PipelineDocument
  private let command: Command.Compare
  private let progress: Progress
  private let workspace: Workspace

  init(
    _ document: PipelineDocument, _ command: Command.Compare, _ progress: Progress
  ) throws {
    self.document = document
    self.command = command
    self.progress = progress
    workspace = try Workspace(command.run, name: document.name, progress)
  }

  func run() throws {
    var used: Set<Digest> = []
    var comparison = Comparison(
      variants: document.variants.map(\.name), repeats: command.repeats, seeds: command.seeds,
      curve: document.curve.map { curve in
        Comparison.Curve(
          name: curve.option, points: document.variants.compactMap(\.point),
          lineCount: document.variants.count / max(1, curve.values.count))
      })
    let total = command.repeats * command.seeds * document.variants.count
    var done = 0
    for repetition in 0..<command.repeats {
      for seed in 0..<command.seeds {
        for (index, variant) in document.variants.enumerated() {
          let begun = Date()
          let scores = try score(variant, repetition: repetition, seed: seed, &used)
          comparison.add(scores, variant: index, run: repetition * command.seeds + seed)
          done += 1
          progress.note(
            "\(done)/\(total): \(variant.name), repeat \(repetition + 1), seed \(seed + 1): "
              + Self.headline(scores)
              + String(format: ", %.0f s", Date().timeIntervalSince(begun)))
        }
      }
    }
    progress.pause()
    try write(comparison)
    try StoreUses(store: workspace.store, pipeline: document.name + "//compare").note(used)
  }

  /// The scores of one variant with the folds of a repetition and the seed of a training; notes
  /// what it used.
  private func score(
    _ variant: Variant, repetition: Int, seed: Int, _ used: inout Set<Digest>
  ) throws -> [String: Scores] {
    let shift = Overrides(
      seed: document.seed + seed, splitSeed: document.seed + repetition,
      repetition: repetition)
    var run = command.run
    run.overrides = run.overrides.followed(by: variant.overrides).followed(by: shift)
    let plan = try Runner.plan(run, scoresOnly: true)
    let executor = workspace.fittingExecutor(plan, progress)
    let nodes = plan.products.compactMap { entry -> Node? in
      if case .scores(let scores) = entry.product { scores.node } else { nil }
    }
    let schedule = Schedule(targets: nodes)
    progress.plan(schedule, chunks: executor.lattice.chunks.count)
    try executor.run(schedule)
    let scores = try RunRecord(plan, executor).scores()
    used.formUnion(executor.usedKeys)
    return scores
  }

  /// The first of the measures that people ask for first.
  private static func headline(_ scores: [String: Scores]) -> String {
    guard let first = scores.sorted(by: { $0.key < $1.key }).first?.value else {
      return "no scores"
    }
    let measures = first.metrics.pooled.named(output: 0)
    let found =
      measures.first { $0.name == "ROC AUC" && $0.value != nil }
      ?? measures.first { $0.value != nil }
    guard let found, let value = found.value else { return "no scores" }
    return "\(found.name) " + String(format: "%.3f", value)
  }

  // MARK: Results

  private func write(_ comparison: Comparison) throws {
    let folder = workspace.folder
    let files =
      [
        (name: "compare.csv", text: comparison.csv),
        (name: "compare-summary.csv", text: comparison.summaryCSV),
        (name: "compare.html", text: page(comparison)),
      ] + (comparison.curve == nil ? [] : [(name: "compare-curve.csv", text: comparison.curveCSV)])
    let changed = files.filter { file in
      FileManager.default.contents(atPath: "\(folder)/\(file.name)") != Data(file.text.utf8)
    }
    for file in changed { try AtomicFile.write(file.text, to: "\(folder)/\(file.name)") }
    for output in comparison.outputs {
      print(Self.text(comparison.table(output, paired: false), title: output))
    }
    progress.note(
      changed.isEmpty
        ? "nothing was new: the tables in \(folder) are up to date"
        : "wrote \(changed.map(\.name).joined(separator: ", ")) to \(folder)")
  }

  private static func text(
    _ table: (columns: [String], rows: [[String]]), title: String
  ) -> String {
    let lines = [table.columns] + table.rows
    let widths = table.columns.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    return
      ([title]
      + lines.map { line in
        zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
          .joined(separator: "  ")
      }).joined(separator: "\n")
  }

  private func page(_ comparison: Comparison) -> String {
    let runs = command.repeats * command.seeds
    let first = comparison.variants[0]
    let sections = comparison.outputs.map { output in
      let plain = comparison.table(output, paired: false)
      let paired = comparison.table(output, paired: true)
      return HTMLReport.Section(
        "Scores: \(output)",
        comparison.figures(output).map(\.block) + [
          .table(
            HTMLReport.Table(
              "Pooled out of fold: mean and standard deviation over \(runs) runs",
              columns: plain.columns, rows: plain.rows
            ).upright(corner: "Measure")),
          .table(
            HTMLReport.Table(
              comparison.curve == nil
                ? "Paired difference from '\(first)' (runs above 0)"
                : "Paired difference from the first variant at the same value (runs above 0)",
              columns: paired.columns, rows: paired.rows
            ).upright(corner: "Measure")),
        ])
    }
    let variants = HTMLReport.Table(
      "What each variant changes", columns: ["Variant", "Changes"],
      rows: document.variants.map { variant in
        [variant.name, variant.changes.isEmpty ? "nothing" : variant.changes]
      })
    return HTMLReport(
      title: "\(document.name): comparison",
      summary: "Each of \(comparison.variants.count) variants was validated with "
        + "\(command.repeats) divisions into folds and \(command.seeds) \(command.seeds == 1 ? "seed" : "seeds") for each. All variants "
        + "saw the same folds and seeds.",
      facts: [("Seed", "\(document.seed)")]
        + RunRecord.versions.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
      sections: sections + [HTMLReport.Section("Variants", [.table(variants)])]
    ).html
  }
}

extension Variant {
  /// What the variant changes, for people.
  var changes: String {
    (overrides.parameters.map { "\($0.name) = \($0.text)" }
      + overrides.options.map { "\($0.tag).\($0.path) = \($0.text)" }).joined(separator: "; ")
  }
}

extension PipelineError {
  /// The same problems, said to be those of a variant.
  func inVariant(_ name: String) -> PipelineError {
    .invalid(
      problems.map { problem in
        var changed = problem
        changed.message = "in variant '\(name)': " + problem.message
        return changed
      })
  }
}
