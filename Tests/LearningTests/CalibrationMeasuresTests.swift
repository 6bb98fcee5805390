import Foundation
import Networks
import Testing

@testable import Learning

/// Calibration error, log loss and Brier score are those of scikit-learn and of their definitions.
struct CalibrationMeasuresTests {
  @Test func measuresOfClassesAreThoseOfScikitLearn() throws {
    for one in try TemperatureScalingTests.cases() {
      for (temperature, expected) in [(1, one.before), (one.temperature, one.after)] {
        let found = CalibrationMeasures(
          probabilities: one.probabilities(temperature),
          targets: one.truth.map { .category($0) }, kind: .softmax)
        #expect(abs(found.error - expected.error) < 1e-6)
        #expect(abs(found.brier - expected.brier) < 1e-6)
        #expect(abs(found.logLoss - expected.logLoss) < 1e-6)
        #expect(found.reliability.count == (one.classes == 2 ? 1 : one.classes))
      }
      #expect(one.after.logLoss <= one.before.logLoss)
    }
  }

  /// Two labels, one of them unknown once.
  @Test func unknownLabelsDoNotCount() {
    let measures = CalibrationMeasures(
      probabilities: [0.75, 0.5, 0.25, 0.125],
      targets: [.values([1, 0]), .values([1, .nan])], kind: .sigmoid)
    #expect(measures.brier == (0.0625 + 0.25 + 0.5625) / 3)
    // Label 0: bins of 0.75 and 0.25, each off; label 1: one sample, off by a half.
    #expect(measures.error == ((0.25 + 0.75) / 2 + 0.5) / 2)
    #expect(abs(measures.logLoss + (log(0.75) + log(0.5) + log(0.25)) / 3) < 1e-12)
    #expect(CalibrationMeasures.judged(2, kind: .sigmoid) == [0, 1])
    #expect(CalibrationMeasures.judged(2, kind: .softmax) == [1])
  }
}
