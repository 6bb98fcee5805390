import Foundation
import Networks
import Rasters
import Testing

@testable import Learning

/// A repeatable stream of numbers in 0..<1 for test data.
struct TestNumbers {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed &* 2 &+ 1 }
  mutating func next() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 11) / 9_007_199_254_740_992
  }
  /// A roughly normal number: the sum of twelve uniform ones.
  mutating func normal() -> Float { Float((0..<12).reduce(-6) { sum, _ in sum + next() }) }
}

/// Samples scattered over a square of 100 map units, one cell per map unit.
func scatteredSamples(
  _ count: Int, seed: UInt64, kind: ModelArchitecture.Head.Kind = .softmax,
  target: (Double, Double) -> Sample.Target
) throws -> SampleSet {
  var numbers = TestNumbers(seed)
  let samples = (0..<count).map { id in
    let x = numbers.next() * 100
    let y = numbers.next() * 100
    return Sample(
      id: id, x: x, y: y, cell: Cell(column: Int(x), row: 99 - Int(y)), target: target(x, y))
  }
  return try SampleSet(
    kind: kind, categories: [.init(code: "0", name: "no"), .init(code: "1", name: "yes")],
    samples: samples)
}

struct SampleSetTests {
  private func sample(_ id: Int, _ column: Int, _ target: Sample.Target) -> Sample {
    Sample(id: id, x: 0, y: 0, cell: Cell(column: column, row: 1), target: target)
  }

  private let categories = ["a", "b"].map { SampleSet.Category(code: $0, name: $0) }

  @Test func sharedCellsAreCountedAndConflictsSaid() throws {
    let set = try SampleSet(
      kind: .softmax, categories: categories,
      samples: [
        sample(0, 5, .category(0)), sample(1, 2, .category(1)), sample(2, 5, .category(0)),
        sample(3, 2, .category(0)), sample(4, 3, .category(1)),
      ])
    #expect(set.count == 5 && set.counts == [3, 2])
    #expect(set.sharedCells.map(\.positions) == [[1, 3], [0, 2]])
    #expect(set.sharedCells.map(\.isConflicting) == [true, false])
    let labels = try SampleSet(
      kind: .sigmoid, categories: categories,
      samples: [
        sample(0, 5, .values([.nan, 1])), sample(1, 5, .values([1, 1])),
        sample(2, 5, .values([0, .nan])),
      ])
    #expect(labels.counts == [1, 2])
    #expect(labels.sharedCells.map(\.isConflicting) == [true])
  }

  @Test func targetsMustFit() {
    let bad: [(ModelArchitecture.Head.Kind, Sample.Target)] = [
      (.softmax, .category(2)), (.softmax, .category(-1)), (.softmax, .values([0, 1])),
      (.sigmoid, .values([0, 0.5])), (.sigmoid, .values([1])), (.sigmoid, .category(0)),
      (.linear, .values([1])), (.linear, .values([.infinity, 0])), (.linear, .category(1)),
    ]
    for (kind, target) in bad {
      #expect(throws: SampleError.self, "\(kind) \(target)") {
        try SampleSet(kind: kind, categories: categories, samples: [sample(7, 0, target)])
      }
    }
    #expect(throws: SampleError.repeatedID(3)) {
      try SampleSet(
        kind: .softmax, categories: categories,
        samples: [sample(3, 0, .category(0)), sample(3, 1, .category(0))])
    }
    var heavy = sample(1, 0, .category(0))
    heavy.weight = -1
    #expect(throws: SampleError.badWeight(id: 1, weight: -1)) {
      try SampleSet(kind: .softmax, categories: categories, samples: [heavy])
    }
  }

  @Test func codableWithUnknownValues() throws {
    let set = try SampleSet(
      kind: .linear, categories: categories,
      samples: [sample(0, 0, .values([.nan, 2])), sample(1, 1, .values([3.25, .nan]))])
    let copy = try JSONDecoder().decode(SampleSet.self, from: JSONEncoder().encode(set))
    #expect("\(copy)" == "\(set)")
    #expect(copy.counts == [1, 1])
  }
}
