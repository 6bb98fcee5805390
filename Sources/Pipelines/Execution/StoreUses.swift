import Foundation
import Glibc
import RasterFiles
import Tensors

/// Which records the last successful run of a pipeline used: a file in the store for each pipeline.
///
/// The file is the pipeline's name in a line, the keys in order, and the digest of all that. When it
/// was modified is when its records were last used. A record that a pipeline no longer uses takes
/// that time over as its own, so that the last use of any record is known.
struct StoreUses {
  /// What the file of one pipeline says.
  struct List {
    let pipeline: String
    let keys: [Digest]
    let date: Date
    let path: String
  }

  private let store: String
  private let pipeline: String

  /// The uses by a pipeline, or by one tile of it, of a store.
  init(store: ChunkStore, pipeline: String) {
    self.store = store.directory
    self.pipeline = pipeline
  }

  /// Writes down the keys that a run used which has just ended.
  func note(_ keys: Set<Digest>) throws {
    let folder = Self.folder(of: store)
    try FileManager.default.makeFolder(folder)
    let path = "\(folder)/\(SHA256.digest(pipeline).hex)"
    if let before = Self.list(path) {
      for key in before.keys where !keys.contains(key) {
        Self.touch(ChunkStore.path(of: key, in: store), before.date)
      }
    }
    var bytes = Array((pipeline + "\n").utf8)
    bytes.reserveCapacity(bytes.count + 32 * (keys.count + 1))
    for key in keys.sorted() { bytes += key.bytes }
    bytes += SHA256.digest(bytes).bytes
    try AtomicFile.write(bytes, to: path)
  }

  /// The lists of all pipelines in a store, by name; and the files that are not whole.
  static func lists(in store: String) -> (whole: [List], damaged: [String]) {
    var whole: [List] = []
    var damaged: [String] = []
    for name in ChunkStore.entries(of: folder(of: store)).sorted() where !name.hasPrefix(".") {
      let path = "\(folder(of: store))/\(name)"
      if let list = list(path) { whole.append(list) } else { damaged.append(path) }
    }
    return (whole.sorted { $0.pipeline < $1.pipeline }, damaged)
  }

  private static func folder(of store: String) -> String { store + "/uses" }

  private static func list(_ path: String) -> List? {
    var status = stat()
    guard stat(path, &status) == 0, let bytes = ChunkStore.readFile(path, limit: nil),
      bytes.count > 32, let line = bytes.firstIndex(of: UInt8(ascii: "\n"))
    else { return nil }
    let end = bytes.count - 32
    guard line < end, (end - line - 1).isMultiple(of: 32),
      SHA256.digest(Array(bytes[..<end])).bytes == Array(bytes[end...])
    else { return nil }
    let keys = stride(from: line + 1, to: end, by: 32).compactMap {
      Digest(bytes: Array(bytes[$0..<$0 + 32]))
    }
    return List(
      pipeline: String(decoding: bytes[..<line], as: UTF8.self), keys: keys,
      date: status.modified, path: path)
  }

  /// Gives a file a time of modification, unless it was modified later; one that is gone stays so.
  private static func touch(_ path: String, _ date: Date) {
    var status = stat()
    guard stat(path, &status) == 0, status.modified < date else { return }
    let seconds = date.timeIntervalSince1970
    let time = timespec(
      tv_sec: Int(seconds), tv_nsec: Int((seconds - seconds.rounded(.down)) * 1e9))
    _ = [time, time].withUnsafeBufferPointer { utimensat(AT_FDCWD, path, $0.baseAddress, 0) }
  }
}

extension stat {
  /// When the file was modified.
  var modified: Date {
    Date(timeIntervalSince1970: Double(st_mtim.tv_sec) + Double(st_mtim.tv_nsec) / 1e9)
  }
}
