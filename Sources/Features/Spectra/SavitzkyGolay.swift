/// Smoothing and derivatives of spectra by polynomials through the bands of a moving window.
///
/// After Savitzky and Golay 1964. At either end the polynomial of the first or last whole window
/// stands for the bands that have no window around them. Bands that are not evenly spaced have
/// weights of their own, by least squares at their positions; for evenly spaced ones these are the
/// weights of Savitzky and Golay.
public struct SavitzkyGolay: Sendable, Hashable {
  /// The number of bands in a window, odd.
  public let window: Int
  /// The order of the polynomial, less than `window`.
  public let order: Int
  /// The derivative along the axis: 0 for the smoothed spectrum.
  public let derivative: Int

  /// Takes an odd window, an order below it and a derivative up to the order.
  public init(window: Int, order: Int, derivative: Int = 0) {
    precondition(window > 0 && window % 2 == 1, "a window of \(window)")
    precondition(order >= 0 && order < window, "order \(order) in a window of \(window)")
    precondition(derivative >= 0 && derivative <= order, "derivative \(derivative)")
    self.window = window
    self.order = order
    self.derivative = derivative
  }

  /// The filter of a spectrum of at least `window` bands; derivatives are by the axis's unit.
  public func filter(along axis: SpectralAxis) -> SpectralFilter {
    precondition(axis.count >= window, "\(axis.count) bands for a window of \(window)")
    let taps = axis.positions.indices.map { index in
      let first = min(max(0, index - window / 2), axis.count - window)
      let weights = weights(
        at: axis.positions[index], Array(axis.positions[first..<first + window]))
      return SpectralFilter.Taps(first: first, weights: weights)
    }
    return SpectralFilter(axis: axis, taps: taps, isInPlace: true)
  }

  /// What each value of a window counts in the derivative of its polynomial at a place.
  ///
  /// With V = QR of the powers of the distances, the coefficients are R^-1 Q^T y, so the weights of
  /// coefficient d are Q u with R^T u = e_d. Distances are scaled to 1: powers stay comparable.
  private func weights(at place: Double, _ positions: [Double]) -> [Double] {
    let scale = positions.reduce(0) { max($0, abs($1 - place)) }
    guard scale > 0 else { return [1] }
    let distances = positions.map { ($0 - place) / scale }
    let (columns, r) = orthogonal(distances)
    var u = [Double](repeating: 0, count: order + 1)
    for row in derivative...order {
      var sum = row == derivative ? 1.0 : 0
      for inner in derivative..<row { sum -= r[inner][row] * u[inner] }
      u[row] = sum / r[row][row]
    }
    // The d-th derivative of c t^d is d! c.
    var factor = 1.0
    for step in 0..<derivative { factor *= Double(step + 1) / scale }
    return positions.indices.map { index in
      var sum = 0.0
      for column in 0...order { sum += columns[column][index] * u[column] }
      return factor * sum
    }
  }

  /// Q by columns and R by rows of the powers 0...order, by Gram and Schmidt, each step twice.
  private func orthogonal(_ distances: [Double]) -> (columns: [[Double]], r: [[Double]]) {
    var columns: [[Double]] = []
    var r = [[Double]](repeating: [Double](repeating: 0, count: order + 1), count: order + 1)
    var power = [Double](repeating: 1, count: distances.count)
    for column in 0...order {
      var vector = power
      for _ in 0..<2 {
        for (index, known) in columns.enumerated() {
          let share = zip(known, vector).reduce(0) { $0 + $1.0 * $1.1 }
          r[index][column] += share
          for row in vector.indices { vector[row] -= share * known[row] }
        }
      }
      let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
      r[column][column] = length
      columns.append(vector.map { $0 / length })
      for row in power.indices { power[row] *= distances[row] }
    }
    return (columns, r)
  }
}
