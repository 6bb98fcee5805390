import Tensors

/// A smooth random field: cubic B-splines over normal numbers on a lattice, about standard normal.
///
/// The number of a lattice node depends on its place and the field's key alone.
struct SmoothNoise: Sendable {
  private let random: Randomness
  /// The edge of the lattice, in map units: about how far the field resembles itself.
  private let length: Double

  init(_ random: Randomness, length: Double) {
    self.random = random
    self.length = length
  }

  /// The field at a place.
  func callAsFunction(_ x: Double, _ y: Double) -> Double {
    let (column, row) = ((x / length).rounded(.down), (y / length).rounded(.down))
    let across = Self.weights(x / length - column)
    let down = Self.weights(y / length - row)
    var sum = 0.0
    var squares = 0.0
    for (j, b) in down.enumerated() {
      for (i, a) in across.enumerated() {
        let node = random.derived(
          UInt64(bitPattern: Int64(column) + Int64(i)), UInt64(bitPattern: Int64(row) + Int64(j)))
        sum += a * b * Double(node.normal(0))
        squares += a * a * b * b
      }
    }
    // The same variance everywhere, not only at the nodes.
    return sum / squares.squareRoot()
  }

  /// The cubic B-spline's weights of four nodes for a place between the second and the third.
  private static func weights(_ t: Double) -> [Double] {
    let u = 1 - t
    return [
      u * u * u / 6, (3 * t * t * t - 6 * t * t + 4) / 6,
      (3 * u * u * u - 6 * u * u + 4) / 6, t * t * t / 6,
    ]
  }
}
