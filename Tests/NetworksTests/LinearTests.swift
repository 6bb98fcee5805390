import Tensors
import Testing

@testable import Networks

@Suite struct LinearTests {
  @Test func derivativesAreAdjoint() {
    let layer = Linear(inputs: 7, outputs: 4, random: Randomness(seed: 1))
    let (x, v, u) = (normals(35, seed: 1), normals(35, seed: 2), normals(20, seed: 3))
    var gradient = layer.zeroed()
    let back = layer.pullback(x, batch: 5, outputGradient: u, adding: &gradient)
    #expect(agree(inner(u, layer.pushforward(v, batch: 5)), inner(back, v), 20))
    var direction = layer
    direction.weight = normals(28, seed: 4)
    direction.bias = normals(4, seed: 5)
    let slope = inner(gradient.weight, direction.weight) + inner(gradient.bias, direction.bias)
    #expect(agree(inner(u, direction.forward(x, batch: 5)), slope, 40))
  }

  @Test func biasAndRectifier() {
    let layer = Linear(inputs: 2, outputs: 2, weight: [1, 2, -1, 0], bias: [0.5, 1])
    // Two samples (1, 3) and (2, 4), lying side by side.
    #expect(layer.forward([1, 2, 3, 4], batch: 2) == [7.5, 10.5, 0, -1])
    #expect(layer.forward([1, 2, 3, 4], batch: 2, rectified: true) == [7.5, 10.5, 0, 0])
    #expect(layer.pushforward([1, 2, 3, 4], batch: 2) == [7, 10, -1, -2])
  }

  @Test func agreesWithPyTorch() throws {
    let fixture = try Fixture("layers")
    let layer = try Linear(
      inputs: 6, outputs: 4, weight: fixture("linear.weight"), bias: fixture("linear.bias"))
    let x = try transposed(fixture("linear.x"), 5, 6)
    let u = try transposed(fixture("linear.u"), 5, 4)
    #expect(
      try difference(layer.forward(x, batch: 5), transposed(fixture("linear.y"), 5, 4)) < 1e-5)
    var gradient = layer.zeroed()
    let back = layer.pullback(x, batch: 5, outputGradient: u, adding: &gradient)
    #expect(try difference(back, transposed(fixture("linear.dx"), 5, 6)) < 1e-4)
    #expect(try difference(gradient.weight, fixture("linear.dweight")) < 1e-4)
    #expect(try difference(gradient.bias, fixture("linear.dbias")) < 1e-4)
    #expect(layer.parameters("a").map(\.name) == ["a.weight", "a.bias"])
  }
}
