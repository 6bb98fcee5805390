import Foundation
import Rasters
import Testing

@testable import Pipelines

/// Several processes that fill one store, and the script that starts them on a cluster.
struct ShardsTests {
  @Test(arguments: [
    ("1/1", 1, 1), ("2/4", 2, 4), ("100000/100000", 100_000, 100_000),
  ])
  func readsShares(text: String, number: Int, count: Int) throws {
    let shard = try #require(Shard(text))
    #expect((shard.number, shard.count) == (number, count))
    #expect(shard.description == text)
  }

  @Test(arguments: ["", "1", "0/2", "3/2", "1/0", "a/b", "1/2/3", "-1/2", "1/", "1/100001"])
  func refusesOthers(text: String) { #expect(Shard(text) == nil) }

  @Test(arguments: [1, 2, 3, 7, 40], [0, 1, 2, 13, 100])
  func everyPieceIsOfOneShare(count: Int, pieces: Int) throws {
    let shards = (1...count).compactMap { Shard("\($0)/\(count)") }
    for piece in 0..<pieces {
      #expect(shards.count { $0.owns(piece, of: pieces) } == 1)
    }
    let sizes = shards.map { shard in (0..<pieces).count { shard.owns($0, of: pieces) } }
    #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
  }

  private func value(_ name: String, _ edges: [Node.Edge], isCostly: Bool = false) -> Node {
    Node(name: name, kind: .value, identity: [name], edges: edges, isCostly: isCostly) { _ in
      .bytes([])
    }
  }

  private func raster(_ name: String, _ edges: [Node.Edge]) -> Node {
    Node(name: name, kind: .raster([Band(name: "a")]), identity: [name], edges: edges) { _ in
      .bytes([])
    }
  }

  private func table(_ name: String, _ edges: [Node.Edge]) -> Node {
    Node(name: name, kind: .table, identity: [name], edges: edges) { _ in .bytes([]) }
  }

  @Test func levelsEndWhereAllMustBeThere() {
    let read = raster("read", [])
    let sums = table("sums", [.cells(read)])
    let fit = value("fit", [.all(sums)])
    let scaled = raster("scaled", [.halo(read, 3), .all(fit)])
    let rows = table("rows", [.cells(scaled)])
    let model = value("model", [.all(rows)], isCostly: true)
    let other = value("other", [.all(rows)], isCostly: true)
    let map = raster("map", [.halo(scaled, 5), .all(model)])
    let search = value("search", [.all(map)])
    let levels = ShardLevels(Schedule(targets: [map, other, search])).levels
    #expect(
      levels.map { Set($0.map(\.name)) } == [
        ["read", "sums"], ["fit", "scaled", "rows"], ["model", "other"], ["map"], ["search"],
      ])
  }

  /// Shares in any order, repeated until all have come through, make what one run makes.
  @Test(arguments: [1, 3]) func sharesMakeWhatOneRunMakes(count: Int) throws {
    let sample = try SampleRun(inMemory: true)
    defer { sample.remove() }
    let text = try sample.pipeline(
      "shards", replacing: [("seed:", "chunk: 40, seed:")])
    #expect(sample.run(text, out: "one") == .done)
    var command = Command.Run(pipeline: text)
    command.output = "\(sample.folder)/many"
    command.verbosity = .quiet
    let plan = try Runner.plan(text, overrides: Overrides())
    let levels = ShardLevels(Schedule(targets: plan.targets)).levels.count
    #expect(levels > 2)
    for _ in 0..<levels {
      for number in (1...count).reversed() {
        command.shard = Shard("\(number)/\(count)")
        #expect(Runner.run(command) == .done)
      }
    }
    #expect(try sample.names("many").isEmpty)
    command.shard = nil
    // The last run has nothing to make but what is quick.
    let run = try PipelineRun(plan, command, Progress(style: .none, isQuiet: true))
    try run.run()
    let costly = Schedule(targets: plan.targets).nodes.filter { !$0.isValue || $0.isCostly }
    for node in costly {
      #expect(run.executor.statistics[node.name]?.made ?? 0 == 0, "\(node.name)")
    }
    for name in try sample.names("one") where !name.hasSuffix(".json") {
      guard name != "report.html" else { continue }
      #expect(sample.bytes("many", name) == sample.bytes("one", name), "\(name)")
    }
  }

  @Test func sharesFillAStoreTogetherButNotBesideARun() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let folder = "\(sample.folder)/store"
    do {
      let first = try ChunkStore(directory: folder, isShared: true)
      let second = try ChunkStore(directory: folder, isShared: true)
      #expect(first.directory == second.directory)
      #expect(throws: StoreError.self) { try ChunkStore(directory: folder) }
    }
    let alone = try ChunkStore(directory: folder)
    #expect(throws: StoreError.self) { try ChunkStore(directory: folder, isShared: true) }
    _ = alone.directory
  }

  @Test func theScriptIsAShells() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.pipeline("it's a map")
    var run = Command.Run(pipeline: path)
    run.output = "\(sample.folder)/out of it"
    run.jobs = 2
    run.overrides.options = [.init(tag: "model", path: "epochs", text: "3")]
    let plan = try Runner.plan(path, overrides: run.overrides)
    let text = SlurmScript(plan, Command.Slurm(run, shards: 5)).text
    let script = "\(sample.folder)/script.sh"
    // Slurm's command is replaced by one that shows its arguments.
    let shown =
      "sbatch() { for word in \"$@\"; do printf '[%s]' \"$word\" >&2; done; echo >&2; echo 7; }\n"
    try (shown + text).write(toFile: script, atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = [script]
    let errors = Pipe()
    process.standardError = errors
    process.standardOutput = Pipe()
    try process.run()
    let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let lines = said.split(separator: "\n")
    let levels = ShardLevels(Schedule(targets: plan.targets)).levels.count
    #expect(lines.count == levels + 1)
    for (index, line) in lines.enumerated() {
      for word in [
        "[--requeue]", "[--kill-on-invalid-dep=yes]", "[--cpus-per-task=2]",
        "--stage.model.epochs=3", "out of it'",
      ] { #expect(line.contains(word), "\(word) in \(line)") }
      #expect(line.contains("[--dependency=afterok:7]") == (index > 0))
      #expect(line.contains("[--array=1-5]") == (index < levels))
      #expect(line.contains("--shard $SLURM_ARRAY_TASK_ID/5]") == (index < levels))
    }
  }
}
