import Foundation
public import Rasters

/// A polynomial of the coordinates through one measurement, by least squares.
///
/// Coordinates are centred and scaled to -1...1, and the equations are solved by Householder
/// reflections, so that cubic terms of map coordinates do no harm. Beyond the points a polynomial
/// goes anywhere.
public struct TrendSurface: PointSurface {
  /// The degree of the polynomial, 1 to 3.
  public let degree: Int
  private let fit: PolynomialFit
  private let basis: PolynomialBasis
  private let points: [Int]
  private let x: [Double]
  private let y: [Double]
  private let values: [Double]

  /// The number of coefficients of a degree.
  public static func termCount(degree: Int) -> Int { (degree + 1) * (degree + 2) / 2 }

  /// Fits the surface; NaN and infinite values and coordinates are missing.
  ///
  /// It is nil where the points do not determine it: they are too few, or lie on one curve of its
  /// degree, as on a line.
  public init?(x: [Double], y: [Double], values: [Float], degree: Int) {
    precondition(1...3 ~= degree, "degree \(degree)")
    precondition(
      x.count == y.count && x.count == values.count,
      "\(x.count) x, \(y.count) y and \(values.count) values")
    let points = x.indices.filter { x[$0].isFinite && y[$0].isFinite && values[$0].isFinite }
    let basis = PolynomialBasis(x: points.map { x[$0] }, y: points.map { y[$0] }, degree: degree)
    let measured = values.map(Double.init)
    guard let fit = PolynomialFit(basis, points, x, y, measured) else { return nil }
    self.degree = degree
    self.basis = basis
    self.points = points
    self.x = x
    self.y = y
    self.values = measured
    self.fit = fit
  }

  /// One band.
  public var bandCount: Int { 1 }

  /// The value at a place.
  public func value(x: Double, y: Double) -> Double { fit.value(basis.terms(x, y)) }

  /// The values at some places without the points of `excluding`; NaN where the rest does not
  /// determine a surface.
  public func estimates(x: [Double], y: [Double], excluding: Set<Int>) -> [[Float]] {
    let fit = fit(excluding: excluding)
    return [zip(x, y).map { Float(fit?.value(basis.terms($0, $1)) ?? .nan) }]
  }

  /// The values at the centres of a window's cells, without the points of `excluding`.
  public func cube(window: Window, grid: Grid, excluding: Set<Int> = []) -> DataCube {
    var cube = DataCube(window: window, bandCount: 1)
    guard let fit = fit(excluding: excluding) else { return cube }
    for row in window.y..<window.maxY {
      for column in window.x..<window.maxX {
        let place = grid.center(of: Cell(column: column, row: row))
        cube.values[window.index(column: column, row: row)] = Float(
          fit.value(basis.terms(place.x, place.y)))
      }
    }
    return cube
  }

  /// The values at points without all points at their place, from residuals and leverages.
  ///
  /// Without the k points at a place the error of one of them is `e + h E / (1 - k h)`, with its
  /// residual e, the sum E of the residuals at the place and the leverage h of one point (the
  /// identity of Allen's PRESS for k = 1).
  public func leaveOneOut(_ wanted: [Int], x: [Double], y: [Double]) -> [[Float]] {
    var residuals: [SIMD2<Double>: (sum: Double, count: Int)] = [:]
    for point in points {
      let known = residuals[SIMD2(x[point], y[point])] ?? (0, 0)
      residuals[SIMD2(x[point], y[point])] = (known.sum + residual(point), known.count + 1)
    }
    let values = wanted.map { point -> Float in
      let terms = basis.terms(x[point], y[point])
      guard let here = residuals[SIMD2(x[point], y[point])] else {
        return Float(fit.value(terms))
      }
      let leverage = fit.leverage(terms)
      let rest = 1 - Double(here.count) * leverage
      // The place alone holds a coefficient: without it there is no surface.
      guard rest > 1e-9 else { return .nan }
      return Float(fit.value(terms) - leverage * here.sum / rest)
    }
    return [values]
  }

  private func residual(_ point: Int) -> Double {
    values[point] - fit.value(basis.terms(x[point], y[point]))
  }

  private func fit(excluding: Set<Int>) -> PolynomialFit? {
    guard !excluding.isEmpty, points.contains(where: excluding.contains) else { return fit }
    return PolynomialFit(basis, points.filter { !excluding.contains($0) }, x, y, values)
  }
}

/// The monomials of centred and scaled coordinates.
private struct PolynomialBasis: Sendable {
  let degree: Int
  let center: SIMD2<Double>
  let scale: SIMD2<Double>

  init(x: [Double], y: [Double], degree: Int) {
    self.degree = degree
    let low = SIMD2(x.min() ?? 0, y.min() ?? 0)
    let high = SIMD2(x.max() ?? 0, y.max() ?? 0)
    center = (low + high) / 2
    let half = (high - low) / 2
    scale = SIMD2(half.x > 0 ? half.x : 1, half.y > 0 ? half.y : 1)
  }

  var count: Int { TrendSurface.termCount(degree: degree) }

  /// 1, u, v, u^2, u v, v^2, ...
  func terms(_ x: Double, _ y: Double) -> [Double] {
    let place = (SIMD2(x, y) - center) / scale
    var terms = [1.0]
    var before = [1.0]
    for _ in 0..<degree {
      before = before.map { $0 * place.x } + [(before.last ?? 1) * place.y]
      terms += before
    }
    return terms
  }
}

/// Least squares by Householder reflections.
private struct PolynomialFit: Sendable {
  let coefficients: [Double]
  /// The upper triangle, row-major.
  private let triangle: [Double]

  init?(
    _ basis: PolynomialBasis, _ points: [Int], _ x: [Double], _ y: [Double], _ values: [Double]
  ) {
    let count = basis.count
    guard points.count >= count else { return nil }
    // Column-major, the measured values last.
    let rows = points.map { basis.terms(x[$0], y[$0]) + [values[$0]] }
    var columns = (0...count).map { column in rows.map { $0[column] } }
    var triangle = [Double](repeating: 0, count: count * count)
    for step in 0..<count {
      let size = columns[step].reduce(0) { $0 + $1 * $1 }.squareRoot()
      let rest = columns[step][step...].reduce(0) { $0 + $1 * $1 }.squareRoot()
      guard rest > 1e-9 * size, rest > 0 else { return nil }
      Self.reflect(&columns, step, rest)
      for column in step..<count { triangle[step * count + column] = columns[column][step] }
    }
    var coefficients = [Double](repeating: 0, count: count)
    for row in (0..<count).reversed() {
      var sum = columns[count][row]
      for column in row + 1..<max(count, row + 1) {
        sum -= triangle[row * count + column] * coefficients[column]
      }
      coefficients[row] = sum / triangle[row * count + row]
    }
    self.coefficients = coefficients
    self.triangle = triangle
  }

  /// Reflects the rows from `step` on so that the column keeps its first of them alone.
  private static func reflect(_ columns: inout [[Double]], _ step: Int, _ rest: Double) {
    var mirror = Array(columns[step][step...])
    let image = mirror[0] > 0 ? -rest : rest
    mirror[0] -= image
    let square = mirror.reduce(0) { $0 + $1 * $1 }
    for column in step..<columns.count {
      var product = 0.0
      for (index, value) in mirror.enumerated() { product += value * columns[column][step + index] }
      let factor = 2 * product / square
      for (index, value) in mirror.enumerated() {
        columns[column][step + index] -= factor * value
      }
    }
  }

  func value(_ terms: [Double]) -> Double {
    zip(coefficients, terms).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// The weight of a point with these terms in its own value.
  func leverage(_ terms: [Double]) -> Double {
    let count = terms.count
    var solved = terms
    var square = 0.0
    for row in 0..<count {
      for index in 0..<row { solved[row] -= triangle[index * count + row] * solved[index] }
      solved[row] /= triangle[row * count + row]
      square += solved[row] * solved[row]
    }
    return square
  }
}
