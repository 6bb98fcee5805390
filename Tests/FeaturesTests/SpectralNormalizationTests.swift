import Rasters
import Testing

@testable import Features

/// Spectra normalized by themselves, against NumPy and against the definitions written out.
struct SpectralNormalizationTests {
  @Test func valuesAreThoseOfNumPy() {
    let cube = SpectraScene.cube()
    func difference(
      _ method: SpectralNormalization.Method, _ axis: SpectralAxis, _ expected: [Double]
    ) -> Double {
      SpectraScene.difference(SpectralNormalization(method, along: axis).apply(cube), expected)
    }
    let numbers = SpectralAxis(bands: SpectraScene.even.bands)
    #expect(difference(.snv, SpectraScene.even, SpectraFixture.snv) < 2e-7)
    #expect(difference(.area, SpectraScene.uneven, SpectraFixture.area) < 2e-7)
    #expect(difference(.area, numbers, SpectraFixture.sum) < 2e-7)
    #expect(difference(.minMax, numbers, SpectraFixture.minMax) < 2e-7)
  }

  @Test(arguments: SpectralNormalization.Method.allCases)
  func everyCellIsNormalizedByItself(method: SpectralNormalization.Method) {
    var cube = SpectraScene.large(5)
    let cells = cube.window.cellCount
    cube.values[2 * cells + 600] = .nan
    for band in 0..<5 { cube.values[band * cells + 601] = 0.1 }
    for band in 0..<5 { cube.values[band * cells + 602] = 0 }
    let axis = SpectralAxis(bands: [4, 1, 2], at: [30, 10, 15], unit: .nanometres)
    let found = SpectralNormalization(method, along: axis).apply(cube)
    for cell in 0..<cells {
      let x = [1, 2, 4].map { Double(cube.values[$0 * cells + cell]) }
      let mean = (x[0] + x[1] + x[2]) / 3
      let deviation = (x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 2).squareRoot()
      let range = (x.max() ?? 0) - (x.min() ?? 0)
      let (shift, divisor) =
        switch method {
        case .snv: (mean, range > 0 ? deviation : 0)
        case .area: (0, 2.5 * abs(x[0]) + 10 * abs(x[1]) + 7.5 * abs(x[2]))
        case .minMax: (x.min() ?? 0, range)
        }
      let isMissing = cell == 600 || !(divisor > 0)
      for (band, value) in zip([1, 2, 4], x) {
        let own = found.values[band * cells + cell]
        let expected = Float((value - shift) / divisor)
        #expect(isMissing ? own.isNaN : abs(own - expected) <= 2e-7 * max(1, abs(expected)))
      }
      for band in [0, 3] {
        #expect(found.values[band * cells + cell] == cube.values[band * cells + cell])
      }
    }
    let empty = [600, 601, 602].map { found.values[cells + $0].isNaN }
    #expect(empty == [true, method != .area, true])
  }
}
