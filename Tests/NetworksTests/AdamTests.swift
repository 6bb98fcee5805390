import Networks
import Testing

@Suite struct AdamTests {
  private func linear(_ fixture: Fixture, _ name: String) throws -> Linear {
    try Linear(
      inputs: 3, outputs: 2, weight: fixture("\(name).weight"), bias: fixture("\(name).bias"))
  }

  @Test func agreesWithPyTorch() throws {
    let fixture = try Fixture("adam")
    var layer = try linear(fixture, "start")
    var adam = Adam(learningRate: 0.02, weightDecay: 0.1)
    for step in 0..<6 {
      var gradient = try linear(fixture, "gradient\(step)")
      gradient.clipNorm(to: 2)
      adam.step(&layer, gradient: gradient)
      let expected = try linear(fixture, "after\(step)")
      #expect(difference(layer.weight, expected.weight) < 1e-5)
      #expect(difference(layer.bias, expected.bias) < 1e-5)
    }
  }

  @Test func restoredStateContinues() throws {
    let fixture = try Fixture("adam")
    var layer = try linear(fixture, "start")
    var adam = Adam()
    adam.step(&layer, gradient: try linear(fixture, "gradient0"))
    var other = Adam()
    other.restore(stepCount: adam.stepCount, state: adam.state)
    #expect(other == adam)
    var (a, b) = (layer, layer)
    adam.step(&a, gradient: try linear(fixture, "gradient1"))
    other.step(&b, gradient: try linear(fixture, "gradient1"))
    #expect(a == b)
  }

  @Test func frozenParametersStay() throws {
    let fixture = try Fixture("adam")
    let start = try linear(fixture, "start")
    var layer = start
    var adam = Adam()
    adam.step(&layer, gradient: try linear(fixture, "gradient0")) {
      $0.hasSuffix("weight") ? 0 : 1
    }
    #expect(layer.weight == start.weight && layer.bias != start.bias)
  }

  @Test func clippingKeepsTheDirection() {
    var gradient = Linear(inputs: 1, outputs: 1, weight: [3], bias: [4])
    #expect(gradient.clipNorm(to: 10) == 5)
    #expect(gradient.weight == [3])
    #expect(gradient.clipNorm(to: 1) == 5)
    #expect(abs(gradient.weight[0] - 0.6) < 1e-6 && abs(gradient.bias[0] - 0.8) < 1e-6)
  }

  @Test func absolutePenalty() {
    let layer = Linear(inputs: 3, outputs: 1, weight: [3, -2, 0], bias: [1])
    var gradient = layer.zeroed()
    gradient.addAbsolutePenalty(of: layer, strength: 0.5) { $0.hasSuffix("weight") }
    #expect(gradient.weight == [0.5, -0.5, 0] && gradient.bias == [0])
  }
}
