import Foundation
import Networks
import Rasters
import Testing

@testable import Learning

struct LabelMetricsTests {
  private let categories = [
    SampleSet.Category(code: "a", name: "a"), SampleSet.Category(code: "b", name: "b"),
    SampleSet.Category(code: "c", name: "c"),
    SampleSet.Category(code: "at-least 2", name: "at least 2", joint: .atLeast(2)),
  ]

  /// Labels of 200 samples, an eighth of them missing, and probabilities that know a little.
  private func made() -> (probabilities: [Float], labels: [[Float]]) {
    var numbers = TestNumbers(5)
    var (probabilities, labels): ([Float], [[Float]]) = ([], [])
    for _ in 0..<200 {
      let own = (0..<3).map { _ -> Float in
        let label: Float = numbers.next() < 0.4 ? 1 : 0
        return numbers.next() < 0.125 ? .nan : label
      }
      labels.append(own + [JointLabel.holds(atLeast: 2, of: own)])
      probabilities +=
        labels.last?.map { label in
          Float(0.7 * numbers.next()) + (label == 1 ? 0.3 : 0)
        } ?? []
    }
    return (probabilities, labels)
  }

  @Test func labelsAreCountedOneByOne() throws {
    let (probabilities, labels) = made()
    let found = try #require(
      ProbabilityMetrics(
        probabilities: probabilities, targets: labels.map { .values($0) }, kind: .sigmoid,
        categories: categories))
    var (known, right, complete, exact, some) = (0, 0, 0, 0, 0)
    var squares = [0.0, 0, 0, 0]
    var counts = [0, 0, 0, 0]
    for (sample, own) in labels.enumerated() {
      var hits = 0
      var isKnown = 0
      for output in 0..<4 where !own[output].isNaN {
        let probability = probabilities[4 * sample + output]
        squares[output] += pow(Double(probability) - Double(own[output]), 2)
        counts[output] += 1
        guard output < 3 else { continue }
        isKnown += 1
        hits += (probability > 0.5) == (own[output] == 1) ? 1 : 0
      }
      known += isKnown
      right += hits
      some += isKnown > 0 ? 1 : 0
      complete += isKnown == 3 ? 1 : 0
      exact += isKnown == 3 && hits == 3 ? 1 : 0
    }
    #expect(complete < some && exact > 0)
    let together = try #require(found.labels)
    #expect(together.count == some && together.completeCount == complete)
    #expect(together.accuracy == Double(right) / Double(known))
    #expect(together.exactMatch == Double(exact) / Double(complete))
    let brier = try #require(together.brier)
    #expect(abs(brier - squares[0...2].reduce(0, +) / Double(known)) < 1e-12)
    for output in 0..<4 {
      let own = try #require(found.brier[output])
      #expect(abs(own - squares[output] / Double(counts[output])) < 1e-12)
    }
    // The means are of the measured labels alone.
    let metrics = Metrics(
      predictions: probabilities, targets: labels.map { .values($0) }, kind: .sigmoid)
    let areas = (0..<3).compactMap { metrics.classes(output: $0)?.rocAUC }
    #expect(together.rocAUC == areas.reduce(0, +) / 3)
  }

  /// What is said where a label is not known changes nothing.
  @Test func missingLabelsDoNotCount() throws {
    let (probabilities, labels) = made()
    func metrics(_ probabilities: [Float]) -> ProbabilityMetrics? {
      ProbabilityMetrics(
        probabilities: probabilities, targets: labels.map { .values($0) }, kind: .sigmoid,
        categories: Array(categories.prefix(3)) + [.init(code: "d", name: "d")])
    }
    var other = probabilities
    for (sample, own) in labels.enumerated() {
      for output in 0..<4 where own[output].isNaN { other[4 * sample + output] = 0.99 }
    }
    #expect(other != probabilities)
    #expect(metrics(other) == metrics(probabilities))
  }

  @Test func independenceIsThatOfTheOtherLabels() throws {
    let (probabilities, labels) = made()
    let found = try #require(
      ProbabilityMetrics(
        probabilities: probabilities, targets: labels.map { .values($0) }, kind: .sigmoid,
        categories: categories))
    #expect(found.independent.map { $0 == nil } == [true, true, true, false])
    var (sum, count) = (0.0, 0)
    for (sample, own) in labels.enumerated() where !own[3].isNaN {
      let p = (0..<3).map { Double(probabilities[4 * sample + $0]) }
      let two = p[0] * p[1] * (1 - p[2]) + p[0] * (1 - p[1]) * p[2] + (1 - p[0]) * p[1] * p[2]
      sum += pow(two + p[0] * p[1] * p[2] - Double(own[3]), 2)
      count += 1
    }
    let brier = try #require(found.independent[3]?.brier)
    #expect(abs(brier - sum / Double(count)) < 1e-6)
    #expect(found.named(output: 3).map(\.name).first == "Brier score")
    #expect(found.named(output: 3).count == 4 && found.named(output: 0).count == 1)
  }

  @Test func classesHaveTheScoreOfBrier() {
    let two = ProbabilityMetrics(
      probabilities: [0.75, 0.25, 0.5, 0.5], targets: [.category(0), .category(1)], kind: .softmax,
      categories: Array(categories.prefix(2)))
    #expect(two?.brier == [(0.0625 + 0.25) / 2] && two?.labels == nil)
    let three = ProbabilityMetrics(
      probabilities: [0.5, 0.25, 0.25], targets: [.category(0)], kind: .softmax,
      categories: Array(categories.prefix(3)))
    #expect(three?.brier == [0.25 + 0.0625 + 0.0625])
    let none = ProbabilityMetrics(
      probabilities: [], targets: [], kind: .sigmoid, categories: categories)
    #expect(none?.labels?.accuracy == nil && none?.labels?.rocAUC == nil)
    #expect(none?.brier == [nil, nil, nil, nil])
    #expect(
      ProbabilityMetrics(
        probabilities: [1], targets: [.values([1])], kind: .linear,
        categories: Array(categories.prefix(1))) == nil)
  }
}
