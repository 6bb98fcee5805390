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
  ) -> (values: [Float], winners: [Int32]) {
    precondition(x.count == shape.count, "\(x.count) values for \(shape)")
    let count = blocks.outputShape(shape).count
    var values = [Float](repeating: -.infinity, count: count)
    var winners = [Int32](repeating: 0, count: count)
    x.withUnsafeBytes { x in
      values.withUnsafeMutableBytes { values in
        winners.withUnsafeMutableBytes { winners in
          forEachPlace(shape) { k, place, target in
            Lanes.compete(
              x, at: place, number: k, values, winners, at: target, count: shape.batch)
          }
        }
      }
    }
    return (values, winners)
  }

  /// The inputs' gradient: the outputs' at the winners, zero elsewhere.
  public func pullback(
    _ outputGradient: [Float], winners: [Int32], _ shape: ActivationShape
  ) -> [Float] {
    precondition(
      outputGradient.count == winners.count, "\(outputGradient.count) of \(winners.count) blocks")
    var result = [Float](repeating: 0, count: shape.count)
    result.withUnsafeMutableBytes { result in
      outputGradient.withUnsafeBytes { slopes in
        winners.withUnsafeBytes { winners in
          forEachPlace(shape) { k, place, target in
            Lanes.copy(
              slopes, at: target, to: result, at: place, where: winners, at: target, equal: k,
              count: shape.batch)
          }
        }
      }
    }
    return result
  }

  /// The tangents of the winners.
  public func pushforward(
    _ tangent: [Float], winners: [Int32], _ shape: ActivationShape
  ) -> [Float] {
    precondition(tangent.count == shape.count, "\(tangent.count) values for \(shape)")
    var result = [Float](repeating: 0, count: winners.count)
    result.withUnsafeMutableBytes { result in
      tangent.withUnsafeBytes { tangent in
        winners.withUnsafeBytes { winners in
          forEachPlace(shape) { k, place, target in
            Lanes.copy(
              tangent, at: place, to: result, at: target, where: winners, at: target, equal: k,
              count: shape.batch)
          }
        }
      }
    }
    return result
  }

  /// Calls `body` with every place of every block: its number, where its run of samples begins in
  /// the inputs and where the block's run begins in the outputs.
  @inline(__always)
  private func forEachPlace(
    _ shape: ActivationShape, _ body: (_ k: Int32, _ place: Int, _ target: Int) -> Void
  ) {
    blocks.forEachBlock(shape) { source, target in
      for k in 0..<blocks.rows * blocks.columns {
        body(Int32(truncatingIfNeeded: k), source + blocks.distance(k, shape), target)
      }
    }
  }
}

/// Choices between runs of floats, 16 at a time; places and counts are in elements of four bytes.
private enum Lanes {
  /// Keeps the larger of `x` and `values`, and the number of `x` where it is larger.
  @inline(__always)
  static func compete(
    _ x: UnsafeRawBufferPointer, at place: Int, number: Int32,
    _ values: UnsafeMutableRawBufferPointer, _ winners: UnsafeMutableRawBufferPointer,
    at target: Int, count: Int
  ) {
    let whole = count / 16 * 16
    let numbers = SIMD16<Int32>(repeating: number)
    for lane in stride(from: 0, to: whole, by: 16) {
      let (from, to) = (4 * (place + lane), 4 * (target + lane))
      let next = x.loadUnaligned(fromByteOffset: from, as: SIMD16<Float>.self)
      var best = values.loadUnaligned(fromByteOffset: to, as: SIMD16<Float>.self)
      var winner = winners.loadUnaligned(fromByteOffset: to, as: SIMD16<Int32>.self)
      let wins = next .> best
      best.replace(with: next, where: wins)
      winner.replace(with: numbers, where: wins)
      values.storeBytes(of: best, toByteOffset: to, as: SIMD16<Float>.self)
      winners.storeBytes(of: winner, toByteOffset: to, as: SIMD16<Int32>.self)
    }
    for lane in whole..<count {
      let (from, to) = (4 * (place + lane), 4 * (target + lane))
      let next = x.load(fromByteOffset: from, as: Float.self)
      guard next > values.load(fromByteOffset: to, as: Float.self) else { continue }
      values.storeBytes(of: next, toByteOffset: to, as: Float.self)
      winners.storeBytes(of: number, toByteOffset: to, as: Int32.self)
    }
  }

  /// Copies values where `numbers` equal `number`; others stay.
  @inline(__always)
  static func copy(
    _ source: UnsafeRawBufferPointer, at place: Int, to result: UnsafeMutableRawBufferPointer,
    at target: Int, where numbers: UnsafeRawBufferPointer, at first: Int, equal number: Int32,
    count: Int
  ) {
    let whole = count / 16 * 16
    let wanted = SIMD16<Int32>(repeating: number)
    for lane in stride(from: 0, to: whole, by: 16) {
      let to = 4 * (target + lane)
      let next = source.loadUnaligned(
        fromByteOffset: 4 * (place + lane), as: SIMD16<Float>.self)
      var kept = result.loadUnaligned(fromByteOffset: to, as: SIMD16<Float>.self)
      let found = numbers.loadUnaligned(
        fromByteOffset: 4 * (first + lane), as: SIMD16<Int32>.self)
      kept.replace(with: next, where: found .== wanted)
      result.storeBytes(of: kept, toByteOffset: to, as: SIMD16<Float>.self)
    }
    for lane in whole..<count {
      guard numbers.load(fromByteOffset: 4 * (first + lane), as: Int32.self) == number else {
        continue
      }
      let value = source.load(fromByteOffset: 4 * (place + lane), as: Float.self)
      result.storeBytes(of: value, toByteOffset: 4 * (target + lane), as: Float.self)
    }
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
    x.withUnsafeBufferPointer { x in
      result.withUnsafeMutableBufferPointer { result in
        blocks.forEachBlock(shape) { source, target in
          for k in 0..<size {
            let place = source + blocks.distance(k, shape)
            for sample in 0..<shape.batch { result[target + sample] += x[place + sample] }
          }
          for sample in 0..<shape.batch { result[target + sample] /= Float(size) }
        }
      }
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
    outputGradient.withUnsafeBufferPointer { outputGradient in
      result.withUnsafeMutableBufferPointer { result in
        blocks.forEachBlock(shape) { source, target in
          for k in 0..<size {
            let place = source + blocks.distance(k, shape)
            for sample in 0..<shape.batch {
              result[place + sample] = outputGradient[target + sample] / Float(size)
            }
          }
        }
      }
    }
    return result
  }
}
