/// The density of points or lines around a place, by a kernel of finite radius.
///
/// Every point spreads its weight over a circle, every line the weight of its length: the kernel is
/// `(k + 1)/(pi r^2) (1 - d^2/r^2)^k` at the distance d, whose integral over the circle is 1. Lines
/// are integrated exactly.
public struct KernelDensity: Sendable {
  /// The form of the kernel.
  public enum Kernel: String, Sendable, CaseIterable {
    /// k = 2 (Silverman 1986, equation 4.5).
    case quartic
    /// k = 1.
    case epanechnikov
    /// k = 0.
    case uniform

    fileprivate var power: Int {
      switch self {
      case .quartic: 2
      case .epanechnikov: 1
      case .uniform: 0
      }
    }
  }

  /// The form of the kernel.
  public let kernel: Kernel
  /// Where the kernel ends.
  public let radius: Double
  private let tree: SegmentTree
  private let weights: [Double]

  /// Prepares the density of segments; `weights` holds a number for each of their owners.
  public init(_ tree: SegmentTree, weights: [Double], kernel: Kernel, radius: Double) {
    precondition(radius > 0, "a radius of \(radius)")
    self.tree = tree
    self.weights = weights
    self.kernel = kernel
    self.radius = radius
  }

  /// The density at a place: points (or lengths of lines) for each square unit.
  ///
  /// Segments whose owner is in `excluding` do not count.
  public func value(at place: SIMD3<Double>, excluding: Set<Int> = []) -> Double {
    var sum = 0.0
    tree.forEach(within: radius, of: place) { segment in
      if !excluding.isEmpty && excluding.contains(segment.owner) { return }
      sum += weights[segment.owner] * integral(segment, place)
    }
    return sum * Double(kernel.power + 1) / (Double.pi * radius * radius)
  }

  /// The integral of `(1 - d^2/r^2)^k` along a segment; its value at a point.
  private func integral(_ segment: SegmentTree.Segment, _ place: SIMD3<Double>) -> Double {
    let way = (segment.end - segment.start) / radius
    let offset = (segment.start - place) / radius
    let length = (way * way).sum().squareRoot()
    guard length > 0 else {
      let rest = 1 - (offset * offset).sum()
      return rest > 0 ? power(rest) : 0
    }
    let direction = way / length
    let start = (offset * direction).sum()
    let across = offset - start * direction
    let rest = 1 - (across * across).sum()
    guard rest > 0 else { return 0 }
    let reach = rest.squareRoot()
    let (low, high) = (max(start, -reach), min(start + length, reach))
    guard low < high else { return 0 }
    return radius * (primitive(high, rest) - primitive(low, rest))
  }

  private func power(_ value: Double) -> Double {
    switch kernel {
    case .quartic: value * value
    case .epanechnikov: value
    case .uniform: 1
    }
  }

  /// The integral of `(rest - t^2)^k` from 0 to t.
  private func primitive(_ t: Double, _ rest: Double) -> Double {
    let cube = t * t * t / 3
    switch kernel {
    case .quartic: return rest * rest * t - 2 * rest * cube + t * t * t * t * t / 5
    case .epanechnikov: return rest * t - cube
    case .uniform: return t
    }
  }
}
