import Foundation
import Glibc
import RasterFiles
import Synchronization
import Tensors

/// Content digests of source files, remembered by size, modification time and inode.
final class Fingerprints: Sendable {
  private let path: String
  private let known: Mutex<[String: Entry]>

  /// What a file looked like when its content was digested.
  private struct Entry: Codable {
    var size: Int64
    var seconds: Int64
    var nanoseconds: Int64
    var inode: UInt64
    var digest: String

    /// What a file looks like now, without the digest of its content.
    init(of file: String) throws {
      var status = stat()
      guard stat(file, &status) == 0 else {
        throw ExecutionError.unreadable(file: file, reason: String(cString: strerror(errno)))
      }
      size = Int64(status.st_size)
      seconds = Int64(status.st_mtim.tv_sec)
      nanoseconds = Int64(status.st_mtim.tv_nsec)
      inode = UInt64(status.st_ino)
      digest = ""
    }

    func isOfSameFile(as other: Entry) -> Bool {
      size == other.size && seconds == other.seconds && nanoseconds == other.nanoseconds
        && inode == other.inode
    }
  }

  init(store: ChunkStore) {
    path = store.directory + "/fingerprints.json"
    let data = FileManager.default.contents(atPath: path) ?? Data()
    known = Mutex((try? JSONDecoder().decode([String: Entry].self, from: data)) ?? [:])
  }

  /// The digest of a file's content.
  func digest(of file: String) throws -> Digest {
    var entry = try Entry(of: file)
    return try known.withLock { known in
      if let old = known[file], old.isOfSameFile(as: entry), let digest = Digest(hex: old.digest) {
        return digest
      }
      let digest = try Self.hash(file)
      entry.digest = digest.hex
      known[file] = entry
      save(known)
      return digest
    }
  }

  /// Checks that files are still those whose digests were taken: what was read of them since is
  /// stored under these.
  func requireUnchanged(_ files: [String]) throws {
    for file in files {
      guard let old = known.withLock({ $0[file] }) else { continue }
      guard try old.isOfSameFile(as: Entry(of: file)) else {
        throw ExecutionError.changedFile(file)
      }
    }
  }

  /// A cache that cannot be saved costs time later, nothing else.
  private func save(_ entries: [String: Entry]) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    if let data = try? encoder.encode(entries) { try? AtomicFile.write([UInt8](data), to: path) }
  }

  private static func hash(_ file: String) throws -> Digest {
    guard let handle = FileHandle(forReadingAtPath: file) else {
      throw ExecutionError.unreadable(file: file, reason: "it cannot be opened")
    }
    defer { try? handle.close() }
    var hash = SHA256()
    while let data = try handle.read(upToCount: 1 << 20), !data.isEmpty {
      hash.update([UInt8](data))
    }
    return hash.finalized()
  }
}
