internal import Tensors

/// A patch network prepared for evaluation at every cell: steps over whole rows instead of windows.
///
/// A valid convolution of every window is one convolution of the chunk; pooling becomes pooling at
/// every place, and what follows is dilated by the pooling size; the dense layer is a convolution as
/// large as what is left of the window (Giusti et al. 2013; Sherrah 2016).
struct PatchPlan: Sendable {
  /// One layer: reads `taps` rows and columns that are `dilation` apart.
  struct Step: Sendable {
    var operation: Operation
    var taps: Int
    var dilation: Int
    var inputs: Int
    var outputs: Int
  }

  enum Operation: Sendable {
    case convolution(PackedConvolution)
    case maxPool
    case averagePool
  }

  var steps: [Step] = []
  /// The window's edge.
  let window: Int
  /// The columns and rows that an output reads beyond its first.
  private(set) var reach = 0
  /// What is left of the window's edge after the steps so far.
  private(set) var edge: Int
  private var dilation = 1
  private var channels: Int

  /// A plan without steps for windows of `window` cells of `bands` bands.
  init(window: Int, bands: Int) {
    self.window = window
    edge = window
    channels = bands
  }

  /// The features that the last step makes.
  var width: Int { channels }
  /// The cells that the receptive field reaches up and left of its cell.
  var before: Int { window / 2 }
  /// The cells that the receptive field reaches down and right of its cell; pooling that drops
  /// remainders may leave it short of the window's.
  var after: Int { reach - before }

  /// Adds a convolution with a bias and a ReLU: weights `[outputs][inputs][kernel][kernel]`.
  mutating func convolve(kernel: Int, weights: [Float], bias: [Float]) {
    precondition(
      kernel <= edge && weights.count == bias.count * channels * kernel * kernel,
      "\(weights.count) weights of \(bias.count) kernels of \(kernel) on \(channels) channels of "
        + "an edge of \(edge)")
    append(
      .convolution(
        PackedConvolution(weights, bias: bias, inputs: channels, kernel: kernel)), kernel,
      outputs: bias.count)
    edge -= kernel - 1
  }

  /// Adds a dense layer with a ReLU over all that is left: weights `[outputs][channels * edge^2]`.
  mutating func connect(weights: [Float], bias: [Float]) {
    convolve(kernel: edge, weights: weights, bias: bias)
  }

  /// Adds a pooling.
  mutating func pool(_ operation: Operation, size: Int) {
    precondition(size > 0 && size <= edge, "pooling by \(size) of an edge of \(edge)")
    append(operation, size, outputs: channels)
    edge /= size
    dilation *= size
  }

  private mutating func append(_ operation: Operation, _ taps: Int, outputs: Int) {
    steps.append(
      Step(
        operation: operation, taps: taps, dilation: dilation, inputs: channels, outputs: outputs))
    reach += (taps - 1) * dilation
    channels = outputs
  }
}

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

  /// Packs weights `[outputs][inputs][kernel][kernel]`.
  init(_ weights: [Float], bias: [Float], inputs: Int, kernel: Int) {
    self.kernel = kernel
    self.inputs = inputs
    self.bias = bias
    outputs = bias.count
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
    self.matrices = matrices
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
  }

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
}
