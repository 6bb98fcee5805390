import Foundation
import Rasters
import Testing

@testable import Features

struct ImputationTests {
  private let cube = DataCube(
    window: Window(x: 0, y: 0, width: 2, height: 2), bandCount: 3,
    values: [1, .nan, .nan, 4, 5, 6, .nan, .nan, .nan, 8, .nan, 9])

  private func equal(_ a: [Float], _ b: [Float]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }
  }

  @Test func emptyCellsStayMissing() {
    let result = Imputation(
      bands: [0, 2], values: [70, 90], hasIndicators: false, keepsEmptyCells: true
    ).apply(cube)
    #expect(equal(result.values, [1, 70, .nan, 4, 5, 6, .nan, .nan, 90, 8, .nan, 9]))
  }

  @Test func everyCellIsFilledAndSaysSo() {
    let imputation = Imputation(
      bands: [2, 0], values: [90, 70], hasIndicators: true, keepsEmptyCells: false)
    let result = imputation.apply(cube)
    #expect(
      equal(
        result.values,
        [1, 70, 70, 4, 5, 6, .nan, .nan, 90, 8, 90, 9, 1, 0, 1, 0, 0, 1, 1, 0]))
    let bands = imputation.bands(["a", "b", "c"].map { Band(name: $0) })
    #expect(bands.map(\.name) == ["a", "b", "c", "c missing", "a missing"])
  }

  @Test func indicatorsAreMissingInEmptyCells() {
    let result = Imputation(
      bands: [1], values: [0], hasIndicators: true, keepsEmptyCells: true
    ).apply(cube)
    #expect(equal(Array(result.band(3)), [0, 0, .nan, 1]))
  }
}
