import Foundation
import Networks
import Rasters
import Segmentation
import Testing

@testable import Pipelines

/// The stage's options: squares, the number of segments, and the graph of pixels.
@Suite(.serialized) struct SuperpixelsOptionsTests {
  private func planned(_ sample: SampleRun, _ options: String) throws -> SegmentsProduct {
    let path = try sample.ground(
      "planned", labels: "",
      then: "{ type: \"superpixels\", tag: \"segments\", \(options) }, { type: \"write\" },")
    let plan = try Runner.plan(path, overrides: Overrides())
    guard
      case .segments(let segments)? = plan.products.first(where: { $0.tag == "segments" })?
        .product
    else { throw SampleRun.SampleError.missing("segments") }
    return segments
  }

  @Test func aNumberOfSegmentsIsASize() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let counted = try planned(sample, "count: 200")
    let grid = counted.lattice.gridWindow
    #expect(counted.lattice.size == Double(grid.cellCount) / 200)
    // A model makes segments of the same size on any other grid.
    #expect(!counted.recipe.options.contains("count"))
    #expect(counted.recipe.options.contains("\"size\":\(counted.lattice.size)"))
    #expect(throws: (any Error).self) { try planned(sample, "count: 200, size: 50") }
    #expect(throws: (any Error).self) { try planned(sample, "count: 100000000") }
  }

  @Test func squaresAreSquares() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.ground(
      "squares", labels: "",
      then: """
        { type: "superpixels", tag: "segments", method: "squares", size: 16 }, { type: "write" },
        """)
    let plan = try Runner.plan(path, overrides: Overrides())
    let executor = Executor(
      lattice: ChunkLattice(grid: plan.planner.grid, size: 32),
      store: try ChunkStore(directory: sample.folder + "/store"), events: SampleRun.Notes(),
      cacheBytes: 1 << 24)
    let node = try #require(
      plan.products.first { $0.tag == "segments" }?.product.nodes.first)
    try executor.run(Schedule(targets: [node]))
    let segments = try executor.segments(node, plan.planner.grid.window)
    var boxes: [UInt32: (Int, Int, Int, Int, Int)] = [:]
    for row in 0..<segments.window.height {
      for column in 0..<segments.window.width {
        let id = segments.id(column: column, row: row)
        guard id != SegmentRaster.none else { continue }
        let box = boxes[id] ?? (column, column, row, row, 0)
        boxes[id] = (min(box.0, column), max(box.1, column), min(box.2, row), row, box.4 + 1)
      }
    }
    let whole = boxes.values.count { $0.1 - $0.0 == 3 && $0.3 - $0.2 == 3 && $0.4 == 16 }
    #expect(whole > boxes.count * 3 / 5 && boxes.count > 200)
  }

  /// Weights of edges are those of the whole map, in every chunk and in training.
  @Test(arguments: ["similarity", "directional"])
  func weightedGraphsAreTheSameForAnyChunk(weights: String) throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    func run(_ chunk: Int) throws {
      let path = try sample.pipeline(
        "weights\(chunk)",
        replacing: [
          ("output: 4 }", "output: 4, weights: \"\(weights)\", sigma: 0.7 }"),
          ("size: 50, compactness", "size: 20, compactness"),
          ("seed: 1,", "seed: 1, chunk: \(chunk),"),
          ("{ type: \"validate\"", "// { type: \"validate\""),
          ("\"model\", \"scores\"]", "\"model\"]"), ("{ type: \"report\" },", ""),
        ])
      #expect(sample.run(path, out: "out\(chunk)") == .done)
    }
    for chunk in [512, 40] { try run(chunk) }
    let model = try #require(sample.bytes("out512", "model.safetensors"))
    #expect(model == sample.bytes("out40", "model.safetensors"))
    let package = try ModelPackage([UInt8](model))
    #expect(package.predictor.architecture.graphBranch?.weights?.sigma == 0.7)
    #expect(
      package.predictor.architecture.graphBranch?.weights?.tau
        == (weights == "directional" ? 0.5 : nil))
    let whole = try sample.raster("out512", "probability.tif").cube
    let parts = try sample.raster("out40", "probability.tif").cube
    for (a, b) in zip(whole.values, parts.values) {
      #expect(a.isNaN == b.isNaN && (a.isNaN || abs(a - b) <= 1e-5))
    }
  }

  /// A graph of pixels is superpixels of one cell, and no chunk shows in its prediction.
  @Test func aPixelGraphPredictsTheSameForAnyChunk() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    func map(_ chunk: Int) throws -> DataCube {
      let changes = [
        ("size: 50, compactness: 0.1", "method: \"squares\", size: 1"),
        ("seed: 1,", "seed: 1, chunk: \(chunk),"),
        ("{ type: \"validate\"", "// { type: \"validate\""),
        ("[\"probability\", \"shap\", \"segments\", \"model\", \"scores\"]", "[\"probability\"]"),
        ("{ type: \"report\" },", ""),
      ]
      let path = try sample.pipeline("pixels\(chunk)", replacing: changes)
      #expect(sample.run(path, out: "out\(chunk)") == .done)
      return try sample.raster("out\(chunk)", "probability.tif").cube
    }
    let whole = try map(512)
    #expect(whole.completeCells.count { $0 } > 5000)
    for chunk in [23, 64] {
      let parts = try map(chunk)
      for (a, b) in zip(whole.values, parts.values) {
        #expect(a.isNaN == b.isNaN && (a.isNaN || abs(a - b) <= 1e-5))
      }
    }
  }
}
