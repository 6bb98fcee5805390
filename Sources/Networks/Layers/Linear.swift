public import Tensors

/// A dense layer: `y = W x + b`, with weights `(outputs, inputs)`.
public struct Linear: Sendable, Hashable {
  /// The number of inputs.
  public let inputs: Int
  /// The number of outputs.
  public let outputs: Int
  /// The weights, `(outputs, inputs)`.
  public var weight: [Float]
  /// The bias of each output.
  public var bias: [Float]

  /// A layer with weights and bias drawn uniformly within `1 / sqrt(inputs)`.
  public init(inputs: Int, outputs: Int, random: Randomness) {
    self.init(
      inputs: inputs, outputs: outputs,
      weight: Initialization.uniform(inputs * outputs, fanIn: inputs, random.derived(0)),
      bias: Initialization.uniform(outputs, fanIn: inputs, random.derived(1)))
  }

  /// A layer with given weights and bias.
  public init(inputs: Int, outputs: Int, weight: [Float], bias: [Float]) {
    precondition(
      weight.count == inputs * outputs && bias.count == outputs,
      "\(weight.count) weights and \(bias.count) biases for \(outputs) x \(inputs)")
    self.inputs = inputs
    self.outputs = outputs
    self.weight = weight
    self.bias = bias
  }

  /// The outputs `[output][sample]` for inputs `[input][sample]`, negative ones cut off on demand.
  public func forward(_ x: [Float], batch: Int, rectified: Bool = false) -> [Float] {
    var y = product(x, batch: batch)
    y.withUnsafeMutableBufferPointer { values in
      Rectifier.addBias(
        bias, rectified: rectified, UnsafeMutableBufferPointer(rebasing: values[...]), run: batch)
    }
    return y
  }

  /// The outputs' tangents `[output][sample]` for the inputs' tangents.
  public func pushforward(_ tangent: [Float], batch: Int) -> [Float] {
    product(tangent, batch: batch)
  }

  /// Adds the parameters' gradient for the outputs' gradient; returns the inputs' gradient.
  ///
  /// - Parameters:
  ///   - x: The inputs of the forward pass, `[input][sample]`.
  ///   - outputGradient: `[output][sample]`, of the outputs before any ReLU.
  ///   - gradient: Where the parameters' gradient is added.
  public func pullback(
    _ x: [Float], batch: Int, outputGradient: [Float], adding gradient: inout Linear
  ) -> [Float] {
    precondition(
      x.count == inputs * batch && outputGradient.count == outputs * batch,
      "\(x.count) inputs and \(outputGradient.count) outputs of \(batch) of \(inputs) to \(outputs)"
    )
    Products.multiply(
      rows: outputs, columns: inputs, inner: batch, outputGradient, .rows(batch), x,
      .transposed(batch), beta: 1, into: &gradient.weight, .rows(inputs))
    Rectifier.addSums(outputGradient.span, run: batch, to: &gradient.bias)
    return inputGradient(outputGradient, batch: batch)
  }

  /// The inputs' gradient `[input][sample]` for the outputs' gradient.
  public func inputGradient(_ outputGradient: [Float], batch: Int) -> [Float] {
    var result = [Float](repeating: 0, count: inputs * batch)
    Products.multiply(
      rows: inputs, columns: batch, inner: outputs, weight, .transposed(inputs), outputGradient,
      .rows(batch), into: &result, .rows(batch))
    return result
  }

  private func product(_ x: [Float], batch: Int) -> [Float] {
    precondition(x.count == inputs * batch, "\(x.count) values for \(inputs) x \(batch)")
    return Products.product(weight, x, rows: outputs, columns: batch, inner: inputs)
  }
}

extension Linear: Parameterized {
  /// Visits `weight` and `bias`.
  public mutating func visitParameters(_ prefix: String, _ body: Visitor) {
    body("\(prefix).weight", [outputs, inputs], &weight)
    body("\(prefix).bias", [outputs], &bias)
  }
}
