import Networks
import Rasters
import Tensors
import Testing

@testable import Learning

/// Elkan & Noto's weights.
struct PositiveUnlabelledTests {
  @Test func weightsAreThoseOfTheFormula() throws {
    let scores: [Float] = [0.5, 0.3, 0.2, 0.4, 0, 1]
    let weighed = try PositiveUnlabelled(
      scores: scores, isLabelled: [true, true, false, false, false, false])
    #expect(abs(weighed.labelFrequency - 0.4) < 1e-7)
    let expected = scores.map { g in
      g >= 1 ? 1 : min(1, (1 - 0.4) / 0.4 * Double(g) / (1 - Double(g)))
    }
    for (weight, value) in zip(weighed.weights.dropFirst(2), expected.dropFirst(2)) {
      #expect(abs(weight - value) < 1e-6)
    }
    #expect(weighed.weights.prefix(2) == [1, 1])
    #expect(abs(weighed.expectedPositives - expected.dropFirst(2).reduce(0, +)) < 1e-6)
    #expect(weighed.unlabelledCount == 4)
  }

  /// Where every positive is certain, a perfect model of "is labelled" gives the truth back.
  @Test func certainPositivesAreFoundAmongTheUnlabelled() throws {
    let random = Randomness(seed: 3)
    let isPositive = (0..<4000).map { random.uniform(UInt64($0)) < 0.3 }
    let isLabelled = isPositive.enumerated().map {
      $1 && random.uniform(UInt64(10_000 + $0)) < 0.25
    }
    let frequency =
      Double(isLabelled.count { $0 }) / Double(isPositive.count { $0 })
    let weighed = try PositiveUnlabelled(
      scores: isPositive.map { $0 ? Float(frequency) : 0 }, isLabelled: isLabelled)
    for (index, weight) in weighed.weights.enumerated() {
      #expect(abs(weight - (isPositive[index] ? 1 : 0)) < 1e-4)
    }
  }

  @Test func bothKindsMustOccur() {
    for labels in [[true, true], [false, false]] {
      #expect(throws: SampleError.self) {
        try PositiveUnlabelled(scores: [0.1, 0.2], isLabelled: labels)
      }
    }
  }

  private func set() throws -> TrainingSet {
    let samples = (0..<4).map { number in
      Sample(
        id: 10 - number, x: Double(number), y: 0, cell: Cell(column: number, row: 0),
        target: .category(number == 0 ? 1 : 0), weight: number == 1 ? 2 : 1)
    }
    return try TrainingSet(
      samples: SampleSet(
        kind: .softmax, categories: ["u", "p"].map { .init(code: $0, name: $0) },
        samples: samples), blockSize: 1, bandCount: 1, spectra: [5, 6, 7, 8])
  }

  @Test func unlabelledSamplesCountOnBothSides() throws {
    let set = try set().weighingUnlabelled(
      positive: 1, shares: [1, 0.25, 0, 1], classWeights: .none)
    // Share 0 is no positive, share 1 no negative.
    #expect(set.spectra == [5, 6, 7, 6, 8])
    #expect(set.samples.samples.map(\.weight) == [1, 1.5, 1, 0.5, 1])
    #expect(
      set.samples.samples.map(\.target)
        == [1, 0, 0, 1, 1].map { Sample.Target.category($0) })
    #expect(Set(set.samples.samples.map(\.id)).count == 5)
  }

  @Test func balancedClassesWeighTheSame() throws {
    let set = try set().weighingUnlabelled(
      positive: 1, shares: [1, 0.25, 0, 1], classWeights: .balanced)
    func sum(_ index: Int) -> Float {
      set.samples.samples.filter { $0.target == .category(index) }.reduce(0) { $0 + $1.weight }
    }
    #expect(abs(sum(0) - 2.5) < 1e-6 && abs(sum(1) - 2.5) < 1e-6)
  }
}
