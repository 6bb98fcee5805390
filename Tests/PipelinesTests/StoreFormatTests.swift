import Foundation
import Rasters
import Tensors
import Testing

@testable import Pipelines

@Suite struct StoreFormatTests {
  @Test func anUnknownFormatIsRefusedAndNeverRead() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let folder = sample.folder + "/s"
    let key = SHA256.digest("key")
    _ = try ChunkStore(directory: folder).write([1, 2], for: key)
    let format = try String(contentsOfFile: folder + "/format", encoding: .utf8)
    #expect(format == ChunkStore.format + "\n")
    #expect(try ChunkStore(directory: folder).read(key) == [1, 2])

    try "gossan-store 9\n".write(
      toFile: folder + "/format", atomically: true, encoding: .utf8)
    for work in [
      { _ = try ChunkStore(directory: folder) }, { _ = try StoreContents(folder) },
      { _ = try FileDescription(folder).text(isJSON: false) },
    ] {
      let error = #expect(throws: StoreError.self) { try work() }
      #expect(error?.description.contains("'gossan-store 9'") == true)
    }
    #expect(Tool.perform(Command.Store(.list, folder: folder)) == .failed)
  }

  /// Whoever changes how records are laid out changes the number of the format with it: these are
  /// the bytes of format 2.
  @Test func recordsAreLaidOutAsTheirFormatSays() throws {
    #expect(ChunkStore.format == "gossan-store 2")
    let sample = try SampleRun()
    defer { sample.remove() }
    let folder = sample.folder + "/s"
    _ = try ChunkStore(directory: folder).write([7, 8, 9], for: SHA256.digest("key"))
    let path = "/objects/2c/70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683"
    let record = try #require(FileManager.default.contents(atPath: folder + path))
    let hex = record.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    #expect(
      hex == "474f5353414e320a0300000000000000"
        + "66a6757151f8ee55db127716c7e3dce0be8074b64e20eda542e5c1e46ca9c41e"
        + "cb1f2b7206b105e6" + "070809")
    let window = Window(x: 3, y: 4, width: 2, height: 1)
    let cube = DataCube(window: window, bandCount: 2, values: [1, -2, 0.5, 3])
    #expect(
      Payload.cube(cube).encoded
        == [0, 0, 128, 63, 0, 0, 0, 192, 0, 0, 0, 63, 0, 0, 64, 64])
    let segments = SegmentRaster(window: window, ids: [1, 258])
    #expect(Payload.segments(segments).encoded == [1, 0, 0, 0, 2, 1, 0, 0])
  }

  @Test func whatIsNoStoreIsNotMadeOne() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let folder = sample.folder + "/none"
    for task in Command.Store.Task.allCases {
      var command = Command.Store(task, folder: folder)
      command.bytes = 0
      #expect(Tool.perform(command) == .failed)
    }
    #expect(!FileManager.default.fileExists(atPath: folder))
  }

  @Test func aRecordIsCheckedAgainWhenItsFileIsAnother() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let store = try ChunkStore(directory: sample.folder + "/s")
    let key = SHA256.digest("key")
    _ = try store.write([7, 8, 9], for: key)
    for _ in 0..<2 { #expect(store.read(key) == [7, 8, 9]) }
    let path = ChunkStore.path(of: key, in: store.directory)
    var bytes = try #require(FileManager.default.contents(atPath: path))
    let whole = bytes
    bytes[bytes.count - 1] ^= 1
    // Under another name and then this one: another file, whatever the clock's steps are.
    try bytes.write(to: URL(fileURLWithPath: path), options: .atomic)
    for _ in 0..<2 { #expect(store.read(key) == nil) }
    try whole.write(to: URL(fileURLWithPath: path), options: .atomic)
    #expect(store.read(key) == [7, 8, 9])
  }

  /// Others are made with a digest that a header says: a wrong one must not be believed.
  @Test func everyByteOfARecordIsChecked() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let store = try ChunkStore(directory: sample.folder + "/s")
    let key = SHA256.digest("key")
    let digest = try store.write([7, 8, 9], for: key)
    let path = ChunkStore.path(of: key, in: store.directory)
    let whole = try #require(FileManager.default.contents(atPath: path))
    #expect(whole.count == ChunkStore.headerSize + 3)
    for place in whole.indices {
      var bytes = whole
      bytes[place] ^= 0x10
      try bytes.write(to: URL(fileURLWithPath: path))
      #expect(store.read(key) == nil)
      if place < ChunkStore.headerSize { #expect(store.digest(for: key) == nil) }
    }
    for length in 0..<whole.count {
      try whole.prefix(length).write(to: URL(fileURLWithPath: path))
      #expect(store.read(key) == nil && store.digest(for: key) == nil)
    }
    try whole.write(to: URL(fileURLWithPath: path))
    #expect(store.read(key) == [7, 8, 9] && store.digest(for: key) == digest)
  }

  @Test func partsAreChecked() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let (content, part) = (SHA256.digest("content"), SHA256.digest("part"))
    let folder = sample.folder + "/s"
    try ChunkStore(directory: folder).remember(part: ".0,0,1,1", of: content, digest: part)
    #expect(
      try ChunkStore(directory: folder).partDigest(content: content, part: ".0,0,1,1") == part)
    let path = "\(folder)/objects/\(content.hex.prefix(2))/\(content.hex.dropFirst(2)).0,0,1,1"
    var bytes = try #require(FileManager.default.contents(atPath: path))
    bytes[3] ^= 1
    try bytes.write(to: URL(fileURLWithPath: path))
    #expect(try ChunkStore(directory: folder).partDigest(content: content, part: ".0,0,1,1") == nil)
  }
}
