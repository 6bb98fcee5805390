import Foundation
import RasterFiles
import Rasters
import Synchronization
import Testing

@testable import Pipelines

/// A pipeline that runs for each of several tiles, with outputs of its own for each.
struct EachTileTests {
  private static let stages = """
    { type: "read-cube", tag: "raw", files: "${tile}" }, { type: "standardize", tag: "cube" },
    { type: "write", inputs: ["cube"] }
    """

  /// A folder with tiles of a pattern of values, and the command for them.
  private func survey(_ names: [String]) throws -> (run: StageRun, command: Command.Run) {
    let run = try StageRun()
    for (number, name) in names.enumerated() {
      try run.raster(name, ["copper"]) { _, column, row in
        Float(number) + StageRun.noise(number, column, row)
      }
    }
    try run.text(
      "{ name: \"each\", parameters: { tile: \"none.tif\" }, grid: { like: \"${tile}\" }, stages: ["
        + Self.stages + "] }", "each.json5")
    var command = Command.Run(pipeline: "\(run.files.folder)/each.json5")
    command.output = "\(run.files.folder)/out"
    command.verbosity = .quiet
    command.tiles = "\(run.files.folder)/tile-*.tif"
    return (run, command)
  }

  private func folders(_ run: StageRun) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(run.files.folder)/out").sorted()
  }

  @Test func everyTileHasTheOutputsOfARunOfItsOwn() throws {
    let (run, command) = try survey(["tile-a.tif", "tile-b.tif"])
    #expect(Runner.run(command) == .done)
    #expect(try folders(run) == [".gossan", "tile-a", "tile-b"])
    for name in ["tile-a", "tile-b"] {
      var single = command
      single.tiles = nil
      single.output = "\(run.files.folder)/single-\(name)"
      single.overrides.parameters = [
        .init(name: "tile", text: "\(run.files.folder)/\(name).tif")
      ]
      #expect(Runner.run(single) == .done)
      #expect(
        run.files.bytes("out/\(name)", "cube.tif") == run.files.bytes("single-\(name)", "cube.tif"))
      #expect(run.files.bytes("out/\(name)", "run.json") != nil)
    }
  }

  @Test func aBrokenTileDoesNotKeepTheOthers() throws {
    let (run, command) = try survey(["tile-a.tif", "tile-c.tif"])
    try run.text("no raster", "tile-b.tif")
    #expect(Runner.run(command) == .partial)
    #expect(try folders(run) == [".gossan", "tile-a", "tile-c"])
    let first = run.files.bytes("out/tile-a", "cube.tif")
    #expect(first != nil && run.files.bytes("out/tile-c", "cube.tif") != nil)
    // Again nothing is new but the failure.
    #expect(Runner.run(command) == .partial)
    #expect(run.files.bytes("out/tile-a", "cube.tif") == first)
    try run.raster("tile-b.tif", ["copper"]) { _, column, _ in Float(column) }
    #expect(Runner.run(command) == .done)
    #expect(try folders(run).contains("tile-b"))
  }

  /// A tile that cannot be opened, and one that is cut short, are each told with their path.
  @Test func failingTilesAreTold() throws {
    let (run, command) = try survey(["tile-a.tif", "tile-c.tif"])
    try run.text("no raster", "tile-b.tif")
    let cut = "\(run.files.folder)/tile-c.tif"
    let whole = try #require(FileManager.default.contents(atPath: cut))
    try whole.prefix(whole.count - 200).write(to: URL(fileURLWithPath: cut))
    let said = Mutex("")
    let progress = Progress(
      style: .plain, isQuiet: true,
      terminal: { Terminal(isTerminal: false, windowColumns: nil, environment: [:]) },
      clock: { 0 }, date: { Date(timeIntervalSince1970: 0) },
      write: { text in said.withLock { $0 += text } })
    let pattern = try #require(command.tiles)
    let failure = #expect(throws: EachTile.Failure.self) {
      try EachTile(command, pattern: pattern, progress).run()
    }
    #expect(failure?.status == .partial && failure?.description.contains("2 of 3 tiles") == true)
    let lines = said.withLock { $0 }.split(separator: "\n")
    for name in ["tile-b.tif", "tile-c.tif"] {
      #expect(lines.contains { $0.contains("\(run.files.folder)/\(name): ") }, "\(lines)")
    }
    #expect(run.files.bytes("out/tile-a", "cube.tif") != nil)
    #expect(run.files.bytes("out/tile-c", "cube.tif") == nil)
  }

  @Test func nothingToRunIsAMistake() throws {
    let (run, command) = try survey(["tile-a.tif"])
    var none = command
    none.tiles = "\(run.files.folder)/nothing-*.tif"
    #expect(Runner.run(none) == .invalid)
    // Two tiles cannot share a folder.
    for folder in ["x", "y"] {
      try FileManager.default.createDirectory(
        atPath: "\(run.files.folder)/\(folder)", withIntermediateDirectories: true)
      try run.raster("\(folder)/tile.tif", ["copper"]) { _, _, _ in 1 }
    }
    var same = command
    same.tiles = "\(run.files.folder)/?/tile.tif"
    #expect(Runner.run(same) == .invalid)
    // All fail where the pipeline has no such parameter.
    try run.text(
      "{ name: \"each\", grid: { like: \"tile-a.tif\" }, stages: ["
        + Self.stages.replacingOccurrences(of: "${tile}", with: "tile-a.tif") + "] }", "each.json5")
    #expect(Runner.run(command) == .failed)
    #expect(throws: UsageError.self) {
      try Command.parse(["run", "a.json5", "--for-each", "x", "--shard", "1/2"])
    }
  }
}
