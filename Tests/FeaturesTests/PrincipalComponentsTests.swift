import Foundation
import Rasters
import Tensors
import Testing

@testable import Features

struct PrincipalComponentsTests {
  private let window = Window(x: 5, y: 7, width: 31, height: 19)

  /// Four bands, the last nearly a mixture of two others; some cells are missing.
  private var cube: DataCube {
    var numbers = TestNumbers(6)
    let cells = window.cellCount
    var cube = DataCube(window: window, bandCount: 4)
    for cell in 0..<cells {
      let (a, b) = (numbers.next() * 10 - 3, numbers.next())
      let values = [a, b * 2 + 500, a * 0.3 + numbers.next(), a - b + numbers.next() * 0.01]
      for band in 0..<4 { cube.values[band * cells + cell] = Float(values[band]) }
      if cell % 13 == 0 { cube.values[cell % 4 * cells + cell] = .nan }
    }
    return cube
  }

  private func moments(_ cube: DataCube, _ bands: [Int]) -> ExactCovariance {
    var moments = ExactCovariance(variableCount: bands.count)
    moments.add(PrincipalComponents.completeValues(cube, bands: bands).span)
    return moments
  }

  @Test func componentsAreUncorrelatedWithTheirVariances() {
    let bands = [0, 1, 2, 3]
    let fitted = PrincipalComponents(
      moments(cube, bands), bands: bands, options: .init(count: 4))
    let scores = fitted.mixture.apply(cube)
    let again = moments(scores, bands)
    let scatter = again.scatter
    for row in 0..<4 {
      #expect(abs(again.means[row]) < 1e-5)
      for column in 0..<4 {
        let wanted = row == column ? fitted.variances[row] : 0
        #expect(abs(scatter[row * 4 + column] / Double(again.count - 1) - wanted) < 1e-4)
      }
      let loadings = fitted.loadings[row * 4..<row * 4 + 4]
      #expect(abs(loadings.map { $0 * $0 }.reduce(0, +) - 1) < 1e-12)
      #expect((loadings.max() ?? 0) >= -(loadings.min() ?? 0))
    }
    #expect(abs(fitted.explainedShares.reduce(0, +) - 1) < 1e-12)
    #expect(zip(fitted.variances, fitted.variances.dropFirst()).allSatisfy { $0 >= $1 })
  }

  @Test func sameBitsForAnyChunks() {
    let bands = [3, 0, 1]
    let whole = moments(cube, bands)
    var merged = ExactCovariance(variableCount: 3)
    for top in stride(from: 7, to: 26, by: 4).reversed() {
      for left in stride(from: 5, to: 36, by: 7) {
        let chunk = Window(x: left, y: top, width: 7, height: 4).intersection(window)
        merged.merge(moments(cube.cropped(to: chunk), bands))
      }
    }
    #expect(merged == whole)
    let options = PrincipalComponents.Options(count: 2, usesCorrelation: true)
    #expect(
      PrincipalComponents(merged, bands: bands, options: options)
        == PrincipalComponents(whole, bands: bands, options: options))
  }

  @Test func matrixAndMissingCells() {
    let bands = [0, 2, 3]
    let fitted = PrincipalComponents(
      moments(cube, bands), bands: bands, options: .init(count: 2, usesCorrelation: true))
    let result = fitted.mixture.apply(cube)
    let map = fitted.mixture.linearMap(bandCount: 4)
    let cells = window.cellCount
    #expect(result.bandCount == 3 && map.outputCount == 3)
    for cell in 0..<cells {
      let input = (0..<4).map { cube.values[$0 * cells + cell] }
      let isMissing = bands.contains { input[$0].isNaN }
      #expect(result.values[cell].isNaN == isMissing)
      #expect(result.values[2 * cells + cell].isNaN == input[1].isNaN)
      guard !input.contains(where: \.isNaN) else { continue }
      for (band, value) in map.apply(input).enumerated() {
        #expect(abs(value - result.values[band * cells + cell]) < 1e-4)
      }
    }
  }

  @Test func componentsBeyondTheShareAreZero() {
    let bands = [0, 1, 2, 3]
    let exact = moments(cube, bands)
    let fitted = PrincipalComponents(
      exact, bands: bands, options: .init(count: 4, variance: 0.9))
    let sums = fitted.explainedShares.indices.map {
      fitted.explainedShares[...$0].reduce(0, +)
    }
    #expect(fitted.keptCount == (sums.firstIndex { $0 >= 0.9 } ?? 3) + 1 && fitted.keptCount < 4)
    let result = fitted.mixture.apply(cube)
    #expect(result.band(3).allSatisfy { $0 == 0 || $0.isNaN })
    #expect(result.band(0).contains { $0 != 0 && !$0.isNaN })
    let all = PrincipalComponents(exact, bands: bands, options: .init(count: 4, variance: 1))
    #expect(all.keptCount >= 3)
  }

  @Test func constantBandsDoNoHarm() {
    var flat = cube
    let cells = window.cellCount
    for position in cells..<2 * cells { flat.values[position] = 4.1 }
    let fitted = PrincipalComponents(
      moments(flat, [0, 1]), bands: [0, 1], options: .init(count: 2, usesCorrelation: true))
    #expect(fitted.variances[1] == 0 && fitted.scales[1] == 1)
    #expect(fitted.loadings == [1, 0, 0, 1])
  }

  @Test func eigenvectorsOfKnownMatrices() {
    let known = SymmetricEigen([2, -1, 0, -1, 2, -1, 0, -1, 2], size: 3)
    for (value, wanted) in zip(known.values, [2 + 2.0.squareRoot(), 2, 2 - 2.0.squareRoot()]) {
      #expect(abs(value - wanted) < 1e-14)
    }
    let identity = SymmetricEigen([1, 0, 0, 1], size: 2)
    #expect(identity.values == [1, 1] && identity.vectors == [1, 0, 0, 1])
    #expect(SymmetricEigen([0, 0, 0, 0], size: 2).values == [0, 0])
    #expect(SymmetricEigen([-3], size: 1).vectors == [1])
  }

  /// `A v = lambda v` for matrices of awkward scale and with equal eigenvalues.
  @Test(arguments: [2, 9, 40]) func eigenvectorsFulfilTheirEquation(size: Int) {
    var numbers = TestNumbers(UInt64(size))
    let factors = (0..<size * size).map { _ in numbers.next() - 0.5 }
    for scale in [1e-12, 1, 1e9] {
      var matrix = [Double](repeating: 0, count: size * size)
      for row in 0..<size {
        for column in 0..<size {
          for inner in 0..<size / 2 {
            matrix[row * size + column] +=
              scale * factors[row * size + inner] * factors[column * size + inner]
          }
        }
      }
      let eigen = SymmetricEigen(matrix, size: size)
      for k in 0..<size {
        let vector = Array(eigen.vectors[k * size..<(k + 1) * size])
        for row in 0..<size {
          let product = (0..<size).reduce(0) { $0 + matrix[row * size + $1] * vector[$1] }
          #expect(abs(product - eigen.values[k] * vector[row]) < 1e-12 * scale * Double(size))
        }
      }
    }
  }
}
