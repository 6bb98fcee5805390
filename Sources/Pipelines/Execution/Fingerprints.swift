import Foundation
import Glibc
import RasterFiles
import Synchronization
import Tensors

/// Content digests of source files, remembered by size, modification time and inode.
final class Fingerprints: Sendable {
  private let path: String
  private let known: Mutex<Known>

  private struct Known {
    var entries: [String: Entry]
    var isSaved = true
    var lastSave = ContinuousClock.now
  }

  /// What a file looked like when its content was digested.
  private struct Entry: Codable {
    var state: FileState
    var digest: String
  }

  init(store: ChunkStore) {
    path = store.directory + "/fingerprints.json"
    let data = FileManager.default.contents(atPath: path) ?? Data()
    known = Mutex(
      Known(entries: (try? JSONDecoder().decode([String: Entry].self, from: data)) ?? [:]))
  }

  deinit {
    let path = path
    known.withLock { if !$0.isSaved { Self.save($0.entries, to: path) } }
  }

  /// The digest of a file's content.
  func digest(of file: String) throws -> Digest {
    let state = try FileState.known(file)
    return try known.withLock { known in
      if let old = known.entries[file], old.state == state, let digest = Digest(hex: old.digest) {
        return digest
      }
      let digest = try Self.hash(file)
      known.entries[file] = Entry(state: state, digest: digest.hex)
      known.isSaved = false
      // Thousands of tiles would write the list as often.
      if known.lastSave.duration(to: .now) > .seconds(2) {
        Self.save(known.entries, to: path)
        (known.isSaved, known.lastSave) = (true, .now)
      }
      return digest
    }
  }

  /// A cache that cannot be saved costs time later, nothing else.
  private static func save(_ entries: [String: Entry], to path: String) {
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

/// What files looked like before they were digested and read.
///
/// Of one that is another afterwards it is not known which of its contents was read. What
/// `Fingerprints` remembers would not tell: another chunk may have looked at the file in between.
struct FileStates {
  private let states: [(file: String, state: FileState)]

  /// Looks at files.
  init(_ files: [String]) throws {
    states = try files.map { ($0, try FileState.known($0)) }
  }

  /// Throws where a file is no longer what it was.
  func requireUnchanged() throws {
    for (file, state) in states where try FileState.known(file) != state {
      throw ExecutionError.changedFile(file)
    }
  }
}

extension FileState {
  /// The state of a file that must be there.
  fileprivate static func known(_ file: String) throws -> FileState {
    guard let state = FileState(of: file) else {
      throw ExecutionError.unreadable(file: file, reason: String(cString: strerror(errno)))
    }
    return state
  }
}
