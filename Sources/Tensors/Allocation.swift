internal import Glibc

/// How the process gives memory back to the system.
public enum Allocation {
  private typealias SetOption = @convention(c) (Int32, Int32) -> Int32

  /// mallopt, which the module of the C library leaves out.
  private static let setOption: SetOption? = dlsym(nil, "mallopt").map {
    unsafeBitCast($0, to: SetOption.self)
  }

  /// M_MMAP_THRESHOLD of malloc.h.
  private static let mappingThreshold: Int32 = -3

  /// Gives every block of at least so many bytes back as soon as it is freed.
  ///
  /// The allocator otherwise keeps what it has, in pieces of sizes that may not be wanted again:
  /// then a process takes more than it uses. It holds for the whole process and from then on, and
  /// blocks that are often made and freed take more time.
  public static func returnBlocks(from bytes: Int) {
    _ = setOption?(mappingThreshold, Int32(clamping: bytes))
  }
}
