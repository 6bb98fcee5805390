internal import Tensors

/// The fusion's gate and the dense layers after it, for rows of pixels `channels x columns`.
struct HeadPlan: Sendable {
  /// A dense layer: weights `[outputs][inputs]`.
  struct Layer: Sendable {
    var inputs: Int
    var outputs: Int
    var weights: [Float]
    var bias: [Float]
  }

  /// A gated fusion: weights `[parts * width][parts * width]`.
  struct Gate: Sendable {
    var parts: Int
    var width: Int
    var weights: [Float]
    var bias: [Float]
  }

  /// The gate before the layers, if any.
  let gate: Gate?
  /// The layers; all but the last end in a ReLU.
  let layers: [Layer]

  init(_ layers: [Layer], gate: Gate? = nil) {
    self.gate = gate
    precondition(!layers.isEmpty, "a head without layers")
    for layer in layers {
      precondition(
        layer.weights.count == layer.inputs * layer.outputs && layer.bias.count == layer.outputs,
        "\(layer.weights.count) weights of a dense layer \(layer.inputs) -> \(layer.outputs)")
    }
    self.layers = layers
  }

  /// The number of raw outputs.
  var outputCount: Int { layers[layers.count - 1].outputs }
}

/// The buffers of a head for rows of pixels: its values and its tangents.
final class HeadRows {
  private let plan: HeadPlan
  private let stride: Int
  private var rows: [UnsafeMutableBufferPointer<Float>]
  private let streams: Int
  private let gate: GateRows?

  init(_ plan: HeadPlan, streams: Int, columns: Int) {
    self.plan = plan
    self.streams = streams
    stride = rowStride(columns)
    let stride = stride
    gate = plan.gate.map { GateRows($0, streams: streams, stride: stride) }
    rows = plan.layers.dropLast().map { layer in
      let buffer = UnsafeMutableBufferPointer<Float>.allocate(
        capacity: max(1, streams * layer.outputs * stride))
      buffer.initialize(repeating: 0)
      return buffer
    }
  }

  deinit { for buffer in rows { buffer.deallocate() } }

  /// Makes the raw outputs and their tangents of a row of pixels.
  ///
  /// - Parameters:
  ///   - features: All streams' features one after another, each `inputs x columns` at a distance
  ///     of `featureStride`.
  ///   - outputs: All streams' outputs one after another, each `outputs x columns`, packed.
  func run(
    _ features: UnsafeMutableBufferPointer<Float>, featureStride: Int,
    into outputs: UnsafeMutableBufferPointer<Float>, columns: Int
  ) {
    var source = UnsafeBufferPointer(features)
    var sourceStride = featureStride
    if let gate {
      gate.run(features, featureStride: featureStride, columns: columns)
      source = UnsafeBufferPointer(gate.joined)
      sourceStride = stride
    }
    for (i, layer) in plan.layers.enumerated() {
      let isLast = i + 1 == plan.layers.count
      let target = isLast ? outputs : rows[i]
      let targetStride = isLast ? columns : stride
      for stream in 0..<streams {
        let offset = stream * layer.outputs * targetStride
        layer.weights.withUnsafeBufferPointer { weights in
          Products.multiply(
            rows: layer.outputs, columns: columns, inner: layer.inputs, weights,
            .rows(layer.inputs), source,
            .rows(sourceStride, at: stream * layer.inputs * sourceStride), into: target,
            .rows(targetStride, at: offset))
        }
        guard let values = target.baseAddress else { continue }
        if stream == 0 {
          RowKernels.addBias(
            layer.bias, rectified: !isLast, values, stride: targetStride, columns: columns)
        } else if !isLast {
          RowKernels.gate(
            values + offset, by: values, channels: layer.outputs, stride: targetStride,
            columns: columns)
        }
      }
      source = UnsafeBufferPointer(target)
      sourceStride = targetStride
    }
  }
}
