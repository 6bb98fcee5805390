internal import Tensors

/// The buffers of a spectral network for blocks of pixels.
///
/// The values of all layers are kept for the masks; tangents go through two buffers one by one.
final class SpectralPixels {
  private let plan: SpectralPlan
  private let pixels: Int
  private let first: [[Float]]
  private let sourceCounts: [Int]
  private var values: [[Float]]
  private var choices: [[Int32]]
  private var tangent: [Float]
  private var next: [Float]

  /// The pixels of a block.
  static let block = 256

  init(_ plan: SpectralPlan, columns: Int, tangents directions: [FeatureDirection]) {
    self.plan = plan
    pixels = min(columns, Self.block)
    first = directions.map { plan.first($0) }
    sourceCounts = directions.map(\.sources.count)
    let sizes = plan.steps.map { $0.outputLength * $0.outputs * min(columns, Self.block) }
    values = sizes.map { [Float](repeating: 0, count: $0) }
    choices = zip(plan.steps, sizes).map { step, size in
      if case .maxPool = step.operation, !directions.isEmpty {
        return [Int32](repeating: 0, count: size)
      }
      return []
    }
    let largest = directions.isEmpty ? 0 : sizes.max() ?? 0
    tangent = [Float](repeating: 0, count: largest)
    next = tangent
  }

  /// Makes the features of a row of pixels.
  ///
  /// - Parameters:
  ///   - inputs: Each stream's input: bands or a feature's sources, `channels x columns` at a
  ///     distance of `inputStride`.
  ///   - targets: Each stream's features, `width x columns` at a distance of `stride`.
  func run(
    _ inputs: [UnsafeBufferPointer<Float>], inputStride: Int,
    into targets: [UnsafeMutableBufferPointer<Float>], stride: Int, columns: Int
  ) {
    for start in Swift.stride(from: 0, to: columns, by: pixels) {
      let count = min(pixels, columns - start)
      forward(inputs[0], inputStride, start, count)
      copy(values[values.count - 1], count, to: targets[0], stride, start)
      for stream in inputs.indices.dropFirst() {
        push(stream, inputs[stream], inputStride, start, count)
        copy(tangent, count, to: targets[stream], stride, start)
      }
    }
  }

  private func copy(
    _ rows: [Float], _ count: Int, to target: UnsafeMutableBufferPointer<Float>, _ stride: Int,
    _ start: Int
  ) {
    for channel in 0..<plan.width {
      for x in 0..<count { target[channel * stride + start + x] = rows[channel * count + x] }
    }
  }

  private func forward(
    _ input: UnsafeBufferPointer<Float>, _ stride: Int, _ start: Int, _ count: Int
  ) {
    for (i, step) in plan.steps.enumerated() {
      var output: [Float] = []
      swap(&output, &values[i])
      if i == 0 {
        Self.apply(step, input, stride, start, count, &output)
      } else {
        values[i - 1].withUnsafeBufferPointer { source in
          if case .maxPool = step.operation {
            pool(i, source, count, &output)
          } else {
            Self.apply(step, source, count, 0, count, &output)
          }
        }
      }
      swap(&output, &values[i])
    }
  }

  /// A convolution of values, with bias and ReLU.
  private static func apply(
    _ step: SpectralPlan.Step, _ source: UnsafeBufferPointer<Float>, _ stride: Int, _ start: Int,
    _ count: Int, _ output: inout [Float]
  ) {
    guard case .convolution(let matrix, let bias) = step.operation else { return }
    output.withUnsafeMutableBufferPointer { target in
      for position in 0..<step.outputLength {
        multiply(step, matrix, source, stride, start, count, position, target)
        if let rows = target.baseAddress {
          RowKernels.addBias(
            bias, rectified: true, rows + position * step.outputs * count, stride: count,
            columns: count)
        }
      }
    }
  }

  /// The product of a convolution at one position.
  private static func multiply(
    _ step: SpectralPlan.Step, _ matrix: [Float], _ source: UnsafeBufferPointer<Float>,
    _ stride: Int, _ start: Int, _ count: Int, _ position: Int,
    _ target: UnsafeMutableBufferPointer<Float>
  ) {
    let inner = step.taps * step.inputs
    matrix.withUnsafeBufferPointer { weights in
      Products.multiply(
        rows: step.outputs, columns: count, inner: inner, weights, .rows(inner),
        source, .rows(stride, at: position * step.inputs * stride + start),
        into: target, .rows(count, at: position * step.outputs * count))
    }
  }

  private func pool(
    _ i: Int, _ source: UnsafeBufferPointer<Float>, _ count: Int, _ output: inout [Float]
  ) {
    let step = plan.steps[i]
    let row = step.inputs * count
    let offsets = (0..<step.taps).map { $0 * row }
    output.withUnsafeMutableBufferPointer { target in
      choices[i].withUnsafeMutableBufferPointer { choice in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        for position in 0..<step.outputLength {
          let chosen = choice.isEmpty ? nil : choice.baseAddress.map { $0 + position * row }
          RowKernels.maximum(
            from + position * step.taps * row, offsets: offsets, sourceStride: count,
            to + position * row, stride: count, channels: step.inputs, columns: count,
            choice: chosen)
        }
      }
    }
  }

  /// Pushes one tangent through all layers; it ends in `tangent`.
  private func push(
    _ stream: Int, _ input: UnsafeBufferPointer<Float>, _ stride: Int, _ start: Int, _ count: Int
  ) {
    for (i, step) in plan.steps.enumerated() {
      if i == 0 {
        pushFirst(stream, step, input, stride, start, count)
      } else {
        switch step.operation {
        case .convolution(let matrix, _):
          tangent.withUnsafeBufferPointer { source in
            next.withUnsafeMutableBufferPointer { target in
              for position in 0..<step.outputLength {
                Self.multiply(step, matrix, source, count, 0, count, position, target)
              }
            }
          }
          gate(i, step, count)
        case .maxPool: choose(i, step, count)
        }
      }
      swap(&tangent, &next)
    }
  }

  private func pushFirst(
    _ stream: Int, _ step: SpectralPlan.Step, _ input: UnsafeBufferPointer<Float>, _ stride: Int,
    _ start: Int, _ count: Int
  ) {
    let inner = sourceCounts[stream - 1]
    first[stream - 1].withUnsafeBufferPointer { weights in
      next.withUnsafeMutableBufferPointer { target in
        Products.multiply(
          rows: step.outputLength * step.outputs, columns: count, inner: inner, weights,
          .rows(max(inner, 1)), input, .rows(stride, at: start), into: target, .rows(count))
      }
    }
    gate(0, step, count)
  }

  private func gate(_ i: Int, _ step: SpectralPlan.Step, _ count: Int) {
    next.withUnsafeMutableBufferPointer { rows in
      values[i].withUnsafeBufferPointer { mask in
        guard let rows = rows.baseAddress, let mask = mask.baseAddress else { return }
        RowKernels.gate(
          rows, by: mask, channels: step.outputLength * step.outputs, stride: count,
          columns: count)
      }
    }
  }

  private func choose(_ i: Int, _ step: SpectralPlan.Step, _ count: Int) {
    let row = step.inputs * count
    let offsets = (0..<step.taps).map { $0 * row }
    tangent.withUnsafeBufferPointer { source in
      next.withUnsafeMutableBufferPointer { target in
        choices[i].withUnsafeBufferPointer { choice in
          guard let from = source.baseAddress, let to = target.baseAddress,
            let chosen = choice.baseAddress
          else { return }
          for position in 0..<step.outputLength {
            RowKernels.chosen(
              chosen + position * row, from + position * step.taps * row, offsets: offsets,
              sourceStride: count, to + position * row, stride: count, channels: step.inputs,
              columns: count)
          }
        }
      }
    }
  }
}
