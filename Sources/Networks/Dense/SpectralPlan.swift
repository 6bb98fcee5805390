/// A spectral network prepared for many pixels at once.
///
/// Values lie as `[position][channel][pixel]`: the positions under a kernel are one matrix, so a
/// convolution is one product per position and the dense layer a convolution over all positions.
struct SpectralPlan: Sendable {
  struct Step: Sendable {
    var operation: Operation
    /// The positions read at once: a kernel's taps or a pooling's size.
    var taps: Int
    var inputs: Int
    var outputs: Int
    var inputLength: Int
    var outputLength: Int
  }

  enum Operation: Sendable {
    /// A matrix `outputs x (taps * inputs)`, taps before inputs, a bias and a ReLU.
    case convolution(matrix: [Float], bias: [Float])
    case maxPool
  }

  private(set) var steps: [Step] = []
  /// The positions that are left after the steps so far.
  private(set) var length: Int
  private var channels = 1

  /// A plan without steps for spectra of `bands` bands.
  init(bands: Int) { length = bands }

  /// The features that the last step makes.
  var width: Int { channels }

  /// Adds a valid convolution with a bias and a ReLU: weights `[outputs][inputs][kernel]`.
  mutating func convolve(kernel: Int, weights: [Float], bias: [Float]) {
    precondition(
      kernel <= length && weights.count == bias.count * channels * kernel,
      "\(weights.count) weights of \(bias.count) kernels of \(kernel) on \(channels) channels of "
        + "\(length) positions")
    var matrix: [Float] = []
    matrix.reserveCapacity(weights.count)
    for output in bias.indices {
      for tap in 0..<kernel {
        for input in 0..<channels {
          matrix.append(weights[(output * channels + input) * kernel + tap])
        }
      }
    }
    append(.convolution(matrix: matrix, bias: bias), kernel, bias.count, length - kernel + 1)
  }

  /// Adds a dense layer with a ReLU over all that is left: weights `[outputs][channels * length]`.
  mutating func connect(weights: [Float], bias: [Float]) {
    convolve(kernel: length, weights: weights, bias: bias)
  }

  /// Adds a max pooling that drops remainders.
  mutating func pool(size: Int) {
    precondition(size > 0 && size <= length, "pooling by \(size) of \(length) positions")
    append(.maxPool, size, channels, length / size)
  }

  private mutating func append(_ operation: Operation, _ taps: Int, _ outputs: Int, _ left: Int) {
    steps.append(
      Step(
        operation: operation, taps: taps, inputs: channels, outputs: outputs, inputLength: length,
        outputLength: left))
    channels = outputs
    length = left
  }

  /// The first convolution as a matrix from a feature's sources to all its outputs.
  func first(_ direction: FeatureDirection) -> [Float] {
    guard let step = steps.first, case .convolution(let matrix, let bias) = step.operation else {
      preconditionFailure("a spectral network begins with a convolution or a dense layer")
    }
    var result: [Float] = []
    for position in 0..<step.outputLength {
      for output in bias.indices {
        for source in direction.sources.indices {
          var sum: Float = 0
          for tap in 0..<step.taps {
            sum +=
              matrix[output * step.taps + tap] * direction.mixing[position + tap][source]
          }
          result.append(sum)
        }
      }
    }
    return result
  }
}
