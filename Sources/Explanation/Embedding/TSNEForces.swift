internal import Glibc
internal import Tensors

/// The derivative of the divergence with respect to places in the plane.
///
/// `4 sum_j (p_ij - q_ij) (y_i - y_j) / (1 + |y_i - y_j|^2)`: neighbours attract, all points repel,
/// which is divided by the sum Z of what all pairs weigh (van der Maaten and Hinton 2008, eq. 5).
struct TSNEForces: Sendable {
  private enum Affinities: Sendable {
    /// Points x points.
    case all([Double])
    case neighbors(TSNEAffinities.Sparse, theta: Double)
  }

  private let affinities: Affinities
  /// The points of one unit of work; it decides no bits.
  private static let blockSize = 64

  /// Looks at all pairs; `joint` is points x points.
  init(exactly joint: [Double]) { affinities = .all(joint) }

  /// Neighbours attract; heaps of points repel as one where they look narrow enough.
  init(_ sparse: TSNEAffinities.Sparse, theta: Double) {
    affinities = .neighbors(sparse, theta: theta)
  }

  /// What acts on one point, with its part of Z.
  private struct Force: Sendable {
    var attraction: SIMD2<Double> = .zero
    var repulsion: SIMD2<Double> = .zero
    var weight = 0.0
  }

  /// The gradient at places, points x 2, with attraction exaggerated.
  func gradient(_ places: [Double], exaggeration: Double) -> [Double] {
    let forces = forces(places)
    let total = max(forces.reduce(0) { $0 + $1.weight }, TSNEAffinities.least)
    var result = [Double](repeating: 0, count: places.count)
    for (point, force) in forces.enumerated() {
      let slope = 4 * (exaggeration * force.attraction - force.repulsion / total)
      (result[2 * point], result[2 * point + 1]) = (slope.x, slope.y)
    }
    return result
  }

  private func forces(_ places: [Double]) -> [Force] {
    let count = places.count / 2
    switch affinities {
    case .all(let joint):
      let x = (0..<count).map { places[2 * $0] }
      let y = (0..<count).map { places[2 * $0 + 1] }
      return Self.blocks(count) { Self.exact(joint, x, y, $0) }
    case .neighbors(let sparse, let theta):
      let tree = QuadTree(places)
      return Self.blocks(count) { point in
        let (repulsion, weight) = tree.repulsion(on: point, theta: theta)
        return Force(
          attraction: Self.attraction(sparse, places, point), repulsion: repulsion, weight: weight)
      }
    }
  }

  /// The forces on all points, block by block.
  private static func blocks(
    _ count: Int, _ force: @Sendable (Int) -> Force
  ) -> [Force] {
    Parallel.map((count + blockSize - 1) / blockSize) { index in
      (index * blockSize..<min(count, (index + 1) * blockSize)).map(force)
    }.flatMap(\.self)
  }

  /// Kernel: one row of all pairs, in 8 lanes of fixed order.
  private static func exact(
    _ joint: [Double], _ x: [Double], _ y: [Double], _ point: Int
  ) -> Force {
    let count = x.count
    let (ownX, ownY) = (x[point], y[point])
    let whole = count / 8 * 8
    var (weight, pullX, pullY) = (SIMD8<Double>.zero, SIMD8<Double>.zero, SIMD8<Double>.zero)
    var (pushX, pushY) = (SIMD8<Double>.zero, SIMD8<Double>.zero)
    func add(_ p: SIMD8<Double>, _ otherX: SIMD8<Double>, _ otherY: SIMD8<Double>) {
      let (dx, dy) = (ownX - otherX, ownY - otherY)
      let q = 1 / (1 + dx * dx + dy * dy)
      let (pull, push) = (p * q, q * q)
      weight += q
      pullX += pull * dx
      pullY += pull * dy
      pushX += push * dx
      pushY += push * dy
    }
    joint.withUnsafeBytes { joint in
      x.withUnsafeBytes { x in
        y.withUnsafeBytes { y in
          for other in stride(from: 0, to: whole, by: 8) {
            add(
              joint.loadUnaligned(
                fromByteOffset: (point * count + other) * 8, as: SIMD8<Double>.self),
              x.loadUnaligned(fromByteOffset: other * 8, as: SIMD8<Double>.self),
              y.loadUnaligned(fromByteOffset: other * 8, as: SIMD8<Double>.self))
          }
        }
      }
    }
    var result = Force(
      attraction: [pullX.sum(), pullY.sum()], repulsion: [pushX.sum(), pushY.sum()],
      weight: weight.sum())
    for other in whole..<count {
      let offset = SIMD2(ownX - x[other], ownY - y[other])
      let q = 1 / (1 + (offset * offset).sum())
      result.weight += q
      result.attraction += joint[point * count + other] * q * offset
      result.repulsion += q * q * offset
    }
    // The point itself weighs 1 and moves nothing.
    result.weight -= 1
    return result
  }

  private static func attraction(
    _ sparse: TSNEAffinities.Sparse, _ places: [Double], _ point: Int
  ) -> SIMD2<Double> {
    let own = SIMD2(places[2 * point], places[2 * point + 1])
    var result = SIMD2<Double>.zero
    for index in sparse.start[point]..<sparse.start[point + 1] {
      let other = sparse.columns[index]
      let offset = own - SIMD2(places[2 * other], places[2 * other + 1])
      result += sparse.values[index] / (1 + (offset * offset).sum()) * offset
    }
    return result
  }

  /// `sum p log(p / q)` over all pairs, or over neighbours with an approximate Z.
  func divergence(_ places: [Double]) -> Double {
    let total = max(forces(places).reduce(0) { $0 + $1.weight }, TSNEAffinities.least)
    let count = places.count / 2
    func term(_ p: Double, _ first: Int, _ second: Int) -> Double {
      let dx = places[2 * first] - places[2 * second]
      let dy = places[2 * first + 1] - places[2 * second + 1]
      let q = max(1 / (1 + dx * dx + dy * dy) / total, TSNEAffinities.least)
      return p * log(max(p, TSNEAffinities.least) / q)
    }
    var sum = 0.0
    switch affinities {
    case .all(let joint):
      for first in 0..<count {
        for second in 0..<count where second != first {
          sum += term(joint[first * count + second], first, second)
        }
      }
    case .neighbors(let sparse, _):
      for first in 0..<count {
        for index in sparse.start[first]..<sparse.start[first + 1] {
          sum += term(sparse.values[index], first, sparse.columns[index])
        }
      }
    }
    return sum
  }
}
