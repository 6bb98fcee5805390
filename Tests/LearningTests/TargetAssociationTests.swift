import Networks
import Rasters
import Testing

@testable import Learning

struct TargetAssociationTests {
  private func set(
    _ targets: [Sample.Target], kind: ModelArchitecture.Head.Kind, outputs: Int
  ) throws -> SampleSet {
    try SampleSet(
      kind: kind, categories: (0..<outputs).map { .init(code: "\($0)", name: "\($0)") },
      samples: targets.enumerated().map { index, target in
        Sample(id: index, x: 0, y: 0, cell: Cell(column: index, row: 0), target: target)
      })
  }

  /// Pearson's correlation by its definition.
  private func correlation(_ a: [Double], _ b: [Double]) -> Double {
    let n = Double(a.count)
    let (ma, mb) = (a.reduce(0, +) / n, b.reduce(0, +) / n)
    let products = zip(a, b).map { ($0 - ma) * ($1 - mb) }.reduce(0, +)
    let squares = { (x: [Double], m: Double) in x.map { ($0 - m) * ($0 - m) }.reduce(0, +) }
    return products / (squares(a, ma) * squares(b, mb)).squareRoot()
  }

  /// Two features of some samples, and a constant one.
  private let values: [[Float]] = [
    [1, 5, 2], [2, 3, 2], [4, 4, 2], [3, 9, 2], [8, 1, 2], [6, 2, 2], [7, 7, 2],
  ]

  @Test func twoClassesAreACorrelation() throws {
    let classes = [0, 0, 1, 0, 1, 1, 1]
    let set = try set(classes.map { .category($0) }, kind: .softmax, outputs: 2)
    let found = set.associations(values.flatMap(\.self), count: 3, at: Array(0..<7))
    for feature in 0..<2 {
      let expected = correlation(values.map { Double($0[feature]) }, classes.map(Double.init))
      #expect(abs(found[feature] - abs(expected)) < 1e-12)
    }
    #expect(found[2] == 0)
    // Only the samples that are named count.
    let some = [1, 2, 4, 6]
    let part = set.associations(some.flatMap { values[$0] }, count: 3, at: some)
    let expected = correlation(some.map { Double(values[$0][1]) }, some.map { Double(classes[$0]) })
    #expect(abs(part[1] - abs(expected)) < 1e-12)
  }

  @Test func severalClassesAreACorrelationRatio() throws {
    let classes = [0, 2, 1, 0, 2, 1, 1]
    let set = try set(classes.map { .category($0) }, kind: .softmax, outputs: 4)
    let found = set.associations(values.flatMap(\.self), count: 3, at: Array(0..<7))
    for feature in 0..<2 {
      let column = values.map { Double($0[feature]) }
      let mean = column.reduce(0, +) / 7
      let groupMeans = (0..<3).map { group in
        let members = column.indices.filter { classes[$0] == group }.map { column[$0] }
        return members.reduce(0, +) / Double(members.count)
      }
      let between = classes.reduce(0) { $0 + (groupMeans[$1] - mean) * (groupMeans[$1] - mean) }
      let total = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      #expect(abs(found[feature] * found[feature] - between / total) < 1e-12)
    }
  }

  @Test func unknownValuesDoNotCount() throws {
    let measured: [[Float]] = [[1, 4], [3, .nan], [2, 5], [6, 1], [.nan, 2], [5, 9], [4, 3]]
    let set = try set(measured.map { .values($0) }, kind: .linear, outputs: 2)
    let found = set.associations(values.flatMap(\.self), count: 3, at: Array(0..<7))
    for feature in 0..<2 {
      let strengths = (0..<2).map { output -> Double in
        let known = (0..<7).filter { !measured[$0][output].isNaN }
        return abs(
          correlation(
            known.map { Double(values[$0][feature]) }, known.map { Double(measured[$0][output]) }))
      }
      #expect(abs(found[feature] - strengths.reduce(0, +) / 2) < 1e-12)
    }
  }
}
