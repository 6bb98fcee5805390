import Foundation
import Learning
import Networks
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Forests and regressions behind the same stages as networks.
struct PredictorTests {
  private static let labels = """
    { type: "labels", tag: "labels", file: "${data}/points.gpkg", field: "Cd_exceeds" },
    { type: "split", tag: "folds", method: "field", field: "fold" },
    """

  private func stages(_ method: String) -> String {
    """
    { type: "grid-points", tag: "metals", file: "${data}/points.gpkg", fields: ["Cu", "Zn"] },
    { type: "stack", tag: "all", inputs: ["metals", "cube"] },
    { type: "train", tag: "model", method: "\(method)", trees: 40, background: 3,
      inputs: { cube: "all", samples: "labels" } },
    { type: "validate", tag: "scores", inputs: { model: "model", folds: "folds" } },
    { type: "predict", tag: "probability", inputs: { model: "model", cube: "all" } },
    { type: "explain", tag: "shap", method: "shapley", output: true,
      inputs: { model: "model", cube: "all" } },
    { type: "write", inputs: ["probability", "model", "scores", "shap"] },
    { type: "report" },
    """
  }

  @Test(arguments: ["random-forest", "logistic-regression"])
  func othersThanNetworksMakeMaps(method: String) throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.ground("other", labels: Self.labels, then: stages(method))
    #expect(sample.run(path, out: "out") == .done)
    let map = try sample.raster("out", "probability.tif").cube
    let shap = try sample.raster("out", "shap.tif").cube
    let cells = map.window.cellCount
    var worst: Float = 0
    for (cell, isValid) in map.completeCells.enumerated() where isValid {
      #expect(abs(map.values[cell] + map.values[cells + cell] - 1) < 1e-5)
      let parts = (0..<shap.bandCount).map { shap.values[$0 * cells + cell] }
      let features = shap.bandCount - 2
      worst = max(worst, abs(parts[..<features].reduce(parts[features + 1], +) - parts[features]))
    }
    #expect(map.completeCells.count { $0 } > 5000)
    #expect(worst < 1e-3)
    let page = String(decoding: try #require(sample.bytes("out", "report.html")), as: UTF8.self)
    #expect(
      page.contains(method == "random-forest" ? "A random forest of 40 trees" : "A logistic regr"))
    // The map is that of the model file's own forest or regression.
    let package = try ModelPackage(
      [UInt8](try #require(sample.bytes("out", "model.safetensors"))))
    #expect(package.predictor.method.rawValue == method)
    #expect(package.notes.record.trainingCount == 259)
    // The file alone makes the map again.
    let again = try sample.ground(
      "again", labels: "",
      then: """
        { type: "grid-points", tag: "metals", file: "${data}/points.gpkg", fields: ["Cu", "Zn"] },
        { type: "predict", tag: "probability", model: "${here}/out/model.safetensors",
          inputs: { cube: ["metals", "ground"] } },
        { type: "write", inputs: ["probability"] },
        """)
    #expect(sample.run(again, out: "again") == .done)
    #expect(sample.bytes("again", "probability.tif") == sample.bytes("out", "probability.tif"))
  }

  @Test func gradientsAreANetworksAlone() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.ground(
      "gradients", labels: Self.labels,
      then: stages("random-forest").replacingOccurrences(of: "\"shapley\"", with: "\"gradshap\""))
    let problems = Runner.problems(path, overrides: Overrides())
    #expect(problems.count == 1 && problems.first?.stage == "shap")
    #expect(problems.first?.message.contains("use 'shapley'") == true)
    let values = try sample.ground(
      "values",
      labels: """
        { type: "labels", tag: "labels", file: "${data}/points.gpkg", target: "values",
          fields: ["Cd"] },
        """,
      then: """
        { type: "train", tag: "model", method: "logistic-regression",
          inputs: { cube: "cube", samples: "labels" } },
        """)
    #expect(
      Runner.problems(values, overrides: Overrides()).contains { $0.key == "method" })
  }

  private static let twoLabels = """
    { type: "labels", tag: "labels", file: "${data}/points.gpkg", target: "labels",
      fields: ["Cd_exceeds", "Pb_exceeds"] },
    { type: "split", tag: "folds", method: "field", field: "fold" },
    """

  /// Kriged metals above their guide values stand beside forests and regressions of two labels.
  @Test(arguments: [
    "method: \"random-forest\", trees: 20", "method: \"logistic-regression\"",
    """
    method: "surface", surfaces: ["Cd", "Pb"], limits: [0.8, 50],
      variances: ["Cd variance", "Pb variance"]
    """,
  ])
  func labelsHaveModelsOfTheirOwn(method: String) throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.ground(
      "two", labels: Self.twoLabels,
      then: """
        { type: "grid-points", tag: "metals", file: "${data}/points.gpkg", fields: ["Cd", "Pb"],
          method: "kriging", variance: true, neighbours: 8 },
        { type: "train", tag: "model", \(method), background: 2,
          inputs: { cube: "metals", samples: "labels" } },
        { type: "validate", tag: "scores", inputs: { model: "model", folds: "folds" } },
        { type: "predict", tag: "probability", inputs: { model: "model", cube: "metals" } },
        { type: "explain", tag: "shap", method: "shapley", output: true, background: 2, step: 8,
          inputs: { model: "model", cube: "metals" } },
        { type: "write", inputs: ["probability", "model", "scores", "metals", "shap"] },
        { type: "report" },
        """)
    #expect(sample.run(path, out: "out") == .done)
    let (info, map) = try sample.raster("out", "probability.tif")
    #expect(info.bands.map(\.name) == ["Cd_exceeds", "Pb_exceeds"])
    let csv = String(decoding: try #require(sample.bytes("out", "scores.csv")), as: UTF8.self)
    #expect(
      csv.contains("pooled,Cd_exceeds,ROC AUC,") && csv.contains("pooled,Pb_exceeds,ROC AUC,"))
    let metals = try sample.raster("out", "metals.tif").cube
    #expect(metals.bandCount == 4)
    let package = try ModelPackage(
      [UInt8](try #require(sample.bytes("out", "model.safetensors"))))
    let again = package.predictor.dense(
      DenseInput(
        width: metals.window.width, height: metals.window.height, margin: 0,
        bandCount: metals.bandCount, values: metals.values))
    var compared = 0
    for cell in 0..<map.window.cellCount where map.values[cell].isFinite {
      for output in 0..<2 {
        let place = output * map.window.cellCount + cell
        #expect(abs(map.values[place] - 1 / (1 + exp(-again[place]))) < 1e-5)
        // More likely than not above just where the kriged value is.
        if package.predictor.method == .surface {
          let limit: Float = output == 0 ? 0.8 : 50
          let value = metals.band(2 * output)[cell + metals.band(2 * output).startIndex]
          #expect((map.values[place] > 0.5) == (value > limit))
        }
      }
      compared += 1
    }
    #expect(compared > 5000)
  }

  @Test func surfacesAreAskedForInFull() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    func problem(_ options: String, labels: String = Self.twoLabels) throws -> String? {
      let path = try sample.ground(
        "wrong", labels: labels,
        then: """
          { type: "train", tag: "model", \(options), inputs: { cube: "cube", samples: "labels" } },
          """)
      let problems = Runner.problems(path, overrides: Overrides())
      return problems.count == 1 ? problems.first?.key : nil
    }
    let surface = "method: \"surface\", "
    let bands = "surfaces: [\"landuse: Forest\", \"rock: Argovian\"]"
    #expect(try problem(surface + "limits: [1, 2]") == "surfaces")
    #expect(try problem(surface + bands) == "limits")
    #expect(try problem(surface + bands + ", limits: [1]") == "limits")
    #expect(try problem(surface + "surfaces: [\"rock: Argovian\"], limits: [1, 2]") == "surfaces")
    #expect(
      try problem(surface + bands + ", limits: [1, 2], variances: [\"rock: Argovian\"]")
        == "variances")
    #expect(try problem("method: \"random-forest\", " + bands) == "surfaces")
    #expect(
      try problem(
        surface + "surfaces: [\"rock: Argovian\"], limits: [1], negatives: \"unlabelled\"",
        labels: Self.labels) == "negatives")
  }

  @Test func samplesCanBeLimitedPerClass() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.ground(
      "few", labels: Self.labels,
      then: """
        { type: "train", tag: "model", method: "random-forest", trees: 5, "per-class": 12,
          inputs: { cube: "cube", samples: "labels" } },
        """)
    let package = try ModelPackage(try sample.value(path, of: "model").bytes)
    #expect(package.notes.record.countsByClass == [12, 12])
  }
}
