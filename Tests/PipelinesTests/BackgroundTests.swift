import Foundation
import Learning
import Networks
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Background cells for samples of one class.
struct BackgroundTests {
  private static let presence = """
    { type: "labels", tag: "deposits", file: "${here}/deposits.csv", x: "x", y: "y",
      presence: "deposit" },
    """

  /// Twelve places in the middle of the map.
  private func writeDeposits(_ sample: SampleRun) throws -> (grid: Grid, places: [Cell]) {
    let grid = try #require(
      try RasterInfo(path: SampleRun.root + "/sample-rasters/jura/landuse_rock.tif").grid)
    let cells = (0..<12).map { Cell(column: 35 + 3 * ($0 % 4), row: 50 + 4 * ($0 / 4)) }
    let rows = cells.map { "\(grid.center(of: $0).x),\(grid.center(of: $0).y)" }
    try (["x,y"] + rows).joined(separator: "\n").write(
      toFile: sample.folder + "/deposits.csv", atomically: true, encoding: .utf8)
    return (grid, cells)
  }

  private func samples(
    _ sample: SampleRun, _ background: String, chunk: Int = 512
  ) throws -> SampleSet {
    let path = try sample.ground("background-\(chunk)", labels: Self.presence, then: background)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacingOccurrences(of: "seed: 1,", with: "seed: 1, chunk: \(chunk),")
      .write(toFile: path, atomically: true, encoding: .utf8)
    let bytes = try sample.value(path, of: "all", out: "store-\(UUID().uuidString)").bytes
    return try JSONDecoder.stable.decode(SampleSet.self, from: Data(bytes))
  }

  @Test func cellsAreValidFarAndTheSameForAnyChunk() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let (grid, places) = try writeDeposits(sample)
    let stage = """
      { type: "background", tag: "all", inputs: { samples: "deposits", cube: "cube" }, count: 60,
        distance: 400 },
      """
    let set = try samples(sample, stage)
    #expect(set == (try samples(sample, stage, chunk: 23)))
    #expect(set.categories.map(\.name) == ["background", "deposit"])
    #expect(set.counts == [60, 12])
    let complete = try RasterSource(
      path: SampleRun.root + "/sample-rasters/jura/landuse_rock.tif", grid: grid,
      resampling: .nearest
    ).read(grid.window).completeCells
    let drawn = set.samples.filter { $0.target == .category(0) }
    #expect(Set(drawn.map(\.cell)).count == 60)
    for sample in drawn {
      #expect(complete[grid.window.index(column: sample.cell.column, row: sample.cell.row)])
      for place in places {
        let center = grid.center(of: place)
        #expect(hypot(center.x - sample.x, center.y - sample.y) >= 400)
      }
    }
    // They are spread over the map, not the first cells of it.
    #expect(Set(drawn.map { $0.cell.row / 20 }).count >= 4)
  }

  @Test func asManyAsPlacesByDefaultAndOthersForOtherSeeds() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    _ = try writeDeposits(sample)
    let stage = """
      { type: "background", tag: "all", inputs: { samples: "deposits" }, name: "elsewhere" },
      """
    let set = try samples(sample, stage)
    #expect(set.counts == [12, 12] && set.categories[0].name == "elsewhere")
    let path = try sample.ground("other", labels: Self.presence, then: stage)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacingOccurrences(of: "seed: 1,", with: "seed: 2,")
      .write(toFile: path, atomically: true, encoding: .utf8)
    let other = try JSONDecoder.stable.decode(
      SampleSet.self, from: Data(try sample.value(path, of: "all", out: "other").bytes))
    #expect(Set(other.samples.map(\.cell)) != Set(set.samples.map(\.cell)))
  }

  @Test func aFileCanBeTheBackground() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let (grid, _) = try writeDeposits(sample)
    let center = grid.center(of: Cell(column: 60, row: 70))
    try "x,y\n\(center.x),\(center.y)\n\(center.x),\(center.y)\n0,0\n".write(
      toFile: sample.folder + "/barren.csv", atomically: true, encoding: .utf8)
    let set = try samples(
      sample,
      """
      { type: "background", tag: "all", inputs: { samples: "deposits" },
        file: "${here}/barren.csv", x: "x", y: "y" },
      """)
    #expect(set.counts == [2, 12])
    #expect(set.samples[0].cell == Cell(column: 60, row: 70))
  }

  @Test func tooManyAndTwoClassesAreSaid() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    _ = try writeDeposits(sample)
    #expect(throws: (any Error).self) {
      try samples(
        sample,
        """
        { type: "background", tag: "all", inputs: { samples: "deposits", cube: "cube" },
          distance: 1000000 },
        """)
    }
    let path = try sample.ground(
      "two",
      labels: """
        { type: "labels", tag: "deposits", file: "${data}/points.gpkg", field: "Cd_exceeds" },
        """, then: "{ type: \"background\", tag: \"all\", inputs: { samples: \"deposits\" } },")
    let problems = Runner.problems(path, overrides: Overrides())
    #expect(problems.count == 1 && problems.first?.stage == "all")
    #expect(problems.first?.message.contains("has 2 classes") == true)
  }
}
