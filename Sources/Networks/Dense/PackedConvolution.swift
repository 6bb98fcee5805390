internal import Tensors

/// The weights of a 2-D convolution as one matrix per kernel column.
///
/// Matrix `kx` is `outputs x (kernel * inputs)`, kernel rows before inputs: a product with a stack
/// of rows adds up everything of that column.
struct PackedConvolution: Sendable {
  let kernel: Int
  let inputs: Int
  let outputs: Int
  let matrices: [Float]
  let bias: [Float]
  /// All kernel columns as one matrix `outputs x (kernel * kernel * inputs)`, where that is small.
  private let joined: [Float]

  /// Packs weights `[outputs][inputs][kernel][kernel]`.
  init(_ weights: [Float], bias: [Float], inputs: Int, kernel: Int) {
    var matrices: [Float] = []
    matrices.reserveCapacity(weights.count)
    for kx in 0..<kernel {
      for output in 0..<bias.count {
        for ky in 0..<kernel {
          for input in 0..<inputs {
            matrices.append(weights[((output * inputs + input) * kernel + ky) * kernel + kx])
          }
        }
      }
    }
    self.init(
      kernel: kernel, inputs: inputs, outputs: bias.count, matrices: matrices, bias: bias)
  }

  /// The same convolution of sources that are mixed into its inputs, `mixing[input][source]`.
  func mixed(_ mixing: [[Float]]) -> PackedConvolution {
    let sources = mixing.first?.count ?? 0
    var matrices: [Float] = []
    for row in 0..<kernel * outputs * kernel {
      for source in 0..<sources {
        var sum: Float = 0
        for input in 0..<inputs {
          sum += self.matrices[row * inputs + input] * mixing[input][source]
        }
        matrices.append(sum)
      }
    }
    return PackedConvolution(
      kernel: kernel, inputs: sources, outputs: outputs, matrices: matrices, bias: bias)
  }

  private init(kernel: Int, inputs: Int, outputs: Int, matrices: [Float], bias: [Float]) {
    self.kernel = kernel
    self.inputs = inputs
    self.outputs = outputs
    self.matrices = matrices
    self.bias = bias
    let inner = kernel * inputs
    guard kernel > 1 && inner < Self.smallInner else {
      joined = []
      return
    }
    var joined: [Float] = []
    for output in 0..<outputs {
      for kx in 0..<kernel {
        let start = (kx * outputs + output) * inner
        joined += matrices[start..<start + inner]
      }
    }
    self.joined = joined
  }

  /// Products over fewer elements are bound by reading and writing results: they are joined.
  private static let smallInner = 24

  /// Convolves a stack of rows into `outputs` rows of `columns` columns from column `first` on.
  ///
  /// - Parameters:
  ///   - stack: `kernel * inputs` rows at a distance of `stackStride`.
  ///   - target: `outputs` rows at a distance of `stride`; without bias.
  func apply(
    _ stack: UnsafeBufferPointer<Float>, stackStride: Int, dilation: Int,
    into target: UnsafeMutableBufferPointer<Float>, stride: Int, first: Int, columns: Int
  ) {
    let inner = kernel * inputs
    guard joined.isEmpty else {
      applyJoined(stack, stackStride, dilation, target, stride, first, columns)
      return
    }
    matrices.withUnsafeBufferPointer { weights in
      for kx in 0..<kernel {
        Products.multiply(
          rows: outputs, columns: columns, inner: inner,
          weights, .rows(inner, at: kx * outputs * inner),
          stack, .rows(stackStride, at: first + kx * dilation),
          beta: kx == 0 ? 0 : 1, into: target, .rows(stride, at: first))
      }
    }
  }

  /// Copies the views under the kernel's columns below one another for a single product.
  private func applyJoined(
    _ stack: UnsafeBufferPointer<Float>, _ stackStride: Int, _ dilation: Int,
    _ target: UnsafeMutableBufferPointer<Float>, _ stride: Int, _ first: Int, _ columns: Int
  ) {
    let inner = kernel * inputs
    withUnsafeTemporaryAllocation(of: Float.self, capacity: kernel * inner * columns) { views in
      for kx in 0..<kernel {
        for row in 0..<inner {
          let start = row * stackStride + first + kx * dilation
          let place = (kx * inner + row) * columns
          _ = UnsafeMutableBufferPointer(rebasing: views[place..<place + columns])
            .initialize(from: UnsafeBufferPointer(rebasing: stack[start..<start + columns]))
        }
      }
      joined.withUnsafeBufferPointer { weights in
        Products.multiply(
          rows: outputs, columns: columns, inner: kernel * inner, weights, .rows(kernel * inner),
          UnsafeBufferPointer(views), .rows(columns), into: target, .rows(stride, at: first))
      }
    }
  }
}
