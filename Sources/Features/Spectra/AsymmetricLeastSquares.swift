public import Rasters

/// Baselines of spectra by asymmetric least squares.
///
/// After Eilers and Boelens 2005: the baseline z of a spectrum y makes sum w (y - z)^2 + lambda
/// sum (second differences of z)^2 least, where w is p for bands above the baseline and 1 - p for
/// others; weights and baseline are found in turn. Differences are from band to band, whatever lies
/// between them.
public struct AsymmetricLeastSquares: Sendable, Hashable {
  /// How stiff the baseline is, lambda.
  public let smoothness: Double
  /// What bands above the baseline weigh, p, from 0 to 1.
  public let asymmetry: Double
  /// How often the baseline is found, the first time with equal weights.
  public let iterations: Int

  /// Takes lambda, p and a number of iterations.
  public init(smoothness: Double, asymmetry: Double, iterations: Int) {
    precondition(smoothness > 0 && smoothness.isFinite, "lambda \(smoothness)")
    precondition(asymmetry > 0 && asymmetry < 1, "p \(asymmetry)")
    precondition(iterations > 0, "\(iterations) iterations")
    self.smoothness = smoothness
    self.asymmetry = asymmetry
    self.iterations = iterations
  }

  /// What becomes of a spectrum.
  public enum Output: String, Sendable, Hashable, CaseIterable {
    /// The spectrum less its baseline.
    case corrected
    /// The baseline.
    case baseline
  }

  /// The cube with corrected spectra, or with their baselines.
  ///
  /// `axis` needs three bands or more. Other bands pass unchanged; a cell in which a band of the
  /// spectrum is missing has none.
  public func apply(
    _ cube: DataCube, along axis: SpectralAxis, output: Output = .corrected
  ) -> DataCube {
    precondition(axis.count >= 3, "a spectrum of \(axis.count) bands")
    let cells = cube.window.cellCount
    let missing = axis.missingCells(cube)
    var result = cube
    var solver = Solver(self, bandCount: axis.count)
    for start in stride(from: 0, to: cells, by: Solver.Lanes.scalarCount) {
      let lanes = min(Solver.Lanes.scalarCount, cells - start)
      for (place, band) in axis.bands.enumerated() {
        var values = Solver.Lanes.zero
        for lane in 0..<lanes { values[lane] = Double(cube.values[band * cells + start + lane]) }
        solver.spectrum[place] = values
      }
      solver.solve()
      for (place, band) in axis.bands.enumerated() {
        let values =
          output == .baseline
          ? solver.baseline[place] : solver.spectrum[place] - solver.baseline[place]
        for lane in 0..<lanes { result.values[band * cells + start + lane] = Float(values[lane]) }
      }
    }
    axis.clear(missing, in: &result)
    return result
  }
}

/// The baselines of some spectra at once, a lane each.
private struct Solver {
  typealias Lanes = SIMD8<Double>

  /// The spectra, band by band.
  var spectrum: [Lanes]
  /// Their baselines.
  private(set) var baseline: [Lanes]
  private var weights: [Lanes]
  private var factors: Factors
  private let options: AsymmetricLeastSquares

  init(_ options: AsymmetricLeastSquares, bandCount: Int) {
    let zeros = [Lanes](repeating: .zero, count: bandCount)
    (spectrum, baseline, weights) = (zeros, zeros, zeros)
    factors = Factors(smoothness: options.smoothness, bandCount: bandCount)
    self.options = options
  }

  /// Finds the baselines of `spectrum`.
  mutating func solve() {
    for band in weights.indices { weights[band] = Lanes(repeating: 1) }
    for iteration in 1...options.iterations {
      factors.factorize(weights)
      for band in weights.indices { baseline[band] = weights[band] * spectrum[band] }
      factors.substitute(into: &baseline)
      // The same weights would give the same baseline.
      if iteration == options.iterations || !weigh() { break }
    }
    refine()
  }

  /// One step of iterative refinement: a stiff baseline loses digits, for the factors hold lambda
  /// beside weights, but second differences of the baseline keep theirs.
  private mutating func refine() {
    var residuals = [Lanes](repeating: .zero, count: weights.count)
    for band in weights.indices {
      residuals[band] = weights[band] * (spectrum[band] - baseline[band])
    }
    for band in 0..<weights.count - 2 {
      let difference =
        options.smoothness * (baseline[band] - 2 * baseline[band + 1] + baseline[band + 2])
      residuals[band] -= difference
      residuals[band + 1] += 2 * difference
      residuals[band + 2] -= difference
    }
    factors.substitute(into: &residuals)
    for band in weights.indices { baseline[band] += residuals[band] }
  }

  /// Whether any weight has changed.
  private mutating func weigh() -> Bool {
    let above = Lanes(repeating: options.asymmetry)
    let below = Lanes(repeating: 1 - options.asymmetry)
    var isChanged = false
    for band in weights.indices {
      let new = below.replacing(with: above, where: spectrum[band] .> baseline[band])
      if new != weights[band] { isChanged = true }
      weights[band] = new
    }
    return isChanged
  }
}

/// The Cholesky factors L D L' of W + lambda D'D, whose five diagonals cost a few operations each
/// band.
private struct Factors {
  typealias Lanes = Solver.Lanes

  /// Reciprocals of the diagonal of D, and the two diagonals of L.
  private var pivots: [Lanes]
  private var first: [Lanes]
  private var second: [Lanes]
  /// The diagonals of lambda D'D.
  private let penalty: (main: [Double], first: [Double], second: [Double])

  init(smoothness: Double, bandCount: Int) {
    let zeros = [Lanes](repeating: .zero, count: bandCount)
    (pivots, first, second) = (zeros, zeros, zeros)
    let none = [Double](repeating: 0, count: bandCount)
    var diagonals = (main: none, first: none, second: none)
    for row in 0..<bandCount - 2 {
      diagonals.main[row] += smoothness
      diagonals.main[row + 1] += 4 * smoothness
      diagonals.main[row + 2] += smoothness
      diagonals.first[row] -= 2 * smoothness
      diagonals.first[row + 1] -= 2 * smoothness
      diagonals.second[row] += smoothness
    }
    penalty = diagonals
  }

  /// Kernel: the factors for the weights W.
  mutating func factorize(_ weights: [Lanes]) {
    var (l1, l2, l2Before) = (Lanes.zero, Lanes.zero, Lanes.zero)
    var (d1, d2) = (Lanes.zero, Lanes.zero)
    for band in weights.indices {
      // l1 is L[band, band - 1], l2Before is L[band, band - 2], l2 is L[band + 1, band - 1].
      let scaled = l1 * d1
      let pivot = weights[band] + penalty.main[band] - l1 * scaled - l2Before * l2Before * d2
      let inverse = 1 / pivot
      let next = (penalty.first[band] - l2 * scaled) * inverse
      let after = penalty.second[band] * inverse
      (pivots[band], first[band], second[band]) = (inverse, next, after)
      (l2Before, l2, l1) = (l2, after, next)
      (d2, d1) = (d1, pivot)
    }
  }

  /// Kernel: solves L D L' x = b in place.
  func substitute(into values: inout [Lanes]) {
    var (x1, x2) = (Lanes.zero, Lanes.zero)
    var (l1, l2, l2Before) = (Lanes.zero, Lanes.zero, Lanes.zero)
    for band in values.indices {
      let value = values[band] - l1 * x1 - l2Before * x2
      values[band] = value
      (l2Before, l2, l1) = (l2, second[band], first[band])
      (x2, x1) = (x1, value)
    }
    (x1, x2) = (.zero, .zero)
    for band in values.indices.reversed() {
      let value = values[band] * pivots[band] - first[band] * x1 - second[band] * x2
      values[band] = value
      (x2, x1) = (x1, value)
    }
  }
}
