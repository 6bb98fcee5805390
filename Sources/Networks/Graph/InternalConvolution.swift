public import Tensors

/// The convolution inside segments: `h_s = mean over pixels of ReLU(P_p W^T + bias)`.
///
/// After Wu and others (2019), torch-geometric's `SGConv` and mean pooling; `P = S^K X` is
/// `SegmentGraph.propagated`.
public struct InternalConvolution: Sendable, Hashable {
  /// The weights and the bias.
  public var linear: Linear

  /// A layer drawn by the defaults of dense layers.
  public init(inputs: Int, outputs: Int, random: Randomness) {
    linear = Linear(inputs: inputs, outputs: outputs, random: random)
  }

  /// The pixels of a block of segments, at least.
  private static let blockSize = 512
  /// The parts in which gradients are added up apart, at most.
  private static let partCount = 16

  /// The features of each segment; with `keepsMask` also which pixels are above zero, pixels x
  /// outputs.
  func forward(_ graph: SegmentGraph, keepsMask: Bool) -> (values: [Float], mask: [UInt8]) {
    let blocks = Self.blocks(graph)
    let parts = Parallel.map(blocks.count) { index in
      forward(graph, blocks[index], keepsMask: keepsMask)
    }
    return (parts.flatMap(\.values), parts.flatMap(\.mask))
  }

  private func forward(
    _ graph: SegmentGraph, _ segments: Range<Int>, keepsMask: Bool
  ) -> (values: [Float], mask: [UInt8]) {
    let outputs = linear.outputs
    let first = graph.pixelStart[segments.lowerBound]
    let pixels = graph.pixelStart[segments.upperBound] - first
    var active = [Float](repeating: 0, count: pixels * outputs)
    Products.multiply(
      rows: pixels, columns: outputs, inner: linear.inputs,
      graph.propagated, .rows(linear.inputs, at: first * linear.inputs),
      linear.weight, .transposed(linear.inputs), into: &active, .rows(outputs))
    var values = [Float](repeating: 0, count: segments.count * outputs)
    active.withUnsafeMutableBufferPointer { active in
      linear.bias.withUnsafeBufferPointer { bias in
        values.withUnsafeMutableBufferPointer { values in
          for (row, segment) in segments.enumerated() {
            let range = graph.pixelStart[segment] - first..<graph.pixelStart[segment + 1] - first
            let means = values.extracting(row * outputs..<(row + 1) * outputs)
            for pixel in range {
              Self.rectify(
                active.extracting(pixel * outputs..<(pixel + 1) * outputs), bias, addingTo: means)
            }
            let share = 1 / Float(max(1, range.count))
            for output in 0..<outputs { means[output] *= share }
          }
        }
      }
    }
    return (values, keepsMask ? active.map { $0 > 0 ? 1 : 0 } : [])
  }

  /// Adds the bias to a pixel's values, cuts off negative ones and adds the rest to sums.
  private static func rectify(
    _ values: UnsafeMutableBufferPointer<Float>, _ bias: UnsafeBufferPointer<Float>,
    addingTo sums: UnsafeMutableBufferPointer<Float>
  ) {
    for output in 0..<bias.count {
      let sum = values[output] + bias[output]
      let value = sum > 0 ? sum : 0
      values[output] = value
      sums[output] += value
    }
  }

  /// Adds the parameters' gradient; returns that of `propagated` on demand.
  func pullback(
    _ graph: SegmentGraph, mask: [UInt8], outputGradient: [Float],
    adding gradient: inout InternalConvolution, wantsInput: Bool
  ) -> [Float]? {
    let parts = Self.parts(Self.blocks(graph))
    let results = Parallel.map(parts.count) { index in
      var own = zeroed()
      var input: [Float] = []
      for segments in parts[index] {
        let spread = spread(graph, segments, mask: mask, outputGradient: outputGradient)
        let pixels = spread.count / max(1, linear.outputs)
        let first = graph.pixelStart[segments.lowerBound]
        let rows = first * linear.inputs..<(first + pixels) * linear.inputs
        SegmentRows.addLinearGradient(
          spread, Array(graph.propagated[rows]), rows: pixels, outputs: linear.outputs,
          weight: &own.linear.weight, bias: &own.linear.bias)
        if wantsInput {
          input += SegmentRows.linearInputGradient(
            spread, rows: pixels, weight: linear.weight, outputs: linear.outputs)
        }
      }
      return (own, input)
    }
    for (own, _) in results { gradient.add(own) }
    return wantsInput ? results.flatMap(\.1) : nil
  }

  /// The gradient of every pixel of some segments before its ReLU.
  private func spread(
    _ graph: SegmentGraph, _ segments: Range<Int>, mask: [UInt8], outputGradient: [Float]
  ) -> [Float] {
    let outputs = linear.outputs
    let first = graph.pixelStart[segments.lowerBound]
    let pixels = graph.pixelStart[segments.upperBound] - first
    var result = [Float](repeating: 0, count: pixels * outputs)
    result.withUnsafeMutableBufferPointer { result in
      mask.withUnsafeBufferPointer { mask in
        outputGradient.withUnsafeBufferPointer { slopes in
          for segment in segments {
            let range = graph.pixelStart[segment]..<graph.pixelStart[segment + 1]
            let share = 1 / Float(max(1, range.count))
            for pixel in range {
              let (from, to) = (pixel * outputs, (pixel - first) * outputs)
              for output in 0..<outputs {
                let slope = slopes[segment * outputs + output] * share
                result[to + output] = Float(mask[from + output]) * slope
              }
            }
          }
        }
      }
    }
    return result
  }

  /// The tangents of the features of every segment, one block of segments x outputs per feature.
  ///
  /// For segment `s` and source `j`, `M[j, k]` is the sum of `v_j` over the pixels where output `k`
  /// is above zero, so that the tangent of feature `t` is the sum over its sources of
  /// `M[j, k] (W A)[k, j] / n_s`: one product per segment, however many features there are.
  ///
  /// - Parameters:
  ///   - mask: What `forward` kept.
  ///   - tangents: Pixels x `sourceCount`.
  ///   - mixing: Bands x `sourceCount`.
  ///   - sources: For each feature the sources that belong to it.
  func pushforward(
    _ graph: SegmentGraph, mask: [UInt8], tangents: [Float], sourceCount: Int, mixing: [Float],
    sources: [[Int]]
  ) -> [[Float]] {
    let outputs = linear.outputs
    let mixed = Products.product(
      linear.weight, mixing, rows: outputs, columns: sourceCount, inner: linear.inputs)
    let columns = sources.flatMap { $0 }
    let blocks = Self.blocks(graph)
    let parts = Parallel.map(blocks.count) { index in
      var values = [Float](repeating: 0, count: sources.count * blocks[index].count * outputs)
      for (row, segment) in blocks[index].enumerated() {
        let sums = maskedSums(
          graph, segment, mask: mask, tangents: tangents, sourceCount: sourceCount,
          columns: columns)
        let share = 1 / Float(max(1, graph.pixelStart[segment + 1] - graph.pixelStart[segment]))
        var place = 0
        for feature in sources.indices {
          let start = (feature * blocks[index].count + row) * outputs
          for source in sources[feature] {
            for output in 0..<outputs {
              values[start + output] +=
                sums[place + output] * mixed[output * sourceCount + source] * share
            }
            place += outputs
          }
        }
      }
      return values
    }
    return sources.indices.map { feature in
      zip(blocks, parts).flatMap { block, part in
        part[feature * block.count * outputs..<(feature + 1) * block.count * outputs]
      }
    }
  }

  /// `M` of a segment for some sources: sources x outputs.
  private func maskedSums(
    _ graph: SegmentGraph, _ segment: Int, mask: [UInt8], tangents: [Float], sourceCount: Int,
    columns: [Int]
  ) -> [Float] {
    let outputs = linear.outputs
    let pixels = graph.pixelStart[segment]..<graph.pixelStart[segment + 1]
    var chosen = [Float](repeating: 0, count: pixels.count * columns.count)
    for (row, pixel) in pixels.enumerated() {
      for (column, source) in columns.enumerated() {
        chosen[row * columns.count + column] = tangents[pixel * sourceCount + source]
      }
    }
    let active = mask[pixels.lowerBound * outputs..<pixels.upperBound * outputs].map(Float.init)
    var result = [Float](repeating: 0, count: columns.count * outputs)
    Products.multiply(
      rows: columns.count, columns: outputs, inner: pixels.count,
      chosen, .transposed(columns.count), active, .rows(outputs), into: &result, .rows(outputs))
    return result
  }

  /// Runs of segments with at least `blockSize` pixels each; they depend on the graph alone.
  private static func blocks(_ graph: SegmentGraph) -> [Range<Int>] {
    var result: [Range<Int>] = []
    var start = 0
    for segment in 0..<graph.segmentCount
    where graph.pixelStart[segment + 1] - graph.pixelStart[start] >= blockSize {
      result.append(start..<segment + 1)
      start = segment + 1
    }
    if start < graph.segmentCount { result.append(start..<graph.segmentCount) }
    return result
  }

  private static func parts(_ blocks: [Range<Int>]) -> [ArraySlice<Range<Int>>] {
    let length = max(1, (blocks.count + partCount - 1) / partCount)
    return stride(from: 0, to: blocks.count, by: length).map {
      blocks[$0..<min(blocks.count, $0 + length)]
    }
  }
}

extension InternalConvolution: Parameterized {
  /// Visits `weight` and `bias`.
  public mutating func visitParameters(_ prefix: String, _ body: Visitor) {
    linear.visitParameters(prefix, body)
  }
}
