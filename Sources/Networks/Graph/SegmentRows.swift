internal import Tensors

/// Rows of features, one per segment, through dense layers and along edges.
enum SegmentRows {
  /// The rows of a part that a worker takes at once.
  private static let part = 256

  /// `x W^T + bias` for rows of inputs, with weights `(outputs, inputs)`.
  static func linear(
    _ x: [Float], rows: Int, weight: [Float], outputs: Int, bias: [Float]? = nil
  ) -> [Float] {
    let inputs = outputs == 0 ? 0 : weight.count / outputs
    precondition(x.count >= rows * inputs, "\(x.count) values for \(rows) rows of \(inputs)")
    var result = [Float](repeating: 0, count: rows * outputs)
    guard !result.isEmpty else { return result }
    Parallel.forEachChunk(of: &result, length: part * outputs) { index, chunk in
      let count = chunk.count / outputs
      if let bias {
        for row in 0..<count {
          for output in 0..<outputs { chunk[row * outputs + output] = bias[output] }
        }
      }
      Products.multiply(
        rows: count, columns: outputs, inner: inputs,
        x.span, .rows(inputs, at: index * part * inputs), weight.span, .transposed(inputs),
        beta: 1, into: &chunk, .rows(outputs))
    }
    return result
  }

  /// `dy W`: the inputs' gradient of `linear`.
  static func linearInputGradient(_ dy: [Float], rows: Int, weight: [Float], outputs: Int)
    -> [Float]
  {
    Products.product(
      dy, weight, rows: rows, columns: outputs == 0 ? 0 : weight.count / outputs, inner: outputs)
  }

  /// Adds `dy^T x` to a weight's gradient and the sums of `dy` to a bias's.
  static func addLinearGradient(
    _ dy: [Float], _ x: [Float], rows: Int, outputs: Int, weight: inout [Float],
    bias: inout [Float]
  ) {
    let inputs = outputs == 0 ? 0 : weight.count / outputs
    Products.multiply(
      rows: outputs, columns: inputs, inner: rows, dy, .transposed(outputs), x, .rows(inputs),
      beta: 1, into: &weight, .rows(inputs))
    bias.withUnsafeMutableBufferPointer { bias in
      dy.withUnsafeBufferPointer { dy in
        for row in 0..<rows {
          for output in 0..<bias.count { bias[output] += dy[row * outputs + output] }
        }
      }
    }
  }

  /// `M x` for the first `rows` segments, where `M` is the adjacency with weights, scaled on both
  /// sides by `scale` and with itself where that is given (`D^-1/2 (A + I) D^-1/2`).
  ///
  /// `x` holds the first segments of the graph. As `M` is symmetric, its transpose is the same with
  /// the numbers of rows exchanged: entries of segments that `x` does not hold count as zero.
  static func aggregate(
    _ x: [Float], features: Int, graph: SegmentGraph, rows: Int, scale: [Float]? = nil
  ) -> [Float] {
    var result = [Float](repeating: 0, count: rows * features)
    guard !result.isEmpty else { return result }
    let held = x.count / features
    Parallel.forEachChunk(of: &result, length: part * features) { index, chunk in
      for row in 0..<chunk.count / features {
        let segment = index * part + row
        if let scale, segment < held {
          add(x.span, segment, scale[segment], features, to: &chunk, row)
        }
        for edge in graph.neighborStart[segment]..<graph.neighborStart[segment + 1] {
          let other = Int(graph.neighbors[edge])
          guard other < held else { continue }
          let weight = graph.weights[edge] * (scale?[other] ?? 1)
          add(x.span, other, weight, features, to: &chunk, row)
        }
        if let scale {
          for place in row * features..<(row + 1) * features { chunk[place] *= scale[segment] }
        }
      }
    }
    return result
  }

  private static func add(
    _ x: Span<Float>, _ segment: Int, _ weight: Float, _ features: Int,
    to chunk: inout MutableSpan<Float>, _ row: Int
  ) {
    // On bare buffers, as checks of two places at once keep the loop from vectorising.
    chunk.withUnsafeMutableBufferPointer { chunk in
      x.withUnsafeBufferPointer { x in
        let to = chunk.extracting(row * features..<(row + 1) * features)
        let from = x.extracting(segment * features..<(segment + 1) * features)
        for feature in 0..<features { to[feature] += weight * from[feature] }
      }
    }
  }

  /// Sums of two arrays of the same length.
  static func sum(_ a: [Float], _ b: [Float]) -> [Float] {
    precondition(a.count == b.count, "\(a.count) against \(b.count) values")
    var result = a
    for index in result.indices { result[index] += b[index] }
    return result
  }
}
