import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// A survey that comes as tiles: what a new, changed or lost tile makes anew, counted.
struct SurveyTilesTests {
  /// Tiles of 32 cells, two chunks a side.
  private static let side = 32

  /// A survey of `count` by `count` tiles in the folder `tiles`, with samples in the first ones.
  fileprivate struct Survey {
    let run: StageRun
    let count: Int

    init(count: Int) throws {
      run = try StageRun(inMemory: true)
      self.count = count
      try FileManager.default.createDirectory(
        atPath: "\(run.files.folder)/tiles", withIntermediateDirectories: true)
      let lines = (0..<60).map { index -> String in
        let (column, row) = (7 * index % 60, (11 * index + 3) % 60)
        let isOre = Survey.value(0, column, row) > 0.9
        return "\(10 * column + 5),\(-10 * row - 5),\(isOre ? 1 : 0)"
      }
      try run.text("x,y,ore\n" + lines.joined(separator: "\n"), "points.csv")
    }

    static func value(_ band: Int, _ column: Int, _ row: Int) -> Float {
      let (x, y) = (Double(column), Double(row))
      let wave = band == 0 ? sin(x / 9) + cos(y / 7) : cos(x / 5) - sin(y / 11)
      return Float(wave / 2 + 0.8) + 0.2 * StageRun.noise(band, column, row)
    }

    func path(_ column: Int, _ row: Int) -> String {
      "\(run.files.folder)/tiles/\(column)-\(row).tif"
    }

    /// Writes a tile; `offset` makes it another one.
    func write(_ column: Int, _ row: Int, offset: Float = 0) throws {
      let (left, top) = (side * column, side * row)
      let grid = Grid(
        width: side, height: side,
        transform: GeoTransform(
          left: 10 * Double(left), top: -10 * Double(top), cellWidth: 10, cellHeight: 10), crs: "")
      try run.raster("tiles/\(column)-\(row).tif", ["copper", "zinc"], on: grid) {
        Self.value($0, left + $1, top + $2) + offset
      }
    }

    func writeAll(without missing: (Int, Int)? = nil) throws {
      for row in 0..<count {
        for column in 0..<count where missing.map({ $0 != (column, row) }) ?? true {
          try write(column, row)
        }
      }
    }

    /// Runs stages after the tiles were read, and counts what was made and what there is.
    func made(
      _ stages: String, out: String, extent: Bool = false
    ) throws -> (made: Int, all: Int) {
      let side = 10 * SurveyTilesTests.side * count
      let path = try run.pipeline(
        "{ type: \"read-cube\", tag: \"raw\", files: \"tiles/*.tif\", mosaic: \"newest\" },\n"
          + stages, name: "survey",
        grid: extent
          ? "{ crs: \"\", resolution: 10, extent: [0, \(-side), \(side), 0] }"
          : "{ like: \"tiles/*.tif\" }", chunk: 16)
      // A run that finds nothing new leaves the record of the one before.
      try? FileManager.default.removeItem(atPath: "\(run.files.folder)/\(out)/run.json")
      try #require(run.files.run(path, out: out) == .done)
      let data = try #require(run.files.bytes(out, "run.json"))
      let record = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      let chunks = try #require(record["chunks"] as? [String: [String: Int]])
      return (
        chunks.values.reduce(0) { $0 + ($1["made"] ?? 0) },
        chunks.values.reduce(0) { $0 + ($1["made"] ?? 0) + ($1["found"] ?? 0) }
      )
    }

    func bytes(_ out: String, _ name: String) throws -> Data {
      try #require(run.files.bytes(out, name))
    }
  }

  private static func stages(
    branches: String, segments: String = "", inputs: String = "", written: String = ""
  ) -> String {
    """
    { type: "labels", tag: "ore", file: "points.csv", field: "ore" },
    { type: "standardize", tag: "cube", inputs: ["raw"], fit: "once" },
    \(segments)
    { type: "train", tag: "model", inputs: { cube: "cube", samples: "ore"\(inputs) },
      background: 2, epochs: 3, fit: "once", branches: [\(branches)],
      head: { type: "softmax", hidden: [4] } },
    { type: "predict", tag: "map", inputs: { model: "model", cube: "cube"\(inputs) } },
    { type: "explain", tag: "shap", inputs: { model: "model", cube: "cube"\(inputs) },
      nodes: 1, "most-nodes": 2, fit: "once" },
    { type: "write", inputs: ["map", "shap", "model"\(written)] }
    """
  }

  private static let patch = """
    { type: "patch-cnn", window: 5, width: 3,
      layers: [{ type: "convolution", filters: 2 }] }
    """

  @Test func aTileOfAHundredMakesAFewChunks() throws {
    let survey = try Survey(count: 10)
    let stages = Self.stages(branches: Self.patch)
    try survey.writeAll(without: (4, 5))
    let full = try survey.made(stages, out: "out")
    let names = ["map.tif", "map-flags.tif", "shap.tif", "map.qml", "model.safetensors"]
    let before = try names.map { try survey.bytes("out", $0) }
    #expect(full.made == full.all)
    #expect(try survey.made(stages, out: "out").made == 0)
    // One comes, and changes.
    for (step, offset) in [Float(0), 0.5].enumerated() {
      try survey.write(4, 5, offset: offset)
      let added = try survey.made(stages, out: "out")
      #expect(Double(added.made) <= 0.05 * Double(full.made), "\(added) of \(full)")
      #expect(added.made > 0)
      // The same from scratch, with the same fits.
      try survey.copyFits(from: "out", to: "scratch\(step)")
      let scratch = try survey.made(stages, out: "scratch\(step)")
      #expect(scratch.made > full.made / 2)
      for name in names {
        #expect(try survey.bytes("out", name) == survey.bytes("scratch\(step)", name), "\(name)")
      }
    }
    // It goes: everything is as it was, and still in the store.
    try FileManager.default.removeItem(atPath: survey.path(4, 5))
    let left = try survey.made(stages, out: "out")
    #expect(Double(left.made) <= 0.05 * Double(full.made), "\(left) of \(full)")
    #expect(try names.map { try survey.bytes("out", $0) } == before)
  }

  @Test func aTileWithSegmentsMakesFewChunks() throws {
    let survey = try Survey(count: 10)
    let stages = Self.stages(
      branches: "{ type: \"graph\", hops: 1, width: 3, output: 2 }, \(Self.patch)",
      segments: """
        { type: "superpixels", tag: "segments", size: 5, compactness: 0.3,
          iterations: 3, inputs: ["cube"] },
        """, inputs: ", segments: \"segments\"", written: ", \"segments\"")
    try survey.writeAll(without: (5, 4))
    let full = try survey.made(stages, out: "out", extent: true)
    try survey.write(5, 4)
    let added = try survey.made(stages, out: "out", extent: true)
    #expect(Double(added.made) <= 0.1 * Double(full.made), "\(added) of \(full)")
    try survey.copyFits(from: "out", to: "scratch")
    _ = try survey.made(stages, out: "scratch", extent: true)
    for name in ["map.tif", "shap.tif", "segments.tif"] {
      #expect(try survey.bytes("out", name) == survey.bytes("scratch", name), "\(name)")
    }
  }

  @Test func tilesThatComeChangeAndGoGiveWhatScratchGives() throws {
    let survey = try Survey(count: 2)
    let stages = """
      { type: "standardize", tag: "cube", inputs: ["raw"] }, { type: "write", inputs: ["cube"] }
      """
    try survey.writeAll(without: (1, 1))
    var step = 0
    func check(_ what: String, stays names: Int = 0) throws {
      step += 1
      let counts = try survey.made(stages, out: "out")
      let scratch = try survey.made(stages, out: "scratch\(step)")
      #expect(
        try survey.bytes("out", "cube.tif") == survey.bytes("scratch\(step)", "cube.tif"), "\(what)"
      )
      #expect(counts.made <= scratch.made - names, "\(what): \(counts) of \(scratch)")
    }
    try check("three tiles")
    try survey.write(1, 1)
    try check("one comes", stays: 12)
    try survey.write(0, 1, offset: 1)
    try check("one changes", stays: 12)
    try FileManager.default.removeItem(atPath: survey.path(1, 1))
    try check("one goes", stays: 12)
    // The grid grows to the left and upwards: what was made keeps its place.
    try survey.write(-1, -1)
    try check("one far out", stays: 12)
    // An overlapping tile wins as long as it is the newest.
    let (left, top) = (8, 8)
    try survey.run.raster(
      "tiles/over.tif", ["copper", "zinc"],
      on: Grid(
        width: 20, height: 20,
        transform: GeoTransform(
          left: 10 * Double(left), top: -10 * Double(top), cellWidth: 10, cellHeight: 10), crs: "")
    ) { _, column, _ in column < 5 ? .nan : 9 }
    let over = "\(survey.run.files.folder)/tiles/over.tif"
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: 100)], ofItemAtPath: over)
    try check("one lies over", stays: 12)
    let (info, cube) = try survey.run.files.raster("out", "cube.tif")
    let cell = try #require(info.gridOfCells.cell(x: 10.0 * 20, y: -10.0 * 20))
    let here = cube.band(0)[cube.band(0).startIndex + cell.row * info.width + cell.column]
    #expect(cube.band(0).max() == here)
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: over)
    try check("it is the oldest", stays: 8)
    let older = try survey.run.files.raster("out", "cube.tif").cube
    #expect(older.band(0).max() ?? 0 < here)
  }

  @Test func aKeptFitStaysUntilItIsRenewed() throws {
    let survey = try Survey(count: 2)
    let stages = """
      { type: "standardize", tag: "cube", inputs: ["raw"], fit: "once" },
      { type: "write", inputs: ["cube"] }
      """
    try survey.writeAll(without: (1, 1))
    _ = try survey.made(stages, out: "out")
    let before = try survey.run.files.raster("out", "cube.tif").cube
    try survey.write(1, 1, offset: 5)
    _ = try survey.made(stages, out: "out")
    let kept = try survey.run.files.raster("out", "cube.tif").cube
    #expect(isSame(before.values.filter { !$0.isNaN }.prefix(100), kept.values.prefix(100)))
    let record = String(decoding: try survey.bytes("out", "run.json"), as: UTF8.self)
    #expect(record.contains("+33.3 % cells with a value"), "\(record.prefix(900))")
    // Other options are another fit, and leave the old one alone.
    let other = stages.replacingOccurrences(of: "fit:", with: "method: \"min-max\", fit:")
    _ = try survey.made(other, out: "out")
    _ = try survey.made(stages, out: "out")
    #expect(
      try survey.run.files.raster("out", "cube.tif").cube.values.map(\.bitPattern)
        == kept.values.map(\.bitPattern))
    var command = Command.Run(pipeline: "\(survey.run.files.folder)/survey.json5")
    command.output = "\(survey.run.files.folder)/out"
    command.verbosity = .quiet
    #expect(Runner.refit(Command.Refit(command, tag: "cube")) == .done)
    _ = try survey.made(stages, out: "out")
    let renewed = String(decoding: try survey.bytes("out", "run.json"), as: UTF8.self)
    #expect(!renewed.contains("cells with a value"))
    let always = stages.replacingOccurrences(of: "once", with: "always")
    _ = try survey.made(always, out: "scratch")
    #expect(try survey.bytes("out", "cube.tif") == survey.bytes("scratch", "cube.tif"))
    #expect(Runner.refit(Command.Refit(command, tag: "raw")) == .invalid)
    #expect(Runner.refit(Command.Refit(command, tag: "nothing")) == .invalid)
  }

  @Test func aFitComesFromAModelFile() throws {
    let survey = try Survey(count: 2)
    try survey.writeAll()
    let stages = Self.stages(branches: Self.patch)
    _ = try survey.made(stages, out: "out")
    try survey.write(1, 1, offset: 3)
    let fromFile = """
      { type: "standardize", tag: "cube", inputs: ["raw"], fit: "out/model.safetensors" },
      { type: "write", inputs: ["cube"] }
      """
    _ = try survey.made(fromFile, out: "file")
    let scaled = try survey.run.files.raster("file", "cube.tif").cube
    _ = try survey.made(
      stages.replacingOccurrences(
        of: "{ type: \"write\", inputs: [\"map\", \"shap\", \"model\"] }",
        with: "{ type: \"write\", inputs: [\"cube\"] }"), out: "out")
    #expect(isSame(scaled.values, try survey.run.files.raster("out", "cube.tif").cube.values))
    for (old, new) in [
      ("out/model", "out/none"), ("fit:", "method: \"robust\", fit:"),
    ] {
      let path = try survey.run.pipeline(
        "{ type: \"read-cube\", tag: \"raw\", files: \"tiles/*.tif\", mosaic: \"newest\" },\n"
          + fromFile.replacingOccurrences(of: old, with: new), name: "wrong")
      let problems = Runner.problems(path, overrides: Overrides())
      #expect(problems.map(\.key) == ["fit"], "\(problems)")
    }
  }

  /// With new samples a fold may test what a kept fit has seen.
  @Test func foldsAreAlwaysFittedAnew() throws {
    let survey = try Survey(count: 1)
    try survey.writeAll()
    let path = try survey.run.pipeline(
      "{ type: \"read-cube\", tag: \"raw\", files: \"tiles/*.tif\", mosaic: \"newest\" },\n"
        + Self.stages(branches: Self.patch).replacingOccurrences(
          of: "{ type: \"predict\"",
          with: """
            { type: "split", tag: "folds", inputs: { samples: "ore" }, folds: 2 },
            { type: "validate", tag: "scores", inputs: { model: "model", folds: "folds" } },
            { type: "predict"
            """
        ).replacingOccurrences(of: "\"model\"] }", with: "\"model\", \"scores\"] }"),
      name: "folds")
    let nodes = Schedule(targets: try Runner.plan(path, overrides: Overrides()).targets).nodes
    let kept = Set(nodes.filter { $0.policy != .always }.map(\.name))
    #expect(kept.isSuperset(of: ["cube/fit", "model"]))
    #expect(nodes.contains { $0.name == "model@1" } && nodes.contains { $0.name == "cube@0/fit" })
    #expect(!kept.contains { $0.contains("@") })
  }

  @Test func checkNamesWhatANewTileMakesAnew() throws {
    let survey = try Survey(count: 2)
    try survey.writeAll()
    func remarks(_ stages: String) throws -> [String] {
      let path = try survey.run.pipeline(
        "{ type: \"read-cube\", tag: \"raw\", files: \"tiles/*.tif\", mosaic: \"newest\" },\n"
          + stages, name: "survey")
      #expect(Runner.problems(path, overrides: Overrides()).isEmpty)
      return Runner.remarks(path, overrides: Overrides())
    }
    let kept = Self.stages(branches: Self.patch)
    #expect(try remarks(kept).isEmpty)
    let moving = try remarks(kept.replacingOccurrences(of: "once", with: "always"))
    #expect(
      moving.map { String($0.prefix(while: { $0 != " " })) } == ["'cube'", "'model'", "'shap'"])
    #expect(moving.allSatisfy { $0.contains("fit: \"once\"") })
    #expect(
      try remarks(
        kept.replacingOccurrences(
          of: "{ type: \"write\", inputs: [\"map\", \"shap\", \"model\"] }",
          with: """
            { type: "classify", tag: "levels", inputs: ["map"], outputs: ["level"] },
            { type: "write" }
            """)
      ).map { $0.prefix(8) } == ["'levels'"])
  }
}

extension SurveyTilesTests.Survey {
  /// Makes a store that has the kept fits of another and nothing else.
  fileprivate func copyFits(from old: String, to new: String) throws {
    let files = FileManager.default
    let (from, to) = ("\(run.files.folder)/\(old)/.gossan", "\(run.files.folder)/\(new)/.gossan")
    try files.createDirectory(atPath: "\(to)/objects", withIntermediateDirectories: true)
    try files.copyItem(atPath: "\(from)/fits", toPath: "\(to)/fits")
    for name in try files.contentsOfDirectory(atPath: "\(to)/fits") {
      let fit = try JSONDecoder().decode(
        KeptFits.Fit.self, from: Data(contentsOf: URL(fileURLWithPath: "\(to)/fits/\(name)")))
      let object = "objects/\(fit.key.prefix(2))"
      try files.createDirectory(
        atPath: "\(to)/\(object)", withIntermediateDirectories: true)
      try files.copyItem(
        atPath: "\(from)/\(object)/\(fit.key.dropFirst(2))",
        toPath: "\(to)/\(object)/\(fit.key.dropFirst(2))")
    }
  }
}
