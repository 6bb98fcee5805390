import Rasters
import Testing

@testable import Features

/// Baselines, against SciPy's sparse solver and against a dense one.
struct AsymmetricLeastSquaresTests {
  private static let axis = SpectraScene.even

  @Test func baselinesAreThoseOfSciPy() {
    let cube = SpectraScene.cube()
    let soft = AsymmetricLeastSquares(smoothness: 1e4, asymmetry: 0.01, iterations: 10)
    let stiff = AsymmetricLeastSquares(smoothness: 1e7, asymmetry: 0.001, iterations: 3)
    let baseline = soft.apply(cube, along: Self.axis, output: .baseline)
    #expect(SpectraScene.difference(baseline, SpectraFixture.baseline) < 2e-7)
    #expect(
      SpectraScene.difference(
        stiff.apply(cube, along: Self.axis, output: .baseline), SpectraFixture.stiffBaseline) < 1e-6
    )
    let corrected = zip(SpectraFixture.spectra, SpectraFixture.baseline).map { $0 - $1 }
    #expect(SpectraScene.difference(soft.apply(cube, along: Self.axis), corrected) < 3e-7)
  }

  /// The definition with a dense matrix and Gauss's elimination.
  private static func naive(
    _ y: [Double], _ options: AsymmetricLeastSquares
  ) -> [Double] {
    let count = y.count
    var weights = [Double](repeating: 1, count: count)
    var z: [Double] = []
    for _ in 0..<options.iterations {
      var a = [[Double]](repeating: [Double](repeating: 0, count: count + 1), count: count)
      for row in 0..<count - 2 {
        for (i, x) in [(0, 1.0), (1, -2.0), (2, 1.0)] {
          for (j, w) in [(0, 1.0), (1, -2.0), (2, 1.0)] {
            a[row + i][row + j] += options.smoothness * x * w
          }
        }
      }
      for row in 0..<count {
        a[row][row] += weights[row]
        a[row][count] = weights[row] * y[row]
      }
      for pivot in 0..<count {
        for row in pivot + 1..<max(count, pivot + 1) {
          let factor = a[row][pivot] / a[pivot][pivot]
          if factor == 0 { continue }
          for column in pivot...count { a[row][column] -= factor * a[pivot][column] }
        }
      }
      z = y
      for row in (0..<count).reversed() {
        var sum = a[row][count]
        for column in row + 1..<max(count, row + 1) { sum -= a[row][column] * z[column] }
        z[row] = sum / a[row][row]
      }
      weights = zip(y, z).map { $0 > $1 ? options.asymmetry : 1 - options.asymmetry }
    }
    return z
  }

  @Test(arguments: [3, 4, 5, 12]) func everyCellHasItsOwnBaseline(bands: Int) {
    var cube = SpectraScene.large(bands + 1, cells: 78)
    let cells = cube.window.cellCount
    cube.values[2 * cells + 31] = .nan
    let axis = SpectralAxis(bands: Array((1...bands).reversed()))
    let options = AsymmetricLeastSquares(smoothness: 20, asymmetry: 0.05, iterations: 8)
    let found = options.apply(cube, along: axis, output: .baseline)
    for cell in 0..<cells {
      let y = axis.bands.map { Double(cube.values[$0 * cells + cell]) }
      let expected = Self.naive(y, options)
      for (band, z) in zip(axis.bands, expected) {
        let own = found.values[band * cells + cell]
        #expect(cell == 31 ? own.isNaN : abs(Double(own) - z) < 1e-6)
      }
      #expect(found.values[cell] == cube.values[cell])
    }
    // A cell's neighbours, missing ones too, change nothing of it.
    let part = cube.cropped(to: Window(x: 4, y: 11, width: 1, height: 1))
    let alone = options.apply(part, along: axis, output: .baseline)
    #expect(alone.values == found.cropped(to: part.window).values)
  }

  /// A straight line is its own baseline, however stiff that is.
  @Test(arguments: [1.0, 1e5, 1e9]) func linesHaveNothingAboveThem(smoothness: Double) {
    let line = SpectraFixture.even.map { 3 + 0.001 * $0 }
    let options = AsymmetricLeastSquares(smoothness: smoothness, asymmetry: 0.01, iterations: 10)
    let found = options.apply(SpectraScene.cube(line), along: Self.axis)
    #expect(found.values.allSatisfy { abs($0) < 1e-5 })
  }
}
