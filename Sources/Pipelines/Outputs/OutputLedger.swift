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
        guard let entry = entries[file], let state = Self.state(of: file) else { return false }
        return entry.key == key.hex && entry.state == state
      }
    }
  }

  /// Remembers files that have just been written.
  func record(_ files: [String], key: Digest) throws {
    let data = try entries.withLock { entries in
      for file in files {
        guard let state = Self.state(of: file) else { continue }
        entries[file] = Entry(key: key.hex, state: state)
      }
      return try JSONEncoder.stable.encode(entries)
    }
    try AtomicFile.write([UInt8](data), to: path)
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
