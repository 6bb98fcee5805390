import Testing

@testable import Learning

/// Expected numbers come from scikit-learn by `make_fixtures.py`.
struct ScoreCurvesTests {
  private let scores: [Float] = [
    45, 14, 39, 25, 34, 19, 42, 58, 45, 24, 24, 2, 48, 37, 4, 56, 19, 3, 6, 21,
  ].map { $0 / 64 }
  private let isPositive = [
    1, 0, 1, 0, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1, 0, 1, 0, 0, 0, 1,
  ].map { $0 == 1 }

  private func isNear(_ a: [Double], _ b: [Double]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-12 }
  }

  @Test func curvesAgreeWithScikitLearn() throws {
    let curves = try #require(ScoreCurves(scores: scores, isPositive: isPositive))
    #expect(
      curves.thresholds == [
        0.90625, 0.875, 0.75, 0.703125, 0.65625, 0.609375, 0.578125, 0.53125, 0.390625, 0.375,
        0.328125, 0.296875, 0.21875, 0.09375, 0.0625, 0.046875, 0.03125,
      ])
    let falses = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 4, 5, 6, 7, 8, 9].map { Double($0) / 9 }
    let trues = [1, 2, 3, 5, 5, 6, 7, 8, 8, 10, 11, 11, 11, 11, 11, 11, 11].map { Double($0) / 11 }
    #expect(isNear(curves.falsePositiveRates, falses))
    #expect(isNear(curves.truePositiveRates, trues))
    #expect(
      isNear(
        curves.precisions,
        [
          1, 1, 1, 1, 0.8333333333333334, 0.8571428571428571, 0.875, 0.8888888888888888, 0.8,
          0.8333333333333334, 0.8461538461538461, 0.7333333333333333, 0.6875, 0.6470588235294118,
          0.6111111111111112, 0.5789473684210527, 0.55,
        ]))
    // The area under the first curve, by trapezes, is that of the ranks.
    var area = 0.0
    for index in 1..<falses.count {
      area += (falses[index] - falses[index - 1]) * (trues[index] + trues[index - 1]) / 2
    }
    #expect(abs(area - (rocAUC(scores: scores, isPositive: isPositive) ?? 0)) < 1e-12)
  }

  @Test func reliabilityAgreesWithScikitLearn() {
    let found = Reliability(scores: scores, isPositive: isPositive, bins: 5)
    #expect(
      isNear(
        found.probabilities, [0.05859375, 0.32589285714285715, 0.5546875, 0.684375, 0.890625]))
    #expect(isNear(found.shares, [0, 3.0 / 7, 1, 0.8, 1]))
    #expect(found.counts.reduce(0, +) == 20)
    var error = 0.0
    for bin in found.counts.indices {
      error += Double(found.counts[bin]) * abs(found.probabilities[bin] - found.shares[bin])
    }
    #expect(abs(found.error - error / 20) < 1e-12 && found.error > 0.1)
    let edge = Reliability(scores: [1, 0], isPositive: [true, false])
    #expect(edge.probabilities == [0, 1] && edge.shares == [0, 1] && edge.error == 0)
  }

  @Test func oneClassHasNoCurves() {
    #expect(ScoreCurves(scores: [0.5, 0.2], isPositive: [true, true]) == nil)
    #expect(ScoreCurves(scores: [], isPositive: []) == nil)
  }
}
