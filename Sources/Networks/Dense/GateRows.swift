internal import Glibc
internal import Tensors

/// The buffers of a gated fusion for rows of pixels: gates and joined features of every stream.
final class GateRows {
  private let plan: HeadPlan.Gate
  private let streams: Int
  private let stride: Int
  private let gates: UnsafeMutableBufferPointer<Float>
  /// The joined features: all streams' one after another, each `width x columns`.
  let joined: UnsafeMutableBufferPointer<Float>

  init(_ plan: HeadPlan.Gate, streams: Int, stride: Int) {
    self.plan = plan
    self.streams = streams
    self.stride = stride
    gates = .allocate(capacity: max(1, streams * plan.parts * plan.width * stride))
    gates.initialize(repeating: 0)
    joined = .allocate(capacity: max(1, streams * plan.width * stride))
    joined.initialize(repeating: 0)
  }

  deinit {
    gates.deallocate()
    joined.deallocate()
  }

  /// Joins a row of pixels; stream 0 holds values, the others tangents.
  func run(
    _ features: UnsafeMutableBufferPointer<Float>, featureStride: Int, columns: Int
  ) {
    let count = plan.parts * plan.width
    for stream in 0..<streams {
      plan.weights.withUnsafeBufferPointer { weights in
        Products.multiply(
          rows: count, columns: columns, inner: count, weights, .rows(count),
          UnsafeBufferPointer(features),
          .rows(featureStride, at: stream * count * featureStride), into: gates,
          .rows(stride, at: stream * count * stride))
      }
    }
    for feature in 0..<plan.width {
      share(feature, columns)
      for stream in 0..<streams { join(feature, stream, features, featureStride, columns) }
    }
  }

  /// Turns the gates of a feature into the branches' shares.
  private func share(_ feature: Int, _ columns: Int) {
    for column in 0..<columns {
      var largest = -Float.infinity
      for part in 0..<plan.parts {
        let index = (part * plan.width + feature) * stride + column
        gates[index] += plan.bias[part * plan.width + feature]
        largest = max(largest, gates[index])
      }
      var sum: Float = 0
      for part in 0..<plan.parts {
        let index = (part * plan.width + feature) * stride + column
        gates[index] = exp(gates[index] - largest)
        sum += gates[index]
      }
      for part in 0..<plan.parts {
        gates[(part * plan.width + feature) * stride + column] /= sum
      }
    }
  }

  private func join(
    _ feature: Int, _ stream: Int, _ features: UnsafeMutableBufferPointer<Float>,
    _ featureStride: Int, _ columns: Int
  ) {
    let count = plan.parts * plan.width
    for column in 0..<columns {
      var sum: Float = 0
      var mean: Float = 0
      if stream > 0 {
        for part in 0..<plan.parts {
          let row = part * plan.width + feature
          mean +=
            gates[row * stride + column] * gates[(stream * count + row) * stride + column]
        }
      }
      for part in 0..<plan.parts {
        let row = part * plan.width + feature
        let share = gates[row * stride + column]
        let own = features[(stream * count + row) * featureStride + column]
        if stream == 0 {
          sum += share * own
        } else {
          let gate = gates[(stream * count + row) * stride + column]
          sum += share * ((gate - mean) * features[row * featureStride + column] + own)
        }
      }
      joined[(stream * plan.width + feature) * stride + column] = sum
    }
  }
}
