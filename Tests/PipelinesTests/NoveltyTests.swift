import Explanation
import Foundation
import Learning
import Networks
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Maps of how far cells are from what a model was trained on.
@Suite(.serialized) struct NoveltyTests {
  /// Copper and zinc with a gap and, at the right below, a block that has nothing of the kind; samples
  /// are everywhere else.
  private func scene() throws -> StageRun {
    let run = try StageRun()
    try run.raster("a.tif", ["copper", "zinc"]) { band, column, row in
      if Self.isStrange(column, row) { return band == 0 ? 9 : -6 }
      return column < 3 && row < 3 ? .nan : Self.metal(band, column, row)
    }
    var lines = ["x,y,ore,grade,fold"]
    for index in 0..<160 {
      let (column, row) = (7 * index % 36, (5 * index + index / 36) % 28)
      guard !Self.isStrange(column, row), column > 2 || row > 2 else { continue }
      let ore = Self.metal(0, column, row) + StageRun.noise(2, index) > 1.2
      lines.append(
        "\(1035 + 10 * column),\(2065 - 10 * row),\(ore ? "ore" : "none"),"
          + "\(Self.metal(1, column, row)),\(["a", "b", "c"][index % 3])")
    }
    try run.text(lines.joined(separator: "\n"), "points.csv")
    return run
  }

  private static func isStrange(_ column: Int, _ row: Int) -> Bool { column > 29 && row > 21 }

  private static func metal(_ band: Int, _ column: Int, _ row: Int) -> Float {
    let (x, y) = (Double(column), Double(row))
    let wave = band == 0 ? sin(x / 5) + cos(y / 7) : cos(x / 3) - sin(y / 4)
    return Float(wave / 2 + 0.6) + 0.3 * StageRun.noise(band, column, row)
  }

  private static let logistic = "method: \"logistic-regression\""

  private func stages(
    _ options: String = "", train: String = Self.logistic, samples: String = "field: \"ore\""
  ) -> String {
    """
    { type: "read-cube", tag: "raw", files: "a.tif" },
    { type: "labels", tag: "ore", file: "points.csv", \(samples) },
    { type: "split", tag: "folds", inputs: { samples: "ore" }, method: "field", field: "fold" },
    { type: "standardize", tag: "cube", inputs: ["raw"] },
    { type: "train", tag: "model", inputs: { cube: "cube", samples: "ore" }, background: 4,
      \(train) },
    { type: "novelty", tag: "unknown", \(options) },
    """
  }

  private static let model = "inputs: { model: \"model\" }"
  private static let withFolds = "inputs: { model: \"model\", folds: \"folds\" }"

  @Test(arguments: ["mahalanobis", "nca", "euclidean"])
  func cellsUnlikeAllSamplesAreOutside(metric: String) throws {
    let run = try scene()
    let path = try run.pipeline(
      stages("metric: \"\(metric)\", \(Self.withFolds)")
        + "{ type: \"write\", inputs: [\"unknown\"] }, { type: \"report\" }",
      grid: StageRun.gridText)
    #expect(run.files.run(path, out: "out") == .done)
    let (info, distance) = try run.files.raster("out", "unknown.tif")
    let (other, outside) = try run.files.raster("out", "unknown-outside.tif")
    let threshold = try #require(info.metadata["THRESHOLD"].flatMap { Float($0) })
    #expect(
      info.metadata["METRIC"] == metric && info.metadata["THRESHOLD_OF"] == "held-out samples")
    #expect(other.metadata["THRESHOLD"] == info.metadata["THRESHOLD"])
    let accuracy = try #require(
      info.metadata["NEIGHBOUR_ACCURACY_\(metric.uppercased())"].flatMap { Double($0) })
    #expect((0...1).contains(accuracy))
    var (strange, usual, found) = (0, 0, 0)
    for (place, cell) in StageRun.cells(StageRun.grid.window).enumerated() {
      let (value, flag) = (distance.values[place], outside.values[place])
      guard !(cell.column < 3 && cell.row < 3) else {
        #expect(value.isNaN && flag.isNaN)
        continue
      }
      #expect(value >= 0 && (flag == 1) == (value > threshold))
      if Self.isStrange(cell.column, cell.row) {
        strange += 1
        #expect(flag == 1)
      } else {
        usual += 1
        found += flag == 1 ? 1 : 0
      }
    }
    print("novelty \(metric): \(found) of \(usual) usual cells outside, threshold \(threshold)")
    #expect(strange == 36 && found < usual / 20)
    let page = String(
      decoding: try #require(run.files.bytes("out", "report.html")), as: UTF8.self)
    #expect(page.contains("Novelty: unknown") && page.contains("\(metric) (used)"))
    let share = Double(strange + found) / Double(strange + usual)
    #expect(page.contains(String(format: "%.1f %% of the map", 100 * share)))
  }

  /// The map at samples is the distance of their features, of pixels as of windows.
  @Test(arguments: [logistic, "method: \"random-forest\", trees: 5", OreScene.network])
  func distancesAreThoseOfFeatures(train: String) throws {
    let run = try scene().planned(stages(Self.model, train: train), grid: StageRun.gridText)
    guard case .model(let model) = try run.product("model"), let training = model.training,
      let summary = try run.rasterProduct("unknown").novelty?.summary
    else { throw SampleRun.SampleError.missing("model") }
    let cube = try run.cube("unknown")
    let set = try SampleSet.stored(try run.executor.value(training.samples.node))
    let raw = try run.cube("cube")
    let package = try ModelPackage(try run.executor.value(model.node))
    let told = try NoveltySummary.stored(try run.executor.value(summary))
    // Windows at the border are reflected, which the twin of this test does not do.
    let inner = set.samples.indices.filter { index in
      let cell = set.samples[index].cell
      return (1..<35).contains(cell.column) && (1..<27).contains(cell.row)
        && !(cell.column < 5 && cell.row < 5)
    }
    let batch = Self.batch(inner.map { set.samples[$0].cell }, raw, train == OreScene.network)
    let features = ModelFeatures(package.predictor).points(batch)
    #expect(features.dimensions == (train == OreScene.network ? 4 : 2))
    let fit = try NoveltyFit.stored(try run.executor.value(try #require(try Self.fitNode(run))))
    let expected = fit.nearest.distances(features)
    for (row, index) in inner.enumerated() {
      let cell = set.samples[index].cell
      let own = cube.values[cube.window.index(column: cell.column, row: cell.row)]
      #expect(abs(Double(own) - expected[row]) < 1e-4 * max(1, expected[row]))
    }
    // In a sorted list of n the quantile q stands at q (n - 1).
    let sorted = fit.distances.sorted()
    let place = 0.99 * Double(sorted.count - 1)
    let (low, share) = (sorted[Int(place)], place - place.rounded(.down))
    let threshold = low + share * (sorted[Int(place) + 1] - low)
    #expect(fit.distances == sorted && abs(told.threshold - threshold) < 1e-9)
    #expect(!told.measures.isHeldOut && told.measures.sampleCount == set.count)
    let known = cube.values.filter(\.isFinite)
    #expect(told.cells == known.count)
    #expect(told.outside == known.count { Double($0) > threshold })
  }

  private static func fitNode(_ run: PlannedRun) throws -> Node? {
    try run.rasterProduct("unknown").novelty?.cuts.edges.first?.node
  }

  private static func batch(_ cells: [Cell], _ cube: DataCube, _ hasWindows: Bool) -> ModelBatch {
    func values(_ cell: Cell, _ reach: Int) -> [Float] {
      (0..<cube.bandCount).flatMap { band in
        (-reach...reach).flatMap { dy in
          (-reach...reach).map { dx in
            cube.values[
              band * cube.window.cellCount
                + cube.window.index(column: cell.column + dx, row: cell.row + dy)]
          }
        }
      }
    }
    return ModelBatch(
      count: cells.count, spectra: cells.flatMap { values($0, 0) },
      windows: hasWindows ? [cells.flatMap { values($0, 1) }] : [])
  }

  /// Thresholds are those of held-out samples by models without them, fold by fold.
  @Test func heldOutDistancesAreOfTheFoldsModels() throws {
    let run = try scene().planned(stages(Self.withFolds), grid: StageRun.gridText)
    let fit = try NoveltyFit.stored(try run.executor.value(try #require(try Self.fitNode(run))))
    guard case .folds(let product) = try run.product("folds") else { return }
    let folds = try Folds.stored(try run.executor.value(product.node))
    let set = try SampleSet.stored(try run.executor.value(product.samples.node))
    var distances: [Double] = []
    var right = 0
    for fold in 0..<folds.count {
      let cube = try run.cube("cube", fold: fold)
      func features(_ positions: [Int]) -> FeaturePoints {
        FeaturePoints(
          Self.batch(positions.map { set.samples[$0].cell }, cube, false).spectra, dimensions: 2)
      }
      func classes(_ positions: [Int]) -> [Int] {
        positions.map {
          if case .category(let number) = set.samples[$0].target { number } else { 9 }
        }
      }
      let (seen, tested) = (folds.trainingSamples(fold), folds.testSamples(fold))
      let within = WithinCovariance(features(seen), classes: classes(seen), classCount: 2)
      let metric = try #require(FeatureMetric(mahalanobis: within))
      distances += NearestClass(metric, within).distances(features(tested))
      let found = metric.mapped(features(seen)).neighborClasses(
        classes(seen), neighbors: 5, of: metric.mapped(features(tested)))
      right += zip(found, classes(tested)).count { $0 == $1 }
    }
    #expect(distances.count == set.count && fit.distances.count == set.count)
    #expect(zip(distances.sorted(), fit.distances).allSatisfy { abs($0 - $1) < 1e-6 * max(1, $0) })
    #expect(fit.measures.isHeldOut)
    #expect(fit.measures.rows[0].accuracy == Double(right) / Double(set.count))
  }

  @Test func chunksDecideNothing() throws {
    let run = try scene()
    let text =
      stages(Self.model, train: OreScene.network)
      + "{ type: \"write\", inputs: [\"unknown\"] }"
    let whole = try run.output(text, "unknown", grid: StageRun.gridText)
    let parts = try run.output(text, "unknown", grid: StageRun.gridText, chunk: 16)
    #expect(isSame(whole.cube.values, parts.cube.values, tolerance: 1e-5))
    #expect(whole.info.metadata["THRESHOLD"] == parts.info.metadata["THRESHOLD"])
  }

  /// A model file and what was found at its samples map the same distances as the pipeline of both.
  @Test func filesMapTheSame() throws {
    let run = try scene()
    let own = try run.output(
      stages(Self.withFolds) + "{ type: \"write\", inputs: [\"unknown\", \"model\"] }", "unknown",
      grid: StageRun.gridText)
    let both = try run.problem(
      stages("reference: \"chunk512/unknown-fit.json\", \(Self.model)"), grid: StageRun.gridText)
    #expect(both?.key == "reference" && both?.message.contains("goes with the option") == true)
    func applied(_ options: String) -> String {
      """
      { type: "read-cube", tag: "raw", files: "a.tif" },
      { type: "novelty", tag: "unknown", model: "chunk512/model.safetensors", \(options)
        inputs: { cube: "raw" } },
      """
    }
    let reference = "reference: \"chunk512/unknown-fit.json\","
    let again = try run.output(
      applied(reference) + "{ type: \"write\" }", "unknown", grid: StageRun.gridText, chunk: 64)
    #expect(isSame(own.cube.values, again.cube.values))
    #expect(own.info.metadata == again.info.metadata)
    #expect(own.info.metadata["THRESHOLD_OF"] == "held-out samples")
    #expect(run.files.bytes("chunk64", "unknown-fit.json") == nil)
    try run.text("{}", "odd.json")
    let found = String(
      decoding: try #require(run.files.bytes("chunk512", "unknown-fit.json")), as: UTF8.self)
    #expect(found.contains("\"dimensions\":2"))
    try run.text(found.replacing("\"dimensions\":2", with: "\"dimensions\":3"), "bad.json")
    let distances = try #require(found.range(of: "\"distances\":[")).upperBound
    let end = try #require(found[distances...].firstIndex(of: "]"))
    try run.text(found.replacingCharacters(in: distances..<end, with: ""), "none.json")
    let other = try run.output(
      stages(Self.model, train: OreScene.network) + "{ type: \"write\" }", "unknown",
      grid: StageRun.gridText, chunk: 128)
    #expect(!isSame(own.cube.values, other.cube.values))
    for (options, key, says) in [
      ("", "reference", "is missing"), ("reference: \"odd.json\",", "reference", "not written by"),
      ("reference: \"bad.json\",", "reference", "is damaged"),
      ("reference: \"none.json\",", "reference", "is damaged"),
      ("reference: \"chunk128/unknown-fit.json\",", "reference", "tells of another model"),
      (reference + "metric: \"euclidean\",", "metric", "'reference' says what was"),
    ] {
      let problem = try run.problem(applied(options), grid: StageRun.gridText)
      #expect(
        problem?.key == key && problem?.message.contains(says) == true,
        "\(problem?.description ?? "")")
    }
  }

  @Test func valuesAreOneClass() throws {
    let run = try scene().planned(
      stages(
        Self.model, train: "method: \"random-forest\", trees: 5",
        samples: "target: \"values\", fields: [\"grade\"]"), grid: StageRun.gridText)
    let nodes = try #require(try run.rasterProduct("unknown").novelty)
    let told = try NoveltySummary.stored(try run.executor.value(nodes.summary))
    #expect(told.measures.classes == ["all samples"] && told.measures.rows.count == 2)
    #expect(told.measures.rows.allSatisfy { $0.accuracy == nil && $0.ratio == nil })
    #expect(told.outside >= 36)
  }

  @Test func whatCannotBeMeasuredIsRefused() throws {
    let run = try scene()
    func problem(_ text: String) throws -> String? {
      try run.problem(text, grid: StageRun.gridText)?.message
    }
    let values = try problem(
      stages(
        "metric: \"nca\", \(Self.model)", train: "method: \"random-forest\"",
        samples: "target: \"values\", fields: [\"grade\"]"))
    #expect(values?.contains("learns from classes that exclude one another") == true)
    let other = try problem(
      stages("inputs: { model: \"model\", cube: \"more\" }")
        .replacing(
          "{ type: \"novelty\"",
          with:
            "{ type: \"expression\", tag: \"more\", inputs: [\"raw\"], bands: { x: \"copper\" } },"
            + "{ type: \"novelty\""))
    #expect(other?.contains("does not have the bands of 'cube'") == true)
    let many = try problem(
      stages("inputs: { model: \"models\" }")
        .replacing(
          "{ type: \"novelty\"",
          with: "{ type: \"ensemble\", tag: \"models\", inputs: [\"model\"], count: 2 },"
            + "{ type: \"novelty\""))
    #expect(many?.contains("look into a single one") == true)
  }

  /// A kept fit of another model would measure in another space.
  @Test func keptFitsOfOtherModelsAreRefused() throws {
    let run = try scene()
    let path = try run.pipeline(
      stages("fit: \"once\", \(Self.model)", train: OreScene.network)
        + "{ type: \"write\", inputs: [\"unknown\"] }", name: "kept", grid: StageRun.gridText)
    #expect(run.files.run(path, out: "kept") == .done)
    let points = try String(contentsOfFile: "\(run.files.folder)/points.csv", encoding: .utf8)
    try run.text(points + "\n1115,1985,ore,1,a", "points.csv")
    #expect(run.files.run(path, out: "kept") == .failed)
    var command = Command.Run(pipeline: path)
    command.output = "\(run.files.folder)/kept"
    command.verbosity = .quiet
    #expect(Runner.refit(Command.Refit(command, tag: "unknown")) == .done)
    #expect(run.files.run(path, out: "kept") == .done)
  }
}
