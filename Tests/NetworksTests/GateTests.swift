import Foundation
import Tensors
import Testing

@testable import Networks

@Suite struct GateTests {
  /// Of two branches, one sigmoid gate: g f1 + (1 - g) f2 with g = s(z1 - z2).
  @Test func twoBranchesHaveASigmoidGate() {
    let gate = Gate(parts: 2, width: 3, random: Randomness(seed: 7))
    let batch = 4
    let x = normals(6 * batch, seed: 8)
    let outputs = gate.forward(x, batch: batch).outputs
    for sample in 0..<batch {
      for feature in 0..<3 {
        func logit(_ output: Int) -> Double {
          (0..<6).reduce(Double(gate.linear.bias[output])) {
            $0 + Double(gate.linear.weight[output * 6 + $1]) * Double(x[$1 * batch + sample])
          }
        }
        let share = 1 / (1 + exp(logit(3 + feature) - logit(feature)))
        let expected =
          share * Double(x[feature * batch + sample])
          + (1 - share) * Double(x[(3 + feature) * batch + sample])
        #expect(abs(Double(outputs[feature * batch + sample]) - expected) < 1e-6)
      }
    }
  }

  /// `<u, J v> == <Jt u, v>`.
  @Test func pushforwardAndPullbackAreAdjoint() {
    let gate = Gate(parts: 3, width: 4, random: Randomness(seed: 9))
    let batch = 5
    let cache = gate.forward(normals(12 * batch, seed: 10), batch: batch)
    let (u, v) = (normals(4 * batch, seed: 11), normals(12 * batch, seed: 12))
    var gradient = gate.zeroed()
    let forward = gate.pushforward(cache, v, batch: batch)
    let back = gate.pullback(cache, outputGradient: u, batch: batch, adding: &gradient)
    let left = zip(u, forward).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    let right = zip(back, v).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    #expect(abs(left - right) < 1e-4 * max(1, abs(left)))
  }

  @Test func branchesMustMakeTheSameNumberOfFeatures() {
    func problem(_ widths: [Int]) -> String? {
      ModelArchitecture(
        bandCount: 5,
        branches: widths.map { .spectral(.init(filters: [2], kernel: 2, pool: 1, width: $0)) },
        fusion: .gate, head: .init(kind: .softmax, hidden: [], outputs: 2)
      ).problem
    }
    #expect(problem([4, 4, 4]) == nil)
    #expect(problem([4, 5])?.contains("they make 4 and 5") == true)
    #expect(problem([4])?.contains("two branches or more") == true)
  }
}
