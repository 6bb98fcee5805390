import Foundation
import Learning
import Networks
import Rasters
import Synchronization
import Testing

@testable import Pipelines

/// Candidates, unlabelled samples and what a fold's model may see of test samples: nothing.
struct NestedTuningTests {
  /// Points of two classes that follow the first band, in three named folds; `flip` turns the
  /// classes of one fold round.
  private func scene(flip: String = "") throws -> StageRun {
    let run = try StageRun()
    try run.raster("ground.tif", ["a", "b"]) { band, column, row in
      StageRun.noise(band, column / 4, row / 4) + 0.1 * StageRun.noise(7, column, row)
    }
    let rows = (0..<90).map { point -> String in
      let column = Int(35 * StageRun.noise(1, point))
      let row = Int(27 * StageRun.noise(2, point))
      let fold = ["a", "b", "c"][point % 3]
      let isOre =
        StageRun.noise(0, column / 4, row / 4) + 0.4 * StageRun.noise(3, point) > 0.7
      return "\(1_035 + 10 * column),\(2_065 - 10 * row),\(isOre != (fold == flip) ? 1 : 0),\(fold)"
    }
    try run.text("x,y,ore,fold\n" + rows.joined(separator: "\n"), "points.csv")
    return run
  }

  private func stages(_ train: String, folds: String = ", folds: \"folds\"") -> String {
    """
    { type: "labels", tag: "points", file: "points.csv", x: "x", y: "y", field: "ore" },
    { type: "split", tag: "folds", inputs: { samples: "points" }, method: "field", field: "fold" },
    { type: "read-cube", tag: "ground", files: "ground.tif" },
    { type: "standardize", tag: "cube", inputs: ["ground"] },
    { type: "train", tag: "model", inputs: { cube: "cube", samples: "points"\(folds) },
      epochs: 8, background: 3, \(train) }
    """
  }

  private func model(
    _ run: StageRun, _ train: String, fold: Int? = nil, out: String
  ) throws -> [UInt8] {
    let plan = try run.planned(stages(train), out: out)
    guard case .model(let model) = try plan.product("model", fold: fold) else { return [] }
    return try plan.executor.value(model.node)
  }

  private static let network = """
    branches: [{ type: "spectral-cnn", filters: [2], kernel: 2, width: 3 }], head: { type: "softmax",
      hidden: [4] }
    """

  @Test func theBestCandidateIsTaken() throws {
    let run = try scene()
    let package = try ModelPackage(
      try model(
        run,
        """
        method: "random-forest", trees: 20,
        tune: [{ "minimum-leaf": 80 }, { "minimum-leaf": 2 }, { trees: 1 }]
        """, out: "tuned"))
    let outcome = try #require(package.notes.tuning)
    let scores = outcome.scores.compactMap(\.self)
    #expect(scores.count == 3 && scores[outcome.best] == scores.max())
    // A leaf of 80 of at most 60 samples cannot tell anything.
    #expect(scores[0] == 0.5 && outcome.best == 1 && scores[1] > 0.6)
    #expect(outcome.candidates[1] == #"{"minimum-leaf":2}"# && outcome.measure == "ROC AUC")
    let alone = try ModelPackage(
      try model(run, "method: \"random-forest\", trees: 20, \"minimum-leaf\": 2", out: "alone"))
    #expect(package.predictor.file(extra: "").tensors == alone.predictor.file(extra: "").tensors)
  }

  @Test func everyTrainingIsToldOf() throws {
    let run = try scene()
    let planned = try run.planned(
      stages(
        "method: \"random-forest\", trees: 70, tune: [{ \"minimum-leaf\": 5 }, { trees: 3 }]"))
    for (fold, limit) in [(nil, 6), (1, 4)] {
      let events = SampleRun.Notes()
      let executor = Executor(
        lattice: ChunkLattice(grid: planned.grid, size: planned.plan.document.chunk),
        store: try ChunkStore(directory: "\(run.files.folder)/store\(limit)"), events: events,
        cacheBytes: 1 << 24)
      guard case .model(let model) = try planned.product("model", fold: fold) else { return }
      _ = try executor.value(model.node)
      let steps = events.steps.withLock { $0 }
      let compared = steps.prefix { $0.kind == .candidate }
      #expect(compared.map(\.done) == Array(1...limit))
      #expect(compared.allSatisfy { $0.limit == limit })
      let grown = steps.dropFirst(limit)
      #expect(grown.allSatisfy { $0.kind == .tree && $0.limit == grown.last?.done })
      #expect(grown.last?.done == 70 || grown.last?.done == 3)
    }
  }

  /// The inner score is that of folds trained by hand.
  @Test func scoresArePooledOverTheInnerFolds() throws {
    let run = try scene()
    let options = "method: \"logistic-regression\""
    let plan = try run.planned(stages(options + ", tune: [{ \"inverse-penalty\": 0.1 }]"))
    for outer in [nil, 1] {
      guard case .model(let model) = try plan.product("model", fold: outer) else { return }
      let outcome = try #require(
        try ModelPackage(try plan.executor.value(model.node)).notes.tuning)
      let set = try SampleSet.stored(
        try plan.executor.value(try #require(model.training).samples.node))
      let rows = try #require(model.training).rows
      let gathered = try GatheredSamples(
        set, tables: try plan.executor.tables(rows, plan.grid.window),
        bands: ["a", "b"].map { Band(name: $0) }, windowForms: [], needsSegments: false)
      let folds = try plan.places(0).folds
      var pairs: [(Float, Bool)] = []
      for inner in 0..<3 where inner != outer {
        let train = folds.trainingSamples(inner).filter { position in
          outer.map {
            !folds.testSamples($0).contains(position)
              && folds.trainingSamples($0).contains(position)
          } ?? true
        }
        var options = LogisticRegression.Options()
        options.inversePenalty = 0.1
        let regression = try LogisticRegression(
          rows: gathered.spectra(train),
          classes: train.map { set.samples[$0].target == .category(1) ? 1 : 0 }, classCount: 2,
          options: options)
        let tested = folds.testSamples(inner).filter { position in
          outer.map { folds.trainingSamples($0).contains(position) } ?? true
        }
        let values = regression.probabilities(gathered.spectra(tested), count: tested.count)
        for (row, position) in tested.enumerated() {
          pairs.append((values[2 * row + 1], set.samples[position].target == .category(1)))
        }
      }
      var (wins, total) = (0.0, 0.0)
      for (a, isPositive) in pairs where isPositive {
        for (b, other) in pairs where !other {
          wins += a > b ? 1 : (a == b ? 0.5 : 0)
          total += 1
        }
      }
      #expect(abs((outcome.scores[0] ?? 0) - wins / total) < 1e-9)
    }
  }

  /// The classes of a fold's test samples reach nothing of its model: not the network, not the
  /// choice among candidates, not the weights of unlabelled samples, not shifted copies.
  @Test(arguments: [
    "\(network), augment: [{ type: \"shift\" }, { type: \"smote\" }]",
    "\(network), tune: [{ \"weight-decay\": 0.1 }, { epochs: 3 }]",
    "method: \"random-forest\", trees: 9, negatives: \"unlabelled\"",
    "method: \"logistic-regression\", negatives: \"unlabelled\", tune: [{ \"inverse-penalty\": 1 }]",
  ])
  func testSamplesReachNothing(train: String) throws {
    let (plain, flipped) = (try scene(), try scene(flip: "b"))
    let model = try model(plain, train, fold: 1, out: "plain")
    #expect(!model.isEmpty)
    #expect(model == (try self.model(flipped, train, fold: 1, out: "flipped")))
    #expect(
      try self.model(plain, train, fold: 0, out: "plain")
        != self.model(flipped, train, fold: 0, out: "flipped"))
  }

  @Test func unlabelledSamplesAreSaidInTheModel() throws {
    let package = try ModelPackage(
      try model(
        try scene(), "method: \"random-forest\", trees: 20, negatives: \"unlabelled\"", out: "pu"))
    let notes = try #require(package.notes.unlabelled)
    #expect((0.05...0.95).contains(notes.labelFrequency))
    #expect(notes.expectedPositives > 0)
    #expect(notes.expectedPositives < Double(notes.unlabelledCount))
  }

  /// Inner parts that cannot be trained on, here of one class, count for nothing.
  @Test func innerPartsOfOneClassAreLeftOut() throws {
    let run = try scene()
    let lines = try String(contentsOfFile: run.files.folder + "/points.csv", encoding: .utf8)
      .split(separator: "\n").map { line in
        line.hasSuffix("1,c") ? "\(line.dropLast(3))0,c" : String(line)
      }
    try run.text(lines.joined(separator: "\n"), "points.csv")
    let tune = "method: \"logistic-regression\", tune: [{ \"inverse-penalty\": 1 }]"
    // Without the folds 'a' and 'b' there are no positives.
    let package = try ModelPackage(try model(run, tune, fold: 0, out: "one"))
    #expect(package.notes.tuning?.scores.count == 1)
  }

  @Test func whatCannotBeIsRefused() throws {
    let run = try scene()
    let two = stages("method: \"random-forest\", tune: [{ trees: 3 }]").replacingOccurrences(
      of: "method: \"field\", field: \"fold\"", with: "folds: 2")
    #expect(try run.problem(two)?.message.contains("three folds") == true)
    let tune = "method: \"random-forest\", tune: [{ trees: 3 }]"
    #expect(try run.problem(stages(tune, folds: ""))?.message.contains("needs 'folds'") == true)
    let smote =
      "method: \"random-forest\", negatives: \"unlabelled\", augment: [{ type: \"smote\" }]"
    #expect(try run.problem(stages(smote))?.message.contains("have no class") == true)
    let unknown = "method: \"random-forest\", tune: [{ branches: [] }]"
    #expect(try run.problem(stages(unknown)) != nil)
  }
}
