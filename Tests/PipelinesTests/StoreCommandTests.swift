import Foundation
import Tensors
import Testing

@testable import Pipelines

@Suite struct StoreCommandTests {
  /// A store whose records are named by letters and were last used so many days ago.
  private struct Shelf {
    let sample: SampleRun
    let folder: String
    let now = Date()

    init() throws {
      sample = try SampleRun()
      folder = sample.folder + "/store"
    }

    func key(_ name: String) -> Digest { SHA256.digest(name) }

    func put(_ names: String..., days: Double) throws {
      let store = try ChunkStore(directory: folder)
      for name in names {
        _ = try store.write(Array(name.utf8) + [UInt8](repeating: 0, count: 999), for: key(name))
        try age(ChunkStore.path(of: key(name), in: folder), days)
      }
    }

    func use(_ pipeline: String, _ names: String..., days: Double) throws {
      try StoreUses(store: try ChunkStore(directory: folder), pipeline: pipeline)
        .note(Set(names.map(key)))
      try age("\(folder)/uses/\(SHA256.digest(pipeline).hex)", days)
    }

    func keep(_ pipeline: String, _ name: String) throws {
      let fits = folder + "/fits"
      try FileManager.default.makeFolder(fits)
      let fit = KeptFits.Fit(
        pipeline: pipeline, stage: "cube", node: "cube", key: key(name).hex, content: "")
      try JSONEncoder().encode(fit).write(
        to: URL(fileURLWithPath: "\(fits)/\(SHA256.digest(pipeline + name).hex).json"))
    }

    private func age(_ path: String, _ days: Double) throws {
      try FileManager.default.setAttributes(
        [.modificationDate: now.addingTimeInterval(-86_400 * days)], ofItemAtPath: path)
    }

    /// The names of what would go.
    func pruned(_ wish: StorePruning.Wish, of names: String) throws -> String {
      let plan = StorePruning(contents: try StoreContents(folder), wish: wish).plan
      let keys = Set(plan.records.map(\.key))
      return names.filter { keys.contains(key(String($0))) }
    }

    func left(of names: String) throws -> String {
      let contents = try StoreContents(folder)
      return names.filter { contents.records[key(String($0))] != nil }
    }
  }

  private func prune(
    _ shelf: Shelf, _ change: (inout Command.Store) -> Void
  ) -> Runner.Status {
    var command = Command.Store(.prune, folder: shelf.folder)
    command.isQuiet = true
    change(&command)
    return Tool.perform(command)
  }

  @Test func whatNoRunUsedForLongGoes() throws {
    let shelf = try Shelf()
    defer { shelf.sample.remove() }
    try shelf.put("a", "b", "c", "d", days: 50)
    try shelf.put("e", days: 3)
    try shelf.use("map", "a", days: 1)
    try shelf.use("old", "a", "b", days: 40)
    try shelf.keep("map", "d")
    let wish = StorePruning.Wish(before: shelf.now.addingTimeInterval(-30 * 86_400))
    #expect(try shelf.pruned(wish, of: "abcde") == "bc")
    #expect(
      prune(shelf) {
        $0.age = 30 * 86_400
        $0.isDryRun = true
      } == .done)
    #expect(try shelf.left(of: "abcde") == "abcde")
    #expect(prune(shelf) { $0.age = 30 * 86_400 } == .done)
    #expect(try shelf.left(of: "abcde") == "ade")
  }

  /// A record was used until the run after which its pipeline uses it no more.
  @Test func theLastUseIsThatOfTheLastRunThatUsedIt() throws {
    let shelf = try Shelf()
    defer { shelf.sample.remove() }
    try shelf.put("a", "b", days: 300)
    try shelf.use("map", "a", "b", days: 2)
    try shelf.use("map", "a", days: 1)
    let contents = try StoreContents(shelf.folder)
    for (name, days) in [("a", 1.0), ("b", 2.0)] {
      let use = try #require(contents.lastUses[shelf.key(name)])
      #expect(abs(shelf.now.timeIntervalSince(use) - days * 86_400) < 5, "\(name)")
    }
  }

  @Test func theOldestUseGoesFirstUntilTheSizeFits() throws {
    let shelf = try Shelf()
    defer { shelf.sample.remove() }
    try shelf.put("a", days: 9)
    try shelf.put("b", days: 7)
    try shelf.put("c", days: 8)
    try shelf.put("d", days: 6)
    try shelf.keep("map", "a")
    let one = ChunkStore.headerSize + 1000
    func pruned(_ bytes: Int) throws -> String {
      try shelf.pruned(StorePruning.Wish(bytes: bytes), of: "abcd")
    }
    #expect(try pruned(4 * one) == "")
    #expect(try pruned(4 * one - 1) == "c")
    #expect(try pruned(2 * one) == "bc")
    // A kept fit stays, whatever the size.
    #expect(try pruned(0) == "bcd")
  }

  /// Records of one content share digests of its parts.
  @Test func theSizeFitsAfterwards() throws {
    let shelf = try Shelf()
    defer { shelf.sample.remove() }
    do {
      let store = try ChunkStore(directory: shelf.folder)
      for name in ["a", "b", "c"] {
        let content = try store.write([1, 2, 3], for: shelf.key(name))
        try store.remember(part: ".0,0,1,\(name)", of: content, digest: shelf.key(name))
      }
    }
    let all = try StoreContents(shelf.folder).bytes
    #expect(all == 3 * (ChunkStore.headerSize + 3) + 3 * 40)
    for limit in [all - 1, all / 2, 50, 0] {
      #expect(prune(shelf) { $0.bytes = limit } == .done)
      #expect(try StoreContents(shelf.folder).bytes <= limit)
    }
  }

  @Test func aStoreThatIsHeldIsLeftAlone() throws {
    let shelf = try Shelf()
    defer { shelf.sample.remove() }
    try shelf.put("a", days: 5)
    let store = try ChunkStore(directory: shelf.folder)
    #expect(prune(shelf) { $0.bytes = 0 } == .held)
    #expect(Tool.perform(Command.Store(.verify, folder: shelf.folder)) == .held)
    #expect(Tool.perform(Command.Store(.list, folder: shelf.folder)) == .done)
    #expect(try shelf.left(of: "a") == "a")
    withExtendedLifetime(store) {}
  }

  @Test func ofAPipelineGoesWhatNoOtherUses() throws {
    let shelf = try Shelf()
    defer { shelf.sample.remove() }
    try shelf.put("a", "b", "c", "d", "e", "f", days: 5)
    try shelf.use("map", "a", "b", days: 1)
    try shelf.use("map/tile", "c", days: 1)
    try shelf.use("mapping", "b", "d", days: 1)
    try shelf.keep("map", "e")
    try shelf.keep("mapping", "c")
    do {
      let store = try ChunkStore(directory: shelf.folder)
      let content = try #require(store.digest(for: shelf.key("a")))
      try store.remember(part: ".0,0,2,2", of: content, digest: shelf.key("part"))
    }
    #expect(prune(shelf) { $0.pipeline = "mop" } == .failed)
    #expect(prune(shelf) { $0.pipeline = "map" } == .done)
    #expect(try shelf.left(of: "abcdef") == "bcdf")
    let contents = try StoreContents(shelf.folder)
    #expect(contents.parts.isEmpty && contents.uses.map(\.pipeline) == ["mapping"])
    #expect(contents.fits.map(\.fit.pipeline) == ["mapping"])
  }

  @Test func damageIsFoundAndRemoved() throws {
    let shelf = try Shelf()
    defer { shelf.sample.remove() }
    try shelf.put("a", "b", "c", days: 1)
    try shelf.use("map", "a", "b", days: 1)
    var command = Command.Store(.verify, folder: shelf.folder)
    command.isQuiet = true
    #expect(Tool.perform(command) == .done)
    let files = [
      ChunkStore.path(of: shelf.key("b"), in: shelf.folder),
      "\(shelf.folder)/uses/\(SHA256.digest("map").hex)",
    ]
    for file in files {
      var bytes = try #require(FileManager.default.contents(atPath: file))
      bytes[bytes.count - 5] ^= 1
      try bytes.write(to: URL(fileURLWithPath: file))
    }
    let check = StoreCheck(contents: try StoreContents(shelf.folder)).run()
    #expect(check.damaged.map(\.path) == files && check.count == 4)
    #expect(Tool.perform(command) == .failed)
    #expect(try shelf.left(of: "abc") == "abc")
    command.removesDamaged = true
    #expect(Tool.perform(command) == .failed)
    #expect(try shelf.left(of: "abc") == "ac")
    #expect(Tool.perform(command) == .done)
  }

  @Test func listsByPipeline() throws {
    let shelf = try Shelf()
    defer { shelf.sample.remove() }
    try shelf.put("a", "b", "c", days: 1)
    try shelf.use("map", "a", "b", days: 1)
    try shelf.use("other", "a", days: 2)
    try shelf.keep("map", "b")
    let list = StoreList(try StoreContents(shelf.folder))
    #expect(list.pipelines.map(\.pipeline) == ["map", "other"])
    #expect(list.pipelines.map(\.chunks) == [2, 1] && list.pipelines.map(\.keptFits) == [1, 0])
    #expect(list.unused.chunks == 1 && list.total.chunks == 3)
    #expect(list.total.bytes == 3 * (ChunkStore.headerSize + 1000))
    let lines = list.text.split(separator: "\n")
    #expect(lines.count == 5 && lines[1].hasPrefix("map         2       2.1 KiB  "))
    #expect(try JSONEncoder.stable.encode(list).count > 100)
  }

  /// What a run notes is what the next one finds, and a pruned store makes the same again.
  @Test func aRunNotesWhatItUses() throws {
    let run = try StageRun()
    try run.raster("a.tif", ["copper", "zinc"]) { StageRun.noise($0, $1, $2) }
    let path = try run.pipeline(
      """
      { type: "read-cube", tag: "raw", files: "a.tif" },
      { type: "standardize", tag: "cube" }, { type: "write", inputs: ["cube"] }
      """, name: "map", chunk: 16)
    #expect(run.files.run(path, out: "out") == .done)
    let bytes = run.files.bytes("out", "cube.tif")
    let store = run.files.folder + "/out/.gossan"
    let contents = try StoreContents(store)
    let list = try #require(contents.uses.first)
    #expect(list.pipeline == "map" && Set(list.keys) == Set(contents.records.keys))
    var command = Command.Store(.prune, folder: store)
    command.isQuiet = true
    command.bytes = 0
    #expect(Tool.perform(command) == .done)
    #expect(try StoreContents(store).records.isEmpty)
    try FileManager.default.removeItem(atPath: run.files.folder + "/out/cube.tif")
    #expect(run.files.run(path, out: "out") == .done)
    #expect(run.files.bytes("out", "cube.tif") == bytes)
    #expect(Set(try StoreContents(store).records.keys) == Set(list.keys))
  }

  /// Pipelines that ran for tiles can be named without a tile, and are suggested so.
  @Test func pipelinesOfTilesAreNamedByThemselves() throws {
    let shelf = try Shelf()
    defer { shelf.sample.remove() }
    try shelf.put("a", "b", days: 0)
    try shelf.use("each/east", "a", days: 0)
    try shelf.use("each/west", "b", days: 0)
    let names = try StoreContents(shelf.folder).names
    #expect(names == ["each", "each/east", "each/west"])
    #expect(Suggestion.phrase("eac", among: names).contains("'each'"))
  }
}
