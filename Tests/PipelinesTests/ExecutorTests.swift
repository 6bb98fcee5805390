import Foundation
import RasterFiles
import Rasters
import Synchronization
import Tensors
import Testing

@testable import Pipelines

/// The store and the executor on plans of two or three nodes.
struct ExecutorTests {
  private struct Silence: RunEvents {
    let notes = Notes()
    final class Notes: Sendable { let all = Mutex<[String]>([]) }
    func advanced(_ node: String, made: Bool) {}
    func note(_ sentence: String) { notes.all.withLock { $0.append(sentence) } }
  }

  private static let grid = Grid(
    width: 40, height: 30,
    transform: GeoTransform(left: -70, top: 50, cellWidth: 10, cellHeight: 10), crs: "")

  /// A reader whose cells are `10 * chunk's file number + band`, and a map with a halo above it.
  private func plan(_ folder: String, halo: Int) -> (reader: Node, blur: Node) {
    let reader = Node(
      name: "reader", kind: .raster([Band(name: "a")]), identity: ["reader"],
      files: { window in ["\(folder)/\(window.x < 13 ? "west" : "east")"] }
    ) { context in
      let file = "\(folder)/\(context.window.x < 13 ? "west" : "east")"
      let text = try String(contentsOfFile: file, encoding: .utf8)
      var cube = DataCube(window: context.window, bandCount: 1, filledWith: Float(text) ?? .nan)
      cube.values[0] += 0.5
      return .cube(cube)
    }
    let blur = Node(
      name: "blur", kind: .raster([Band(name: "b")]), identity: ["blur"],
      edges: [.halo(reader, halo)]
    ) { context in
      let read = context.window.expanded(by: halo).intersection(context.grid.window)
      let cube = try context.cube(0, read)
      let mean = cube.values.reduce(0, +) / Float(cube.values.count)
      return .cube(DataCube(window: context.window, bandCount: 1, filledWith: mean))
    }
    return (reader, blur)
  }

  private func executor(_ folder: String, _ events: Silence = Silence()) throws -> Executor {
    Executor(
      lattice: ChunkLattice(grid: Self.grid, size: 10),
      store: try ChunkStore(directory: folder + "/store"), events: events, cacheBytes: 1 << 20)
  }

  @Test func latticeIsAnchoredToTheMap() {
    let lattice = ChunkLattice(grid: Self.grid, size: 10)
    // The grid begins 7 columns and 5 rows before the map's origin.
    #expect(lattice.chunks.count == 5 * 4)
    #expect(lattice.window(of: lattice.chunks[0]) == Window(x: 0, y: 0, width: 7, height: 5))
    let covered = lattice.chunks.reduce(0) { $0 + lattice.window(of: $1).cellCount }
    #expect(covered == Self.grid.cellCount)
    #expect(lattice.chunk(of: Cell(column: 7, row: 5)) == .init(column: 0, row: 0))
    #expect(lattice.chunks(in: Window(x: 5, y: 4, width: 4, height: 4)).count == 4)
  }

  @Test func onlyWhatReadsAChangeIsMadeAgain() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    for name in ["west", "east"] {
      try "1".write(toFile: "\(sample.folder)/\(name)", atomically: true, encoding: .utf8)
    }
    func run() throws -> (reader: Executor.Count?, blur: Executor.Count?) {
      let executor = try executor(sample.folder)
      try executor.run(Schedule(targets: [plan(sample.folder, halo: 2).blur]))
      return (executor.statistics["reader"], executor.statistics["blur"])
    }
    let first = try run()
    #expect(first.reader?.made == 20 && first.blur?.made == 20)
    let second = try run()
    #expect(second.reader == .init(made: 0, found: 20) && second.blur?.made == 0)
    try "2".write(toFile: "\(sample.folder)/west", atomically: true, encoding: .utf8)
    let third = try run()
    // Two columns of chunks read the western file; a third one reads their rim.
    #expect(third.reader?.made == 8 && third.blur?.made == 12)
  }

  /// A change outside the strip that a neighbour reads does not reach the neighbour.
  @Test func haloStripsStopAChange() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    func reader(_ value: Float) -> Node {
      Node(name: "reader", kind: .raster([Band(name: "a")]), identity: ["\(value)"]) { context in
        var cube = DataCube(window: context.window, bandCount: 1, filledWith: 1)
        // The first cell of the grid: farther than one cell from every other chunk.
        if context.window.x == 0, context.window.y == 0 { cube.values[0] = value }
        return .cube(cube)
      }
    }
    func made(_ value: Float) throws -> Int? {
      let executor = try executor(sample.folder)
      let map = Node(
        name: "map", kind: .raster([Band(name: "b")]), identity: ["map"],
        edges: [.halo(reader(value), 1)]
      ) { context in .cube(DataCube(window: context.window, bandCount: 1, filledWith: 0)) }
      try executor.run(Schedule(targets: [map]))
      return executor.statistics["map"]?.made
    }
    #expect(try made(1) == 20)
    #expect(try made(5) == 1)
  }

  @Test func damageIsRepairedAndSaid() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let node = Node(name: "value", kind: .value, identity: ["v"]) { _ in .bytes([1, 2, 3]) }
    do {
      let first = try executor(sample.folder)
      #expect(try first.value(node) == [1, 2, 3])
    }
    let objects = sample.folder + "/store/objects"
    for case let file as String in try #require(FileManager.default.enumerator(atPath: objects)) {
      let path = objects + "/" + file
      guard var data = FileManager.default.contents(atPath: path), !data.isEmpty else { continue }
      data[data.count - 1] ^= 1
      try data.write(to: URL(fileURLWithPath: path))
    }
    let events = Silence()
    let second = try executor(sample.folder, events)
    for _ in 0..<2 { #expect(try second.value(node) == [1, 2, 3]) }
    #expect(events.notes.all.withLock { $0.count } == 1)
    #expect(second.statistics["value"]?.made == 1)
  }

  /// Not even where the file is looked at again, and remembered anew, while it is read.
  @Test func whatChangedWhileItWasReadIsNotKept() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let file = sample.folder + "/points"
    func write(_ text: String) throws {
      try text.write(toFile: file, atomically: true, encoding: .utf8)
    }
    func node(_ meanwhile: @escaping @Sendable (NodeContext) throws -> Void) -> Node {
      Node(name: "value", kind: .value, identity: ["v"], files: { _ in [file] }) { context in
        try meanwhile(context)
        return .bytes([UInt8](try String(contentsOfFile: file, encoding: .utf8).utf8))
      }
    }
    try write("first")
    #expect(throws: ExecutionError.self) {
      try executor(sample.folder).value(
        node { context in
          try "second".write(toFile: file, atomically: true, encoding: .utf8)
          _ = try context.executor.fingerprint(of: file)
        })
    }
    try write("first")
    #expect(try executor(sample.folder).value(node { _ in }) == [UInt8]("first".utf8))
  }

  @Test func storesAreHeldByOneRun() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let store = try ChunkStore(directory: sample.folder + "/s")
    #expect(throws: StoreError.self) { try ChunkStore(directory: sample.folder + "/s") }
    let key = SHA256.digest("key")
    let content = try store.write([9, 8, 7], for: key)
    #expect(store.read(key) == [9, 8, 7] && store.digest(for: key) == content)
    #expect(store.read(SHA256.digest("other")) == nil)
    withExtendedLifetime(store) {}
  }
}
