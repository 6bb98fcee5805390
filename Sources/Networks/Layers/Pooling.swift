/// The blocks of `rows x columns` places that a pooling without overlap reads.
public struct PoolingBlocks: Sendable, Hashable {
  /// The rows of a block.
  public let rows: Int
  /// The columns of a block; 1 over spectra.
  public let columns: Int

  /// Blocks of a size; what does not fill one at the end is dropped.
  public init(rows: Int, columns: Int) {
    precondition(
      rows > 0 && columns > 0 && rows * columns <= 65536, "blocks of \(rows) x \(columns)")
    self.rows = rows
    self.columns = columns
  }

  /// The shape of the outputs for inputs of a shape.
  public func outputShape(_ shape: ActivationShape) -> ActivationShape {
    ActivationShape(
      rows: shape.rows / rows, channels: shape.channels, columns: shape.columns / columns,
      batch: shape.batch)
  }

  /// Calls `body` with each block's first place, of input and output, and its output's run.
  @inline(__always)
  fileprivate func forEachBlock(
    _ shape: ActivationShape, _ body: (_ source: Int, _ target: Int) -> Void
  ) {
    let output = outputShape(shape)
    for row in 0..<output.rows {
      for channel in 0..<shape.channels {
        let source = (row * rows * shape.channels + channel) * shape.columns
        let target = (row * shape.channels + channel) * output.columns
        for column in 0..<output.columns {
          body((source + column * columns) * shape.batch, (target + column) * shape.batch)
        }
      }
    }
  }

  /// The distance of the k-th place of a block from its first, row by row.
  @inline(__always)
  fileprivate func distance(_ k: Int, _ shape: ActivationShape) -> Int {
    (k / columns * shape.channels * shape.columns + k % columns) * shape.batch
  }
}

/// The largest value of each block; the first one on ties.
public struct MaxPool: Sendable, Hashable {
  /// What is pooled.
  public let blocks: PoolingBlocks

  /// Pools blocks.
  public init(_ blocks: PoolingBlocks) { self.blocks = blocks }

  /// The largest values and their places in the blocks, row by row.
  public func forward(
    _ x: [Float], _ shape: ActivationShape
  ) -> (values: [Float], winners: [UInt16]) {
    precondition(x.count == shape.count, "\(x.count) values for \(shape)")
    let count = blocks.outputShape(shape).count
    var values = [Float](repeating: 0, count: count)
    var winners = [UInt16](repeating: 0, count: count)
    blocks.forEachBlock(shape) { source, target in
      for sample in 0..<shape.batch { values[target + sample] = x[source + sample] }
      for k in 1..<max(1, blocks.rows * blocks.columns) {
        let place = source + blocks.distance(k, shape)
        for sample in 0..<shape.batch {
          let (next, best) = (x[place + sample], values[target + sample])
          let winner = winners[target + sample]
          values[target + sample] = next > best ? next : best
          winners[target + sample] = next > best ? UInt16(truncatingIfNeeded: k) : winner
        }
      }
    }
    return (values, winners)
  }

  /// The inputs' gradient: the outputs' at the winners, zero elsewhere.
  public func pullback(
    _ outputGradient: [Float], winners: [UInt16], _ shape: ActivationShape
  ) -> [Float] {
    precondition(
      outputGradient.count == winners.count, "\(outputGradient.count) of \(winners.count) blocks")
    var result = [Float](repeating: 0, count: shape.count)
    blocks.forEachBlock(shape) { source, target in
      for k in 0..<blocks.rows * blocks.columns {
        let place = source + blocks.distance(k, shape)
        let own = UInt16(truncatingIfNeeded: k)
        for sample in 0..<shape.batch {
          let value = outputGradient[target + sample]
          result[place + sample] = winners[target + sample] == own ? value : 0
        }
      }
    }
    return result
  }

  /// The tangents of the winners.
  public func pushforward(
    _ tangent: [Float], winners: [UInt16], _ shape: ActivationShape
  ) -> [Float] {
    precondition(tangent.count == shape.count, "\(tangent.count) values for \(shape)")
    var result = [Float](repeating: 0, count: winners.count)
    blocks.forEachBlock(shape) { source, target in
      for k in 0..<blocks.rows * blocks.columns {
        let place = source + blocks.distance(k, shape)
        let own = UInt16(truncatingIfNeeded: k)
        for sample in 0..<shape.batch {
          let (value, kept) = (tangent[place + sample], result[target + sample])
          result[target + sample] = winners[target + sample] == own ? value : kept
        }
      }
    }
    return result
  }
}

/// The mean of each block.
public struct AveragePool: Sendable, Hashable {
  /// What is pooled.
  public let blocks: PoolingBlocks

  /// Pools blocks.
  public init(_ blocks: PoolingBlocks) { self.blocks = blocks }

  /// The means; of tangents, the means' tangents.
  public func forward(_ x: [Float], _ shape: ActivationShape) -> [Float] {
    precondition(x.count == shape.count, "\(x.count) values for \(shape)")
    var result = [Float](repeating: 0, count: blocks.outputShape(shape).count)
    let size = blocks.rows * blocks.columns
    blocks.forEachBlock(shape) { source, target in
      for k in 0..<size {
        let place = source + blocks.distance(k, shape)
        for sample in 0..<shape.batch { result[target + sample] += x[place + sample] }
      }
      for sample in 0..<shape.batch { result[target + sample] /= Float(size) }
    }
    return result
  }

  /// The inputs' gradient: each block's, spread evenly.
  public func pullback(_ outputGradient: [Float], _ shape: ActivationShape) -> [Float] {
    let output = blocks.outputShape(shape)
    precondition(
      outputGradient.count == output.count, "\(outputGradient.count) values for \(output)")
    var result = [Float](repeating: 0, count: shape.count)
    let size = blocks.rows * blocks.columns
    blocks.forEachBlock(shape) { source, target in
      for k in 0..<size {
        let place = source + blocks.distance(k, shape)
        for sample in 0..<shape.batch {
          result[place + sample] = outputGradient[target + sample] / Float(size)
        }
      }
    }
    return result
  }
}
