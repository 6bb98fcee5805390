import Foundation
import Rasters
import Testing

@testable import Pipelines

/// What a dry run says, and that it says only.
struct DryRunTests {
  private static let stages = """
    { type: "read-cube", tag: "ground", files: "a.tif" },
    { type: "standardize", tag: "cube" },
    { type: "superpixels", tag: "segments", size: 25, iterations: 2 },
    { type: "write", inputs: ["cube", "segments"] }
    """

  private func command(_ run: StageRun, chunk: Int) throws -> Command.Run {
    try run.raster("a.tif", ["a", "b"]) { StageRun.noise($0, $1, $2) }
    var command = Command.Run(pipeline: try run.pipeline(Self.stages, chunk: chunk))
    command.output = run.files.folder + "/out"
    command.isDryRun = true
    command.jobs = 3
    return command
  }

  @Test func nothingIsWritten() throws {
    let run = try StageRun()
    let command = try command(run, chunk: 16)
    let before = try FileManager.default.contentsOfDirectory(atPath: run.files.folder).sorted()
    #expect(Runner.run(command) == .done)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: run.files.folder).sorted() == before)
  }

  @Test func everyNodeHasALine() throws {
    let run = try StageRun()
    let command = try command(run, chunk: 16)
    let plan = try Runner.plan(command.pipeline, overrides: Overrides())
    let lines = try DryRun(plan, command).text.split(separator: "\n").map(String.init)
    // The chunks are anchored to the map: 36 x 28 cells from column 103 and row -207 on.
    let chunks = ChunkLattice(grid: StageRun.grid, size: 16).chunks.count
    #expect(lines[0] == "grid 36 x 28, \(chunks) chunks of 16 cells, 3 workers")
    let rows = lines[2..<lines.count - 1].map { $0.split(separator: " ").map(String.init) }
    #expect(rows.map(\.[0]) == Schedule(targets: plan.targets).nodes.map(\.name))
    let ground = try #require(rows.first { $0[0] == "ground" })
    // Two bands of real values: 36 * 28 * 2 * 4 bytes, 16 * 16 of the cells at a time, and those as
    // the bytes of a record.
    #expect(ground[1...] == ["raster", "2", "\(chunks)", "7", "KiB", "4", "KiB"])
    let fit = try #require(rows.first { $0[0] == "cube/fit" })
    #expect(fit[1...3] == ["value", "1", "1"])
    #expect(rows.contains { $0[0] == "segments" && $0[1] == "segments" })
    #expect(rows.contains { $0[0] == "segments/iteration2" && $0[1] == "table" })
    #expect(lines.last?.contains("with 3 workers and 256 MiB of chunks") == true)
  }
}
