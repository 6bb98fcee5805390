internal import COpenBLAS
internal import Glibc

/// The choice of OpenBLAS's kernels, made once before the first product.
///
/// OpenBLAS releases older than a processor take it for one with AVX2 only, at half the speed.
/// Where the processor has AVX-512 and the user asked for nothing, its kernels are chosen instead.
enum Kernels {
  /// Evaluated once: sets the kernels and confines every product to its calling thread.
  static let chosen: Void = {
    if name == "Haswell" || name == "Zen", getenv("OPENBLAS_CORETYPE") == nil, hasAVX512() {
      switchKernels(to: "SkylakeX")
    }
    openblas_set_num_threads(1)
  }()

  /// The name of the kernels in use.
  static var name: String {
    guard let text = openblas_get_corename() else { return "unknown" }
    return String(cString: text)
  }

  /// Whether every instruction set that the SkylakeX kernels use is there.
  private static func hasAVX512() -> Bool {
    guard let file = fopen("/proc/cpuinfo", "r") else { return false }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 8192)
    while fgets(&line, Int32(line.count), file) != nil {
      guard strncmp(line, "flags", 5) == 0 else { continue }
      return ["avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd"].allSatisfy {
        strstr(line, " " + $0) != nil
      }
    }
    return false
  }

  /// Restarts OpenBLAS's dispatch with `kernel`; builds without dynamic dispatch stay as they are.
  private static func switchKernels(to kernel: String) {
    typealias Action = @convention(c) () -> Void
    guard let quit = dlsym(nil, "gotoblas_dynamic_quit"),
      let start = dlsym(nil, "gotoblas_dynamic_init")
    else { return }
    unsafeBitCast(quit, to: Action.self)()
    setenv("OPENBLAS_CORETYPE", kernel, 1)
    unsafeBitCast(start, to: Action.self)()
    // A program started by this one chooses for itself.
    unsetenv("OPENBLAS_CORETYPE")
  }
}
