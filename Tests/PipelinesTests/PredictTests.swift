import Foundation
import Networks
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Maps of models: constant ones, labels, values, and the flags beside them.
@Suite(.serialized) struct PredictTests {
  private static let train = """
    { type: "train", tag: "model", inputs: { cube: "cube", samples: "labels" }, epochs: 3,
      background: 3, branches: [{ type: "spectral-cnn", filters: [3], kernel: 3, width: 4 },
        { type: "patch-cnn", window: 7, width: 4,
          layers: [{ type: "convolution", filters: 3 }, { type: "max-pool", size: 2 }] }],
      head: HEAD },
    """
  private static let cadmium = """
    { type: "labels", tag: "labels", file: "${data}/points.gpkg", field: "Cd_exceeds",
      classes: { "0": "below", "1": "above" } },
    """

  /// A model that says the same everywhere makes a map of it: in every valid cell, up to the border
  /// and the corners, whatever the window reaches.
  @Test(arguments: [17, 512]) func aConstantModelMakesAConstantMap(chunk: Int) throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let trained = try sample.ground(
      "trained", labels: Self.cadmium,
      then: Self.train.replacingOccurrences(of: "HEAD", with: "{ type: \"softmax\", hidden: [4] }")
        + "{ type: \"write\", inputs: [\"model\"] }")
    #expect(sample.run(trained, out: "trained") == .done)
    var package = try ModelPackage(
      [UInt8](try #require(sample.bytes("trained", "model.safetensors"))))
    var model = try #require(package.predictor.network)
    model.parameters = model.parameters.zeroed()
    model.parameters.visitParameters("") { name, _, values in
      if name == "head.output.bias" { values = [-60, 60] }
    }
    package.predictor = .network(model)
    try Data(try package.encoded()).write(
      to: URL(fileURLWithPath: sample.folder + "/constant.safetensors"))
    let path = try sample.ground(
      "constant", labels: "",
      then: """
        { type: "predict", tag: "probability", model: "${here}/constant.safetensors",
          inputs: { cube: "ground" } },
        { type: "write" },
        """)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacingOccurrences(of: "seed: 1,", with: "seed: 1, chunk: \(chunk),")
      .write(toFile: path, atomically: true, encoding: .utf8)
    #expect(sample.run(path, out: "constant") == .done)
    let (info, map) = try sample.raster("constant", "probability.tif")
    let grid = try #require(info.grid)
    let ground = try RasterSource(
      path: SampleRun.root + "/sample-rasters/jura/landuse_rock.tif", grid: grid,
      resampling: .nearest
    ).read(grid.window)
    let flags = try sample.raster("constant", "probability-flags.tif").cube
    let cells = grid.cellCount
    for (cell, isValid) in ground.completeCells.enumerated() {
      #expect(map.values[cell].isNaN == !isValid)
      #expect(!isValid || (map.values[cell] == 0 && map.values[cells + cell] == 1))
      #expect((UInt8(flags.values[cell]) & PixelFlags.bandMissing != 0) == !isValid)
    }
  }

  /// The bit of the border is set exactly where the window of seven cells meets a gap or the edge.
  @Test func flagsSayWhatTheWindowMeets() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.ground(
      "flags", labels: Self.cadmium,
      then: Self.train.replacingOccurrences(of: "HEAD", with: "{ type: \"softmax\", hidden: [4] }")
        + """
        { type: "predict", tag: "probability", inputs: { model: "model", cube: "cube" } },
        { type: "write", inputs: ["probability"] },
        """)
    #expect(sample.run(path, out: "out") == .done)
    let (info, flags) = try sample.raster("out", "probability-flags.tif")
    #expect(info.bands.map(\.name) == ["flags"])
    let grid = try #require(info.grid)
    let complete = try RasterSource(
      path: SampleRun.root + "/sample-rasters/jura/landuse_rock.tif", grid: grid,
      resampling: .nearest
    ).read(grid.window).completeCells
    for row in 0..<grid.height {
      for column in 0..<grid.width {
        let isWhole = (row - 3...row + 3).allSatisfy { y in
          (column - 3...column + 3).allSatisfy { x in
            x >= 0 && y >= 0 && x < grid.width && y < grid.height
              && complete[grid.window.index(column: x, row: y)]
          }
        }
        let value = UInt8(flags.values[grid.window.index(column: column, row: row)])
        #expect((value & PixelFlags.border == 0) == isWhole, "\(column), \(row)")
        #expect(value & PixelFlags.noSegment == 0)
      }
    }
  }

  @Test func labelsHaveProbabilitiesOfTheirOwn() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.ground(
      "labels",
      labels: """
        { type: "labels", tag: "labels", file: "${data}/points.gpkg", target: "labels",
          fields: ["Cd_exceeds", "Pb_exceeds"] },
        { type: "split", tag: "folds", method: "field", field: "fold" },
        """,
      then: Self.train.replacingOccurrences(of: "HEAD", with: "{ type: \"sigmoid\", hidden: [4] }")
        + """
        { type: "validate", tag: "scores", inputs: { model: "model", folds: "folds" } },
        { type: "predict", tag: "probability", inputs: { model: "model", cube: "cube" } },
        { type: "explain", tag: "shap", method: "shapley", output: true, background: 2,
          inputs: { model: "model", cube: "cube" } },
        { type: "write", inputs: ["probability", "scores", "shap"] }, { type: "report" },
        """)
    #expect(sample.run(path, out: "out") == .done)
    let (info, map) = try sample.raster("out", "probability.tif")
    #expect(info.bands.map(\.name) == ["Cd_exceeds", "Pb_exceeds"])
    let cells = map.window.cellCount
    let valid = map.completeCells
    #expect(valid.count { $0 } > 5000)
    var sums: Set<Int> = []
    for cell in 0..<cells where valid[cell] {
      let pair = (map.values[cell], map.values[cells + cell])
      #expect(pair.0 > 0 && pair.0 < 1 && pair.1 > 0 && pair.1 < 1)
      sums.insert(Int((pair.0 + pair.1) * 1000))
    }
    // They do not exclude each other: their sums vary.
    #expect(sums.count > 3)
    let csv = String(decoding: try #require(sample.bytes("out", "scores.csv")), as: UTF8.self)
    #expect(
      csv.contains("pooled,Cd_exceeds,ROC AUC,") && csv.contains("pooled,Pb_exceeds,ROC AUC,"))
    // One file per label; each adds up to the log-odds of its own band.
    for (band, name) in ["shap-cd-exceeds.tif", "shap-pb-exceeds.tif"].enumerated() {
      let (shapInfo, shap) = try sample.raster("out", name)
      #expect(
        shapInfo.bands.map(\.name) == ["landuse", "rock", "explained output", "base value"])
      #expect(shapInfo.metadata["CLASS"] == ["Cd_exceeds", "Pb_exceeds"][band])
      for cell in 0..<cells where valid[cell] {
        let parts = (0..<4).map { shap.values[$0 * cells + cell] }
        #expect(abs(parts[0] + parts[1] + parts[3] - parts[2]) < 1e-4)
        let p = Double(map.values[band * cells + cell])
        #expect(abs(log(p / (1 - p)) - Double(parts[2])) < 1e-3)
      }
    }
  }

  @Test func valuesHaveNoProbabilityStyle() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.ground(
      "values",
      labels: """
        { type: "labels", tag: "labels", file: "${data}/points.gpkg", target: "values",
          fields: ["Cd"] },
        { type: "split", tag: "folds", method: "blocks", folds: 3 },
        """,
      then: Self.train.replacingOccurrences(of: "HEAD", with: "{ type: \"linear\", hidden: [4] }")
        + """
        { type: "validate", tag: "scores", inputs: { model: "model", folds: "folds" } },
        { type: "predict", tag: "cadmium", inputs: { model: "model", cube: "cube" } },
        { type: "write", inputs: ["cadmium", "scores"], nodata: "nan" }, { type: "report" },
        """)
    #expect(sample.run(path, out: "out") == .done)
    let (info, map) = try sample.raster("out", "cadmium.tif")
    #expect(info.bands.map(\.name) == ["Cd"])
    #expect(info.bands[0].nodata?.isNaN == true)
    #expect(map.completeCells.count { $0 } > 5000)
    let style = String(decoding: try #require(sample.bytes("out", "cadmium.qml")), as: UTF8.self)
    let finite = map.values.filter(\.isFinite)
    let low = try #require(finite.min())
    #expect(style.contains("classificationMin=\"\(Double(low))\""))
    let csv = String(decoding: try #require(sample.bytes("out", "scores.csv")), as: UTF8.self)
    #expect(csv.contains("pooled,Cd,R2,") && csv.contains("pooled,Cd,MAE,"))
    #expect(csv.contains("fold 3,Cd,MAE,") || csv.contains("fold 2,Cd,MAE,"))
  }
}
