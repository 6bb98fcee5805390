import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// A folder with small rasters and pipelines of a few stages; goes with the value.
final class StageRun {
  let files: SampleRun

  init(inMemory: Bool = false) throws { files = try SampleRun(inMemory: inMemory) }

  deinit { files.remove() }

  /// A small grid away from the map's origin, without a coordinate system.
  static let grid = Grid(
    width: 36, height: 28,
    transform: GeoTransform(left: 1_030, top: 2_070, cellWidth: 10, cellHeight: 10), crs: "")

  /// The same grid in the words of a pipeline.
  static let gridText = "{ crs: \"\", resolution: 10, extent: [1030, 1790, 1390, 2070] }"

  /// A number that looks random and depends on its arguments alone, from 0 to 1.
  static func noise(_ parts: Int...) -> Float {
    var state: UInt64 = 0x9E37_79B9
    for part in parts {
      state = (state ^ UInt64(bitPattern: Int64(part))) &* 0xBF58_476D_1CE4_E5B9
      state ^= state >> 29
    }
    return Float((state &* 0x94D0_49BB_1331_11EB) >> 40) / Float(1 << 24)
  }

  /// Writes a GeoTIFF of real values; `value` takes band, column and row, and NaN is missing.
  func raster(
    _ name: String, _ bands: [String], on grid: Grid = StageRun.grid, unit: String = "",
    value: (Int, Int, Int) -> Float
  ) throws {
    let output = RasterOutput(
      path: "\(files.folder)/\(name)", grid: grid,
      bands: bands.map { OutputBand(name: $0, unit: unit) })
    try output.write { window in
      .float32(
        bands.indices.flatMap { band in
          StageRun.cells(window).map { value(band, $0.column, $0.row) }
        })
    }
  }

  func text(_ text: String, _ name: String) throws {
    try text.write(toFile: "\(files.folder)/\(name)", atomically: true, encoding: .utf8)
  }

  /// Writes a pipeline of some stages and returns its path.
  func pipeline(
    _ stages: String, name: String = "pipeline", grid: String? = nil, chunk: Int = 512,
    seed: Int = 1
  ) throws -> String {
    let gridLine = grid.map { "grid: \($0), " } ?? ""
    try text(
      "{ name: \"\(name)\", \(gridLine)chunk: \(chunk), seed: \(seed), stages: [\n\(stages)\n] }",
      "\(name).json5")
    return "\(files.folder)/\(name).json5"
  }

  /// The only problem of a pipeline, as far as it has just one.
  func problem(_ stages: String, grid: String? = nil) throws -> Problem? {
    let problems = Runner.problems(
      try pipeline(stages, name: "problem", grid: grid), overrides: Overrides())
    #expect(problems.count == 1, "\(problems.map(\.description))")
    return problems.first
  }

  /// Runs stages and returns one of the rasters they write.
  func output(
    _ stages: String, _ tag: String, grid: String? = nil, chunk: Int = 512
  ) throws -> (info: RasterInfo, cube: DataCube, bytes: Data) {
    let name = "chunk\(chunk)"
    let path = try pipeline(stages, name: name, grid: grid, chunk: chunk)
    try #require(files.run(path, out: name) == .done)
    let (info, cube) = try files.raster(name, "\(tag).tif")
    return (info, cube, try #require(files.bytes(name, "\(tag).tif")))
  }

  /// A plan of stages with what carries it out, nothing made yet.
  func planned(
    _ stages: String, grid: String? = nil, chunk: Int = 512, seed: Int = 1, out: String = "planned"
  ) throws -> PlannedRun {
    let path = try pipeline(stages, name: "planned", grid: grid, chunk: chunk, seed: seed)
    let plan = try Runner.plan(path, overrides: Overrides())
    var command = Command.Run(pipeline: path)
    command.output = "\(files.folder)/\(out)"
    return PlannedRun(
      plan: plan,
      run: try PipelineRun(plan, command, Progress(style: .none, isQuiet: true)), folder: self)
  }

  /// The cells of a window, rows from the top.
  static func cells(_ window: Window) -> [Cell] {
    (window.y..<window.maxY).flatMap { row in
      (window.x..<window.maxX).map { Cell(column: $0, row: row) }
    }
  }
}

/// A plan whose products are made when they are asked for.
struct PlannedRun {
  let plan: Runner.Plan
  let run: PipelineRun
  /// Keeps the files.
  let folder: StageRun

  var executor: Executor { run.executor }
  var grid: Grid { plan.planner.grid }

  /// What a stage promises, for the shipped result or for a fold of `folds`.
  func product(_ tag: String, fold: Int? = nil, of folds: String = "folds") throws -> Product {
    guard let fold else { return try plan.planner.product(tag, fold: nil) }
    guard case .folds(let divided) = try plan.planner.product(folds, fold: nil) else {
      throw SampleRun.SampleError.missing(folds)
    }
    return try plan.planner.product(tag, fold: FoldContext(folds: divided, index: fold))
  }

  func rasterProduct(_ tag: String, fold: Int? = nil) throws -> RasterProduct {
    guard case .raster(let raster) = try product(tag, fold: fold) else {
      throw SampleRun.SampleError.missing(tag)
    }
    return raster
  }

  /// All cells of a raster.
  func cube(_ tag: String, fold: Int? = nil) throws -> DataCube {
    try executor.cube(try rasterProduct(tag, fold: fold).node, grid.window)
  }

  /// The test places of a fold, from what `split` made.
  func places(_ fold: Int, of folds: String = "folds") throws -> TestPlaces {
    guard case .folds(let divided) = try product(folds) else {
      throw SampleRun.SampleError.missing(folds)
    }
    return try TestPlaces(try executor.value(divided.node), fold: fold)
  }
}

/// Whether values are the same, missing ones too, up to `tolerance` of the larger one or 1.
func isSame(_ a: some Sequence<Float>, _ b: some Sequence<Float>, tolerance: Float = 0) -> Bool {
  let a = Array(a)
  let b = Array(b)
  return a.count == b.count
    && zip(a, b).allSatisfy { x, y in
      x.isNaN || y.isNaN
        ? x.isNaN && y.isNaN : abs(x - y) <= tolerance * max(1, abs(x), abs(y))
    }
}
