import Foundation
import RasterFiles
import Synchronization
import Tensors

/// What has been written from what: an output whose key and file are unchanged is not written again.
final class OutputLedger: Sendable {
  private let path: String
  private let entries: Mutex<[String: Entry]>

  /// What was known of a file when it was written.
  private struct Entry: Codable {
    var key: String
    /// Size, modification time and inode.
    var state: [Int]
    /// Files that belong to it, and how they were.
    var parts: [String: [Int]]?
  }

  init(store: ChunkStore) {
    path = store.directory + "/outputs.json"
    let data = FileManager.default.contents(atPath: path) ?? Data()
    entries = Mutex((try? JSONDecoder().decode([String: Entry].self, from: data)) ?? [:])
  }

  /// Whether all files are as they were when they were written under `key`.
  func isCurrent(_ files: [String], key: Digest) -> Bool {
    entries.withLock { entries in
      files.allSatisfy { file in
        guard let entry = entries[file] else { return false }
        return entry.key == key.hex && Self.isUntouched(file, entry)
      }
    }
  }

  private static func isUntouched(_ file: String, _ entry: Entry) -> Bool {
    state(of: file) == entry.state
      && (entry.parts ?? [:]).allSatisfy { state(of: $0.key) == $0.value }
  }

  /// The files that are known.
  var files: [String] { entries.withLock { $0.keys.sorted() } }

  /// Remembers files that have just been written; `parts` belong to the first of them.
  func record(_ files: [String], key: Digest, parts: [String] = []) throws {
    let data = try entries.withLock { entries in
      for file in files {
        guard let state = Self.state(of: file) else { continue }
        entries[file] = Entry(key: key.hex, state: state)
      }
      if let first = files.first, !parts.isEmpty {
        entries[first]?.parts = Dictionary(
          parts.compactMap { part in Self.state(of: part).map { (part, $0) } },
          uniquingKeysWith: { first, _ in first })
      }
      return try JSONEncoder.stable.encode(entries)
    }
    try AtomicFile.write([UInt8](data), to: path)
  }

  /// What became of a file that was to be removed.
  enum Removal {
    case absent, removed, changed
  }

  /// Removes a file with its parts if it is as it was when it was written.
  func remove(_ file: String) throws -> Removal {
    guard let entry = entries.withLock({ $0[file] }), Self.state(of: file) != nil else {
      return .absent
    }
    guard Self.isUntouched(file, entry) else { return .changed }
    let manager = FileManager.default
    try manager.removeItem(atPath: file)
    for part in (entry.parts ?? [:]).keys.sorted() { try manager.removeItem(atPath: part) }
    for ending in [".aux.xml", ".ovr", ".msk"] { try? manager.removeItem(atPath: file + ending) }
    // The folder of the parts goes once it is empty.
    for folder in Set((entry.parts ?? [:]).keys.map { ($0 as NSString).deletingLastPathComponent })
    { rmdir(folder) }
    let data = try entries.withLock { entries in
      entries[file] = nil
      return try JSONEncoder.stable.encode(entries)
    }
    try AtomicFile.write([UInt8](data), to: path)
    return .removed
  }

  private static func state(of file: String) -> [Int]? {
    var status = stat()
    guard stat(file, &status) == 0 else { return nil }
    return [
      Int(status.st_size), Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec),
      Int(status.st_ino),
    ]
  }
}
