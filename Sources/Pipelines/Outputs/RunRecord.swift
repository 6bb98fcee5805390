import Foundation
import Learning
import RasterFiles
import Rasters
import Tensors

/// What a run was made from and what came out, for `run.json`: the only place for times.
struct RunRecord {
  private let plan: Runner.Plan
  private let executor: Executor

  init(_ plan: Runner.Plan, _ executor: Executor) {
    self.plan = plan
    self.executor = executor
  }

  /// The source files of the plan with the digests of their content.
  func inputs() throws -> [(file: String, digest: String)] {
    let window = executor.lattice.grid.window
    let files = try Set(Schedule(targets: plan.targets).nodes.flatMap { try $0.files(window) })
    return try files.sorted().map { ($0, try executor.fingerprint(of: $0)) }
  }

  /// The versions of what made the outputs.
  static var versions: [String: String] {
    [
      "gossan": Gossan.version, "GDAL": GDAL.version, "PROJ": GDAL.projVersion,
      "OpenBLAS kernel": Products.kernelName,
    ]
  }

  /// A fit that is kept, and what of its input has changed since.
  struct Fit: Encodable {
    var stage: String
    /// When it was made, as in ISO 8601.
    var fitted: String?
    /// What has changed since, in a few words.
    var changes: String?

    /// What a person should know; nil when nothing has changed.
    var sentence: String? {
      changes.map { changes in
        "'\(stage)' keeps its fit" + (fitted.map { " of \($0)" } ?? "") + "; its input since then: "
          + "\(changes); 'gossan refit' renews it"
      }
    }
  }

  /// The fits that are kept.
  func fits() throws -> [Fit] {
    let times = ISO8601DateFormatter()
    return try plan.planner.watches.map { watch in
      let before = try FitInput.stored(try executor.value(watch.before))
      let now = try FitInput.stored(try executor.value(watch.now))
      return Fit(
        stage: watch.tag,
        fitted: executor.fits?.date(of: watch.before).map(times.string(from:)),
        changes: now.changes(since: before))
    }
  }

  /// The scores of the plan by tag.
  func scores() throws -> [String: Scores] {
    var result: [String: Scores] = [:]
    for case .scores(let scores) in plan.products.map(\.product) {
      result[scores.tag] = try Scores.stored(try executor.value(scores.node))
    }
    return result
  }

  /// The rasters that the run writes or reports.
  private var reportedRasters: [RasterProduct] {
    let products =
      plan.tasks.isEmpty
      ? plan.products.map(\.product) : plan.tasks.flatMap { $0.products.map(\.product) }
    return products.compactMap { if case .raster(let raster) = $0 { raster } else { nil } }
  }

  /// The measures of all scores by tag, those of the maps of folds and the errors of gridded points
  /// among them.
  private func metrics() throws -> [String: [String: Double]] {
    var result: [String: [String: Double]] = [:]
    func add(_ tag: String, _ output: String, _ measures: [(name: String, value: Double?)]) {
      for (measure, value) in measures {
        result[tag, default: [:]][output.isEmpty ? measure : "\(output): \(measure)"] = value
      }
    }
    for (tag, scores) in try scores() {
      for (output, name) in scores.metrics.outputNames(scores.classes) {
        add(tag, name, scores.measures(output: output))
      }
    }
    for case .scores(let scores) in plan.products.map(\.product) {
      guard let node = scores.rates else { continue }
      let rates = try PredictionRates.stored(try executor.value(node))
      for (index, found) in rates.classes.enumerated() {
        add(scores.tag, found.name, rates.measures(index))
      }
    }
    for case .model(let model) in plan.products.map(\.product) where model.isCalibrated {
      let notes = try ModelPackage(try executor.value(model.node)).notes
      for output in notes.intervals?.outputs ?? [] {
        add(model.tag, output.name, notes.intervals?.measures(output) ?? [])
      }
    }
    for raster in reportedRasters {
      guard let node = raster.interpolation else { continue }
      add(raster.tag, "", try InterpolationSummary.stored(try executor.value(node)).measures)
    }
    return result
  }

  /// The record as JSON.
  func json(started: Date, written: [String], outputs: RecordedOutputs) throws -> Data {
    let grid = executor.lattice.grid
    let times = ISO8601DateFormatter()
    let record = Record(
      pipeline: plan.document.name, seed: plan.document.seed, chunk: plan.document.chunk,
      started: times.string(from: started), finished: times.string(from: Date()),
      versions: Self.versions,
      inputs: Dictionary(uniqueKeysWithValues: try inputs().map { ($0.file, $0.digest) }),
      grid: Record.Grid(
        width: grid.width, height: grid.height, transform: grid.transform.coefficients,
        crs: CRS.code(grid.crs) ?? CRS.name(grid.crs)),
      stages: plan.document.stages.map {
        Record.Stage(type: $0.type, tag: $0.tag, options: $0.options.value.canonicalJSON)
      },
      fits: try fits(),
      transfers: Dictionary(
        uniqueKeysWithValues: plan.transfers.map { ($0.tag, $0.transfer.notes) }),
      metrics: try metrics(),
      chunks: executor.statistics.mapValues { ["made": $0.made, "found": $0.found] },
      written: written, outputs: outputs)
    let encoder = JSONEncoder.stable
    encoder.outputFormatting.insert(.prettyPrinted)
    return try encoder.encode(record)
  }

  /// The form of `run.json`.
  private struct Record: Encodable {
    struct Grid: Encodable {
      var width: Int
      var height: Int
      var transform: [Double]
      var crs: String
    }
    struct Stage: Encodable {
      var type: String
      var tag: String
      var options: String
    }
    var pipeline: String
    var seed: Int
    var chunk: Int
    var started: String
    var finished: String
    var versions: [String: String]
    var inputs: [String: String]
    var grid: Grid
    var stages: [Stage]
    var fits: [Fit]
    var transfers: [String: TransferNotes]
    var metrics: [String: [String: Double]]
    var chunks: [String: [String: Int]]
    var written: [String]
    var outputs: RecordedOutputs
  }
}

/// The program.
public enum Gossan {
  /// The version, also of what is written into run.json.
  public static let version = "0.1.0"
}
