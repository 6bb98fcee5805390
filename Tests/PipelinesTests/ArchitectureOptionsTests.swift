import Foundation
import Networks
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Models that options describe, from training to explanation.
@Suite(.serialized) struct ArchitectureOptionsTests {
  private static let labels = """
    { type: "labels", tag: "labels", file: "${data}/points.gpkg", field: "Rock",
      classes: { "1": "Argovian", "2": "Kimmeridgian", "5": "Quaternary" } },
    """

  private static func train(_ options: String) -> String {
    """
    { type: "train", tag: "model", inputs: { cube: "cube", samples: "labels" }, epochs: 3,
      background: 3, branches: [{ type: "spectral-cnn", filters: [3], kernel: 2 },
        { type: "patch-cnn", window: 3, layers: [{ type: "convolution", filters: 3, kernel: 2 }] }],
      head: { type: "softmax", hidden: [4] }, fusion: "attention", \(options) },
    """
  }

  @Test func attentionIsTrainedValidatedMappedAndExplained() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.ground(
      "attention", labels: Self.labels,
      then: Self.train("\"attention-width\": 8, \"attention-heads\": 2") + """
        { type: "split", tag: "folds", method: "random", folds: 2, inputs: ["labels"] },
        { type: "validate", tag: "scores", inputs: { model: "model", folds: "folds" } },
        { type: "predict", tag: "probability", inputs: { model: "model", cube: "cube" } },
        { type: "explain", tag: "shap", inputs: { model: "model", cube: "cube" },
          output: true, background: 3, classes: ["Argovian"], features: "model", nodes: 8 },
        { type: "write", inputs: ["model", "probability", "shap", "scores"] },
        { type: "report" },
        """)
    #expect(Runner.problems(path, overrides: Overrides()).isEmpty)
    #expect(sample.run(path, out: "out") == .done)
    let file = sample.folder + "/out/model.safetensors"
    let package = try ModelPackage(
      [UInt8](try #require(sample.bytes("out", "model.safetensors"))))
    #expect(package.predictor.architecture.attention == .init(width: 8, heads: 2))
    #expect(
      try FileDescription(file).text(isJSON: false)
        .contains("attention over tokens of 8 features (2 heads)"))
    let page = String(
      decoding: try #require(sample.bytes("out", "report.html")), as: UTF8.self)
    #expect(page.contains("joined by attention over tokens of 8 features (2 heads)"))
    let probability = try sample.raster("out", "probability.tif").cube
    let cells = probability.window.cellCount
    for (cell, isValid) in probability.completeCells.enumerated() where isValid {
      let sum = (0..<3).reduce(Float(0)) { $0 + probability.values[$1 * cells + cell] }
      #expect(abs(sum - 1) < 1e-5)
    }
    try expectSums(try sample.raster("out", "shap.tif").cube)
  }

  /// Attributions add up to what is explained, but for a part of its range at few cells.
  private func expectSums(_ cube: DataCube) throws {
    let cells = cube.window.cellCount
    let features = cube.bandCount - 2
    var residuals: [Float] = []
    var outputs: [Float] = []
    for (cell, isValid) in cube.completeCells.enumerated() where isValid {
      let parts = (0..<cube.bandCount).map { cube.values[$0 * cells + cell] }
      residuals.append(
        abs(parts[..<features].reduce(parts[features + 1], +) - parts[features]))
      outputs.append(parts[features])
    }
    residuals.sort()
    let share = residuals[(residuals.count - 1) * 99 / 100]
    let range = (outputs.max() ?? 0) - (outputs.min() ?? 0)
    #expect(range > 0 && share <= 0.05 * range, "\(share) of \(range)")
  }

  @Test func headsMustDivideTheWidth() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.ground(
      "attention", labels: Self.labels, then: Self.train("\"attention-heads\": 5"))
    let problems = Runner.problems(path, overrides: Overrides()).map { "\($0)" }.joined()
    #expect(problems.contains("5 heads, which do not divide its width of 32"))
  }
}
