import Networks
import Rasters
import Testing

@testable import Learning

struct StrataTests {
  /// Counts and folds come from scikit-learn by `make_fixtures.py`.
  @Test func groupsGoWhereScikitLearnPutsThem() throws {
    let counts = [
      [15, 19, 5], [4, 15, 16], [10, 2, 16], [10, 3, 2], [8, 13, 8], [16, 0, 8], [10, 19, 4],
      [16, 1, 6], [14, 11, 18], [15, 18, 16], [2, 18, 16], [2, 19, 14], [6, 2, 7], [18, 15, 4],
    ]
    var samples: [Sample] = []
    var groups: [SampleGroup] = []
    for (group, count) in counts.enumerated() {
      let first = samples.count
      for (category, number) in count.enumerated() {
        for _ in 0..<number {
          samples.append(
            Sample(
              id: samples.count, x: 0, y: 0, cell: Cell(column: 0, row: 0),
              target: .category(category)))
        }
      }
      groups.append(
        SampleGroup(key: (UInt64(group), 0), positions: Array(first..<samples.count)))
    }
    let set = try SampleSet(
      kind: .softmax, categories: ["a", "b", "c"].map { .init(code: $0, name: $0) },
      samples: samples)
    let parts = GroupStratification.assign(
      groups, Strata(set), shares: [0.25, 0.25, 0.25, 0.25], seed: 1)
    #expect(parts == [0, 2, 1, 1, 0, 2, 3, 3, 3, 1, 1, 0, 0, 2])
  }

  /// A few unequal groups are divided differently by each seed, where their order is drawn.
  @Test func drawnOrdersDivideDifferently() throws {
    var samples: [Sample] = []
    var groups: [SampleGroup] = []
    for group in 0..<12 {
      let first = samples.count
      for number in 0..<(5 + 3 * group) {
        samples.append(
          Sample(
            id: samples.count, x: 0, y: 0, cell: Cell(column: 0, row: 0),
            target: .category((group + number / 9) % 2)))
      }
      groups.append(
        SampleGroup(key: (UInt64(group), 1), positions: Array(first..<samples.count)))
    }
    let set = try SampleSet(
      kind: .softmax, categories: ["a", "b"].map { .init(code: $0, name: $0) }, samples: samples)
    func parts(_ seed: UInt64, _ order: GroupStratification.Order) -> [Int] {
      GroupStratification.assign(
        groups, Strata(set), shares: [0.25, 0.25, 0.25, 0.25], seed: seed, order: order)
    }
    // Which part is called the first does not matter.
    func pairs(_ parts: [Int]) -> [Bool] {
      parts.indices.flatMap { a in parts.indices.map { parts[a] == parts[$0] } }
    }
    #expect(Set((1...8).map { pairs(parts($0, .uneven)) }).count == 1)
    #expect(Set((1...8).map { pairs(parts($0, .drawn)) }).count > 5)
    for seed in 1...8 as ClosedRange<UInt64> {
      let drawn = parts(seed, .drawn)
      for part in 0..<4 {
        let size = drawn.indices.filter { drawn[$0] == part }.reduce(0) {
          $0 + groups[$1].positions.count
        }
        #expect(Double(size) > 0.08 * Double(samples.count), "seed \(seed), part \(part)")
      }
    }
  }

  @Test func labelsAndQuartersAreStrata() throws {
    let labels = try scatteredSamples(4, seed: 1, kind: .sigmoid) { _, _ in .values([1, .nan]) }
    #expect(Strata(labels).ofSample == [[1], [1], [1], [1]])
    #expect(Strata(labels).counts(of: [0, 2]) == [0, 2, 0, 0])
    var value: Float = 9
    let values = try scatteredSamples(9, seed: 1, kind: .linear) { _, _ in
      value -= 1
      return .values([value == 0 ? .nan : value, 1])
    }
    #expect(Strata(values).ofSample == [[3], [3], [2], [2], [1], [1], [0], [0], []])
  }
}
