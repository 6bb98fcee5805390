import Testing

@testable import Networks

@Suite struct RectifierTests {
  @Test func cutsOffNegativeValues() {
    var values: [Float] = [-1, 0, 2, -0.5, 3]
    Rectifier.apply(&values)
    #expect(values == [0, 0, 2, 0, 3])
  }

  @Test func gateIsZeroAtAndBelowZero() {
    var slopes: [Float] = [5, 6, 7, 8]
    Rectifier.gate(&slopes, by: [0, 1, 0, 2])
    #expect(slopes == [0, 6, 0, 8])
  }

  @Test func biasesAndSumsGoByRun() {
    var values: [Float] = [1, -2, 3, 4, -5, -6]
    values.withUnsafeMutableBufferPointer {
      Rectifier.addBias([1, 2], rectified: true, $0, run: 3)
    }
    #expect(values == [2, 0, 4, 6, 0, 0])
    var sums: [Float] = [10, 20]
    Rectifier.addSums(values.span, run: 3, to: &sums)
    #expect(sums == [16, 26])
  }
}
