import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// A small made-up survey: five parts with gaps and zeros, points with classes and folds.
struct CompositionalScene {
  let sample: SampleRun
  static let names = ["Cu", "Pb", "Zn", "As", "Fe"]
  static let grid = Grid(
    width: 70, height: 50,
    transform: GeoTransform(left: 1000, top: 2000, cellWidth: 10, cellHeight: 10), crs: "")

  /// Writes `parts.tif` and `labels.csv`; the cells of fold 0 hold `planted`, if given, and bands
  /// lie at `wavelengths` in nanometres.
  init(
    units: [String] = ["ppm", "ppm", "ppm", "ppm", "ppm"], planted: Float? = nil,
    wavelengths: [Double]? = nil
  ) throws {
    sample = try SampleRun()
    let points = Self.points
    let test = Set(points.filter { $0.fold == 0 }.map(\.cell))
    let output = RasterOutput(
      path: sample.folder + "/parts.tif", grid: Self.grid,
      bands: zip(Self.names, units).enumerated().map { index, band in
        let position = wavelengths.map { BandPosition($0[index], .nanometres) }
        return OutputBand(name: band.0, unit: band.1, metadata: position?.metadata ?? [:])
      })
    try output.write { window in
      .float32(
        (0..<5).flatMap { band in
          (0..<window.cellCount).map { index in
            let cell = Cell(
              column: window.x + index % window.width, row: window.y + index / window.width)
            return test.contains(cell) ? planted ?? Self.value(cell, band) : Self.value(cell, band)
          }
        })
    }
    let lines = points.map { point in
      let center = Self.grid.center(of: point.cell)
      return "\(center.x),\(center.y),\(point.isRich ? 1 : 0),\(point.fold)"
    }
    try (["x,y,class,fold"] + lines).joined(separator: "\n").write(
      toFile: sample.folder + "/labels.csv", atomically: true, encoding: .utf8)
  }

  func remove() { sample.remove() }

  /// A positive concentration; one cell in 23 is zero, one in 17 missing, one corner empty.
  static func value(_ cell: Cell, _ band: Int) -> Float {
    if cell.column < 9 && cell.row < 7 { return .nan }
    if (cell.column + 3 * cell.row + 5 * band) % 17 == 0 { return .nan }
    if band < 2 && (cell.column * 7 + cell.row + band) % 23 == 0 { return 0 }
    let wave = sin(Double(cell.column * (band + 2)) / 9) + cos(Double(cell.row * (band + 1)) / 7)
    let grain = Double((cell.column * 131 + cell.row * 57 + band * 29) % 101) / 101
    return Float(exp(wave + grain + Double(band)))
  }

  private static var points: [(cell: Cell, isRich: Bool, fold: Int)] {
    stride(from: 0, to: 96, by: 1).map { index in
      let cell = Cell(column: 10 + index * 5 % 59, row: 8 + index * 11 % 41)
      return (cell, sin(Double(cell.column) / 4.5) > 0, index % 3)
    }
  }

  /// A pipeline that reads the parts as 'raw' and goes on with `stages`.
  func pipeline(_ name: String, chunk: Int = 512, _ stages: String) throws -> String {
    let path = "\(sample.folder)/\(name).json5"
    try """
    { name: "\(name)", grid: { like: "parts.tif" }, chunk: \(chunk), stages: [
      { type: "read-cube", tag: "raw", files: ["parts.tif"] },
      \(stages) ] }
    """.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  /// Stages that train on the cube that `preparation` makes last, map and explain it.
  func modelling(_ preparation: String, validate: Bool = false) -> String {
    """
    \(preparation),
    { type: "labels", tag: "labels", file: "labels.csv", field: "class" },
    { type: "split", tag: "folds", inputs: { samples: "labels" }, method: "field", field: "fold" },
    { type: "train", tag: "model", inputs: { cube: "cube", samples: "labels" }, epochs: 3,
      background: 3, branches: [{ type: "spectral-cnn", filters: [2], kernel: 2, width: 4 }] },
    \(validate ? "{ type: \"validate\", inputs: { model: \"model\", folds: \"folds\" } }," : "")
    { type: "predict", tag: "probability", inputs: { model: "model", cube: "cube" } },
    { type: "explain", tag: "shap", method: "shapley", output: true,
      inputs: { model: "model", cube: "cube" } },
    { type: "write", inputs: ["model", "probability", "shap"] }, { type: "report" }
    """
  }

  /// What a run with chunks of 16 and of 512 cells writes, which must be the same bytes.
  func raster(_ stages: String, _ place: SourceLocation = #_sourceLocation) throws
    -> (info: RasterInfo, cube: DataCube)
  {
    let text = stages + ", { type: \"write\", inputs: [\"cube\"] }"
    #expect(
      sample.run(try pipeline("large", text), out: "large") == .done, sourceLocation: place)
    #expect(
      sample.run(try pipeline("small", chunk: 16, text), out: "small") == .done,
      sourceLocation: place)
    let bytes = try #require(sample.bytes("large", "cube.tif"), sourceLocation: place)
    #expect(bytes == sample.bytes("small", "cube.tif"), sourceLocation: place)
    return try sample.raster("large", "cube.tif")
  }

  /// Trains, replays the model file on the raw bands and expects the same map; the attributions.
  func replayed(_ preparation: String, _ place: SourceLocation = #_sourceLocation) throws
    -> (info: RasterInfo, cube: DataCube)
  {
    let first = try pipeline("first", modelling(preparation))
    #expect(sample.run(first, out: "first") == .done, sourceLocation: place)
    let second = try pipeline(
      "second",
      """
      { type: "predict", tag: "probability", model: "\(sample.folder)/first/model.safetensors",
        inputs: { cube: ["raw"] } }, { type: "write" }
      """)
    #expect(sample.run(second, out: "second") == .done, sourceLocation: place)
    let map = try #require(sample.bytes("first", "probability.tif"), sourceLocation: place)
    #expect(map == sample.bytes("second", "probability.tif"), sourceLocation: place)
    let shap = try sample.raster("first", "shap.tif")
    expectSums(shap.cube, of: try sample.raster("first", "probability.tif").cube, place)
    return shap
  }

  /// Features and base add up to the explained output, the log-odds of the second class.
  private func expectSums(
    _ cube: DataCube, of probability: DataCube, _ place: SourceLocation
  ) {
    let cells = cube.window.cellCount
    let features = cube.bandCount - 2
    var worst = 0.0
    for cell in 0..<cells where !cube.values[cell].isNaN {
      let bands = (0..<cube.bandCount).map { Double(cube.values[$0 * cells + cell]) }
      let odds = Double(probability.values[cells + cell]) / Double(probability.values[cell])
      let sum = bands[..<features].reduce(bands[features + 1], +)
      worst = max(worst, abs(sum - bands[features]), abs(sum - log(odds)))
    }
    #expect(worst < 1e-4, sourceLocation: place)
  }

  /// The fitted values of all folds of a pipeline with this preparation, by node.
  func fits(_ preparation: String) throws -> [String: [UInt8]] {
    let path = try pipeline("fits", modelling(preparation, validate: true))
    let plan = try Runner.plan(path, overrides: Overrides())
    var command = Command.Run(pipeline: path)
    command.output = sample.folder + "/fits"
    let run = try PipelineRun(plan, command, Progress(style: .none, isQuiet: true))
    let nodes = Schedule(targets: plan.targets).nodes.filter { $0.name.hasSuffix("/fit") }
    try run.executor.run(Schedule(targets: nodes))
    return Dictionary(
      uniqueKeysWithValues: try nodes.map { ($0.name, try run.executor.value($0)) })
  }

  /// Absurd values in the test places of fold 0 move every fit but that fold's own.
  static func expectNoLeak(
    _ preparation: String, planting value: Float = 90_000,
    _ place: SourceLocation = #_sourceLocation
  ) throws {
    let plain = try CompositionalScene()
    defer { plain.remove() }
    let planted = try CompositionalScene(planted: value)
    defer { planted.remove() }
    let before = try plain.fits(preparation)
    let after = try planted.fits(preparation)
    let zero = before.keys.filter { $0.contains("@0/") }
    #expect(!zero.isEmpty && before.count > zero.count, sourceLocation: place)
    for name in before.keys {
      #expect(
        (before[name] == after[name]) == zero.contains(name), "\(name)", sourceLocation: place)
    }
  }

  /// The problems of a pipeline with these stages.
  func problems(_ stages: String) throws -> [Problem] {
    Runner.problems(
      try pipeline("bad", stages + ", { type: \"write\" }"), overrides: Overrides())
  }

  /// Expects that stages are refused with a problem that names the key and says something.
  func expectProblem(
    _ stages: String, _ key: String, _ says: String, _ place: SourceLocation = #_sourceLocation
  ) throws {
    let problems = try problems(stages)
    let found = problems.contains { $0.key == key && $0.description.contains(says) }
    #expect(found, "\(problems.map(\.description))", sourceLocation: place)
  }
}
