public import Tensors

/// The fusion's gate, where it has one, and the dense layers after it: hidden ones with a ReLU, then
/// the raw outputs.
public struct HeadNetwork: Sendable, Hashable {
  /// The gate of the fusion; nil where features stand one after another.
  public var gate: Gate?
  /// The hidden layers.
  public var hidden: [Linear]
  /// The last layer.
  public var output: Linear
  /// The dropout before each layer.
  public let dropout: Dropout

  /// What a forward pass keeps: each layer's inputs, after dropout, and the masks.
  struct Cache: Sendable {
    var gate: Gate.Cache?
    var inputs: [[Float]]
    var masks: [[Float]]
    var outputs: [Float]
    var batch: Int
  }

  /// A head with parameters drawn by PyTorch's defaults.
  public init(
    _ head: ModelArchitecture.Head, features: [Int], fusion: ModelArchitecture.Fusion,
    random: Randomness
  ) {
    var width = features.reduce(0, +)
    if fusion == .gate {
      width = features[0]
      gate = Gate(
        parts: features.count, width: width, random: random.derived(Randomness.word("gate")))
    }
    hidden = []
    for (index, next) in head.hidden.enumerated() {
      hidden.append(Linear(inputs: width, outputs: next, random: random.derived(UInt64(index))))
      width = next
    }
    output = Linear(
      inputs: width, outputs: head.outputs, random: random.derived(Randomness.word("output")))
    dropout = Dropout(share: head.dropout)
  }

  /// All layers in order.
  public var layers: [Linear] { hidden + [output] }

  /// The raw outputs `[output][sample]` of features `[feature][sample]`.
  ///
  /// - Parameters:
  ///   - samples: The numbers of the samples within the whole batch.
  ///   - random: The key of the dropout, nil outside training.
  func forward(_ features: [Float], samples: Range<Int>, dropout random: Randomness?) -> Cache {
    let batch = samples.count
    let gated = gate?.forward(features, batch: batch)
    var cache = Cache(
      gate: gated, inputs: [], masks: [], outputs: gated?.outputs ?? features, batch: batch)
    for (index, layer) in layers.enumerated() {
      var values = cache.outputs
      var mask: [Float] = []
      if let random, dropout.share > 0 {
        mask = dropout.mask(
          features: layer.inputs, samples: samples, random.derived(UInt64(index)))
        Dropout.apply(mask, to: &values)
      }
      cache.outputs = layer.forward(values, batch: batch, rectified: index < hidden.count)
      cache.inputs.append(values)
      cache.masks.append(mask)
    }
    return cache
  }

  /// The outputs' tangents for the features' tangents.
  func pushforward(_ cache: Cache, _ tangent: [Float]) -> [Float] {
    var values = tangent
    if let gate, let gated = cache.gate {
      values = gate.pushforward(gated, tangent, batch: cache.batch)
    }
    for (index, layer) in layers.enumerated() {
      if !cache.masks[index].isEmpty { Dropout.apply(cache.masks[index], to: &values) }
      values = layer.pushforward(values, batch: cache.batch)
      // The next layer's inputs are positive just where this one's ReLU let its value through
      // and dropout kept it; dropped ones are masked anyway.
      if index < hidden.count { Rectifier.gate(&values, by: cache.inputs[index + 1]) }
    }
    return values
  }

  /// Adds the parameters' gradient for the outputs' gradient; returns the features' gradient.
  func pullback(
    _ cache: Cache, outputGradient: [Float], adding gradient: inout HeadNetwork
  ) -> [Float] {
    var values = outputGradient
    for index in layers.indices.reversed() {
      let inputs = cache.inputs[index]
      if index == hidden.count {
        values = output.pullback(
          inputs, batch: cache.batch, outputGradient: values, adding: &gradient.output)
      } else {
        Rectifier.gate(&values, by: cache.inputs[index + 1])
        values = hidden[index].pullback(
          inputs, batch: cache.batch, outputGradient: values, adding: &gradient.hidden[index])
      }
      if !cache.masks[index].isEmpty { Dropout.apply(cache.masks[index], to: &values) }
    }
    guard let gate, let gated = cache.gate, var own = gradient.gate else { return values }
    // Taken out while it is changed, so that its weights are not copied.
    gradient.gate = nil
    values = gate.pullback(gated, outputGradient: values, batch: cache.batch, adding: &own)
    gradient.gate = own
    return values
  }
}

extension HeadNetwork: Parameterized {
  /// Visits `gate`, `hidden1`, `hidden2` and so on, then `output`.
  public mutating func visitParameters(_ prefix: String, _ body: Visitor) {
    gate?.visitParameters("\(prefix).gate", body)
    for index in hidden.indices {
      hidden[index].visitParameters("\(prefix).hidden\(index + 1)", body)
    }
    output.visitParameters("\(prefix).output", body)
  }
}
