import Glibc
import RasterFiles
import Synchronization
import Tensors

/// A folder of chunks and values, each under the key of what made it.
///
/// A record is a header (magic, length, content digest, and a check of these) and the content; it
/// is written aside, synced and renamed, so it is whole or absent. Content is checked against its
/// digest when a process reads it first, and again when the file is no longer the same: a chunk is
/// read for each of its neighbours, and its digest takes longer than reading it. Others are made
/// with what a header says without reading the content: hence a check of its own.
/// One process holds the store at a time, or several that fill it together; the kernel frees the
/// lock when its holder dies.
final class ChunkStore: Sendable {
  /// The folder.
  let directory: String
  private let lockDescriptor: Int32
  private let parts = Mutex<[String: Digest]>([:])
  /// The files of records whose content this process has checked.
  private let checked = Mutex<[Digest: FileState]>([:])
  private static let magic = [UInt8]("GOSSAN2\n".utf8)
  private static let checkSize = 8
  static let headerSize = 8 + 8 + 32 + checkSize

  /// Opens the store, makes its folder if need be and takes its lock, alone or with others that
  /// share it.
  init(directory: String, isShared: Bool = false) throws {
    self.directory = directory
    try Self.requireKnownFormat(of: directory)
    try Self.makeFolder(directory)
    try Self.makeFolder(directory + "/objects")
    let path = directory + "/lock"
    lockDescriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard lockDescriptor >= 0 else {
      throw StoreError.unusable(path: path, reason: String(cString: strerror(errno)))
    }
    guard flock(lockDescriptor, (isShared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 else {
      close(lockDescriptor)
      throw StoreError.held(directory: directory)
    }
    try Self.noteFormat(of: directory)
    _ = AtomicFile.removeAbandoned(in: directory)
    for name in Self.entries(of: directory + "/objects") {
      _ = AtomicFile.removeAbandoned(in: "\(directory)/objects/\(name)")
    }
  }

  deinit { close(lockDescriptor) }

  /// The digest of the content stored under a key, or nil when there is none that is whole.
  func digest(for key: Digest) -> Digest? {
    guard let header = Self.readFile(path(of: key), limit: Self.headerSize) else { return nil }
    guard let (length, digest) = Self.parse(header) else { return nil }
    var status = stat()
    guard stat(path(of: key), &status) == 0, Int(status.st_size) == Self.headerSize + length else {
      return nil
    }
    return digest
  }

  /// The content stored under a key; nil when there is none or it fails its checksum.
  func read(_ key: Digest) -> [UInt8]? {
    let path = path(of: key)
    guard let state = FileState(of: path) else { return nil }
    if checked.withLock({ $0[key] }) == state {
      return Self.record(at: path)?.content
    }
    let content = Self.content(ofRecord: path)
    checked.withLock { $0[key] = content == nil ? nil : state }
    return content
  }

  /// The content of a record; nil when it cannot be read or fails its checksums.
  static func content(ofRecord path: String) -> [UInt8]? {
    guard let (content, digest) = record(at: path) else { return nil }
    return SHA256.digest(content) == digest ? content : nil
  }

  /// A record's content and the digest that its header names; nil when header or length are wrong.
  private static func record(at path: String) -> (content: [UInt8], digest: Digest)? {
    guard let header = readFile(path, limit: headerSize), let (length, digest) = parse(header),
      let content = readFile(path, after: headerSize, limit: nil), content.count == length
    else { return nil }
    return (content, digest)
  }

  /// The digest of a record's content as its header says; nil when the header is not whole.
  static func contentDigest(ofRecord path: String) -> Digest? {
    readFile(path, limit: headerSize).flatMap { parse($0)?.digest }
  }

  /// Stores content under a key and returns its digest.
  func write(_ content: [UInt8], for key: Digest) throws -> Digest {
    let digest = SHA256.digest(content)
    var header = Self.magic
    withUnsafeBytes(of: UInt64(content.count).littleEndian) { header.append(contentsOf: $0) }
    header.append(contentsOf: digest.bytes)
    header.append(contentsOf: Self.check(of: header))
    try Self.makeFolder(folder(of: key))
    try AtomicFile.write(header, content, to: path(of: key))
    return digest
  }

  /// A remembered digest of a part of a content, such as a chunk's halo strip.
  func partDigest(content: Digest, part: String) -> Digest? {
    let name = content.hex + part
    if let known = parts.withLock({ $0[name] }) { return known }
    let path = partPath(content: content, part: part)
    guard let digest = Self.digest(ofPart: path) else { return nil }
    parts.withLock { $0[name] = digest }
    return digest
  }

  /// Remembers the digest of a part of a content.
  func remember(part: String, of content: Digest, digest: Digest) throws {
    parts.withLock { $0[content.hex + part] = digest }
    let path = partPath(content: content, part: part)
    try Self.makeFolder(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
    try AtomicFile.write(digest.bytes + Self.check(of: digest.bytes), to: path)
  }

  /// The digest that the file of a part holds; nil when it is not whole.
  static func digest(ofPart path: String) -> Digest? {
    guard let bytes = readFile(path, limit: nil), bytes.count == 32 + checkSize,
      Array(bytes[32...]) == check(of: Array(bytes[..<32]))
    else { return nil }
    return Digest(bytes: Array(bytes[..<32]))
  }

  /// What is put behind a few bytes to see whether they are still the same.
  private static func check(of bytes: [UInt8]) -> [UInt8] {
    Array(SHA256.digest(bytes).bytes.prefix(checkSize))
  }

  /// Where a store keeps what is stored under a key.
  static func path(of key: Digest, in directory: String) -> String {
    "\(directory)/objects/\(key.hex.prefix(2))/\(key.hex.dropFirst(2))"
  }

  private func folder(of key: Digest) -> String { "\(directory)/objects/\(key.hex.prefix(2))" }
  private func path(of key: Digest) -> String { Self.path(of: key, in: directory) }
  private func partPath(content: Digest, part: String) -> String {
    "\(folder(of: content))/\(content.hex.dropFirst(2))\(part)"
  }

  private static func parse(_ bytes: [UInt8]) -> (length: Int, digest: Digest)? {
    guard bytes.count >= headerSize, Array(bytes[0..<8]) == magic,
      Array(bytes[48..<headerSize]) == check(of: Array(bytes[..<48]))
    else { return nil }
    let length = bytes[8..<16].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length < 1 << 48, let digest = Digest(bytes: [UInt8](bytes[16..<48])) else {
      return nil
    }
    return (Int(length), digest)
  }

  private static func makeFolder(_ path: String) throws {
    if mkdir(path, 0o777) == 0 || errno == EEXIST { return }
    if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex {
      try makeFolder(String(path[..<slash]))
      if mkdir(path, 0o777) == 0 || errno == EEXIST { return }
    }
    throw StoreError.unusable(path: path, reason: String(cString: strerror(errno)))
  }

  static func entries(of path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }

  /// The first `limit` bytes of a file behind `offset`, or all of them; nil when they cannot be
  /// read.
  static func readFile(_ path: String, after offset: Int = 0, limit: Int?) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    let wanted = min(limit ?? Int.max, max(0, Int(status.st_size) - offset))
    var bytes = [UInt8](repeating: 0, count: wanted)
    var have = 0
    while have < wanted {
      let got = bytes.withUnsafeMutableBytes { buffer in
        pread(
          descriptor, buffer.baseAddress?.advanced(by: have), wanted - have, offset + have)
      }
      if got <= 0 { return nil }
      have += got
    }
    return bytes
  }
}

/// Why a store cannot be used.
enum StoreError: Error, CustomStringConvertible {
  case held(directory: String)
  case unusable(path: String, reason: String)
  /// It was filled by another version, which keeps things in another way.
  case unknownFormat(directory: String, found: String)
  case absent(directory: String)

  var description: String {
    switch self {
    case .held(let directory): "another run holds the store \(directory)"
    case .unusable(let path, let reason): "the store cannot be used: \(path): \(reason)"
    case .unknownFormat(let directory, let found):
      "the store \(directory) has the format '\(found)', and this version of gossan knows "
        + "'\(ChunkStore.format)' only: use the version that filled it, or another folder"
    case .absent(let directory): "\(directory) is no store"
    }
  }
}
