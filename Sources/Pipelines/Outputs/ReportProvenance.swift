import Foundation
import RasterFiles
import Rasters
import Reports

extension ReportPage {
  /// The files that went in: what they hold, how they came onto the grid, what was done then.
  func inputsSection(_ record: RunRecord) throws -> HTMLReport.Section {
    let sources = plan.planner.sources
    let digests = Dictionary(
      try record.inputs().map { ($0.file, $0.digest) }, uniquingKeysWith: { first, _ in first })
    var rows: [[String]] = []
    var told: Set<String> = []
    for stage in plan.document.stages {
      for source in sources[stage.tag] ?? [] {
        told.insert(source.path)
        rows.append([
          source.path, source.content + Self.phrase(digests[source.path]), source.treatment,
          steps(after: stage.tag),
        ])
      }
    }
    // Parts of a mosaic, sidecars, model files: read, too.
    for (file, digest) in digests.sorted(by: { $0.key < $1.key }) where !told.contains(file) {
      rows.append([file, "part of another, or a model" + Self.phrase(digest), "-", "-"])
    }
    return HTMLReport.Section(
      "Inputs",
      [
        .table(
          HTMLReport.Table(
            "The files, and what was done to each",
            columns: ["File", "Holds", "Onto the grid", "Then"], rows: rows, arePaths: true)),
        .table(
          HTMLReport.Table(
            "What each step does",
            columns: ["Step", "From", "What it does", "Settings that were given"],
            rows: plan.document.stages.map(row))),
      ])
  }

  /// By what a file is known again; empty where that is not known.
  private static func phrase(_ digest: String?) -> String {
    digest.map { "; SHA-256 begins \($0.prefix(16))" } ?? ""
  }

  private func row(_ stage: StageEntry) -> [String] {
    [
      Self.name(stage), stage.dependencies.joined(separator: ", "), stage.definition.summary,
      stage.options.given,
    ]
  }

  /// A stage as people call it: its word, and its tag where that is another.
  private static func name(_ stage: StageEntry) -> String {
    stage.type == stage.tag ? stage.type : "\(stage.type) '\(stage.tag)'"
  }

  /// The stages that take what `tag` reads, directly or through others, up to models.
  private func steps(after tag: String) -> String {
    var reached: Set<String> = [tag]
    var words: [String] = []
    for stage in plan.document.stagesInOrder {
      guard !reached.isDisjoint(with: stage.dependencies) else { continue }
      switch stage.definition.output {
      case .raster, .segments, .samples, .folds: reached.insert(stage.tag)
      case .model: break
      default: continue
      }
      words.append(Self.name(stage))
    }
    return words.isEmpty ? "-" : words.joined(separator: ", ")
  }

  /// How to make the same again.
  func reproductionSection() -> HTMLReport.Section {
    let versions = RunRecord.versions.sorted { $0.key < $1.key }
    return HTMLReport.Section(
      "How to reproduce it",
      [
        .text(
          "The same pipeline on the same files makes the same rasters, models and tables, byte for "
            + "byte, on a processor of the same kind. Every random choice follows from the seed "
            + "\(plan.document.seed)."),
        .listing(command, title: "The command, from the folder where it was given"),
        .listing(
          plan.text, title: "The pipeline, \(plan.document.file ?? plan.document.name)"),
        .table(
          HTMLReport.Table(
            "What made it", columns: ["Part", "Version"], rows: versions.map { [$0.key, $0.value] })
        ),
      ])
  }

  private var command: String {
    let words =
      ["gossan", "run", plan.document.file ?? plan.document.name] + plan.overrides.arguments
    return words.map(Self.quoted).joined(separator: " ")
  }

  /// A word as a shell takes it.
  static func quoted(_ word: String) -> String {
    let isPlain =
      !word.isEmpty
      && word.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-_./=:,@%+".utf8.contains(byte)
        }
      }
    return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }
}

extension OptionValues {
  /// The options that the user gave, as the file would have them.
  fileprivate var given: String {
    (value.members ?? []).filter { isGiven($0.key) }
      .map { "\($0.key): \($0.value.json5)" }.joined(separator: ", ")
  }
}

extension Overrides {
  /// The changes as the command line has them.
  var arguments: [String] {
    parameters.flatMap { ["--set", "\($0.name)=\($0.text)"] }
      + options.map { "--stage.\($0.tag).\($0.path)=\($0.text)" }
  }
}
