import Foundation
import Testing

@testable import Tensors

@Suite struct KernelsTests {
  @Test func avx512IsUsedWhereItIs() throws {
    let flags =
      try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
      .split(separator: "\n").first { $0.hasPrefix("flags") } ?? ""
    let asked = ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"] != nil
    if flags.contains(" avx512vl"), flags.contains(" avx512dq"), !asked {
      #expect(!["Haswell", "Zen"].contains(Products.kernelName))
    }
  }
}
