public import Tensors

/// A valid convolution over rows and columns, or over rows alone.
///
/// With one kernel column it is a 1-D convolution and its weights are `(outputs, inputs, kernel)`;
/// otherwise they are `(outputs, inputs, kernel, kernel)`. The rows under a kernel are one matrix
/// of the values `[row][channel][column][sample]`, so a row of outputs takes one product per
/// kernel column and nothing is copied.
public struct Convolution: Sendable, Hashable {
  /// The number of channels that go in.
  public let inputs: Int
  /// The number of filters.
  public let outputs: Int
  /// The rows of the kernel.
  public let kernelRows: Int
  /// The columns of the kernel; 1 for a 1-D convolution.
  public let kernelColumns: Int
  /// The weights, `(outputs, inputs, kernelRows, kernelColumns)`.
  public var weight: [Float]
  /// The bias of each filter.
  public var bias: [Float]
  private let is1D: Bool

  /// A 1-D convolution over `kernel` rows, drawn uniformly within `1 / sqrt(inputs kernel)`.
  public static func over1D(inputs: Int, outputs: Int, kernel: Int, random: Randomness) -> Self {
    Convolution(inputs, outputs, kernel, 1, is1D: true, random)
  }

  /// A 2-D convolution with a square kernel, drawn uniformly within `1 / sqrt(inputs kernel^2)`.
  public static func over2D(inputs: Int, outputs: Int, kernel: Int, random: Randomness) -> Self {
    Convolution(inputs, outputs, kernel, kernel, is1D: false, random)
  }

  private init(
    _ inputs: Int, _ outputs: Int, _ rows: Int, _ columns: Int, is1D: Bool, _ random: Randomness
  ) {
    self.inputs = inputs
    self.outputs = outputs
    kernelRows = rows
    kernelColumns = columns
    self.is1D = is1D
    let fanIn = inputs * rows * columns
    weight = Initialization.uniform(outputs * fanIn, fanIn: fanIn, random.derived(0))
    bias = Initialization.uniform(outputs, fanIn: fanIn, random.derived(1))
  }

  /// The shape of the outputs for inputs of a shape.
  public func outputShape(_ shape: ActivationShape) -> ActivationShape {
    precondition(
      shape.channels == inputs && shape.rows >= kernelRows && shape.columns >= kernelColumns,
      "\(shape) into \(inputs) channels under \(kernelRows) x \(kernelColumns)")
    return ActivationShape(
      rows: shape.rows - kernelRows + 1, channels: outputs,
      columns: shape.columns - kernelColumns + 1, batch: shape.batch)
  }

  /// The outputs for inputs of a shape, negative ones cut off on demand.
  public func forward(
    _ x: [Float], _ shape: ActivationShape, rectified: Bool = false
  ) -> [Float] {
    correlate(x, shape) { row, run in
      Rectifier.addBias(bias, rectified: rectified, row, run: run)
    }
  }

  /// The outputs' tangents for the inputs' tangents.
  public func pushforward(_ tangent: [Float], _ shape: ActivationShape) -> [Float] {
    correlate(tangent, shape) { _, _ in }
  }

  /// Adds the parameters' gradient for the outputs' gradient (before any ReLU).
  ///
  /// - Parameters:
  ///   - x: The inputs of the forward pass.
  ///   - shape: The inputs' shape.
  ///   - outputGradient: In the outputs' shape.
  ///   - gradient: Where the parameters' gradient is added.
  public func addParameterGradient(
    _ x: [Float], _ shape: ActivationShape, outputGradient: [Float],
    to gradient: inout Convolution
  ) {
    let output = outputShape(shape)
    precondition(
      x.count == shape.count && outputGradient.count == output.count,
      "\(x.count) and \(outputGradient.count) values for \(shape) and \(output)")
    let (inRun, outRun) = (shape.columns * shape.batch, output.columns * shape.batch)
    let depth = kernelRows * inputs
    // Transposed, `[column][row][input][output]`: products with the longer side first are faster.
    var packed = [Float](repeating: 0, count: weight.count)
    for row in 0..<output.rows {
      for column in 0..<kernelColumns {
        Products.multiply(
          rows: depth, columns: outputs, inner: outRun,
          x, .rows(inRun, at: row * inputs * inRun + column * shape.batch),
          outputGradient, .transposed(outRun, at: row * outputs * outRun),
          beta: 1, into: &packed, .rows(outputs, at: column * outputs * depth))
      }
      let values = outputGradient.span.extracting(
        row * outputs * outRun..<(row + 1) * outputs * outRun)
      Rectifier.addSums(values, run: outRun, to: &gradient.bias)
    }
    forEachWeight { place, output, column, under in
      gradient.weight[place] += packed[(column * depth + under) * outputs + output]
    }
  }

  /// The inputs' gradient for the outputs' gradient.
  public func inputGradient(_ outputGradient: [Float], _ shape: ActivationShape) -> [Float] {
    let output = outputShape(shape)
    precondition(
      outputGradient.count == output.count, "\(outputGradient.count) values for \(output)")
    let (inRun, outRun) = (shape.columns * shape.batch, output.columns * shape.batch)
    let depth = kernelRows * inputs
    let packed = packedWeight()
    var result = [Float](repeating: 0, count: shape.count)
    for row in 0..<output.rows {
      for column in 0..<kernelColumns {
        Products.multiply(
          rows: depth, columns: outRun, inner: outputs,
          packed, .transposed(depth, at: column * outputs * depth),
          outputGradient, .rows(outRun, at: row * outputs * outRun),
          beta: 1, into: &result, .rows(inRun, at: row * inputs * inRun + column * shape.batch))
      }
    }
    return result
  }

  /// The products; `finish` gets every row of outputs, a run per filter, while it is in cache.
  private func correlate(
    _ x: [Float], _ shape: ActivationShape,
    finish: (_ row: UnsafeMutableBufferPointer<Float>, _ run: Int) -> Void
  ) -> [Float] {
    let output = outputShape(shape)
    precondition(x.count == shape.count, "\(x.count) values for \(shape)")
    let (inRun, outRun) = (shape.columns * shape.batch, output.columns * shape.batch)
    let depth = kernelRows * inputs
    let packed = packedWeight()
    return [Float](unsafeUninitializedCapacity: output.count) { target, initialized in
      packed.withUnsafeBufferPointer { packed in
        x.withUnsafeBufferPointer { x in
          for row in 0..<output.rows {
            for column in 0..<kernelColumns {
              Products.multiply(
                rows: outputs, columns: outRun, inner: depth,
                packed, .rows(depth, at: column * outputs * depth),
                x, .rows(inRun, at: row * inputs * inRun + column * shape.batch),
                beta: column == 0 ? 0 : 1, into: target,
                .rows(outRun, at: row * outputs * outRun))
            }
            let place = row * outputs * outRun
            finish(
              UnsafeMutableBufferPointer(rebasing: target[place..<place + outputs * outRun]),
              outRun)
          }
        }
      }
      initialized = output.count
    }
  }

  /// The weights as one matrix per kernel column: `[column][output][row][input]`.
  private func packedWeight() -> [Float] {
    var packed = [Float](repeating: 0, count: weight.count)
    let depth = kernelRows * inputs
    forEachWeight { place, output, column, under in
      packed[(column * outputs + output) * depth + under] = weight[place]
    }
    return packed
  }

  /// Every weight's place, its filter, its kernel column and its place among the kernel rows'
  /// channels `[row][input]`.
  @inline(__always)
  private func forEachWeight(
    _ body: (_ place: Int, _ output: Int, _ column: Int, _ under: Int) -> Void
  ) {
    for output in 0..<outputs {
      for input in 0..<inputs {
        for row in 0..<kernelRows {
          let place = ((output * inputs + input) * kernelRows + row) * kernelColumns
          for column in 0..<kernelColumns {
            body(place + column, output, column, row * inputs + input)
          }
        }
      }
    }
  }
}

extension Convolution: Parameterized {
  /// Visits `weight` and `bias`.
  public mutating func visitParameters(_ prefix: String, _ body: Visitor) {
    let kernel = is1D ? [kernelRows] : [kernelRows, kernelColumns]
    body("\(prefix).weight", [outputs, inputs] + kernel, &weight)
    body("\(prefix).bias", [outputs], &bias)
  }
}
