internal import Tensors

/// Convolutions and poolings, then a dense layer with a ReLU: what spectral and patch networks are.
///
/// Without the dense layer the stack makes tokens: one of what is left at every place.
public struct FeatureStack: Sendable, Hashable {
  /// One step before the dense layer.
  public enum Step: Sendable, Hashable {
    /// A convolution followed by a ReLU.
    case convolution(Convolution)
    /// Pooling of largest values.
    case maxPool(MaxPool)
    /// Pooling of means.
    case averagePool(AveragePool)
  }

  /// What a forward pass keeps for pullback and pushforward.
  public struct Cache: Sendable {
    /// The values that go into each step, then those that go out of the last.
    fileprivate(set) var values: [[Float]]
    fileprivate(set) var shapes: [ActivationShape]
    /// The winners of each max pooling, empty for other steps.
    fileprivate(set) var winners: [[Int32]]
    fileprivate(set) var flat: [Float]
    /// The features that the stack makes, `[feature][sample]`; tokens `[sample][place][channel]`
    /// where it has no dense layer.
    public fileprivate(set) var features: [Float]
  }

  /// The steps before the dense layer.
  public private(set) var steps: [Step]
  /// The dense layer over all that is left, channels before rows before columns; nil where an
  /// attention takes what is left as tokens.
  public var dense: Linear?

  init(_ steps: [Step], input: ActivationShape, width: Int?, random: Randomness) {
    self.steps = steps
    let left = steps.reduce(input) { $1.outputShape($0) }
    dense = width.map { Linear(inputs: left.valuesPerSample, outputs: $0, random: random) }
  }

  /// The features of inputs of a shape, with what the derivatives need.
  func forward(_ x: [Float], _ shape: ActivationShape) -> Cache {
    var cache = Cache(values: [x], shapes: [shape], winners: [], flat: [], features: [])
    for (index, step) in steps.enumerated() {
      let (values, shape) = (cache.values[index], cache.shapes[index])
      var winners: [Int32] = []
      switch step {
      case .convolution(let layer):
        cache.values.append(layer.forward(values, shape, rectified: true))
      case .maxPool(let layer):
        let pooled = layer.forward(values, shape)
        cache.values.append(pooled.values)
        winners = pooled.winners
      case .averagePool(let layer): cache.values.append(layer.forward(values, shape))
      }
      cache.winners.append(winners)
      cache.shapes.append(step.outputShape(shape))
    }
    let (left, shape) = (cache.values[steps.count], cache.shapes[steps.count])
    if let dense {
      cache.flat = shape.flattened(left)
      cache.features = dense.forward(cache.flat, batch: shape.batch, rectified: true)
    } else {
      cache.features = shape.tokens(left)
    }
    return cache
  }

  /// The features' tangents for the inputs' tangents.
  func pushforward(_ cache: Cache, _ tangent: [Float]) -> [Float] {
    var values = tangent
    for (index, step) in steps.enumerated() {
      let shape = cache.shapes[index]
      switch step {
      case .convolution(let layer):
        values = layer.pushforward(values, shape)
        Rectifier.gate(&values, by: cache.values[index + 1])
      case .maxPool(let layer):
        values = layer.pushforward(values, winners: cache.winners[index], shape)
      case .averagePool(let layer): values = layer.forward(values, shape)
      }
    }
    let shape = cache.shapes[steps.count]
    guard let dense else { return shape.tokens(values) }
    values = dense.pushforward(shape.flattened(values), batch: shape.batch)
    Rectifier.gate(&values, by: cache.features)
    return values
  }

  /// Adds the parameters' gradient for the features' gradient; returns the inputs' on demand.
  func pullback(
    _ cache: Cache, featureGradient: [Float], adding gradient: inout FeatureStack,
    wantsInput: Bool
  ) -> [Float]? {
    var values = pulledLeft(cache, featureGradient, adding: &gradient)
    for index in steps.indices.reversed() {
      let shape = cache.shapes[index]
      switch steps[index] {
      case .convolution(let layer):
        Rectifier.gate(&values, by: cache.values[index + 1])
        gradient.steps[index].withConvolution {
          layer.addParameterGradient(cache.values[index], shape, outputGradient: values, to: &$0)
        }
        if index > 0 || wantsInput { values = layer.inputGradient(values, shape) }
      case .maxPool(let layer):
        values = layer.pullback(values, winners: cache.winners[index], shape)
      case .averagePool(let layer): values = layer.pullback(values, shape)
      }
    }
    return wantsInput ? values : nil
  }

  /// The gradient of what the steps leave, for the features' gradient.
  private func pulledLeft(
    _ cache: Cache, _ featureGradient: [Float], adding gradient: inout FeatureStack
  ) -> [Float] {
    let last = cache.shapes[steps.count]
    guard let dense, var own = gradient.dense else { return last.fromTokens(featureGradient) }
    var values = featureGradient
    Rectifier.gate(&values, by: cache.features)
    // Taken out while it is changed, so that its weights are not copied.
    gradient.dense = nil
    values = dense.pullback(
      cache.flat, batch: last.batch, outputGradient: values, adding: &own)
    gradient.dense = own
    return last.unflattened(values)
  }
}

extension FeatureStack.Step {
  /// The shape of the outputs for inputs of a shape.
  public func outputShape(_ shape: ActivationShape) -> ActivationShape {
    switch self {
    case .convolution(let layer): layer.outputShape(shape)
    case .maxPool(let layer): layer.blocks.outputShape(shape)
    case .averagePool(let layer): layer.blocks.outputShape(shape)
    }
  }

  /// Changes the convolution that the step is, without copying its weights.
  fileprivate mutating func withConvolution(_ body: (inout Convolution) -> Void) {
    guard case .convolution(var layer) = self else { return }
    self = .averagePool(AveragePool(PoolingBlocks(rows: 1, columns: 1)))
    body(&layer)
    self = .convolution(layer)
  }
}

extension FeatureStack: Parameterized {
  /// Visits `conv1`, `conv2` and so on, then `dense`.
  public mutating func visitParameters(_ prefix: String, _ body: Visitor) {
    var number = 0
    for index in steps.indices {
      guard case .convolution = steps[index] else { continue }
      number += 1
      steps[index].withConvolution { $0.visitParameters("\(prefix).conv\(number)", body) }
    }
    dense?.visitParameters("\(prefix).dense", body)
  }
}
