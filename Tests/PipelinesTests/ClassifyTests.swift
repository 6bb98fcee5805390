import Foundation
import Learning
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Maps to act on, made of probabilities.
struct ClassifyTests {
  private static let stages = """
    { type: "classify", tag: "map", inputs: { probability: "probability", scores: "scores" },
      outputs: ["class", "entropy", "level", "above"], threshold: "youden" },
    { type: "write", inputs: ["map", "probability"] },
    """

  private func pipeline(_ sample: SampleRun, _ name: String, chunk: Int = 512) throws -> String {
    try sample.pipeline(
      name,
      replacing: [
        ("    { type: \"report\" },\n", ""), ("seed: 1,", "seed: 1, chunk: \(chunk),"),
        (
          "    { type: \"write\", inputs: [\"probability\", \"shap\", \"segments\", \"model\", "
            + "\"scores\"] },\n", Self.stages
        ),
      ])
  }

  /// Every number is found anew from the probabilities that are written.
  @Test func mapsAreThoseOfTheProbabilities() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try pipeline(sample, "maps")
    #expect(sample.run(path, out: "out") == .done)
    let probability = try sample.raster("out", "probability.tif").cube
    let cells = probability.window.cellCount
    let (low, high) = (Array(probability.band(0)), Array(probability.band(1)))
    let valid = high.filter(\.isFinite).sorted()
    #expect(valid.count > 1000 && valid.count < cells)

    let kinds = try sample.raster("out", "map-class.tif")
    let entropy = try sample.raster("out", "map-entropy.tif").cube.values
    let levels = try sample.raster("out", "map-level.tif")
    let above = try sample.raster("out", "map-above.tif")
    for raster in [kinds, levels, above] {
      #expect(raster.info.bands[0].typeName == "Byte" && raster.info.bands[0].nodata == 255)
    }
    #expect(kinds.info.bands[0].metadata["CATEGORY_1"] == "below guide value")
    #expect(kinds.info.bands[0].metadata["CATEGORY_2"] == "above guide value")
    let shares = [0.5, 0.75, 0.9, 0.95, 0.99]
    let cuts = shares.map { share -> Double in
      let position = share * Double(valid.count - 1)
      let index = Int(position)
      let (a, b) = (Double(valid[index]), Double(valid[min(index + 1, valid.count - 1)]))
      return a + (b - a) * (position - Double(index))
    }
    let threshold = try youden(sample, path)
    #expect(above.info.metadata["THRESHOLD"] == "\(Float(threshold.value))")
    #expect(above.info.metadata["YOUDEN_J"] == "\(Float(threshold.index))")
    #expect(levels.info.metadata["QUANTILE_0.9"] == "\(Float(cuts[2]))")
    for cell in 0..<cells {
      guard high[cell].isFinite else {
        let all = [
          kinds.cube.values[cell], entropy[cell], levels.cube.values[cell], above.cube.values[cell],
        ]
        #expect(all.allSatisfy { $0.isNaN })
        continue
      }
      let p = Double(high[cell])
      #expect(kinds.cube.values[cell] == (high[cell] > low[cell] ? 2 : 1))
      #expect(levels.cube.values[cell] == Float(cuts.count { p > $0 + 1e-12 }))
      #expect(above.cube.values[cell] == (p > threshold.value ? 1 : 0))
      let bits = [Double(low[cell]), p].reduce(0) { $0 - ($1 > 0 ? $1 * log2($1) : 0) }
      #expect(abs(Double(entropy[cell]) - bits) < 1e-6)
    }
    #expect(Set(levels.cube.values.filter(\.isFinite)) == [0, 1, 2, 3, 4, 5])
    let style = String(decoding: try #require(sample.bytes("out", "map-level.qml")), as: UTF8.self)
    #expect(style.contains("above the 99 % quantile") && style.contains("type=\"paletted\""))
  }

  /// The threshold by the definition, from the out-of-fold predictions.
  private func youden(
    _ sample: SampleRun, _ path: String
  ) throws -> (value: Double, index: Double) {
    let scores = try Scores.stored(try sample.value(path, of: "scores").bytes)
    let set = try SampleSet.stored(try sample.value(path, of: "cadmium").bytes)
    let values = set.samples.indices.map { Double(scores.predictions[2 * $0 + 1]) }
    let isPositive = set.samples.map { $0.target == .category(1) }
    let sorted = Set(values).sorted()
    let positives = Double(isPositive.count { $0 })
    let negatives = Double(isPositive.count) - positives
    var best = (value: sorted.last ?? 0, index: 0.0)
    for (a, b) in zip(sorted, sorted.dropFirst()).reversed() {
      let cut = (a + b) / 2
      let hits = Double(values.indices.count { isPositive[$0] && values[$0] > cut })
      let alarms = Double(values.indices.count { !isPositive[$0] && values[$0] > cut })
      let index = hits / positives - alarms / negatives
      if index > best.index + 1e-12 { best = (cut, index) }
    }
    return best
  }

  @Test func anyChunkMakesTheSame() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    // Probabilities of other chunks differ in their last bits, so the levels are those of a band.
    let stage = """
      { type: "grid-points", tag: "metals", file: "${data}/points.gpkg", fields: ["Cu"],
        radius: 400 },
      { type: "classify", tag: "level", inputs: ["metals"], outputs: ["level"] },
      { type: "classify", tag: "high", inputs: ["metals"], outputs: ["above"], threshold: 25 },
      { type: "write", inputs: ["level", "high"] },
      """
    for chunk in [512, 41] {
      let path = try sample.ground("chunks", labels: "", then: stage)
      let text = try String(contentsOfFile: path, encoding: .utf8)
      try text.replacingOccurrences(of: "seed: 1,", with: "seed: 1, chunk: \(chunk),")
        .write(toFile: path, atomically: true, encoding: .utf8)
      #expect(sample.run(path, out: "out\(chunk)") == .done)
    }
    for name in ["level.tif", "level.qml", "high.tif"] {
      let whole = try #require(sample.bytes("out512", name))
      #expect(sample.bytes("out41", name) == whole)
    }
    let values = try sample.raster("out512", "level.tif").cube.values
    #expect(values.contains { $0.isNaN } && values.contains(5))
    #expect(try sample.raster("out512", "high.tif").info.metadata["THRESHOLD"] == "25.0")
  }

  @Test func certainAndUndecided() {
    #expect(Classify.normalizedEntropy([0, 1, 0]) == 0)
    #expect(abs(Classify.normalizedEntropy([0.25, 0.25, 0.25, 0.25]) - 1) < 1e-6)
    #expect(abs(Classify.normalizedEntropy([0.9, 0.1]) - 0.4689956) < 1e-6)
    #expect(Classify.mostProbable([0.2, 0.4, 0.4]) == 1)
  }

  @Test func mistakesAreNamed() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    func keys(_ stage: String) throws -> [String?] {
      let path = try sample.ground("bad", labels: "", then: "{ type: \"classify\", \(stage) },")
      return Runner.problems(path, overrides: Overrides()).map(\.key)
    }
    #expect(try keys("inputs: [\"ground\"], outputs: [\"level\"]") == ["class"])
    #expect(
      try keys("inputs: [\"ground\"], outputs: [\"level\"], class: \"landuse: Forst\"")
        == ["class"])
    #expect(
      try keys(
        "inputs: [\"ground\"], outputs: [\"above\"], class: \"landuse: Forest\", "
          + "threshold: \"youden\"") == ["threshold"])
    #expect(
      try keys(
        "inputs: [\"ground\"], outputs: [\"level\"], class: \"landuse: Forest\", "
          + "quantiles: [0.9, 0.5]") == ["quantiles"])
    #expect(try keys("inputs: [\"ground\"], outputs: []") == ["outputs"])
  }
}
