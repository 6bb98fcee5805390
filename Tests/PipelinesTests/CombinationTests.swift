import Networks
import Testing

@testable import Pipelines

struct CombinationTests {
  /// Two classes of three items by three models, outputs x items.
  private let results: [[Float]] = [
    [0.9, 0.4, 0.5, 0.1, 0.6, 0.5],
    [0.6, 0.3, 0.2, 0.4, 0.7, 0.8],
    [0.2, 0.8, .nan, 0.8, 0.2, .nan],
  ]

  @Test func averagesAreMeansAndMissingStaysMissing() {
    let mean = Combination.average.combined(results, outputCount: 2, kind: .softmax)
    let expected: [Float] = [1.7 / 3, 0.5, .nan, 1.3 / 3, 0.5, .nan]
    #expect(isSame(mean, expected, tolerance: 1e-6))
    #expect(Combination.average.combined([[1, 2]], outputCount: 2, kind: .linear) == [1, 2])
  }

  @Test func votesAreSharesOfModels() {
    let shares = Combination.vote.combined(results, outputCount: 2, kind: .softmax)
    let third: Float = 1.0 / 3
    let expected: [Float] = [2 * third, third, .nan, third, 2 * third, .nan]
    #expect(isSame(shares, expected, tolerance: 1e-6))
    // Of equal probabilities the first class gets the vote.
    let tied = Combination.vote.combined(
      [[0.5, 0.5], [0.5, 0.5]], outputCount: 2, kind: .softmax)
    #expect(tied == [1, 0])
    let labels = Combination.vote.combined(
      [[0.6, 0.5], [0.4, 0.7]], outputCount: 2, kind: .sigmoid)
    #expect(labels == [0.5, 0.5])
  }

  @Test func rowsOfSamplesAreTheSameTurned() {
    func turned(_ values: [Float], _ rows: Int) -> [Float] {
      let columns = values.count / rows
      return (0..<columns).flatMap { column in
        (0..<rows).map { values[$0 * columns + column] }
      }
    }
    for combination in Combination.allCases {
      let byOutput = combination.combined(results, outputCount: 2, kind: .softmax)
      let byItem = combination.combined(
        results.map { turned($0, 2) }, outputCount: 2, kind: .softmax, isByItem: true)
      #expect(isSame(byItem, turned(byOutput, 2)))
    }
  }
}
