import Foundation
import Learning
import Networks
import Rasters
import Reports
import Testing

@testable import Pipelines

/// What every stage makes of the sample is on record: whoever changes a result must raise the
/// stage's `revision`, or stores would keep what the earlier code made.
///
/// After such a change `GOSSAN_RECORD=1 swift test -c release --filter RevisionsTests` writes the
/// record anew.
struct RevisionsTests {
  /// What is on record of a stage.
  private struct Entry: Codable {
    var revision: Int
    /// Numbers that sum up its product.
    var facts: [Double]
  }

  private static let record = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Fixtures/revisions.json")
  /// These stages make files; what their bytes depend on is in the ledger's keys.
  private static let writers: Set = ["write", "report"]

  @Test func changedResultsHaveANewRevision() throws {
    let found = try entries()
    let expected = Set(StageCatalog.definitions.map(\.name)).subtracting(Self.writers)
    #expect(Set(found.keys) == expected, "every stage must be in the pipeline of this test")
    if ProcessInfo.processInfo.environment["GOSSAN_RECORD"] == "1" {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try encoder.encode(found).write(to: Self.record)
    }
    let known = try JSONDecoder().decode([String: Entry].self, from: Data(contentsOf: Self.record))
    for (word, entry) in found.sorted(by: { $0.key < $1.key }) {
      let old = try #require(known[word], "'\(word)' is not on record: set GOSSAN_RECORD=1")
      let isEqual =
        old.facts.count == entry.facts.count
        && zip(old.facts, entry.facts).allSatisfy { abs($0 - $1) <= 1e-3 * max(abs($0), 1e-2) }
      if old.revision == entry.revision {
        #expect(isEqual, "'\(word)' makes something else: raise its revision, then GOSSAN_RECORD=1")
      } else {
        #expect(isEqual, "'\(word)' has a new revision: set GOSSAN_RECORD=1")
        Issue.record("'\(word)' has revision \(entry.revision), on record is \(old.revision)")
      }
    }
  }

  /// The products of a pipeline that holds every stage, in numbers.
  private func entries() throws -> [String: Entry] {
    let sample = try SampleRun()
    defer { sample.remove() }
    // The stages that the sample does not use stand beside it.
    let path = try sample.pipeline(
      "revisions",
      replacing: [
        (
          "{ type: \"report\" },",
          """
          { type: "labels", tag: "places", file: "${data}/points.gpkg", presence: "place" },
          { type: "background", tag: "all", inputs: { samples: "places" }, count: 40 },
          { type: "contaminate", tag: "hit", inputs: ["metals"], rate: 0.02, missing: 0.01 },
          { type: "impute", tag: "whole", inputs: ["hit"] },
          { type: "order-bands", tag: "ordered", inputs: { raster: "whole", samples: "all" },
            method: "importance" },
          { type: "principal-components", tag: "pc", inputs: ["whole"], count: 2 },
          { type: "mask", tag: "area", inputs: ["pc"], file: "${data}/landuse_rock.tif" },
          { type: "write", tag: "more", inputs: ["area"] },
          { type: "regionalize", tag: "zones", inputs: ["metals"], breaks: "natural" },
          { type: "distance", file: "${data}/points.gpkg", where: "Cd > 2", max: 900 },
          { type: "density", file: "${data}/points.gpkg", radius: 500, weight: "Cd" },
          { type: "expression", inputs: ["metals"], bands: { ratio: "log(Co / (Cr + 1))" } },
          { type: "terrain", inputs: ["metals"], band: "Co" },
          { type: "focal", inputs: ["metals"], window: 5, statistics: ["mean", "deviation"] },
          { type: "clip", inputs: ["metals"], quantiles: [0.05, 0.95] },
          { type: "segment-features", inputs: { segments: "segments" } },
          { type: "response", inputs: ["model"], samples: 30, positions: 5, most: 2 },
          { type: "filters", inputs: ["model"] },
          { type: "importance", inputs: { model: "model", folds: "folds" }, repeats: 2 },
          { type: "order-control", inputs: { model: "model", folds: "folds" }, permutations: 2 },
          { type: "attributions", inputs: { model: "model", folds: "folds" }, samples: 40,
            background: 3, nodes: 2, "most-nodes": 2, dependence: 1 },
          { type: "embed", inputs: { model: "model", folds: "folds" }, iterations: 30 },
          { type: "novelty", inputs: { model: "model", folds: "folds" }, quantile: 0.95 },
          { type: "classify", inputs: { probability: "probability", scores: "scores" },
            outputs: ["level", "class", "entropy", "above"], threshold: "youden" },
          { type: "targets", quantile: 0.8, "least-area": 50000,
            inputs: { map: "probability", explanation: "shap", samples: "cadmium" } },
          { type: "ensemble", inputs: ["model"], count: 2 },
          { type: "calibrate", inputs: { model: "model", scores: "scores" } },
          { type: "report" },
          """
        ),
        ("folds: \"folds\" } },", "folds: \"folds\", map: \"probability\" } },"),
      ])
    let plan = try Runner.plan(path, overrides: Overrides())
    let executor = Executor(
      lattice: ChunkLattice(grid: plan.planner.grid, size: plan.document.chunk),
      store: try ChunkStore(directory: sample.folder + "/store"), events: SampleRun.Notes(),
      cacheBytes: 1 << 24)
    try executor.run(Schedule(targets: plan.targets))
    var result: [String: Entry] = [:]
    for (tag, product) in plan.products {
      guard let stage = plan.document.stage(tag), !Self.writers.contains(stage.type) else {
        continue
      }
      result[stage.type] = Entry(
        revision: StageCatalog.stage(stage.type)?.revision ?? 0,
        facts: try facts(product, executor))
    }
    return result
  }

  private func facts(_ product: Product, _ executor: Executor) throws -> [Double] {
    let window = executor.lattice.grid.window
    func decode<T: Decodable>(_ type: T.Type, _ bytes: [UInt8]) throws -> T {
      try JSONDecoder.stable.decode(type, from: Data(bytes))
    }
    switch product {
    case .raster(let raster):
      let cube = try executor.cube(raster.node, window)
      return raster.bands.indices.flatMap { band -> [Double] in
        let values = cube.band(band).lazy.filter(\.isFinite).map(Double.init)
        let count = Double(values.count)
        return [
          count, values.reduce(0, +) / max(count, 1), values.reduce(0) { $0 + $1 * $1 } / count,
        ]
      }
    case .segments(let segments):
      let ids = try executor.segments(segments.node, window).ids
      let sum = ids.enumerated().reduce(0) { ($0 &* 31 &+ Int($1.element)) % 1_000_003 }
      return [Double(Set(ids).count), Double(sum)]
    case .samples(let samples):
      let set = try decode(SampleSet.self, try executor.value(samples.node))
      return [Double(set.count)] + set.counts.map(Double.init)
    case .folds(let folds):
      let found = try decode(Folds.self, try executor.value(folds.node)).foldOfSample
      return [Double(found.enumerated().reduce(0) { $0 + ($1.offset + 1) * ($1.element + 1) })]
    case .model(let model):
      let packages = try ModelEnsemble(try executor.value(model.node)).packages
      return packages.flatMap { package in
        package.notes.record.epochs.map { Double($0.loss) }
          + [Double(package.predictor.network?.parameterCount ?? 0)]
          + (package.notes.calibration.map { [$0.temperature, $0.after.logLoss] } ?? [])
      }
    case .scores(let scores):
      let metrics = try decode(Scores.self, try executor.value(scores.node)).metrics.pooled
      let rates = try scores.rates.map { try PredictionRates.stored(try executor.value($0)) }
      return metrics.named().compactMap(\.value) + (rates?.measures(0).compactMap(\.value) ?? [])
    case .figures(let figures):
      let found = try [Figure].stored(try executor.value(figures.node))
      return found.flatMap { figure -> [Double] in
        let numbers = figure.csv.split { ",\n".contains($0) }.compactMap { Double($0) }
        return [Double(numbers.count), numbers.reduce(0, +) / Double(max(1, numbers.count))]
      }
    case .targets(let targets):
      let found = try TargetList.stored(try executor.value(targets.node)).targets
      let sums = [\.area, \.mean, \.maximum, \.place.x].map {
        (path: KeyPath<TargetList.Target, Double>) in
        found.reduce(0) { $0 + $1[keyPath: path] }
      }
      return [Double(found.count), Double(found.reduce(0) { $0 + $1.knownInside })] + sums
        + found.prefix(3).flatMap { $0.features.map(\.value) }
    case .outputs: return []
    }
  }
}
