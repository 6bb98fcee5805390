public import Rasters

/// Bands as weighted sums of neighbouring bands of a spectrum: what smoothing, derivatives and
/// resampling are.
///
/// The other bands of the cube pass unchanged. Where one band of the spectrum is missing, all new
/// bands are.
public struct SpectralFilter: Sendable, Hashable {
  /// The neighbouring bands that a new band is made of.
  public struct Taps: Sendable, Hashable {
    /// The first of them, by its place along the axis.
    public let first: Int
    /// What each of them is multiplied by.
    public let weights: [Double]

    /// Takes the first band, by its place along the axis, and a weight for each band from there on.
    public init(first: Int, weights: [Double]) {
      self.first = first
      self.weights = weights
    }
  }

  /// The bands of the spectrum.
  public let axis: SpectralAxis
  /// What the new bands are made of.
  public let taps: [Taps]
  /// Whether each new band stands at the place of its band along the axis; else they stand together
  /// at the place of the first band of the spectrum.
  public let isInPlace: Bool

  /// Takes what each new band is made of; as many as bands of the spectrum if they are in place.
  public init(axis: SpectralAxis, taps: [Taps], isInPlace: Bool) {
    precondition(!isInPlace || taps.count == axis.count, "\(taps.count) bands in place")
    for tap in taps {
      precondition(tap.first >= 0 && tap.first + tap.weights.count <= axis.count, "taps beyond")
    }
    self.axis = axis
    self.taps = taps
    self.isInPlace = isInPlace
  }

  /// Where the bands of a result come from.
  public func layout(of bandCount: Int) -> [BandMixture.Source] {
    guard isInPlace else {
      return BandMixture.layout(replacing: axis.bands, by: taps.count, of: bandCount)
    }
    var layout = (0..<bandCount).map(BandMixture.Source.kept)
    for (place, band) in axis.bands.enumerated() { layout[band] = .made(place) }
    return layout
  }

  /// The cube with the new bands.
  public func apply(_ cube: DataCube) -> DataCube {
    let cells = cube.window.cellCount
    let layout = layout(of: cube.bandCount)
    let missing = axis.missingCells(cube)
    var result = DataCube(window: cube.window, bandCount: layout.count, filledWith: 0)
    for start in stride(from: 0, to: cells, by: spectralBlock) {
      let block = start..<min(cells, start + spectralBlock)
      for (row, source) in layout.enumerated() {
        switch source {
        case .kept(let band):
          for cell in block { result.values[row * cells + cell] = cube.values[band * cells + cell] }
        case .made(let index):
          sum(taps[index], cube.values, cells, block, into: &result.values, at: row * cells)
        }
      }
    }
    for (row, source) in layout.enumerated() {
      guard case .made = source else { continue }
      for cell in missing { result.values[row * cells + cell] = .nan }
    }
    return result
  }

  /// Kernel: one new band over a block of cells, summed in double precision.
  private func sum(
    _ tap: Taps, _ values: [Float], _ cells: Int, _ block: Range<Int>, into result: inout [Float],
    at place: Int
  ) {
    var sums = [Double](repeating: 0, count: block.count)
    var totals = sums.mutableSpan
    let source = values.span
    for (offset, weight) in tap.weights.enumerated() {
      let start = axis.bands[tap.first + offset] * cells + block.lowerBound
      for cell in 0..<block.count { totals[cell] += weight * Double(source[start + cell]) }
    }
    var target = result.mutableSpan
    for cell in 0..<block.count { target[place + block.lowerBound + cell] = Float(totals[cell]) }
  }

  /// The filter as a matrix on all bands of a cube.
  public func linearMap(bandCount: Int) -> LinearMap {
    let layout = layout(of: bandCount)
    var matrix = [Float](repeating: 0, count: layout.count * bandCount)
    for (row, source) in layout.enumerated() {
      switch source {
      case .kept(let band): matrix[row * bandCount + band] = 1
      case .made(let index):
        for (offset, weight) in taps[index].weights.enumerated() {
          matrix[row * bandCount + axis.bands[taps[index].first + offset]] = Float(weight)
        }
      }
    }
    return LinearMap(
      inputCount: bandCount, matrix: matrix, offset: [Float](repeating: 0, count: layout.count))
  }
}
