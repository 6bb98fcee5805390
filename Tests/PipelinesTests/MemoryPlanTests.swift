import Foundation
import Rasters
import Testing

@testable import Pipelines

/// What a plan takes of memory, and what a limit does to it.
struct MemoryPlanTests {
  private static let stages = """
    { type: "read-cube", tag: "ground", files: "a.tif" },
    { type: "standardize", tag: "cube" },
    { type: "superpixels", tag: "segments", size: 25, iterations: 2 },
    { type: "write", inputs: ["segments"] }
    """
  /// Large enough for chunks that are smaller than it.
  private static let grid = Grid(
    width: 600, height: 300,
    transform: GeoTransform(left: 1_024, top: 2_048, cellWidth: 1, cellHeight: 1), crs: "")

  private func command(
    _ run: StageRun, memory: Int?, stages: String = stages, chunk: Int? = nil
  ) throws -> Command.Run {
    try run.raster("a.tif", ["a", "b"], on: Self.grid) { StageRun.noise($0, $1, $2) }
    let size = chunk.map { "chunk: \($0), " } ?? ""
    try run.text("{ name: \"m\", \(size)seed: 1, stages: [\n\(stages)\n] }", "m.json5")
    var command = Command.Run(pipeline: run.files.folder + "/m.json5")
    command.output = run.files.folder + "/out"
    command.memory = memory
    command.jobs = 4
    return command
  }

  @Test func aNodeTakesWhatItReadsAndMakes() throws {
    let lattice = ChunkLattice(grid: Self.grid, size: 100)
    func node(_ name: String, _ bands: Int, _ edges: [Node.Edge] = [], isStored: Bool = true)
      -> Node
    {
      Node(
        name: name, kind: .raster((0..<bands).map { Band(name: "\($0)") }), identity: [name],
        edges: edges, isStored: isStored
      ) { _ in .bytes([]) }
    }
    let source = node("source", 2)
    // A chunk of two bands, as numbers and as bytes.
    #expect(MemoryPlan.bytes(of: source, on: lattice) == 2 * 2 * 4 * 100 * 100)
    let around = node("around", 1, [.halo(source, 10)])
    #expect(
      MemoryPlan.bytes(of: around, on: lattice)
        == max(2 * 4 * 120 * 120 + 2 * 8 * 100 * 100, 8 * 120 * 120 + 4 * 100 * 100)
        + 4 * 100 * 100)
    // What is not stored is made from its own windows, as far around.
    let scaled = node("scaled", 2, [.cells(source)], isStored: false)
    let far = node("far", 1, [.halo(scaled, 10)])
    #expect(
      MemoryPlan.bytes(of: far, on: lattice)
        == max(8 * 120 * 120 + 2 * 8 * 100 * 100, 2 * 8 * 120 * 120) + 4 * 100 * 100)
  }

  @Test func aBlockOfAnOutputIsReadAndWritten() throws {
    let lattice = ChunkLattice(grid: Self.grid, size: 128)
    let source = Node(
      name: "source", kind: .raster([Band(name: "a"), Band(name: "b")]), identity: ["source"]
    ) { _ in .bytes([]) }
    // As it is read, as a chunk of it is decoded, and as it is written.
    let block = 8 * 512 * 300
    #expect(MemoryPlan.bytesWriting(source, on: lattice) == 4 * block)
    let table = Node(name: "table", kind: .table, identity: ["table"]) { _ in .bytes([]) }
    #expect(MemoryPlan.bytesWriting(table, on: lattice) == 0)
  }

  @Test func aLimitLeavesFewerWorkers() throws {
    let run = try StageRun()
    let memory = MemoryPlan(try Runner.plan(try command(run, memory: nil)))
    #expect(memory.budget(limit: nil, jobs: 4) == .init(workers: 4, cacheBytes: 256 << 20))
    let least = memory.budget(limit: memory.least, jobs: 4)
    #expect(least.workers == 1)
    #expect(memory.bytes(least, isLimited: true) <= memory.least)
    var last = least
    for limit in stride(from: memory.least, to: 2 << 30, by: 8 << 20) {
      let budget = memory.budget(limit: limit, jobs: 4)
      #expect(memory.bytes(budget, isLimited: true) <= limit)
      #expect(budget.workers >= last.workers)
      last = budget
    }
    #expect(last == .init(workers: 4, cacheBytes: 256 << 20))
  }

  @Test func chunksAreSmallerWhereTheFileNamesNoSize() throws {
    let run = try StageRun()
    let whole = try Runner.plan(try command(run, memory: nil))
    let limit = MemoryPlan(whole).least - 1
    #expect(whole.document.chunk == 512)
    let smaller = try Runner.plan(try command(run, memory: limit))
    #expect([256, 128].contains(smaller.document.chunk))
    #expect(MemoryPlan(smaller).least <= limit)
    #expect(throws: PipelineError.self) {
      try Runner.plan(try command(run, memory: limit, chunk: 512))
    }
  }

  @Test func aPlanThatCannotFitIsRefusedWithWhatItNeeds() throws {
    let run = try StageRun()
    let command = try command(run, memory: 64 << 20)
    #expect(Runner.run(command) == .invalid)
    #expect(!FileManager.default.fileExists(atPath: run.files.folder + "/out"))
    let error = #expect(throws: PipelineError.self) { try Runner.plan(command) }
    let text = try #require(error?.problems.first?.description)
    let needed = try #require(
      text.firstMatch(of: /allows 64 MiB, but at least ([0-9]+) MiB are needed/))
    // What is asked for is enough.
    var enough = command
    enough.memory = try #require(Int(needed.1)) << 20
    #expect(Runner.run(enough) == .done)
  }

  @Test func smallerChunksGiveTheSameSegments() throws {
    let run = try StageRun()
    var command = try command(run, memory: nil)
    #expect(Runner.run(command) == .done)
    command.memory = MemoryPlan(try Runner.plan(command)).least - 1
    command.output = run.files.folder + "/limited"
    #expect(Runner.run(command) == .done)
    func bytes(_ folder: String) throws -> Data {
      try Data(contentsOf: URL(filePath: "\(run.files.folder)/\(folder)/segments.tif"))
    }
    #expect(try bytes("out") == bytes("limited"))
  }
}
