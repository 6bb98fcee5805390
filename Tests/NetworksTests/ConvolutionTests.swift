import Tensors
import Testing

@testable import Networks

@Suite struct ConvolutionTests {
  struct Case: Sendable {
    var layer: Convolution
    var shape: ActivationShape
  }

  static let cases = [
    Case(
      layer: .over2D(inputs: 3, outputs: 5, kernel: 3, random: Randomness(seed: 1)),
      shape: ActivationShape(rows: 7, channels: 3, columns: 6, batch: 4)),
    Case(
      layer: .over2D(inputs: 2, outputs: 1, kernel: 1, random: Randomness(seed: 2)),
      shape: ActivationShape(rows: 3, channels: 2, columns: 3, batch: 1)),
    Case(
      layer: .over2D(inputs: 4, outputs: 2, kernel: 4, random: Randomness(seed: 3)),
      shape: ActivationShape(rows: 4, channels: 4, columns: 4, batch: 3)),
    Case(
      layer: .over1D(inputs: 1, outputs: 4, kernel: 5, random: Randomness(seed: 4)),
      shape: ActivationShape(rows: 11, channels: 1, columns: 1, batch: 6)),
    Case(
      layer: .over1D(inputs: 3, outputs: 2, kernel: 2, random: Randomness(seed: 5)),
      shape: ActivationShape(rows: 4, channels: 3, columns: 1, batch: 2)),
  ]

  private func naive(_ layer: Convolution, _ x: [Float], _ shape: ActivationShape) -> [Float] {
    var samples = [Float](repeating: 0, count: shape.count)
    shape.add(x, to: &samples, from: 0)
    var result: [Float] = []
    for sample in 0..<shape.batch {
      let size = shape.valuesPerSample
      let values = samples[sample * size..<(sample + 1) * size].map { Double($0) }
      let volume = NaiveVolume(shape.channels, shape.rows, shape.columns, values).convolved(
        layer.weight.map { Double($0) }, layer.bias.map { Double($0) }, layer.kernelRows,
        layer.kernelColumns)
      result += volume.values.map { Float($0) }
    }
    return layer.outputShape(shape).arranged(result, from: 0)
  }

  @Test(arguments: cases)
  func agreesWithLoops(_ one: Case) {
    let x = normals(one.shape.count, seed: 10)
    let y = one.layer.forward(x, one.shape)
    let expected = naive(one.layer, x, one.shape)
    #expect(difference(y, expected) < 1e-6)
    #expect(one.layer.forward(x, one.shape, rectified: true) == y.map { max($0, 0) })
  }

  @Test(arguments: cases)
  func derivativesAreAdjoint(_ one: Case) {
    let (layer, shape) = (one.layer, one.shape)
    let output = layer.outputShape(shape)
    let (x, v) = (normals(shape.count, seed: 11), normals(shape.count, seed: 12))
    let u = normals(output.count, seed: 13)
    let tangent = layer.pushforward(v, shape)
    #expect(
      agree(inner(u, tangent), inner(layer.inputGradient(u, shape), v), Double(output.count)))
    // Outputs are linear in the parameters: their tangent is a forward pass without the rest.
    var direction = layer
    direction.weight = normals(layer.weight.count, seed: 14)
    direction.bias = normals(layer.bias.count, seed: 15)
    var gradient = layer.zeroed()
    layer.addParameterGradient(x, shape, outputGradient: u, to: &gradient)
    let slope = inner(gradient.weight, direction.weight) + inner(gradient.bias, direction.bias)
    #expect(agree(inner(u, direction.forward(x, shape)), slope, Double(output.count) * 4))
    // And it is added to what was there.
    layer.addParameterGradient(x, shape, outputGradient: u, to: &gradient)
    let twice = inner(gradient.weight, direction.weight) + inner(gradient.bias, direction.bias)
    #expect(agree(twice, 2 * slope, Double(output.count) * 4))
  }

  @Test(arguments: ["conv1d", "conv2d"])
  func agreesWithPyTorch(_ name: String) throws {
    let fixture = try Fixture("layers")
    let size = try fixture.shape("\(name).x")
    let weights = try fixture.shape("\(name).weight")
    let is1D = size.count == 3
    let shape = ActivationShape(
      rows: size[2], channels: size[1], columns: is1D ? 1 : size[3], batch: size[0])
    var layer =
      is1D
      ? Convolution.over1D(
        inputs: weights[1], outputs: weights[0], kernel: weights[2], random: Randomness(seed: 0))
      : Convolution.over2D(
        inputs: weights[1], outputs: weights[0], kernel: weights[2], random: Randomness(seed: 0))
    #expect(layer.parameters("").map(\.shape) == [weights, [weights[0]]])
    layer.weight = try fixture("\(name).weight")
    layer.bias = try fixture("\(name).bias")
    let output = layer.outputShape(shape)
    let x = try shape.arranged(fixture("\(name).x"), from: 0)
    let u = try output.arranged(fixture("\(name).u"), from: 0)
    let y = try output.arranged(fixture("\(name).y"), from: 0)
    let dx = try shape.arranged(fixture("\(name).dx"), from: 0)
    #expect(difference(layer.forward(x, shape), y) < 1e-5)
    #expect(difference(layer.inputGradient(u, shape), dx) < 1e-4)
    var gradient = layer.zeroed()
    layer.addParameterGradient(x, shape, outputGradient: u, to: &gradient)
    #expect(try difference(gradient.weight, fixture("\(name).dweight")) < 1e-4)
    #expect(try difference(gradient.bias, fixture("\(name).dbias")) < 1e-4)
  }
}
