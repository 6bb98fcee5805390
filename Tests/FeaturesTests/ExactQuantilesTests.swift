import Foundation
import Testing

@testable import Features

struct ExactQuantilesTests {
  /// The definition: sort, then interpolate at (n - 1) j / m.
  private func naive(_ values: [Float], _ intervals: Int) -> [Double] {
    let sorted = values.filter(\.isFinite).sorted().map(Double.init)
    return (0...intervals).map { index in
      let position = (sorted.count - 1) * index
      let low = sorted[position / max(1, intervals)]
      let share = intervals == 0 ? 0 : position % intervals
      if share == 0 { return low }
      let high = sorted[position / intervals + 1]
      return low + (high - low) * Double(share) / Double(intervals)
    }
  }

  private func search(
    _ chunks: [[Float]], intervals: Int, isCapped: Bool = false
  ) -> ExactQuantiles {
    var search = ExactQuantiles(intervals: intervals, isCapped: isCapped)
    while !search.isFinished {
      var total = KeyCounts()
      for chunk in chunks { total.merge(search.counts(chunk.span)) }
      search.narrow(total)
    }
    return search
  }

  private func numbers(_ count: Int, _ seed: UInt64) -> [Float] {
    var random = TestNumbers(seed)
    return (0..<count).map { index in
      switch index % 11 {
      case 0: .nan
      case 1: Float((random.next() * 6).rounded()) - 3
      case 2: Float(random.next() * 1e-39)
      case 3: index % 2 == 0 ? -0.0 : 0
      default: Float(exp(random.next() * 9 - 4)) * (random.next() < 0.3 ? -1 : 1)
      }
    }
  }

  @Test(arguments: [1, 2, 4, 7, 1000]) func equalASort(intervals: Int) {
    for (count, seed) in [(2, 6), (3, 7), (4, 8), (12, 1), (500, 2), (20_000, 3)] {
      let values = numbers(count, UInt64(seed))
      let result = search([values], intervals: intervals)
      let isEqual = result.values == naive(values, intervals)
      #expect(isEqual, "\(count) values")
      #expect(result.count == values.count(where: \.isFinite))
    }
  }

  /// Some quantiles cost no more than what they need, and are those of all.
  @Test func someOfMany() throws {
    let values = numbers(20_000, 5)
    let all = search([values], intervals: 1000).values
    var some = ExactQuantiles(at: [0, 0.5, 0.75, 0.999, 1])
    while !some.isFinished { some.narrow(some.counts(values.span)) }
    let expected = [0, 500, 750, 999, 1000].map { all[$0] }
    for (found, wanted) in zip(some.values, expected) {
      #expect(abs(found - wanted) <= 1e-12 * abs(wanted))
    }
    #expect(some.values.count == 5)
    let again = try JSONDecoder().decode(
      ExactQuantiles.self, from: try JSONEncoder().encode(some))
    #expect(again.values == some.values)
  }

  @Test func sameForAnyChunks() {
    let values = numbers(9000, 5)
    let whole = search([values], intervals: 1000)
    for size in [7, 1000, 4096] {
      let chunks = stride(from: 0, to: values.count, by: size).map {
        Array(values[$0..<min($0 + size, values.count)])
      }
      #expect(search(chunks.reversed(), intervals: 1000) == whole)
    }
  }

  @Test func noMoreQuantilesThanValues() {
    let few: [Float] = [3, .nan, 1, 2, .infinity]
    #expect(search([few], intervals: 1000, isCapped: true).values == [1, 2, 3])
    #expect(search([[5]], intervals: 1000, isCapped: true).values == [5])
    #expect(search([[5]], intervals: 2).values == [5, 5, 5])
    #expect(search([[.nan], []], intervals: 2).values.isEmpty)
  }

  @Test func extremesAndTies() {
    let values: [Float] = [
      -.greatestFiniteMagnitude, .greatestFiniteMagnitude, .leastNonzeroMagnitude,
      -.leastNonzeroMagnitude, 0, -0.0, 7, 7, 7, 7, 7,
    ]
    let result = search([values], intervals: 10).values
    #expect(result == naive(values, 10))
    #expect(result[6...9].allSatisfy { $0 == 7 })
  }

  @Test func isStoredBetweenPasses() throws {
    let values = numbers(300, 8)
    var search = ExactQuantiles(intervals: 4)
    while !search.isFinished {
      search.narrow(search.counts(values.span))
      let copy = try JSONDecoder().decode(
        ExactQuantiles.self, from: JSONEncoder().encode(search))
      #expect(copy == search)
      search = copy
    }
    #expect(search.values == naive(values, 4))
  }

  @Test func countsMergeInAnyOrder() {
    var a = KeyCounts(keys: [1, 4, 9], counts: [1, 2, 3])
    let b = KeyCounts(keys: [0, 4, .max], counts: [5, 6, 7])
    var c = b
    c.merge(a)
    a.merge(b)
    #expect(a == c && a == KeyCounts(keys: [0, 1, 4, 9, .max], counts: [5, 1, 8, 3, 7]))
    #expect(a.total == 24)
  }
}
