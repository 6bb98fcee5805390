public import Tensors

/// A mean of tokens with learnt shares (Ilse, Tomczak and Welling 2018).
///
/// `a = softmax over the tokens of w . tanh(U c + b)`, the result `sum of a c`.
public struct AttentionPooling: Sendable, Hashable {
  /// The layer before the hyperbolic tangent, `U` and `b`.
  public var hidden: Linear
  /// The weights of its outputs, `w`.
  public var score: [Float]

  /// What a forward pass keeps.
  struct Cache: Sendable {
    var tokens: [Float]
    var hidden: [Float]
    /// The shares, samples x tokens.
    var shares: [Float]
    /// The means, samples x width.
    var outputs: [Float]
    var batch: Int
    /// The tokens of a sample.
    var count: Int
  }

  /// A pooling with parameters drawn by PyTorch's defaults for linear layers.
  public init(width: Int, random: Randomness) {
    hidden = Linear(inputs: width, outputs: width, random: random.derived(0))
    score = Initialization.uniform(width, fanIn: width, random.derived(1))
  }

  private var width: Int { hidden.inputs }

  /// The means of tokens, samples x tokens x width.
  func forward(_ tokens: [Float], batch: Int) -> Cache {
    let count = tokens.count / max(1, batch * width)
    var values = hidden.rows(tokens)
    Exponential.tanh(&values)
    var shares = scored(values)
    shares.withUnsafeMutableBufferPointer { Exponential.softmaxRows($0, columns: count) }
    var cache = Cache(
      tokens: tokens, hidden: values, shares: shares, outputs: [], batch: batch, count: count)
    cache.outputs = mean(shares, tokens, cache)
    return cache
  }

  /// The means' tangents for the tokens' tangents.
  func pushforward(_ cache: Cache, _ tangent: [Float]) -> [Float] {
    var values = hidden.pushedRows(tangent)
    Self.gate(&values, by: cache.hidden)
    var slopes = scored(values)
    Self.softmaxSlopes(&slopes, cache)
    var result = mean(slopes, cache.tokens, cache)
    accumulate(mean(cache.shares, tangent, cache), into: &result)
    return result
  }

  /// Adds the parameters' gradient for the means' gradient; returns the tokens' gradient.
  func pullback(
    _ cache: Cache, outputGradient: [Float], adding gradient: inout AttentionPooling
  ) -> [Float] {
    var slopes = [Float](repeating: 0, count: cache.shares.count)
    var result = [Float](repeating: 0, count: cache.tokens.count)
    for token in slopes.indices {
      let (start, sample) = (token * width, token / cache.count * width)
      var sum: Float = 0
      for index in 0..<width {
        sum += cache.tokens[start + index] * outputGradient[sample + index]
        result[start + index] = cache.shares[token] * outputGradient[sample + index]
      }
      slopes[token] = sum
    }
    Self.softmaxSlopes(&slopes, cache)
    var values = [Float](repeating: 0, count: cache.hidden.count)
    for token in slopes.indices {
      for index in 0..<width {
        gradient.score[index] += slopes[token] * cache.hidden[token * width + index]
        values[token * width + index] = slopes[token] * score[index]
      }
    }
    Self.gate(&values, by: cache.hidden)
    accumulate(
      hidden.pulledRows(cache.tokens, outputGradient: values, adding: &gradient.hidden),
      into: &result)
    return result
  }

  /// The score of every token.
  private func scored(_ values: [Float]) -> [Float] {
    Products.product(values, score, rows: values.count / width, columns: 1, inner: width)
  }

  /// The sum of the tokens of each sample, times their shares.
  private func mean(_ shares: [Float], _ tokens: [Float], _ cache: Cache) -> [Float] {
    var result = [Float](repeating: 0, count: cache.batch * width)
    for sample in 0..<cache.batch {
      Products.multiply(
        rows: 1, columns: width, inner: cache.count, shares,
        .rows(cache.count, at: sample * cache.count), tokens,
        .rows(width, at: sample * cache.count * width), into: &result,
        .rows(width, at: sample * width))
    }
    return result
  }

  /// The derivative of the hyperbolic tangent, `1 - t^2`.
  private static func gate(_ slopes: inout [Float], by values: [Float]) {
    for index in slopes.indices { slopes[index] *= 1 - values[index] * values[index] }
  }

  private static func softmaxSlopes(_ slopes: inout [Float], _ cache: Cache) {
    cache.shares.withUnsafeBufferPointer { shares in
      slopes.withUnsafeMutableBufferPointer {
        Exponential.softmaxSlopes($0, shares: shares, columns: cache.count)
      }
    }
  }
}

extension AttentionPooling: Parameterized {
  /// Visits `hidden` and `score.weight`.
  public mutating func visitParameters(_ prefix: String, _ body: Visitor) {
    hidden.visitParameters("\(prefix).hidden", body)
    body("\(prefix).score.weight", [1, score.count], &score)
  }
}
