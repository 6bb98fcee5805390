internal import Glibc

/// The Adam optimiser (Kingma and Ba 2015) with L2 weight decay, as PyTorch's `Adam` has it.
public struct Adam: Sendable, Equatable {
  /// The step size.
  public var learningRate: Double
  /// The decay of the mean gradient.
  public var beta1: Double
  /// The decay of the mean squared gradient.
  public var beta2: Double
  /// What keeps denominators from zero.
  public var epsilon: Double
  /// The factor of the parameters that is added to their gradient.
  public var weightDecay: Double
  /// The number of steps taken.
  public private(set) var stepCount = 0
  private var means: [String: [Float]] = [:]
  private var squares: [String: [Float]] = [:]

  /// An optimiser that has taken no step.
  public init(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999,
    epsilon: Double = 1e-8, weightDecay: Double = 0
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  /// Takes one step.
  ///
  /// - Parameters:
  ///   - parameters: What is trained.
  ///   - gradient: The loss's gradient.
  ///   - scale: A factor of the learning rate for each parameter by name; 0 freezes one, with its
  ///     moments.
  public mutating func step<Parameters: Parameterized>(
    _ parameters: inout Parameters, gradient: Parameters,
    scale: (_ name: String) -> Double = { _ in 1 }
  ) {
    stepCount += 1
    let gradients = gradient.parameters("")
    let correction1 = 1 - pow(beta1, Double(stepCount))
    let correction2 = (1 - pow(beta2, Double(stepCount))).squareRoot()
    var index = 0
    parameters.visitParameters("") { name, _, values in
      defer { index += 1 }
      let factor = scale(name)
      guard factor != 0 else { return }
      let slope = gradients[index].values
      precondition(slope.count == values.count, "\(slope.count) slopes of \(values.count) \(name)")
      let zeros = { [count = values.count] in [Float](repeating: 0, count: count) }
      // Taken out and put back, so that no array is copied.
      var mean = means.removeValue(forKey: name) ?? zeros()
      var square = squares.removeValue(forKey: name) ?? zeros()
      update(
        &values, slope, &mean, &square, rate: Float(learningRate * factor / correction1),
        root: Float(correction2))
      means[name] = mean
      squares[name] = square
    }
  }

  private func update(
    _ values: inout [Float], _ gradient: [Float], _ means: inout [Float],
    _ squares: inout [Float], rate: Float, root: Float
  ) {
    let (b1, b2) = (Float(beta1), Float(beta2))
    let (keep1, keep2) = (Float(1 - beta1), Float(1 - beta2))
    let (decay, epsilon) = (Float(weightDecay), Float(epsilon))
    for place in values.indices {
      let slope = gradient[place] + decay * values[place]
      let mean = b1 * means[place] + keep1 * slope
      let square = b2 * squares[place] + keep2 * slope * slope
      means[place] = mean
      squares[place] = square
      values[place] -= rate * mean / (square.squareRoot() / root + epsilon)
    }
  }

  /// The moments as named arrays, for checkpoints.
  public var state: [NamedTensor] {
    means.keys.sorted().flatMap { name in
      [("mean", means), ("square", squares)].map { kind, moments in
        let values = moments[name] ?? []
        return NamedTensor(name: "\(kind)\(name)", shape: [values.count], values: values)
      }
    }
  }

  /// Takes up the moments of a checkpoint.
  public mutating func restore(stepCount: Int, state: [NamedTensor]) {
    self.stepCount = stepCount
    means = [:]
    squares = [:]
    for tensor in state {
      if tensor.name.hasPrefix("mean") {
        means[String(tensor.name.dropFirst(4))] = tensor.values
      } else if tensor.name.hasPrefix("square") {
        squares[String(tensor.name.dropFirst(6))] = tensor.values
      }
    }
  }
}

extension Parameterized {
  /// The Euclidean length of all parameters together.
  public var norm: Double {
    parameters("").reduce(0.0) { sum, tensor in
      tensor.values.reduce(sum) { $0 + Double($1) * Double($1) }
    }.squareRoot()
  }

  /// Shortens a gradient to `limit` where it is longer; returns its length before.
  @discardableResult
  public mutating func clipNorm(to limit: Double) -> Double {
    let length = norm
    guard length > limit else { return length }
    let factor = Float(limit / length)
    visitParameters("") { _, _, values in
      for place in values.indices { values[place] *= factor }
    }
    return length
  }

  /// Adds the gradient of `strength` times the sum of absolute parameters, to a gradient.
  ///
  /// - Parameters:
  ///   - parameters: What is penalised.
  ///   - chosen: Which parameters count, by name.
  public mutating func addAbsolutePenalty(
    of parameters: Self, strength: Float, where chosen: (_ name: String) -> Bool
  ) {
    let tensors = parameters.parameters("")
    var index = 0
    visitParameters("") { name, _, values in
      defer { index += 1 }
      guard chosen(name) else { return }
      let penalised = tensors[index].values
      for place in values.indices {
        let value = penalised[place]
        values[place] += value > 0 ? strength : value < 0 ? -strength : 0
      }
    }
  }
}
