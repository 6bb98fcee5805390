import Foundation
import Networks
import Testing

@Suite struct ProbabilitiesTests {
  @Test func classesShareOne() {
    let p = Probabilities.of([0, 1, 2, 500, -500, 0], outputCount: 3, kind: .softmax)
    let sum = exp(0.0) + exp(1.0) + exp(2.0)
    #expect(difference(p, [1 / sum, exp(1.0) / sum, exp(2.0) / sum, 1, 0, 0]) < 1e-6)
    let logs = Probabilities.logSoftmax([0, 1, 2], outputCount: 3)
    #expect(difference(logs, p[..<3].map { log(Double($0)) }) < 1e-6)
  }

  @Test func labelsStandAlone() {
    let p = Probabilities.of([0, 2, -200, 200], outputCount: 2, kind: .sigmoid)
    #expect(difference(p, [0.5, 1 / (1 + exp(-2.0)), 0, 1]) < 1e-6)
  }

  @Test func valuesStay() {
    #expect(Probabilities.of([-3, 7], outputCount: 2, kind: .linear) == [-3, 7])
  }
}
