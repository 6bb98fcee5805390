import Glibc

/// The nodes and weights of Gauss-Legendre quadrature on the unit interval.
///
/// A rule of `n` nodes integrates polynomials up to degree `2 n - 1` exactly. Nodes ascend and
/// weights add up to 1. They are the roots of the Legendre polynomial, found by Newton steps from
/// Tricomi's estimate (Press et al., Numerical Recipes, section 4.6).
public struct GaussLegendre: Sendable, Hashable {
  /// The nodes in 0...1.
  public let nodes: [Double]
  /// The weights of the nodes.
  public let weights: [Double]

  /// Makes the rule of `count` nodes.
  public init(_ count: Int) {
    precondition(count > 0, "a quadrature of \(count) nodes")
    var nodes = [Double](repeating: 0.5, count: count)
    var weights = [Double](repeating: 1, count: count)
    for i in 0..<(count + 1) / 2 {
      var x = cos(Double.pi * (Double(i) + 0.75) / (Double(count) + 0.5))
      if 2 * i + 1 == count { x = 0 }
      var slope = Self.legendre(count, x).slope
      for _ in 0..<100 {
        let (value, derivative) = Self.legendre(count, x)
        slope = derivative
        let step = value / derivative
        x -= step
        if abs(step) < 1e-15 { break }
      }
      slope = Self.legendre(count, x).slope
      let weight = 1 / ((1 - x * x) * slope * slope)
      nodes[i] = (1 - x) / 2
      nodes[count - 1 - i] = (1 + x) / 2
      weights[i] = weight
      weights[count - 1 - i] = weight
    }
    self.nodes = nodes
    self.weights = weights
  }

  /// The Legendre polynomial of degree `n` and its derivative at `x`, by the three-term recurrence.
  private static func legendre(_ n: Int, _ x: Double) -> (value: Double, slope: Double) {
    var previous = 0.0
    var value = 1.0
    for k in 1...n {
      let next = (Double(2 * k - 1) * x * value - Double(k - 1) * previous) / Double(k)
      (previous, value) = (value, next)
    }
    return (value, Double(n) * (x * value - previous) / (x * x - 1))
  }
}
