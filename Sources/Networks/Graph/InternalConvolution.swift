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
  /// The parts in which gradients are added up apart, at most: results depend on it.
  private static let partCount = 16
  /// The parts of a forward pass, at most: each has a buffer of its own.
  private static let forwardPartCount = 64

  /// Which pixels are above zero, one array of pixels x outputs per block of segments: -1 for those
  /// that are, 0 for the others, so that a sign-extended entry selects bits.
  typealias Masks = [[Int8]]

  /// The features of each segment; with `keepsMask` also which pixels are above zero.
  func forward(_ graph: SegmentGraph, keepsMask: Bool) -> (values: [Float], masks: Masks) {
    let blocks = Self.blocks(graph)
    let parts = Self.parts(blocks, count: Self.forwardPartCount)
    let results = Parallel.map(parts.count) { index in
      var products = buffer(graph, for: parts[index])
      var values: [Float] = []
      var masks: Masks = []
      for segments in parts[index] {
        let block = forward(graph, segments, &products)
        values += block.values
        if keepsMask { masks.append(block.mask) }
      }
      return (values, masks)
    }
    return (results.flatMap(\.0), results.flatMap(\.1))
  }

  private func forward(
    _ graph: SegmentGraph, _ segments: Range<Int>, _ products: inout [Float]
  ) -> (values: [Float], mask: [Int8]) {
    let outputs = linear.outputs
    let first = graph.pixelStart[segments.lowerBound]
    let pixels = graph.pixelStart[segments.upperBound] - first
    Products.multiply(
      rows: pixels, columns: outputs, inner: linear.inputs,
      graph.propagated, .rows(linear.inputs, at: first * linear.inputs),
      linear.weight, .transposed(linear.inputs), into: &products, .rows(outputs))
    var values = [Float](repeating: 0, count: segments.count * outputs)
    let mask = [Int8](unsafeUninitializedCapacity: pixels * outputs) { mask, count in
      values.withUnsafeMutableBufferPointer { values in
        for (row, segment) in segments.enumerated() {
          pool(
            products, graph.pixelStart[segment] - first..<graph.pixelStart[segment + 1] - first,
            into: values.extracting(row * outputs..<(row + 1) * outputs), mask)
        }
      }
      count = pixels * outputs
    }
    return (values, mask)
  }

  /// Makes the features of a segment from the products of its pixels, and their part of the mask.
  private func pool(
    _ products: [Float], _ pixels: Range<Int>, into means: UnsafeMutableBufferPointer<Float>,
    _ mask: UnsafeMutableBufferPointer<Int8>
  ) {
    let outputs = linear.outputs
    products.withUnsafeBufferPointer { products in
      linear.bias.withUnsafeBufferPointer { bias in
        for pixel in pixels {
          let place = pixel * outputs..<(pixel + 1) * outputs
          Self.rectify(products.extracting(place), bias, addingTo: means, mask.extracting(place))
        }
      }
    }
    let share = 1 / Float(max(1, pixels.count))
    for output in 0..<outputs { means[output] *= share }
  }

  /// Adds the bias to a pixel's products, notes which are above zero and adds those to sums.
  private static func rectify(
    _ products: UnsafeBufferPointer<Float>, _ bias: UnsafeBufferPointer<Float>,
    addingTo sums: UnsafeMutableBufferPointer<Float>, _ mask: UnsafeMutableBufferPointer<Int8>
  ) {
    for output in 0..<bias.count {
      let value = products[output] + bias[output]
      mask[output] = value > 0 ? -1 : 0
      sums[output] += value > 0 ? value : 0
    }
  }

  /// Adds the parameters' gradient; returns that of `propagated` on demand.
  func pullback(
    _ graph: SegmentGraph, masks: Masks, outputGradient: [Float],
    adding gradient: inout InternalConvolution, wantsInput: Bool
  ) -> [Float]? {
    let (inputs, outputs) = (linear.inputs, linear.outputs)
    let parts = Self.parts(Self.blocks(graph), count: Self.partCount)
    let results = Parallel.map(parts.count) { index in
      let part = parts[index]
      var own = zeroed()
      var input: [Float] = []
      var slopes = buffer(graph, for: part)
      for block in part.indices {
        let pixels = spread(
          graph, part[block], mask: masks[block], outputGradient: outputGradient, to: &slopes,
          addingTo: &own.linear.bias)
        Products.multiply(
          rows: outputs, columns: inputs, inner: pixels.count, slopes, .transposed(outputs),
          graph.propagated, .rows(inputs, at: pixels.lowerBound * inputs), beta: 1,
          into: &own.linear.weight, .rows(inputs))
        if wantsInput {
          input += SegmentRows.linearInputGradient(
            slopes, rows: pixels.count, weight: linear.weight, outputs: outputs)
        }
      }
      return (own, input)
    }
    for (own, _) in results { gradient.add(own) }
    return wantsInput ? results.flatMap(\.1) : nil
  }

  /// Makes the gradient of every pixel of some segments before its ReLU and adds it to the bias's;
  /// returns the pixels.
  private func spread(
    _ graph: SegmentGraph, _ segments: Range<Int>, mask: [Int8], outputGradient: [Float],
    to result: inout [Float], addingTo bias: inout [Float]
  ) -> Range<Int> {
    let outputs = linear.outputs
    let first = graph.pixelStart[segments.lowerBound]
    for segment in segments {
      let pixels = graph.pixelStart[segment] - first..<graph.pixelStart[segment + 1] - first
      let share = 1 / Float(max(1, pixels.count))
      let slopes = outputGradient[segment * outputs..<(segment + 1) * outputs].map { $0 * share }
      Self.spread(slopes, pixels, mask, to: &result, addingTo: &bias)
    }
    return first..<graph.pixelStart[segments.upperBound]
  }

  /// The same for a segment, whose pixels all have the same slopes but for the mask.
  private static func spread(
    _ slopes: [Float], _ pixels: Range<Int>, _ mask: [Int8], to result: inout [Float],
    addingTo bias: inout [Float]
  ) {
    slopes.withUnsafeBufferPointer { slopes in
      mask.withUnsafeBufferPointer { mask in
        result.withUnsafeMutableBufferPointer { result in
          bias.withUnsafeMutableBufferPointer { bias in
            for pixel in pixels {
              let place = pixel * slopes.count..<(pixel + 1) * slopes.count
              select(slopes, mask.extracting(place), into: result.extracting(place), addingTo: bias)
            }
          }
        }
      }
    }
  }

  /// Keeps the slopes that a pixel's mask selects, zero for the others, and adds them to sums.
  private static func select(
    _ slopes: UnsafeBufferPointer<Float>, _ mask: UnsafeBufferPointer<Int8>,
    into result: UnsafeMutableBufferPointer<Float>, addingTo sums: UnsafeMutableBufferPointer<Float>
  ) {
    for output in 0..<slopes.count {
      let bits = slopes[output].bitPattern & UInt32(bitPattern: Int32(mask[output]))
      let value = Float(bitPattern: bits)
      result[output] = value
      sums[output] += value
    }
  }

  /// Room for the values of all pixels of the largest block of a part.
  private func buffer(_ graph: SegmentGraph, for part: ArraySlice<Range<Int>>) -> [Float] {
    let pixels = part.map { graph.pixelStart[$0.upperBound] - graph.pixelStart[$0.lowerBound] }
    return [Float](repeating: 0, count: (pixels.max() ?? 0) * linear.outputs)
  }

  /// Runs of segments with at least `blockSize` pixels each; they depend on the graph alone.
  static func blocks(_ graph: SegmentGraph) -> [Range<Int>] {
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

  /// Runs of blocks, `count` at most.
  private static func parts(_ blocks: [Range<Int>], count: Int) -> [ArraySlice<Range<Int>>] {
    let length = max(1, (blocks.count + count - 1) / count)
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
