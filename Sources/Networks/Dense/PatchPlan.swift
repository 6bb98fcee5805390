/// A patch network prepared for evaluation at every cell: steps over whole rows instead of windows.
///
/// A valid convolution of every window is one convolution of the chunk; pooling becomes pooling at
/// every place, and what follows is dilated by the pooling size; the dense layer is a convolution
/// as large as what is left of the window (Giusti et al. 2013; Sherrah 2016).
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
