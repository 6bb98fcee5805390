import Foundation
import RasterFiles
import Rasters
import Tensors
import Testing

@testable import Pipelines

/// What must hold of every run, shown on the sample's pipeline with small networks.
@Suite(.serialized) struct PipelineLawsTests {
  private static let deterministic = [
    "probability.tif", "probability.qml", "probability-flags.tif", "shap.tif", "shap.qml",
    "segments.tif", "segments.qml", "model.safetensors", "scores.csv",
  ]

  @Test func workersAndRepetitionDoNotMatter() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let pipeline = try sample.pipeline("jobs")
    #expect(sample.run(pipeline, out: "one", jobs: 1) == .done)
    #expect(sample.run(pipeline, out: "three", jobs: 3) == .done)
    for name in Self.deterministic {
      let first = try #require(sample.bytes("one", name), "\(name)")
      #expect(first == sample.bytes("three", name), "\(name)")
    }
    // A second run writes nothing, not even the record of the run.
    let record = try #require(sample.bytes("one", "run.json"))
    #expect(sample.run(pipeline, out: "one", jobs: 1) == .done)
    #expect(sample.bytes("one", "run.json") == record)
    // A lost or damaged output is written again as it was.
    let tif = try #require(sample.bytes("one", "probability.tif"))
    try Data("damaged".utf8).write(to: URL(fileURLWithPath: sample.folder + "/one/probability.tif"))
    #expect(sample.run(pipeline, out: "one", jobs: 1) == .done)
    #expect(sample.bytes("one", "probability.tif") == tif)
  }

  @Test(arguments: [40, 57]) func chunksDoNotMatter(chunk: Int) throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let cut = [
      ("{ type: \"validate\"", "// { type: \"validate\""), ("\"model\", \"scores\"]", "\"model\"]"),
    ]
    let whole = try sample.pipeline("whole", replacing: cut)
    let parts = try sample.pipeline(
      "parts", replacing: cut + [("seed: 1,", "seed: 1, chunk: \(chunk),")])
    #expect(sample.run(whole, out: "whole") == .done)
    #expect(sample.run(parts, out: "parts") == .done)
    for name in ["segments.tif", "model.safetensors", "probability-flags.tif"] {
      let bytes = try #require(sample.bytes("whole", name))
      #expect(bytes == sample.bytes("parts", name), "\(name)")
    }
    let a = try sample.raster("whole", "probability.tif").cube
    let b = try sample.raster("parts", "probability.tif").cube
    #expect(a.window == b.window)
    for (x, y) in zip(a.values, b.values) {
      #expect(x.isNaN == y.isNaN && (x.isNaN || abs(x - y) <= 1e-5))
    }
  }

  @Test func outputsHaveTheGridNamesAndSums() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let pipeline = try sample.pipeline(
      "sums", replacing: [("method: \"gradshap\",", "method: \"shapley\", output: true,")])
    #expect(sample.run(pipeline, out: "out") == .done)
    let grid = try #require(
      try RasterInfo(path: SampleRun.root + "/sample-rasters/jura/landuse_rock.tif").grid)
    for name in ["probability.tif", "probability-flags.tif", "shap.tif", "segments.tif"] {
      let written = try #require(try sample.raster("out", name).info.grid)
      #expect(written.width == grid.width && written.height == grid.height)
      #expect(written.transform == grid.transform && CRS.isSame(written.crs, grid.crs), "\(name)")
    }
    let (probability, values) = try sample.raster("out", "probability.tif")
    #expect(probability.bands.map(\.name) == ["below guide value", "above guide value"])
    let valid = values.completeCells
    #expect(valid.count { $0 } > 5000)
    for cell in valid.indices where valid[cell] {
      let pair = (values.values[cell], values.values[valid.count + cell])
      #expect(pair.0 >= 0 && pair.0 <= 1 && pair.1 >= 0 && pair.1 <= 1)
      #expect(abs(pair.0 + pair.1 - 1) < 1e-6)
    }
    let (shap, attribution) = try sample.raster("out", "shap.tif")
    #expect(
      shap.bands.map(\.name) == [
        "Co", "Cr", "Cu", "Ni", "Pb", "Zn", "landuse", "rock", "explained output", "base value",
      ])
    let cells = attribution.window.cellCount
    var worst = 0.0
    var range = (low: Double.infinity, high: -Double.infinity)
    for cell in 0..<cells where valid[cell] {
      let bands = (0..<10).map { Double(attribution.values[$0 * cells + cell]) }
      worst = max(worst, abs(bands[..<8].reduce(bands[9], +) - bands[8]))
      range = (min(range.low, bands[8]), max(range.high, bands[8]))
      // The explained output is the log-odds of the probability raster's second band.
      let p = Double(values.values[cells + cell])
      #expect(abs(log(p / (1 - p)) - bands[8]) < 1e-3)
    }
    #expect(worst <= 1e-4 * (range.high - range.low))
    #expect(shap.metadata["CONDITIONAL_ON"] == "segments")
  }

  @Test func aModelFileMakesTheSameMap() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    #expect(sample.run(try sample.pipeline("first"), out: "first") == .done)
    let source = try String(contentsOfFile: sample.folder + "/first.json5", encoding: .utf8)
    let readers = source.split(separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(readers.firstIndex { $0.contains("type: \"labels\"") })
    let grid = try #require(readers.firstIndex { $0.contains("type: \"grid-points\"") })
    let cube = try #require(readers.firstIndex { $0.contains("type: \"read-cube\"") })
    let stack = try #require(readers.firstIndex { $0.contains("type: \"stack\"") })
    let log = try #require(readers.firstIndex { $0.contains("type: \"log-ratio\"") })
    var lines = Array(readers[..<start]) + readers[grid..<log] + readers[cube..<stack]
    lines.append(
      "{ type: \"predict\", tag: \"probability\", model: \"\(sample.folder)/first/model.safetensors\","
        + " inputs: { cube: [\"ground\", \"metals\"] } }, { type: \"write\" } ] }")
    let second = sample.folder + "/second.json5"
    try lines.joined(separator: "\n").write(toFile: second, atomically: true, encoding: .utf8)
    #expect(sample.run(second, out: "second") == .done)
    let map = try #require(sample.bytes("first", "probability.tif"))
    #expect(map == sample.bytes("second", "probability.tif"))
  }

  /// Absurd labels and measurements in one fold's test places move every other fold's model, and
  /// not that fold's own.
  @Test func nothingLeaksFromTestPlaces() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let points = try PointTable.read(
      path: SampleRun.root + "/sample-rasters/jura/points.gpkg",
      crs: try CRS.wkt(from: "EPSG:2056"))
    func write(_ name: String, plant: Bool) throws -> String {
      let metals: Set = ["Co", "Cr", "Cu", "Ni", "Pb", "Zn"]
      var lines = ["E,N," + points.names.filter { $0 != "E" && $0 != "N" }.joined(separator: ",")]
      for (index, row) in points.rows.enumerated() {
        let isPlanted = plant && row["fold"] == "0"
        let cells = points.names.filter { $0 != "E" && $0 != "N" }.map { column -> String in
          let value = row[column] ?? ""
          if isPlanted && metals.contains(column) { return "\(1000 + index)" }
          if isPlanted && column == "Cd_exceeds" { return value == "1" ? "0" : "1" }
          return value
        }
        lines.append("\(points.x[index]),\(points.y[index])," + cells.joined(separator: ","))
      }
      try lines.joined(separator: "\n").write(
        toFile: "\(sample.folder)/\(name).csv", atomically: true, encoding: .utf8)
      return try sample.pipeline(
        name,
        replacing: [
          (
            "file: \"${data}/points.gpkg\",",
            "file: \"\(sample.folder)/\(name).csv\", x: \"E\", y: \"N\","
          )
        ])
    }
    let plain = try models(try write("plain", plant: false), sample, "plain")
    let planted = try models(try write("planted", plant: true), sample, "planted")
    #expect(plain.count == 5 && planted.count == 5)
    #expect(plain["model@0"] == planted["model@0"])
    for fold in 1..<5 { #expect(plain["model@\(fold)"] != planted["model@\(fold)"]) }
  }

  /// The model file of every fold.
  private func models(
    _ pipeline: String, _ sample: SampleRun, _ out: String
  ) throws -> [String: [UInt8]] {
    let plan = try Runner.plan(pipeline, overrides: Overrides())
    var command = Command.Run(pipeline: pipeline)
    command.output = "\(sample.folder)/\(out)"
    let run = try PipelineRun(plan, command, Progress(style: .none, isQuiet: true))
    let nodes = Schedule(targets: plan.targets).nodes.filter {
      $0.name.wholeMatch(of: /model@\d/) != nil
    }
    try run.executor.run(Schedule(targets: nodes))
    return Dictionary(
      uniqueKeysWithValues: try nodes.map { ($0.name, try run.executor.value($0)) })
  }

  @Test func failuresLoseNothing() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let pipeline = try sample.pipeline("kept")
    #expect(sample.run(pipeline, out: "out") == .done)
    let before = try sample.names("out").map { ($0, sample.bytes("out", $0)) }
    // Not valid: found before anything is made.
    let invalid = try sample.pipeline("invalid", replacing: [("size: 50", "sise: 50")])
    #expect(sample.run(invalid, out: "out") == .invalid)
    // Not possible: only the pixels tell that nothing is left after a log-ratio of zeros.
    let impossible = try sample.pipeline(
      "impossible",
      replacing: [
        ("method: \"clr\"", "bands: [\"Co\", \"Cr\"], method: \"clr\""),
        ("method: \"idw\"", "method: \"idw\", radius: 0.001"),
      ])
    #expect(sample.run(impossible, out: "out") == .failed)
    for (name, bytes) in before { #expect(sample.bytes("out", name) == bytes, "\(name)") }
    #expect(try sample.names("out") == before.map(\.0))
  }

  @Test func aHeldStoreIsSaid() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let pipeline = try sample.pipeline("held")
    let store = try ChunkStore(directory: sample.folder + "/out/.gossan")
    #expect(sample.run(pipeline, out: "out") == .held)
    withExtendedLifetime(store) {}
  }
}
