public import Rasters

/// Normalization of each cell's spectrum by itself.
///
/// The other bands of the cube pass unchanged. A cell in which a band of the spectrum is missing,
/// or whose spectrum has nothing to divide by, has none.
public struct SpectralNormalization: Sendable, Hashable {
  /// What spectra are brought to.
  public enum Method: String, Sendable, Hashable, CaseIterable {
    /// Mean 0 and standard deviation 1 (divisor n - 1): the standard normal variate (Barnes et al.
    /// 1989).
    case snv
    /// Area 1 of the absolute values, by the trapezoidal rule along the axis; for bands without
    /// positions the sum of the absolute values.
    case area
    /// Lowest value 0 and highest value 1.
    case minMax = "min-max"
  }

  /// What spectra are brought to.
  public let method: Method
  /// The bands of the spectrum, two or more.
  public let axis: SpectralAxis

  /// Takes the bands of the spectrum.
  public init(_ method: Method, along axis: SpectralAxis) {
    precondition(axis.count >= 2, "a spectrum of \(axis.count) bands")
    self.method = method
    self.axis = axis
  }

  /// The cube with normalized spectra.
  public func apply(_ cube: DataCube) -> DataCube {
    let cells = cube.window.cellCount
    let missing = axis.missingCells(cube)
    var result = cube
    for start in stride(from: 0, to: cells, by: spectralBlock) {
      let block = start..<min(cells, start + spectralBlock)
      let (shifts, factors) = scale(cube.values, cells, block)
      var target = result.values.mutableSpan
      for band in axis.bands {
        let place = band * cells + start
        for cell in 0..<block.count {
          let value = Double(target[place + cell])
          target[place + cell] = Float((value - shifts[cell]) * factors[cell])
        }
      }
    }
    axis.clear(missing, in: &result)
    return result
  }

  /// What is taken from the spectra of a block and what they are then multiplied by; NaN where
  /// there is nothing to divide by.
  private func scale(
    _ values: [Float], _ cells: Int, _ block: Range<Int>
  ) -> (shifts: [Double], factors: [Double]) {
    let zeros = [Double](repeating: 0, count: block.count)
    func inverse(_ divisor: Double) -> Double { divisor > 0 ? 1 / divisor : .nan }
    switch method {
    case .area:
      var areas = zeros
      for (band, weight) in zip(axis.bands, axis.quadratureWeights) {
        gather(band, values, cells, block, into: &areas) { $0 + weight * abs($1) }
      }
      return (zeros, areas.map(inverse))
    case .minMax:
      let (lowest, highest) = range(values, cells, block)
      return (lowest, zip(lowest, highest).map { inverse($1 - $0) })
    case .snv:
      let (lowest, highest) = range(values, cells, block)
      let count = Double(axis.count)
      var means = zeros
      for band in axis.bands { gather(band, values, cells, block, into: &means) { $0 + $1 } }
      for cell in means.indices { means[cell] /= count }
      let squares = squares(values, cells, block, around: means)
      // Rounding alone can tell the mean of equal values from them.
      let factors = zeros.indices.map { cell in
        inverse(
          highest[cell] > lowest[cell] ? (squares[cell] / (count - 1)).squareRoot() : 0)
      }
      return (means, factors)
    }
  }

  /// The lowest and the highest value of each spectrum of a block.
  private func range(
    _ values: [Float], _ cells: Int, _ block: Range<Int>
  ) -> (lowest: [Double], highest: [Double]) {
    var lowest = [Double](repeating: .infinity, count: block.count)
    var highest = [Double](repeating: -.infinity, count: block.count)
    for band in axis.bands {
      gather(band, values, cells, block, into: &lowest) { $1 < $0 ? $1 : $0 }
      gather(band, values, cells, block, into: &highest) { $1 > $0 ? $1 : $0 }
    }
    return (lowest, highest)
  }

  /// The sum of squares of each spectrum of a block around its mean.
  private func squares(
    _ values: [Float], _ cells: Int, _ block: Range<Int>, around means: [Double]
  ) -> [Double] {
    var result = [Double](repeating: 0, count: block.count)
    var sums = result.mutableSpan
    let (source, centers) = (values.span, means.span)
    for band in axis.bands {
      let start = band * cells + block.lowerBound
      for cell in 0..<block.count {
        let difference = Double(source[start + cell]) - centers[cell]
        sums[cell] += difference * difference
      }
    }
    return result
  }

  /// Kernel: takes a band of a block into one number for each cell.
  @inline(__always)
  private func gather(
    _ band: Int, _ values: [Float], _ cells: Int, _ block: Range<Int>, into result: inout [Double],
    _ combine: (Double, Double) -> Double
  ) {
    let source = values.span
    var target = result.mutableSpan
    let start = band * cells + block.lowerBound
    for cell in 0..<block.count {
      target[cell] = combine(target[cell], Double(source[start + cell]))
    }
  }
}
