import Tensors
import Testing

@testable import Networks

@Suite struct InitializationTests {
  @Test func fillsItsInterval() {
    let values = Initialization.uniform(20_000, fanIn: 25, Randomness(seed: 5))
    #expect(values.allSatisfy { abs($0) <= 0.2 })
    #expect((values.max() ?? 0) > 0.199 && (values.min() ?? 0) < -0.199)
    #expect(abs(ExactMoments(values).mean) < 0.003)
  }
}
