public import Rasters

/// New bands as affine mixtures of some bands of a cube; the other bands pass unchanged.
///
/// The new bands stand at the place of the first band that they replace, so the order of all others
/// is kept.
public struct BandMixture: Sendable, Hashable, Codable {
  /// The bands that are mixed and replaced.
  public let bands: [Int]
  /// What each new band takes of each mixed band, new bands x mixed bands, row-major.
  public let coefficients: [Double]
  /// What is added to each new band.
  public let offset: [Double]

  /// Where a band of the result comes from.
  public enum Source: Sendable, Hashable {
    /// A band of the cube, by position.
    case kept(Int)
    /// A mixture, by position among the new bands.
    case made(Int)
  }

  /// Takes the coefficients (new bands x `bands`, row-major) and one offset per new band.
  public init(bands: [Int], coefficients: [Double], offset: [Double]) {
    precondition(
      coefficients.count == bands.count * offset.count,
      "\(coefficients.count) coefficients for \(offset.count) x \(bands.count)")
    self.bands = bands
    self.coefficients = coefficients
    self.offset = offset
  }

  /// The bands of a result in which `count` new bands replace `bands`.
  public static func layout(
    replacing bands: [Int], by count: Int, of bandCount: Int
  ) -> [Source] {
    let replaced = Set(bands)
    let first = bands.min() ?? bandCount
    let made = (0..<count).map(Source.made)
    let kept = (0..<bandCount).filter { !replaced.contains($0) }
    return kept.filter { $0 < first }.map(Source.kept) + made
      + kept.filter { $0 > first }.map(Source.kept)
  }

  /// The cube with the new bands; where one of the mixed bands is missing, all new bands are.
  public func apply(_ cube: DataCube) -> DataCube {
    for band in bands {
      precondition(band >= 0 && band < cube.bandCount, "band \(band) of \(cube.bandCount) bands")
    }
    let cells = cube.window.cellCount
    let layout = Self.layout(replacing: bands, by: offset.count, of: cube.bandCount)
    var values: [Float] = []
    values.reserveCapacity(layout.count * cells)
    for source in layout {
      switch source {
      case .kept(let band): values += cube.band(band)
      case .made(let row): values += mixed(row, cube.values.span, cells).lazy.map { Float($0) }
      }
    }
    return DataCube(window: cube.window, bandCount: layout.count, values: values)
  }

  /// One new band; coefficients of 0 count too, because zero times missing is missing.
  private func mixed(_ row: Int, _ values: Span<Float>, _ cells: Int) -> [Double] {
    var result = [Double](repeating: offset[row], count: cells)
    var sums = result.mutableSpan
    for (column, band) in bands.enumerated() {
      let factor = coefficients[row * bands.count + column]
      for cell in 0..<cells { sums[cell] += factor * Double(values[band * cells + cell]) }
    }
    return result
  }

  /// The mixture as a matrix and an offset on all bands of a cube.
  public func linearMap(bandCount: Int) -> LinearMap {
    let layout = Self.layout(replacing: bands, by: offset.count, of: bandCount)
    var matrix = [Float](repeating: 0, count: layout.count * bandCount)
    var shift = [Float](repeating: 0, count: layout.count)
    for (row, source) in layout.enumerated() {
      switch source {
      case .kept(let band): matrix[row * bandCount + band] = 1
      case .made(let made):
        shift[row] = Float(offset[made])
        for (column, band) in bands.enumerated() {
          matrix[row * bandCount + band] = Float(coefficients[made * bands.count + column])
        }
      }
    }
    return LinearMap(inputCount: bandCount, matrix: matrix, offset: shift)
  }
}
