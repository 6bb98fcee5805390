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

  private typealias Trim = @convention(c) (Int) -> Int32

  /// malloc_trim, which the module leaves out, too.
  private static let trim: Trim? = dlsym(nil, "malloc_trim").map {
    unsafeBitCast($0, to: Trim.self)
  }

  /// Gives every block of at least so many bytes back as soon as it is freed.
  ///
  /// The allocator otherwise keeps what it has, in pieces of sizes that may not be wanted again:
  /// then a process takes more than it uses. It holds for the whole process and from then on, and
  /// blocks that are often made and freed take more time.
  public static func returnBlocks(from bytes: Int) {
    _ = setOption?(mappingThreshold, Int32(clamping: bytes))
  }

  /// Gives back what was freed in smaller blocks: where one kind of work has ended, and another
  /// begins that wants blocks of other sizes.
  public static func returnFreed() { _ = trim?(0) }
}
