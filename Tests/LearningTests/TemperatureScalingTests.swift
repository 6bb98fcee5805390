import Foundation
import Testing

@testable import Learning

/// The temperature is the one that scipy finds, and ends at its bounds where none is best.
struct TemperatureScalingTests {
  struct Case: Decodable {
    struct Measures: Decodable {
      let error: Double
      let brier: Double
      let logLoss: Double
    }
    let classes: Int
    let sixtyFourths: [Int]
    let truth: [Int]
    let temperature: Double
    let before: Measures
    let after: Measures

    var logits: [Double] { sixtyFourths.map { Double($0) / 64 } }

    /// Probabilities, straight from the definition.
    func probabilities(_ temperature: Double) -> [Float] {
      truth.indices.flatMap { sample -> [Float] in
        let powers = logits[sample * classes..<(sample + 1) * classes].map {
          exp($0 / temperature)
        }
        let sum = powers.reduce(0, +)
        return powers.map { Float($0 / sum) }
      }
    }
  }

  static func cases() throws -> [Case] { try ForestTable.fixture("calibration") }

  @Test func temperaturesAreThoseOfScipy() throws {
    for one in try Self.cases() {
      let scaling = TemperatureScaling(
        logits: one.logits, classes: one.truth, classCount: one.classes)
      #expect(abs(scaling.temperature - one.temperature) < 1e-6 * one.temperature)
      #expect(!scaling.isAtBound)
    }
  }

  /// No other temperature has less loss, and what is added to all logits of a sample does not count.
  @Test func theLossIsLeast() throws {
    let one = try #require(try Self.cases().first)
    func loss(_ temperature: Double) -> Double {
      -zip(one.truth.indices, one.truth).reduce(0) { sum, pair in
        let row = one.logits[pair.0 * 2..<pair.0 * 2 + 2].map { $0 / temperature }
        return sum + row[row.startIndex + pair.1] - log(row.reduce(0) { $0 + exp($1) })
      }
    }
    let found = TemperatureScaling(logits: one.logits, classes: one.truth, classCount: 2)
    for factor in [0.5, 0.99, 1.01, 2] {
      #expect(loss(found.temperature * factor) > loss(found.temperature))
    }
    let moved = one.logits.enumerated().map { $0.element + Double($0.offset / 2 % 5) }
    let again = TemperatureScaling(logits: moved, classes: one.truth, classCount: 2)
    #expect(abs(again.temperature - found.temperature) < 1e-9)
  }

  @Test func boundsEndTheSearch() {
    let apart = TemperatureScaling(
      logits: [2, 0, 0, 2, 5, 1], classes: [0, 1, 0], classCount: 2)
    #expect(apart.temperature == 0.05 && apart.isAtBound)
    let wrong = TemperatureScaling(
      logits: [2, 0, 0, 2, 5, 1], classes: [1, 0, 1], classCount: 2)
    #expect(wrong.temperature == 20 && wrong.isAtBound)
    // Logits beyond every exponential.
    let huge = TemperatureScaling(
      logits: [900, 0, 0, 900, 900, 0], classes: [0, 1, 1], classCount: 2)
    #expect(huge.temperature == 20 && huge.isAtBound)
    for empty in [
      TemperatureScaling(logits: [], classes: [], classCount: 2),
      TemperatureScaling(logits: [1, 1, 3, 3], classes: [0, 1], classCount: 2),
    ] {
      #expect(empty.temperature == 1 && !empty.isAtBound)
    }
  }
}
