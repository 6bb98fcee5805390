import Foundation
import Testing

@testable import Tensors

@Suite struct ExactSumTests {
  private let tiny = Float.leastNonzeroMagnitude

  /// Floats of all magnitudes and signs, subnormal ones included.
  private func mixture(_ count: Int) -> [Float] {
    let random = Randomness(seed: 5)
    return (0..<count).map {
      let value = Float(bitPattern: random.bits32(UInt64($0)))
      return value.isFinite ? value : 0
    }
  }

  @Test func cancellationIsExact() {
    #expect(ExactSum([3e38, 1, -3e38, tiny]).value == 1 + Double(tiny))
    #expect(ExactSum([3e38, tiny, -3e38]).value == Double(tiny))
    #expect(ExactSum([-1, -2, 0.5]).value == -2.5)
    #expect(ExactSum([]).value == 0)
  }

  @Test func largestSumsDoNotOverflow() {
    let largest = Float.greatestFiniteMagnitude
    #expect(
      ExactSum([Float](repeating: -largest, count: 1000)).value == -1000 * Double(largest))
  }

  @Test func orderAndPartsDoNotMatter() {
    let values = mixture(5000)
    let whole = ExactMoments(values)
    for size in [1, 7, 1024] {
      var merged = ExactMoments()
      let shuffled = Randomness(seed: UInt64(size)).shuffled(values)
      for start in stride(from: 0, to: values.count, by: size) {
        merged.merge(ExactMoments(Array(shuffled[start..<min(start + size, values.count)])))
      }
      #expect(merged == whole)
      #expect(merged.mean.bitPattern == whole.mean.bitPattern)
      #expect(merged.variance.bitPattern == whole.variance.bitPattern)
    }
  }

  @Test func blocksAndSingleValuesAgree() {
    let values = mixture(70_000) + [.nan, -.infinity, 0, -0.0]
    var singly = ExactMoments()
    for value in values { singly.add(value) }
    #expect(ExactMoments(values) == singly)
    #expect(ExactMoments(values).sum == ExactSum(values.filter { $0.isFinite }).value)
  }

  @Test func roundsOnceToNearest() {
    // 2^53 + 1 lies halfway: to even; with any small addend it does not.
    #expect(ExactSum([0x1p53, 1]).value == 0x1p53)
    #expect(ExactSum([0x1p53, 1, tiny]).value == 0x1p53 + 2)
    #expect(ExactSum([-0x1p53, -1, -tiny]).value == -0x1p53 - 2)
    #expect(ExactSum([0x1p53, 2, 1]).value == 0x1p53 + 4)
  }

  @Test func momentsAreThoseOfTheValues() {
    let values = (0..<1000).map { Randomness(seed: 6).normal($0) * 3 + 1000 }
    let moments = ExactMoments(values + [.nan, .infinity])
    let mean = values.reduce(0.0) { $0 + Double($1) } / 1000
    let variance = values.reduce(0.0) { $0 + pow(Double($1) - mean, 2) } / 1000
    #expect(abs(moments.mean - mean) < 1e-9)
    #expect(abs(moments.standardDeviation - variance.squareRoot()) < 1e-9)
    #expect(moments.count == 1000 && moments.skipped == 2)
    #expect(moments.minimum == values.min() && moments.maximum == values.max())
  }

  @Test func constantsHaveNoVariance() {
    #expect(ExactMoments([Float](repeating: 0.1, count: 777)).variance == 0)
    #expect(ExactMoments([-1e-30, -1e-30]).variance == 0)
    #expect(ExactMoments().mean.isNaN && ExactMoments().standardDeviation.isNaN)
  }

  @Test func survivesCoding() throws {
    let moments = ExactMoments(mixture(100))
    let data = try JSONEncoder().encode(moments)
    #expect(try JSONDecoder().decode(ExactMoments.self, from: data) == moments)
  }
}
