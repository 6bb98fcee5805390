internal import Glibc

/// What tells a file from what it was or will be under the same name, without reading it.
public struct FileState: Sendable, Hashable, Codable {
  private let size: Int64
  private let seconds: Int64
  private let nanoseconds: Int64
  private let inode: UInt64

  /// The state of a file now; nil when there is none, with the reason in `errno`.
  public init?(of path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    size = Int64(status.st_size)
    seconds = Int64(status.st_mtim.tv_sec)
    nanoseconds = Int64(status.st_mtim.tv_nsec)
    inode = UInt64(status.st_ino)
  }
}
