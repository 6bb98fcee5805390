import Foundation
import Learning
import Networks
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Several trainings of one model: their mean, their spread, their file.
@Suite(.serialized) struct EnsembleTests {
  private static let applied = """
    { type: "validate", tag: "scores", inputs: { model: "MODEL", folds: "folds" } },
    { type: "predict", tag: "p", inputs: { model: "MODEL", cube: "cube" } },
    { type: "explain", tag: "shap", method: "shapley", output: true, background: 2,
      inputs: { model: "MODEL", cube: "cube" } },
    """

  private static func applied(_ model: String) -> String {
    applied.replacingOccurrences(of: "MODEL", with: model)
  }

  private func predictions(_ run: PlannedRun) throws -> [Float] {
    guard case .scores(let scores) = try run.product("scores") else { return [] }
    return try Scores.stored(try run.executor.value(scores.node)).predictions
  }

  /// Mean and standard deviation of several maps, from sums.
  private func twin(_ maps: [[Float]]) -> (mean: [Float], deviation: [Float]) {
    let count = Double(maps.count)
    var result: (mean: [Float], deviation: [Float]) = ([], [])
    for cell in maps[0].indices {
      let values = maps.map { Double($0[cell]) }
      let mean = values.reduce(0, +) / count
      let square = values.reduce(0) { $0 + $1 * $1 } - count * mean * mean
      result.mean.append(Float(mean))
      // Rounding can leave less than 0; what is missing stays missing.
      result.deviation.append(Float(((square < 0 ? 0 : square) / (count - 1)).squareRoot()))
    }
    return result
  }

  @Test func seedsAreAveraged() throws {
    let scene = try OreScene.make()
    let seeds = Ensemble.seeds(1, count: 3)
    #expect(seeds[0] == 1 && Set(seeds).count == 3)
    #expect(Array(Ensemble.seeds(1, count: 5).prefix(3)) == seeds)
    var maps: [[Float]] = []
    var scores: [[Float]] = []
    for seed in seeds {
      let run = try scene.planned(
        OreScene.stages() + Self.applied("model"), seed: Int(seed), out: "alone\(seed)")
      maps.append(try run.cube("p").values)
      scores.append(try predictions(run))
    }
    let run = try scene.planned(
      OreScene.stages() + "{ type: \"ensemble\", tag: \"models\", inputs: [\"model\"], count: 3 },"
        + Self.applied("models"), out: "ensemble")
    let raster = try run.rasterProduct("p")
    let (mean, deviation) = twin(maps)
    let map = try run.cube("p")
    #expect(isSame(map.values, mean, tolerance: 1e-6))
    let sibling = try #require(raster.siblings.first { $0.tag == "p-deviation" })
    #expect(sibling.bands == raster.bands && raster.siblings.count == 2)
    let spread = try run.executor.cube(sibling.node, run.grid.window).values
    #expect(isSame(spread, deviation, tolerance: 1e-5))
    #expect(spread.filter(\.isFinite).max() ?? 0 > 0.01 && spread.contains { $0.isNaN })
    #expect(isSame(try predictions(run), twin(scores).mean, tolerance: 1e-6))
    // What is explained is the mean of the models' log-odds; it adds up.
    let cells = map.window.cellCount
    let shap = try run.cube("shap").values
    for cell in 0..<cells where map.values[cell].isFinite {
      let odds = maps.map { log(Double($0[cells + cell]) / Double($0[cell])) }
      let output = Double(shap[2 * cells + cell])
      #expect(abs(odds.reduce(0, +) / 3 - output) < 1e-3)
      let sum = shap[cell] + shap[cells + cell] + shap[3 * cells + cell]
      #expect(abs(Double(sum) - output) < 1e-4)
    }
  }

  /// Every model of a fold is trained and prepared without the fold's test places.
  @Test func foldsAreAveraged() throws {
    let scene = try OreScene.make()
    let run = try scene.planned(
      OreScene.stages()
        + """
        { type: "validate", tag: "scores", inputs: { model: "model", folds: "folds" } },
        { type: "ensemble", tag: "models", over: "folds", inputs: { model: "model", folds: "folds" } },
        { type: "predict", tag: "single", inputs: { model: "model", cube: "cube" } },
        { type: "predict", tag: "p", inputs: { model: "models", cube: "cube" } },
        """)
    let maps = try (0..<4).map { try run.cube("single", fold: $0).values }
    let (mean, deviation) = twin(maps)
    #expect(isSame(try run.cube("p").values, mean, tolerance: 1e-6))
    let sibling = try #require(try run.rasterProduct("p").siblings.last)
    let spread = try run.executor.cube(sibling.node, run.grid.window).values
    #expect(isSame(spread, deviation, tolerance: 1e-5))
    guard case .model(let models) = try run.product("models"),
      case .scores(let product) = try run.product("scores")
    else {
      Issue.record("expected models and scores")
      return
    }
    let packages = try ModelEnsemble(try run.executor.value(models.node)).packages
    let scores = try Scores.stored(try run.executor.value(product.node))
    #expect(
      packages.map { $0.notes.record.trainingCount + $0.notes.record.validationCount }
        == scores.folds.map(\.trainingSamples))
    #expect(Set(packages.map { "\($0.notes.preparation.compactMap(\.fitted))" }).count == 4)
  }

  /// The file alone makes the same maps from the raw rasters, and workers do not matter.
  @Test(arguments: ["over: \"seeds\", count: 2", "over: \"folds\""])
  func oneFileMakesTheMaps(options: String) throws {
    let scene = try OreScene.make()
    let isOverFolds = options.contains("folds")
    let folds = isOverFolds ? ", folds: \"folds\"" : ""
    let path = try scene.pipeline(
      OreScene.stages()
        + """
        { type: "ensemble", tag: "models", inputs: { model: "model"\(folds) }, \(options) },
        { type: "predict", tag: "p", inputs: { model: "models", cube: "cube" } },
        { type: "write", inputs: ["p", "models"] }, { type: "report" }
        """, chunk: 16)
    #expect(scene.files.run(path, out: "out", jobs: 2) == .done)
    #expect(scene.files.run(path, out: "one", jobs: 1) == .done)
    let names = ["p.tif", "p-deviation.tif", "p-deviation.qml", "models.safetensors"]
    for name in names {
      #expect(scene.files.bytes("out", name) == scene.files.bytes("one", name), "\(name)")
    }
    let again = try scene.pipeline(
      """
      { type: "read-cube", tag: "raw", files: "a.tif" },
      { type: "predict", tag: "p", model: "out/models.safetensors", inputs: { cube: ["raw"] } },
      { type: "write" }
      """, name: "again", chunk: 16)
    #expect(scene.files.run(again, out: "again") == .done)
    for name in ["p.tif", "p-deviation.tif", "p-flags.tif"] {
      let bytes = try #require(scene.files.bytes("out", name))
      #expect(scene.files.bytes("again", name) == bytes, "\(name)")
    }
    let info = try scene.files.raster("out", "p-deviation.tif").info
    #expect(info.bands.map(\.name) == ["0", "1"])
    #expect(info.metadata["MODELS"] == (isOverFolds ? "4" : "2"))
    func text(_ name: String) throws -> String {
      String(decoding: try #require(scene.files.bytes("out", name)), as: UTF8.self)
    }
    #expect(try text("p-deviation.qml").contains("classificationMin=\"0\""))
    #expect(try text("p-deviation.qml").contains("band=\"2\""))
    let page = try text("report.html")
    #expect(
      page.contains(
        isOverFolds
          ? "4 models, each trained without the test places of a fold"
          : "2 models, trained on the same samples by different seeds"))
    let facts = try FileDescription("\(scene.files.folder)/out/models.safetensors")
      .text(isJSON: true)
    #expect(facts.contains("\"over\":\"\(isOverFolds ? "folds" : "seeds")\""))
  }

  @Test func whatCannotBeRepeatedIsRefused() throws {
    let scene = try OreScene.make()
    func refusal(_ stages: String, train: String = OreScene.network) throws -> String {
      let problem = try scene.problem(OreScene.stages(train: train) + stages)
      return "\(problem?.stage ?? "") \(problem?.key ?? ""): \(problem?.message ?? "")"
    }
    let folds = "inputs: { model: \"model\", folds: \"folds\" }"
    #expect(
      try refusal("{ type: \"ensemble\", tag: \"e\", \(folds) },").contains("goes with over"))
    #expect(
      try refusal("{ type: \"ensemble\", tag: \"e\", over: \"folds\", count: 3, \(folds) },")
        .hasPrefix("e count: "))
    #expect(
      try refusal("{ type: \"ensemble\", tag: \"e\", over: \"folds\", inputs: [\"model\"] },")
        .contains("needs 'folds'"))
    let models = "{ type: \"ensemble\", tag: \"models\", over: \"folds\", \(folds) },"
    #expect(
      try refusal(
        models + "{ type: \"ensemble\", tag: \"e\", inputs: [\"models\"] },"
      ).contains("not made by 'train'"))
    #expect(
      try refusal(
        models
          + "{ type: \"validate\", tag: \"v\", inputs: { model: \"models\", folds: \"folds\" } },"
      ).contains("their scores are those of the model"))
    #expect(
      try refusal(
        models + "{ type: \"predict\", tag: \"p\", inputs: { model: \"models\", cube: \"raw\" } },"
      ).contains("prepares its own input"))
    #expect(
      try refusal(models + "{ type: \"response\", tag: \"r\", inputs: [\"models\"] },")
        .contains("combines several models"))
    let sizes = """
      { type: "superpixels", tag: "s", inputs: ["cube"], sizes: [20, 60] },
      { type: "train", tag: "both", inputs: { cube: "cube", samples: "ore", segments: "s" },
        branches: [{ type: "graph", hops: 1, width: 3 }] },
      { type: "ensemble", tag: "e", inputs: ["both"] },
      """
    #expect(try refusal(sizes).contains("several sizes of superpixels"))
    let gridded = """
      { type: "grid-points", tag: "g", file: "points.csv", fields: ["grade"], method: "idw" },
      { type: "train", tag: "other", inputs: { cube: "g", samples: "ore" }, epochs: 1,
        branches: [{ type: "spectral-cnn", filters: [1], kernel: 1, width: 2 }] },
      { type: "ensemble", tag: "e", over: "folds", inputs: { model: "other", folds: "folds" } },
      """
    #expect(try refusal(gridded).contains("gridded from points"))
  }
}
