internal import Tensors

/// Minimises a smooth function by a quasi-Newton method with limited memory (Nocedal 1980), with
/// steps that fulfil the weak Wolfe conditions by bisection (Lewis and Overton 2013).
struct LimitedMemoryBFGS {
  /// How many steps shape the curvature.
  var memory = 10
  /// The most steps.
  var iterations = 50
  /// The largest component of the gradient at which the search ends.
  var tolerance = 1e-5

  /// What a function is somewhere, and its derivatives.
  typealias Value = (value: Double, gradient: [Double])

  /// What one step changed: place, gradient, and the reciprocal of their product.
  private typealias Step = (s: [Double], y: [Double], rho: Double)

  /// Where the search ended.
  func minimize(
    _ start: [Double], _ evaluate: ([Double]) throws -> Value
  ) throws -> (point: [Double], value: Double) {
    var point = start
    var here = try evaluate(point)
    var steps: [Step] = []
    for _ in 0..<iterations {
      try Parallel.checkCancellation()
      if here.gradient.allSatisfy({ abs($0) <= tolerance }) { break }
      let direction = direction(here.gradient, steps)
      guard let (next, there) = try search(from: point, here, along: direction, evaluate) else {
        break
      }
      let s = zip(next, point).map { $0 - $1 }
      let y = zip(there.gradient, here.gradient).map { $0 - $1 }
      let product = Self.dot(s, y)
      if product > 0 {
        if steps.count == memory { steps.removeFirst() }
        steps.append((s, y, 1 / product))
      }
      (point, here) = (next, there)
    }
    return (point, here.value)
  }

  /// The quasi-Newton direction by the two loops of Nocedal.
  private func direction(_ gradient: [Double], _ steps: [Step]) -> [Double] {
    var result = gradient.map { -$0 }
    guard let last = steps.last else {
      let length = Self.dot(gradient, gradient).squareRoot()
      return result.map { $0 / max(1, length) }
    }
    var factors: [Double] = []
    for step in steps.reversed() {
      let factor = step.rho * Self.dot(step.s, result)
      factors.append(factor)
      for index in result.indices { result[index] -= factor * step.y[index] }
    }
    let scale = 1 / (last.rho * Self.dot(last.y, last.y))
    for index in result.indices { result[index] *= scale }
    for (step, factor) in zip(steps, factors.reversed()) {
      let other = step.rho * Self.dot(step.y, result)
      for index in result.indices { result[index] += (factor - other) * step.s[index] }
    }
    return result
  }

  /// A step along a direction that lowers the value and the slope enough; nil where none is found.
  private func search(
    from point: [Double], _ here: Value, along direction: [Double],
    _ evaluate: ([Double]) throws -> Value
  ) throws -> (point: [Double], value: Value)? {
    let slope = Self.dot(here.gradient, direction)
    guard slope < 0 else { return nil }
    var (low, high, step) = (0.0, Double.infinity, 1.0)
    var best: (point: [Double], value: Value)?
    for _ in 0..<30 {
      let trial = zip(point, direction).map { $0 + step * $1 }
      let there = try evaluate(trial)
      if !(there.value <= here.value + 1e-4 * step * slope) {
        high = step
      } else {
        best = (trial, there)
        if Self.dot(there.gradient, direction) >= 0.9 * slope { return best }
        low = step
      }
      step = high.isFinite ? (low + high) / 2 : 2 * step
    }
    return best
  }

  private static func dot(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }
}
