internal import Glibc
public import Tensors

/// Gated fusion: for every feature, shares of the branches that depend on all features.
///
/// `f = sum_i a_i * f_i` with `a = softmax over the branches of (W [f_1; f_2; ...] + b)`; of two
/// branches that is `g * f_1 + (1 - g) * f_2` with a sigmoid gate (after Arevalo et al. 2017). All
/// branches make the same number of features.
public struct Gate: Sendable, Hashable {
  /// The number of branches.
  public let parts: Int
  /// The features of each branch, and of the result.
  public let width: Int
  /// The dense layer of the gates, `parts * width` to `parts * width`.
  public var linear: Linear

  /// What a forward pass keeps.
  struct Cache: Sendable {
    var inputs: [Float]
    /// The share of each branch and feature, `[branch, feature][sample]`.
    var shares: [Float]
    var outputs: [Float]
  }

  /// A gate with parameters drawn by PyTorch's defaults.
  public init(parts: Int, width: Int, random: Randomness) {
    self.parts = parts
    self.width = width
    linear = Linear(inputs: parts * width, outputs: parts * width, random: random)
  }

  /// The joined features `[feature][sample]` of features `[branch, feature][sample]`.
  func forward(_ x: [Float], batch: Int) -> Cache {
    var shares = linear.forward(x, batch: batch)
    let block = width * batch
    var outputs = [Float](repeating: 0, count: block)
    for place in 0..<block {
      Self.softmax(&shares, at: place, stride: block, parts: parts)
      for part in 0..<parts {
        outputs[place] += shares[part * block + place] * x[part * block + place]
      }
    }
    return Cache(inputs: x, shares: shares, outputs: outputs)
  }

  /// The outputs' tangents for the inputs' tangents.
  func pushforward(_ cache: Cache, _ tangent: [Float], batch: Int) -> [Float] {
    let gates = linear.pushforward(tangent, batch: batch)
    let block = width * batch
    var result = [Float](repeating: 0, count: block)
    for place in 0..<block {
      var mean: Float = 0
      for part in 0..<parts {
        mean += cache.shares[part * block + place] * gates[part * block + place]
      }
      for part in 0..<parts {
        let index = part * block + place
        result[place] +=
          cache.shares[index] * ((gates[index] - mean) * cache.inputs[index] + tangent[index])
      }
    }
    return result
  }

  /// Adds the parameters' gradient for the outputs' gradient; returns the inputs' gradient.
  func pullback(
    _ cache: Cache, outputGradient: [Float], batch: Int, adding gradient: inout Gate
  ) -> [Float] {
    let block = width * batch
    var gates = [Float](repeating: 0, count: parts * block)
    for place in 0..<block {
      // The derivative of a softmax: shares times what deviates from their mean.
      for part in 0..<parts {
        let index = part * block + place
        gates[index] =
          cache.shares[index] * (cache.inputs[index] - cache.outputs[place])
          * outputGradient[place]
      }
    }
    var result = linear.pullback(
      cache.inputs, batch: batch, outputGradient: gates, adding: &gradient.linear)
    for place in 0..<block {
      for part in 0..<parts {
        result[part * block + place] += cache.shares[part * block + place] * outputGradient[place]
      }
    }
    return result
  }

  /// Turns `parts` values that lie `stride` apart into shares that add up to 1.
  static func softmax(_ values: inout [Float], at place: Int, stride: Int, parts: Int) {
    var largest = -Float.infinity
    for part in 0..<parts { largest = max(largest, values[part * stride + place]) }
    var sum: Float = 0
    for part in 0..<parts {
      let value = exp(values[part * stride + place] - largest)
      values[part * stride + place] = value
      sum += value
    }
    for part in 0..<parts { values[part * stride + place] /= sum }
  }
}

extension Gate: Parameterized {
  /// Visits `weight` and `bias`.
  public mutating func visitParameters(_ prefix: String, _ body: Visitor) {
    linear.visitParameters(prefix, body)
  }
}
