import Testing

@testable import Features

struct LevelBreaksTests {
  private func spread(_ values: ArraySlice<Double>) -> Double {
    let mean = values.reduce(0, +) / Double(max(1, values.count))
    return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  }

  /// The least sum of squares over all ways to divide ascending values.
  private func least(_ values: ArraySlice<Double>, _ parts: Int) -> Double {
    if parts == 1 { return spread(values) }
    var best = Double.infinity
    for cut in values.startIndex + 1..<values.endIndex - parts + 2 {
      best = min(best, spread(values[..<cut]) + least(values[cut...], parts - 1))
    }
    return best
  }

  @Test(arguments: 2...4)
  func naturalBreaksHaveTheLeastSquares(count: Int) {
    var numbers = TestNumbers(5)
    var values = (0..<18).map { _ in (numbers.next() * 40).rounded() / 2 + 1_000 }.sorted()
    values[3] = values[2]
    let found = LevelBreaks(naturalOf: values, counts: [count])
    let parts = (1...count).map { level in
      values.filter { found.level(of: $0, count: count) == level }
    }
    #expect(parts.allSatisfy { !$0.isEmpty })
    let own = parts.reduce(0) { $0 + spread($1[...]) }
    #expect(abs(own - least(values[...], count)) < 1e-9)
  }

  @Test func finerLevelsDivideCoarserOnes() {
    var numbers = TestNumbers(6)
    let values = (0..<200).map { _ in numbers.next() * numbers.next() }.sorted()
    let found = LevelBreaks(naturalOf: values, counts: [2, 4, 12])
    for value in values + [-1, 2] {
      let (coarse, middle, fine) = (
        found.level(of: value, count: 2), found.level(of: value, count: 4),
        found.level(of: value, count: 12)
      )
      #expect((middle - 1) / 2 + 1 == coarse)
      #expect((fine - 1) / 3 + 1 == middle)
    }
    // The two halves are those of the best division into two, each divided on its own.
    let upper = values.filter { found.level(of: $0, count: 2) == 2 }
    let own = LevelBreaks(naturalOf: upper, counts: [2])
    for value in upper {
      #expect(found.level(of: value, count: 4) - 2 == own.level(of: value, count: 2))
    }
    #expect(Set(values.map { found.level(of: $0, count: 12) }).count == 12)
  }

  @Test func aBreakBelongsToTheLevelBelow() {
    let levels = LevelBreaks(counts: [2, 4], breaks: [1, 2, 3])
    #expect(
      [0.5, 1, 1.5, 2, 2.5, 3, 3.5].map { levels.level(of: $0, count: 4) } == [1, 1, 2, 2, 3, 3, 4])
    #expect(
      [0.5, 1, 1.5, 2, 2.5, 3, 3.5].map { levels.level(of: $0, count: 2) } == [1, 1, 1, 1, 2, 2, 2])
  }

  @Test func fewDifferentValuesLeaveLevelsEmpty() {
    let equal = LevelBreaks(naturalOf: [5, 5, 5], counts: [2, 4])
    #expect(equal.level(of: 5, count: 4) == 1 && equal.level(of: 5.1, count: 4) == 4)
    let three = LevelBreaks(naturalOf: [1, 1, 2, 8], counts: [2, 4])
    #expect([1, 2, 8].map { three.level(of: $0, count: 2) } == [1, 1, 2])
    #expect([1, 2, 8].map { three.level(of: $0, count: 4) } == [1, 2, 3])
  }

  @Test func onlyMultiplesAreNested() {
    #expect(LevelBreaks.areNested([2, 4, 8]) && LevelBreaks.areNested([3]))
    #expect(!LevelBreaks.areNested([2, 3]) && !LevelBreaks.areNested([]))
    #expect(!LevelBreaks.areNested([1, 2]) && !LevelBreaks.areNested([4, 4]))
  }
}
