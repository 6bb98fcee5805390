internal import Tensors

extension GraphNetwork {
  /// The tangents of the features for tangents of `propagated` (pixels x bands).
  public func pushforward(_ pass: Pass, tangent: [Float]) -> [Float] {
    var identity = [Float](repeating: 0, count: bandCount * bandCount)
    for band in 0..<bandCount { identity[band * bandCount + band] = 1 }
    return tangents(
      pass, tangents: tangent, mixing: identity,
      featureOfSource: [Int](repeating: 0, count: bandCount), featureCount: 1)
  }

  /// The features outside training and their tangents for every explained feature at once.
  ///
  /// - Parameters:
  ///   - graph: The segments.
  ///   - sources: The propagated tangents of the sources, pixels x J.
  ///   - mixing: The bands that the sources make, bands x J.
  ///   - featureOfSource: The explained feature that each source belongs to.
  ///   - featureCount: The number T of explained features.
  /// - Returns: The features, `targetCount` x `width`, and T such blocks of tangents.
  public func pushforward(
    _ graph: SegmentGraph, sources: [Float], mixing: [Float], featureOfSource: [Int],
    featureCount: Int
  ) -> (features: [Float], tangents: [Float]) {
    let (features, pass) = forward(graph)
    return (
      features,
      tangents(
        pass, tangents: sources, mixing: mixing, featureOfSource: featureOfSource,
        featureCount: featureCount)
    )
  }

  /// The numbers that the tangents of a group of features inside segments may take.
  private static let groupSize = 1 << 23

  private func tangents(
    _ pass: Pass, tangents: [Float], mixing: [Float], featureOfSource: [Int], featureCount: Int
  ) -> [Float] {
    let sourceCount = featureOfSource.count
    precondition(
      tangents.count == pass.graph.pixelCount * sourceCount
        && mixing.count == bandCount * sourceCount,
      "\(tangents.count) tangents, \(mixing.count) mixing for \(pass.graph.pixelCount) pixels of "
        + "\(sourceCount) sources, \(bandCount) bands")
    let sources = (0..<featureCount).map { feature in
      (0..<sourceCount).filter { featureOfSource[$0] == feature }
    }
    let numbers = max(1, pass.graph.segmentCount * inner.linear.outputs)
    let step = max(1, min(featureCount, Self.groupSize / numbers))
    var result: [Float] = []
    for first in stride(from: 0, to: featureCount, by: step) {
      let group = inner.pushforward(
        pass.graph, masks: pass.masks, tangents: tangents, sourceCount: sourceCount, mixing: mixing,
        sources: Array(sources[first..<min(featureCount, first + step)]))
      result += Parallel.map(group.count) { external(pass, group[$0]) }.flatMap { $0 }
    }
    return result
  }

  /// The features' tangents for tangents of the segments' pooled values.
  private func external(_ pass: Pass, _ tangent: [Float]) -> [Float] {
    let graph = pass.graph
    let hidden0 = norms[0].pushforward(pass.caches[0], tangent: tangent)
    var values = external1.pushforward(hidden0, graph: graph, rows: graph.innerCount)
    Rectifier.gate(&values, by: pass.active1)
    values = norms[1].pushforward(pass.caches[1], tangent: values)
    values = external2.pushforward(values, graph: graph, rows: graph.targetCount)
    Rectifier.gate(&values, by: pass.active2)
    values = norms[2].pushforward(pass.caches[2], tangent: values)
    for index in values.indices { values[index] += hidden0[index] }
    if !pass.kept.isEmpty { Dropout.apply(pass.kept, to: &values) }
    values = SegmentRows.linear(
      values, rows: graph.targetCount, weight: dense.weight, outputs: dense.outputs)
    Rectifier.gate(&values, by: pass.features)
    return values
  }
}

extension InternalConvolution {
  /// The tangents of the features of every segment, one block of segments x outputs per feature.
  ///
  /// For segment `s` and source `j`, `M[j, k]` is the sum of `v_j` over the pixels where output `k`
  /// is above zero, so that the tangent of feature `t` is the sum over its sources of
  /// `M[j, k] (W A)[k, j] / n_s`: one product per segment, however many features there are.
  ///
  /// - Parameters:
  ///   - masks: What `forward` kept.
  ///   - tangents: Pixels x `sourceCount`.
  ///   - mixing: Bands x `sourceCount`.
  ///   - sources: For each feature the sources that belong to it.
  func pushforward(
    _ graph: SegmentGraph, masks: Masks, tangents: [Float], sourceCount: Int, mixing: [Float],
    sources: [[Int]]
  ) -> [[Float]] {
    let outputs = linear.outputs
    let mixed = Products.product(
      linear.weight, mixing, rows: outputs, columns: sourceCount, inner: linear.inputs)
    let columns = sources.flatMap { $0 }
    let blocks = Self.blocks(graph)
    let parts = Parallel.map(blocks.count) { index in
      var values = [Float](repeating: 0, count: sources.count * blocks[index].count * outputs)
      let first = graph.pixelStart[blocks[index].lowerBound]
      for (row, segment) in blocks[index].enumerated() {
        let pixels = graph.pixelStart[segment]..<graph.pixelStart[segment + 1]
        let sums = maskedSums(
          pixels, masks[index], from: first, tangents: tangents, sourceCount: sourceCount,
          columns: columns)
        let share = 1 / Float(max(1, pixels.count))
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

  /// `M` of a segment for some sources, sources x outputs; `mask` begins at a pixel.
  private func maskedSums(
    _ pixels: Range<Int>, _ mask: [Int8], from first: Int, tangents: [Float], sourceCount: Int,
    columns: [Int]
  ) -> [Float] {
    let outputs = linear.outputs
    var chosen = [Float](repeating: 0, count: pixels.count * columns.count)
    for (row, pixel) in pixels.enumerated() {
      for (column, source) in columns.enumerated() {
        chosen[row * columns.count + column] = tangents[pixel * sourceCount + source]
      }
    }
    let active = mask[(pixels.lowerBound - first) * outputs..<(pixels.upperBound - first) * outputs]
      .map { $0 == 0 ? 0 : Float(1) }
    var result = [Float](repeating: 0, count: columns.count * outputs)
    Products.multiply(
      rows: columns.count, columns: outputs, inner: pixels.count,
      chosen, .transposed(columns.count), active, .rows(outputs), into: &result, .rows(outputs))
    return result
  }
}
