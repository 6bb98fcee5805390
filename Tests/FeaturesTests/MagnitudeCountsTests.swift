import Features
import Foundation
import Testing

@Suite struct MagnitudeCountsTests {
  private static func values(_ seed: Int, _ count: Int) -> [Float] {
    var state = UInt64(seed + 1)
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let unit = Double(state >> 11) / Double(1 << 53)
      return Float((unit < 0.5 ? -1 : 1) * exp(20 * (unit - 0.5)))
    }
  }

  @Test(arguments: [0.01, 0.5, 0.9, 0.99, 1.0])
  func quantilesAreThoseOfSortedMagnitudes(share: Double) throws {
    for (seed, count) in [(1, 1), (2, 7), (3, 1000)] {
      let values = Self.values(seed, count)
      let sorted = values.map(\.magnitude).sorted()
      let exact = sorted[max(1, Int((share * Double(count)).rounded(.up))) - 1]
      let found = try #require(MagnitudeCounts(values).quantile(share))
      #expect(found >= exact && found <= exact * (1 + 1 / 2048), "\(found), \(exact)")
    }
  }

  @Test func partsMergeInAnyOrder() {
    let values = Self.values(4, 500) + [0, 0, .nan, .infinity]
    let whole = MagnitudeCounts(values)
    #expect(whole.total == 502)
    let parts = stride(from: 0, to: values.count, by: 37).map {
      MagnitudeCounts(values[$0..<min($0 + 37, values.count)])
    }
    for order in [parts, parts.reversed()] {
      var sum = MagnitudeCounts()
      for part in order { sum.merge(part) }
      #expect(sum == whole)
    }
  }

  @Test func zerosAndNothing() {
    #expect(MagnitudeCounts([Float]()).quantile(0.99) == nil)
    #expect(MagnitudeCounts([Float.nan]).quantile(0.99) == nil)
    #expect(MagnitudeCounts([0, -0.0, 1]).quantile(0.5) == 0)
  }
}
