import Foundation
import Rasters
import Testing

@testable import Features

/// The spectra of the fixture as cubes, among other bands and in another order.
enum SpectraScene {
  static let count = SpectraFixture.spectra.count / SpectraFixture.bands

  /// Spectrum by spectrum, as bands of a cube.
  static func cube(_ spectra: [Double] = SpectraFixture.spectra) -> DataCube {
    let bands = SpectraFixture.bands
    let cells = spectra.count / bands
    return DataCube(
      window: Window(x: 0, y: 0, width: cells, height: 1), bandCount: bands,
      values: (0..<bands).flatMap { band in
        (0..<cells).map { Float(spectra[$0 * bands + band]) }
      })
  }

  static let even = SpectralAxis(
    bands: Array(0..<SpectraFixture.bands), at: SpectraFixture.even,
    unit: .reciprocalCentimetres)
  static let uneven = SpectralAxis(
    bands: Array(0..<SpectraFixture.bands), at: SpectraFixture.uneven, unit: .nanometres)

  /// The largest difference of a cube from spectra, of the largest of these.
  static func difference(_ cube: DataCube, _ expected: [Double]) -> Double {
    let cells = cube.window.cellCount
    guard expected.count == cube.values.count else { return .infinity }
    let largest = expected.reduce(0) { max($0, abs($1)) }
    return cube.values.indices.reduce(0) { worst, index in
      let wanted = expected[index % cells * cube.bandCount + index / cells]
      return max(worst, abs(Double(cube.values[index]) - wanted) / largest)
    }
  }

  /// Cells enough for several blocks, each with noise of its own.
  static func large(_ bands: Int, cells: Int = 1300) -> DataCube {
    var state: UInt64 = 5
    return DataCube(
      window: Window(x: 3, y: 9, width: cells / 13, height: 13), bandCount: bands,
      values: (0..<bands * (cells / 13 * 13)).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(state >> 40) / Float(1 << 24) + 0.1
      })
  }
}

/// Smoothing and resampling, against SciPy and NumPy and against the sums written out.
struct SpectralFilterTests {
  @Test(arguments: 0...2) func savitzkyGolayIsThatOfSciPy(derivative: Int) {
    let filter = SavitzkyGolay(window: 11, order: 3, derivative: derivative)
    let expected = [SpectraFixture.savgol0, SpectraFixture.savgol1, SpectraFixture.savgol2]
    let found = filter.filter(along: SpectraScene.even).apply(SpectraScene.cube())
    #expect(SpectraScene.difference(found, expected[derivative]) < 2e-7)
    // Without positions bands are 1 apart.
    let numbers = SpectralAxis(bands: SpectraScene.even.bands)
    let plain = filter.filter(along: numbers).apply(SpectraScene.cube())
    let scale = pow(7.5, Double(derivative))
    #expect(SpectraScene.difference(plain, expected[derivative].map { $0 * scale }) < 2e-7)
  }

  @Test(arguments: 0...2) func unevenBandsHavePolynomialsAtTheirPositions(derivative: Int) {
    let filter = SavitzkyGolay(window: 11, order: 3, derivative: derivative)
    let expected = [
      SpectraFixture.polynomial0, SpectraFixture.polynomial1, SpectraFixture.polynomial2,
    ]
    let found = filter.filter(along: SpectraScene.uneven).apply(SpectraScene.cube())
    #expect(SpectraScene.difference(found, expected[derivative]) < 2e-7)
  }

  /// A polynomial of the order is its own fit, up to both ends and with its derivatives.
  @Test func polynomialsStayWhatTheyAre() {
    let positions = SpectraFixture.uneven
    func powers(_ derivative: Int) -> [Double] {
      positions.map { position in
        let t = (position - 1100) / 100
        return [
          1 + t - t * t + 0.5 * t * t * t, (1 - 2 * t + 1.5 * t * t) / 100,
          (-2 + 3 * t) / 10_000,
        ][derivative]
      }
    }
    for derivative in 0...2 {
      let found = SavitzkyGolay(window: 7, order: 3, derivative: derivative)
        .filter(along: SpectraScene.uneven).apply(SpectraScene.cube(powers(0)))
      #expect(SpectraScene.difference(found, powers(derivative)) < 5e-6)
    }
    let one = SavitzkyGolay(window: 1, order: 0).filter(along: SpectraScene.uneven)
    #expect(one.apply(SpectraScene.cube()) == SpectraScene.cube())
  }

  @Test func positionsBetweenBandsAreLinear() throws {
    let taps = try SpectraFixture.targets.map { target throws in
      try SpectralResampling.linear(at: target, along: SpectraScene.uneven)
    }
    let filter = SpectralFilter(axis: SpectraScene.uneven, taps: taps, isInPlace: false)
    let found = filter.apply(SpectraScene.cube())
    #expect(found.bandCount == 4)
    #expect(SpectraScene.difference(found, SpectraFixture.linear) < 2e-7)
    let first = SpectraFixture.uneven[0]
    let own = try SpectralResampling.linear(at: first, along: SpectraScene.uneven)
    #expect(own == SpectralFilter.Taps(first: 0, weights: [1]))
    for outside in [first - 0.001, 1301, .nan] {
      #expect(throws: SpectralResampling.Failure.beyondBands) {
        try SpectralResampling.linear(at: outside, along: SpectraScene.uneven)
      }
    }
  }

  @Test func responsesAreGaussian() throws {
    let taps = try SpectraFixture.targets.map { target throws in
      try SpectralResampling.gaussian(at: target + 20, width: 18, along: SpectraScene.even)
    }
    let filter = SpectralFilter(axis: SpectraScene.even, taps: taps, isInPlace: false)
    // What is cut off at twice the full width is 1.5e-5 of the maximum.
    #expect(
      SpectraScene.difference(filter.apply(SpectraScene.cube()), SpectraFixture.gaussian) < 2e-5)
    for tap in taps { #expect(abs(tap.weights.reduce(0, +) - 1) < 1e-12) }
    #expect(throws: SpectralResampling.Failure.beyondBands) {
      try SpectralResampling.gaussian(at: 1008, width: 18, along: SpectraScene.even)
    }
    #expect(throws: SpectralResampling.Failure.tooNarrow(spacing: 7.5)) {
      try SpectralResampling.gaussian(at: 1100, width: 7, along: SpectraScene.even)
    }
  }

  /// Bands in any order, among others; every cell of every block.
  @Test(arguments: [true, false]) func filtersAreTheSumsOfTheirTaps(isInPlace: Bool) {
    let cube = SpectraScene.large(7)
    let axis = SpectralAxis(bands: [5, 1, 2, 6], at: [40, 10, 30, 20], unit: .nanometres)
    #expect(axis.bands == [1, 6, 2, 5])
    let taps = [
      SpectralFilter.Taps(first: 0, weights: [0.5, 0.5]), .init(first: 2, weights: [-1]),
      .init(first: 1, weights: [1, 2, 3]), .init(first: 0, weights: [1]),
    ]
    let filter = SpectralFilter(axis: axis, taps: taps, isInPlace: isInPlace)
    let found = filter.apply(cube)
    let map = filter.linearMap(bandCount: 7)
    let order = isInPlace ? [0, 1, 2, 3, 4, 5, 6] : [0, 1, 6, 2, 5, 3, 4]
    for cell in stride(from: 0, to: cube.window.cellCount, by: 1) {
      let values = (0..<7).map { cube.values[$0 * cube.window.cellCount + cell] }
      let spectrum = axis.bands.map { Double(values[$0]) }
      var made = values
      for (place, tap) in taps.enumerated() {
        made[axis.bands[place]] = Float(
          tap.weights.enumerated().reduce(0) { $0 + $1.1 * spectrum[tap.first + $1.0] })
      }
      let expected = order.map { made[$0] }
      let row = (0..<7).map { found.values[$0 * cube.window.cellCount + cell] }
      #expect(row == expected)
      #expect(zip(map.apply(values), expected).allSatisfy { abs($0 - $1) < 1e-5 })
    }
  }

  @Test func aMissingBandLeavesNoSpectrum() {
    var cube = SpectraScene.large(6)
    let cells = cube.window.cellCount
    cube.values[3 * cells + 700] = .nan
    let axis = SpectralAxis(bands: [1, 2, 3, 4, 5])
    let found = SavitzkyGolay(window: 3, order: 1).filter(along: axis).apply(cube)
    for band in 0..<6 {
      for cell in 0..<cells {
        #expect(found.values[band * cells + cell].isNaN == (cell == 700 && band > 0))
      }
    }
  }
}
