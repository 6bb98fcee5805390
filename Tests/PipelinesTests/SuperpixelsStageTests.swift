import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Superpixels of a small map, as they are written.
struct SuperpixelsStageTests {
  private static let stages =
    "{ type: \"read-cube\", tag: \"cube\", files: \"map.tif\" },"
    + " { type: \"superpixels\", tag: \"segments\", size: 20, compactness: 0.1, iterations: 4 },"
    + " { type: \"write\", inputs: [\"segments\"] }"

  /// Two fields with noise, and a lake without data.
  private static func value(_ band: Int, _ column: Int, _ row: Int) -> Float {
    if isLake(column, row) { return .nan }
    return (column + row / 2 > 25 ? 1 : 0) + 0.2 * StageRun.noise(band, column, row)
  }

  private static func isLake(_ column: Int, _ row: Int) -> Bool {
    (8..<14).contains(column) && (10..<15).contains(row)
  }

  private func run() throws -> StageRun {
    let run = try StageRun()
    try run.raster("map.tif", ["a", "b"], value: Self.value)
    return run
  }

  @Test func idsAreTheSameForAllChunks() throws {
    let run = try run()
    let whole = try run.output(Self.stages, "segments", chunk: 512)
    for chunk in [16, 19] {
      #expect(try run.output(Self.stages, "segments", chunk: chunk).bytes == whole.bytes)
    }
    // Ids are whole numbers, and cells without data have none.
    for (index, cell) in StageRun.cells(whole.cube.window).enumerated() {
      let id = whole.cube.values[index]
      #expect((id.isNaN || id == 0) == Self.isLake(cell.column, cell.row), "\(cell)")
    }
    #expect(whole.info.bands.map(\.typeName) == ["UInt32"])
    #expect(whole.info.bands.first?.nodata == 0)
  }

  /// The cells of every 4-connected piece of every segment.
  private func pieces(_ raster: SegmentRaster) -> [UInt32: [Int]] {
    let width = raster.window.width
    var seen = [Bool](repeating: false, count: raster.ids.count)
    var pieces: [UInt32: [Int]] = [:]
    for start in raster.ids.indices where !seen[start] && raster.ids[start] != SegmentRaster.none {
      let id = raster.ids[start]
      var stack = [start]
      var count = 0
      seen[start] = true
      while let cell = stack.popLast() {
        count += 1
        let column = cell % width
        let around = [
          column > 0 ? cell - 1 : -1, column < width - 1 ? cell + 1 : -1, cell - width,
          cell + width,
        ]
        for next in around where raster.ids.indices.contains(next) && !seen[next] {
          guard raster.ids[next] == id else { continue }
          seen[next] = true
          stack.append(next)
        }
      }
      pieces[id, default: []].append(count)
    }
    return pieces
  }

  private func segments(_ run: StageRun, compactness: Double) throws -> [UInt32: [Int]] {
    let plan = try run.planned(
      Self.stages.replacingOccurrences(of: "compactness: 0.1", with: "compactness: \(compactness)"),
      chunk: 16)
    guard case .segments(let product) = try plan.product("segments") else {
      throw SampleRun.SampleError.missing("segments")
    }
    let pieces = pieces(try plan.executor.segments(product.node, plan.grid.window))
    #expect(pieces.values.flatMap(\.self).reduce(0, +) == plan.grid.cellCount - 30)
    return pieces
  }

  @Test func everySegmentIsOnePieceOfItsSize() throws {
    let sizes = try segments(try run(), compactness: 1)
    #expect(sizes.values.allSatisfy { $0.count == 1 })
    // As many segments as the nominal size asks for, none a crumb or several fields wide.
    #expect(sizes.count > 35 && sizes.count < 75, "\(sizes.count)")
    let cells = sizes.values.flatMap(\.self)
    #expect((cells.min() ?? 0) >= 2 && (cells.max() ?? 0) <= 60, "\(cells.sorted())")
  }

  /// Where noise outweighs nearness, crumbs that have no large neighbour stay with their label.
  @Test func onlyCrumbsLieApart() throws {
    let sizes = try segments(try run(), compactness: 0.1)
    #expect(sizes.values.allSatisfy { $0.count { $0 >= 10 } <= 1 })
    #expect(sizes.values.allSatisfy { $0.reduce(0, +) <= 100 })
  }

  @Test func tooManySegmentsAreAProblem() throws {
    let problem = try run().problem(
      "{ type: \"read-cube\", files: \"map.tif\" }, { type: \"superpixels\", size: 1 }",
      grid: "{ crs: \"\", resolution: 1, extent: [0, 0, 40000, 10] }")
    #expect(problem?.stage == "superpixels" && problem?.key == "size")
    #expect(problem?.message.contains("use larger segments") == true)
    let small = try run().problem(
      "{ type: \"read-cube\", files: \"map.tif\" }, { type: \"superpixels\", size: 0.5 }")
    #expect(small?.key == "size")
  }
}
