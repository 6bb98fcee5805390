import Foundation
import Learning
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Superpixels of several sizes: a model of each, and what is made of them.
@Suite(.serialized) struct SegmentSizesTests {
  private static let labels = """
    { type: "labels", tag: "labels", file: "${data}/points.gpkg", field: "Cd_exceeds" },
    { type: "split", tag: "folds", method: "field", field: "fold" },
    """

  private func stages(_ sizes: String, combine: String = "average", explains: Bool = true) -> String
  {
    """
    { type: "superpixels", tag: "segments", inputs: ["cube"], \(sizes), compactness: 0.1 },
    { type: "train", tag: "model", combine: "\(combine)", epochs: 3, background: 2,
      inputs: { cube: "cube", segments: "segments", samples: "labels" },
      branches: [{ type: "graph", hops: 1, width: 6, output: 4 },
                 { type: "spectral-cnn", filters: [2], kernel: 3, width: 3 }],
      head: { type: "softmax", hidden: [4] } },
    { type: "validate", tag: "scores", inputs: { model: "model", folds: "folds" } },
    { type: "predict", tag: "probability",
      inputs: { model: "model", cube: "cube", segments: "segments" } },
    \(explains ? """
      { type: "explain", tag: "shap", output: true, nodes: 2, "most-nodes": 2,
        inputs: { model: "model", cube: "cube", segments: "segments" } },
      """ : "")
    { type: "write",
      inputs: ["probability", "segments", "model", "scores"\(explains ? ", \"shap\"" : "")] },
    { type: "report" },
    """
  }

  private func mean(_ a: [Float], _ b: [Float]) -> [Float] {
    zip(a, b).map { Float((Double($0) + Double($1)) / 2) }
  }

  @Test func modelsOfSeveralSizesAreAveraged() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    func run(_ name: String, _ sizes: String) throws -> (DataCube, DataCube, [Float]) {
      let path = try sample.ground(name, labels: Self.labels, then: stages(sizes))
      #expect(sample.run(path, out: name) == .done)
      let scores = try Scores.stored(
        try sample.value(path, of: "scores", out: "\(name)/.gossan").bytes)
      return (
        try sample.raster(name, "probability.tif").cube, try sample.raster(name, "shap.tif").cube,
        scores.predictions
      )
    }
    let both = try run("both", "sizes: [30, 90]")
    let small = try run("small", "size: 30")
    let large = try run("large", "size: 90")
    #expect(!isSame(small.0.values, large.0.values, tolerance: 1e-3))
    #expect(isSame(both.0.values, mean(small.0.values, large.0.values), tolerance: 1e-6))
    #expect(isSame(both.1.values, mean(small.1.values, large.1.values), tolerance: 1e-5))
    #expect(isSame(both.2, mean(small.2, large.2), tolerance: 1e-6))
    #expect(both.0.completeCells.count { $0 } > 5000)
    for (name, size) in [("small", 30), ("large", 90)] {
      let alone = try #require(sample.bytes(name, "segments.tif"))
      #expect(sample.bytes("both", "segments-\(size).tif") == alone)
    }
    let names = try sample.names("both")
    #expect(!names.contains("segments.tif") && names.contains("segments-30.gpkg"))
    let info = try sample.raster("both", "shap.tif").info
    #expect(info.metadata["OUTPUT"] == "mean log-odds of 2 models")
    let page = String(decoding: try #require(sample.bytes("both", "report.html")), as: UTF8.self)
    #expect(page.contains("2 models, one for each size of superpixels"))
    #expect(page.contains("on superpixels of about 90 cells"))
  }

  /// The file holds all models, and alone makes the map again.
  @Test(arguments: ["average", "vote"]) func oneFileHoldsAllModels(combine: String) throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.ground(
      "sizes", labels: Self.labels,
      then: stages("sizes: [30, 60, 90]", combine: combine, explains: false))
    #expect(sample.run(path, out: "out") == .done)
    let file = try ModelEnsemble([UInt8](try #require(sample.bytes("out", "model.safetensors"))))
    #expect(file.files.count == 3 && file.combination.rawValue == combine)
    #expect(try file.encoded() == [UInt8](try #require(sample.bytes("out", "model.safetensors"))))
    #expect(throws: (any Error).self) {
      try ModelPackage([UInt8](try #require(sample.bytes("out", "model.safetensors"))))
    }
    let text = try FileDescription("\(sample.folder)/out/model.safetensors").text(isJSON: false)
    #expect(text.contains("models") && text.contains(combine))
    let again = try sample.ground(
      "again", labels: "",
      then: """
        { type: "predict", tag: "probability", model: "${here}/out/model.safetensors",
          inputs: { cube: ["ground"] } },
        { type: "write", inputs: ["probability"] },
        """)
    #expect(sample.run(again, out: "again") == .done)
    #expect(sample.bytes("again", "probability.tif") == sample.bytes("out", "probability.tif"))
    let map = try sample.raster("out", "probability.tif").cube
    let thirds = map.values.allSatisfy {
      $0.isNaN || (($0 * 3).rounded() / 3 - $0).magnitude < 1e-6
    }
    #expect(thirds == (combine == "vote"))
  }

  @Test func wrongSizesAreRefused() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    func problems(_ stages: String) throws -> [Problem] {
      Runner.problems(
        try sample.ground("wrong", labels: Self.labels, then: stages), overrides: Overrides())
    }
    for (sizes, key) in [
      ("size: 30, sizes: [30, 90]", "sizes"), ("count: 30, sizes: [30, 90]", "sizes"),
      ("sizes: [30, 30]", "sizes"), ("sizes: []", "sizes"),
    ] {
      #expect(try problems(stages(sizes)).contains { $0.key == key && $0.stage == "segments" })
    }
    let votes = try problems(stages("sizes: [30, 90]", combine: "vote"))
    #expect(votes.map(\.stage) == ["shap"])
    let other = try problems(
      stages("sizes: [30, 90]")
        + """
        { type: "superpixels", tag: "others", inputs: ["cube"], size: 30 },
        { type: "predict", tag: "p", inputs: { model: "model", cube: "cube", segments: "others" } },
        { type: "segment-features", tag: "shapes", inputs: { segments: "segments" } },
        """)
    #expect(other.map(\.stage) == ["p", "shapes"])
    // null takes back what was given before.
    #expect(try problems(stages("size: null, sizes: [30, 90]")).isEmpty)
  }
}
