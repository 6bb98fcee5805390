public import Rasters

/// The bands of a cube that are one spectrum, in their order along it.
///
/// In a cube they may stand in any order and among other bands.
public struct SpectralAxis: Sendable, Hashable {
  /// The bands of the cube, in their order along the axis.
  public let bands: [Int]
  /// Where they stand, in `unit` or, without one, as 0, 1, 2, ...; strictly increasing.
  public let positions: [Double]
  /// What positions are counted in; nil for the number of the band.
  public let unit: BandPosition.Unit?

  /// Bands at the same distance from one another, in the given order.
  public init(bands: [Int]) {
    self.bands = bands
    positions = bands.indices.map(Double.init)
    unit = nil
  }

  /// Bands at their positions, in `unit`, all different; they are put in order.
  public init(bands: [Int], at positions: [Double], unit: BandPosition.Unit) {
    precondition(bands.count == positions.count, "\(positions.count) positions")
    let order = positions.indices.sorted { positions[$0] < positions[$1] }
    self.bands = order.map { bands[$0] }
    self.positions = order.map { positions[$0] }
    self.unit = unit
    for (low, high) in zip(self.positions, self.positions.dropFirst()) {
      precondition(low < high, "two bands at \(low)")
    }
  }

  /// The number of bands.
  public var count: Int { bands.count }

  /// What tells it from others, as text.
  public var text: String { "\(bands) at \(positions) \(unit?.rawValue ?? "")" }

  /// What each band stands for in an integral along the axis, by the trapezoidal rule; 1 each for
  /// bands without positions.
  public var quadratureWeights: [Double] {
    guard unit != nil, count > 1 else { return [Double](repeating: 1, count: count) }
    return positions.indices.map { index in
      (positions[min(index + 1, count - 1)] - positions[max(index - 1, 0)]) / 2
    }
  }
}

/// The cells of a block that kernels of spectra work on at once, so that it stays in the cache.
let spectralBlock = 512

extension SpectralAxis {
  /// The cells in which a band of the spectrum is missing, in order.
  func missingCells(_ cube: DataCube) -> [Int] {
    let cells = cube.window.cellCount
    var isMissing = [Bool](repeating: false, count: cells)
    for band in bands {
      precondition(band >= 0 && band < cube.bandCount, "band \(band) of \(cube.bandCount) bands")
      for cell in 0..<cells where cube.values[band * cells + cell].isNaN { isMissing[cell] = true }
    }
    return isMissing.indices.filter { isMissing[$0] }
  }

  /// Leaves no value of the spectrum where one is missing.
  func clear(_ missing: [Int], in cube: inout DataCube) {
    let cells = cube.window.cellCount
    for band in bands {
      for cell in missing { cube.values[band * cells + cell] = .nan }
    }
  }
}
