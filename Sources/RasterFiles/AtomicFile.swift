internal import Glibc
internal import Synchronization

/// A failure of the file system, as one sentence.
public struct FileError: Error, Hashable, CustomStringConvertible {
  /// What was attempted, such as "rename".
  public let call: String
  /// The file.
  public let path: String
  /// The system's error number.
  public let code: Int32

  /// The failure as one sentence: file, what is wrong, and the call.
  public var description: String { "\(path): \(String(cString: strerror(code))) (\(call))" }

  /// Describes what the last call of this thread ran into.
  init(call: String, path: String) {
    self.call = call
    self.path = path
    code = errno
  }
}

/// A file that appears under its name complete or not at all.
///
/// It is written under a private name in the same directory, synced and renamed; until then an
/// older file of the name stays as it is. Unless `commit` succeeds, nothing is left behind.
public struct AtomicFile: ~Copyable {
  /// The name under which the file shall appear.
  public let path: String
  /// The private name under which to write it.
  public let temporaryPath: String

  private static let counter = Atomic<Int>(0)
  /// What the names of unfinished files end with, or before GDAL's own endings for its helpers.
  private static let ending = ".unfinished"

  /// Chooses a private name beside `path`; creates nothing yet.
  public init(path: String) {
    self.path = path
    let (directory, name) = Self.split(path)
    let number = Self.counter.add(1, ordering: .relaxed).newValue
    // File names have at most 255 bytes.
    let stem = String(decoding: name.utf8.prefix(120), as: UTF8.self)
    temporaryPath = "\(directory)/.\(stem).\(getpid()).\(number).\(Self.host)\(Self.ending)"
  }

  deinit { Self.removeAll(of: temporaryPath) }

  /// Syncs the file and gives it its name.
  ///
  /// `sidecars` are endings such as ".aux.xml": a sidecar written beside the temporary file is
  /// moved along first; one of an older output, which would speak of other data, is removed.
  public consuming func commit(sidecars: [String] = []) throws(FileError) {
    try Self.sync(temporaryPath)
    for ending in sidecars {
      let (old, new) = (path + ending, temporaryPath + ending)
      if access(new, F_OK) == 0 {
        try Self.sync(new)
        try Self.rename(new, old)
      } else if unlink(old) != 0, errno != ENOENT {
        throw FileError(call: "removing", path: old)
      }
    }
    try Self.rename(temporaryPath, path)
    try Self.sync(Self.split(path).directory)
  }

  /// Writes a whole file under its name, one part after another, or leaves what was there.
  public static func write(_ parts: [UInt8]..., to path: String) throws(FileError) {
    let file = AtomicFile(path: path)
    let descriptor = open(file.temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError(call: "creating a file beside it", path: path) }
    for part in parts where !write(part, to: descriptor) {
      let error = FileError(call: "writing", path: path)
      close(descriptor)
      throw error
    }
    guard close(descriptor) == 0 else { throw FileError(call: "closing", path: path) }
    try file.commit()
  }

  /// Writes all bytes; false, with the system's error number set, where that fails.
  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        buffer.baseAddress.map { Glibc.write(descriptor, $0 + written, bytes.count - written) } ?? 0
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      written += count
    }
    return true
  }

  /// Writes a text (UTF-8) under its name, or leaves what was there.
  public static func write(_ text: String, to path: String) throws(FileError) {
    try write(Array(text.utf8), to: path)
  }

  /// Removes the temporary files that processes of this machine left in a directory when killed.
  ///
  /// Those of living processes and of other machines stay. Returns the names of what it removed.
  @discardableResult
  public static func removeAbandoned(in directory: String) -> [String] {
    names(in: directory).filter { name in
      guard let owner = owner(of: name), owner.host == host, owner.process != getpid(),
        kill(owner.process, 0) != 0, errno == ESRCH
      else { return false }
      return unlink("\(directory)/\(name)") == 0
    }
  }

  /// The process that a temporary name belongs to: `.<stem>.<process>.<number>.<host>.unfinished`.
  private static func owner(of name: String) -> (process: pid_t, host: String)? {
    guard name.first == ".", let end = name.range(of: ending) else { return nil }
    let parts = name[..<end.lowerBound].split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count >= 5, let process = pid_t(parts[parts.count - 3]), process > 0,
      Int(parts[parts.count - 2]) != nil
    else { return nil }
    return (process, String(parts[parts.count - 1]))
  }

  /// The name of this machine, without dots.
  private static let host: String = {
    var buffer = [CChar](repeating: 0, count: 65)
    guard gethostname(&buffer, 64) == 0 else { return "host" }
    let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    let name = String(decoding: bytes, as: UTF8.self).split(separator: ".").first
    return name.map(String.init) ?? "host"
  }()

  private static func rename(_ old: String, _ new: String) throws(FileError) {
    guard Glibc.rename(old, new) == 0 else { throw FileError(call: "renaming to it", path: new) }
  }

  /// Forces a file or directory to the disk.
  private static func sync(_ path: String) throws(FileError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(call: "opening for sync", path: path) }
    defer { close(descriptor) }
    // Some file systems cannot sync a directory; renaming is all that can be had there.
    if fsync(descriptor) != 0, errno != EINVAL, errno != ENOTSUP {
      throw FileError(call: "fsync", path: path)
    }
  }

  /// Removes a temporary file and the helpers that GDAL names after it.
  private static func removeAll(of path: String) {
    let (directory, name) = split(path)
    for other in names(in: directory) where other.hasPrefix(name) {
      unlink("\(directory)/\(other)")
    }
  }

  /// The names of everything in a directory; none where it cannot be read.
  static func names(in directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var result: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      result.append(name)
    }
    return result.sorted()
  }

  private static func split(_ path: String) -> (directory: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    let directory = slash == path.startIndex ? "/" : String(path[..<slash])
    return (directory, String(path[path.index(after: slash)...]))
  }
}

extension String {
  /// The first place of another text.
  fileprivate func range(of other: String) -> Range<String.Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(other) {
        return start..<index(start, offsetBy: other.count)
      }
      start = index(after: start)
    }
    return nil
  }
}
