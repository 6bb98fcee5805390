import Explanation
import Glibc
import Networks
import Testing

@Suite struct ExplainedOutputTests {
  static let outputs = [
    ExplainedOutput(head: .softmax, index: 1), ExplainedOutput(head: .sigmoid, index: 0),
    ExplainedOutput(head: .linear, index: 2, scale: .probability),
    ExplainedOutput(head: .softmax, index: 2, scale: .probability),
    ExplainedOutput(head: .sigmoid, index: 1, scale: .probability),
  ]

  @Test(arguments: outputs) func gradientIsTheSlope(_ output: ExplainedOutput) {
    let raw = [0.3, -1.2, 2.1]
    var gradient = [Double](repeating: .nan, count: 3)
    #expect(output.value(raw, gradient: &gradient) == output.value(raw))
    for k in 0..<3 {
      var (up, down) = (raw, raw)
      up[k] += 1e-5
      down[k] -= 1e-5
      let slope = (output.value(up) - output.value(down)) / 2e-5
      #expect(abs(slope - gradient[k]) < 1e-9)
    }
  }

  @Test func softmaxLogOddsAreThoseOfItsProbability() {
    let raw = [0.3, -1.2, 2.1]
    let sum = raw.reduce(0) { $0 + exp($1) }
    for k in 0..<3 {
      let p = exp(raw[k]) / sum
      let odds = ExplainedOutput(head: .softmax, index: k).value(raw)
      #expect(abs(odds - log(p / (1 - p))) < 1e-12)
      let probability = ExplainedOutput(head: .softmax, index: k, scale: .probability).value(raw)
      #expect(abs(probability - p) < 1e-12)
    }
  }

  @Test func largeLogitsStayFinite() {
    var gradient = [0.0, 0]
    for raw in [[900.0, -900], [-900, 900]] {
      for scale in [ExplainedOutput.Scale.logOdds, .probability] {
        let output = ExplainedOutput(head: .softmax, index: 0, scale: scale)
        #expect(output.value(raw, gradient: &gradient).isFinite)
        #expect(gradient.allSatisfy { $0.isFinite })
      }
    }
  }

  @Test func valuesReadClassMajorOutputs() {
    let output = ExplainedOutput(head: .softmax, index: 1)
    #expect(output.values([1, 2, 3, 5], outputCount: 2) == [2, 3])
  }
}
