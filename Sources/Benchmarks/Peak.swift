import Tensors

/// The speed of a large single-precision product on one thread: what all workloads are held
/// against.
struct Peak {
  private static let edge = 1024
  private let a: [Float]
  private var c: [Float]

  init() {
    a = (0..<Self.edge * Self.edge).map { Float($0 % 13) * 0.1 }
    c = a
    _ = measure()
  }

  /// Operations per second, measured now.
  mutating func measure() -> Double {
    let n = Self.edge
    let time = seconds {
      Products.multiply(
        rows: n, columns: n, inner: n, a, .rows(n), a, .rows(n), into: &c, .rows(n))
    }
    return 2 * Double(n) * Double(n) * Double(n) / time
  }
}

/// The time that some work takes.
func seconds(_ work: () -> Void) -> Double {
  let time = ContinuousClock().measure(work)
  return Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
}
