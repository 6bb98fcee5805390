public import Tensors

/// Scaled dot-product attention of several heads (Vaswani and others 2017), in PyTorch's form.
///
/// Every head attends with `softmax(q k^T / sqrt(d)) v`, `d = width / heads`, where queries come of
/// one set of tokens and keys and values of the same or another one; a last layer mixes the heads.
public struct MultiheadAttention: Sendable, Hashable {
  /// The features of a token.
  public let width: Int
  /// The heads, which divide the width.
  public let heads: Int
  /// The layer that makes queries.
  public var query: Linear
  /// The layer that makes keys.
  public var key: Linear
  /// The layer that makes values.
  public var value: Linear
  /// The layer that mixes the heads.
  public var output: Linear

  /// What a forward pass keeps; rows are tokens, of one sample after another.
  struct Cache: Sendable {
    var queryTokens: [Float]
    var keyTokens: [Float]
    var queries: [Float]
    var keys: [Float]
    var values: [Float]
    /// The shares of keys, `[sample][head][query][key]`.
    var weights: [Float]
    /// What the heads make, one beside another.
    var context: [Float]
    var outputs: [Float]
    var size: Size
  }

  /// The numbers of samples and of the tokens of each.
  struct Size: Sendable, Hashable {
    var batch: Int
    var queries: Int
    var keys: Int
  }

  /// An attention with parameters drawn by PyTorch's defaults: those of queries, keys and values
  /// uniformly within `sqrt(6 / (4 width))` (Glorot and Bengio 2010), the last layer's within
  /// `1 / sqrt(width)`, biases zero.
  public init(width: Int, heads: Int, random: Randomness) {
    precondition(heads > 0 && width % heads == 0, "\(heads) heads of a width of \(width)")
    self.width = width
    self.heads = heads
    func layer(_ word: String, _ bound: Float) -> Linear {
      let own = random.derived(Randomness.word(word))
      return Linear(
        inputs: width, outputs: width,
        weight: own.uniforms(width * width).map { (2 * $0 - 1) * bound },
        bias: [Float](repeating: 0, count: width))
    }
    let bound = (6 / Float(4 * width)).squareRoot()
    query = layer("query", bound)
    key = layer("key", bound)
    value = layer("value", bound)
    output = layer("output", 1 / Float(width).squareRoot())
  }

  /// What the tokens gather, samples x queries x width.
  ///
  /// - Parameters:
  ///   - x: The tokens that ask, samples x queries x width.
  ///   - y: The tokens that are asked, samples x keys x width.
  func forward(_ x: [Float], keys y: [Float], batch: Int) -> Cache {
    let perSample = max(1, batch * width)
    let size = Size(batch: batch, queries: x.count / perSample, keys: y.count / perSample)
    var cache = Cache(
      queryTokens: x, keyTokens: y, queries: query.rows(x), keys: key.rows(y),
      values: value.rows(y), weights: [], context: [], outputs: [], size: size)
    cache.weights = scores(cache.queries, cache.keys, size)
    cache.weights.withUnsafeMutableBufferPointer {
      Exponential.softmaxRows($0, columns: size.keys)
    }
    cache.context = gathered(cache.weights, cache.values, size)
    cache.outputs = output.rows(cache.context)
    return cache
  }

  /// The outputs' tangents for those of both sets of tokens.
  func pushforward(_ cache: Cache, _ x: [Float], keys y: [Float]) -> [Float] {
    let size = cache.size
    var slopes = scores(query.pushedRows(x), cache.keys, size)
    scores(cache.queries, key.pushedRows(y), size, addingTo: &slopes)
    softmaxSlopes(&slopes, cache)
    var context = gathered(slopes, cache.values, size)
    gathered(cache.weights, value.pushedRows(y), size, addingTo: &context)
    return output.pushedRows(context)
  }

  /// Adds the parameters' gradient for the outputs' gradient; returns those of both sets of tokens.
  func pullback(
    _ cache: Cache, outputGradient: [Float], adding gradient: inout MultiheadAttention
  ) -> (x: [Float], keys: [Float]) {
    let size = cache.size
    let context = output.pulledRows(
      cache.context, outputGradient: outputGradient, adding: &gradient.output)
    // The slopes of the shares, then of the scores.
    var slopes = [Float](repeating: 0, count: cache.weights.count)
    var values = [Float](repeating: 0, count: cache.values.count)
    var queries = [Float](repeating: 0, count: cache.queries.count)
    var keys = [Float](repeating: 0, count: cache.keys.count)
    forEachHead(size) { block, query, key in
      multiply(
        size.queries, size.keys, width / heads, context, .rows(width, at: query), cache.values,
        .transposed(width, at: key), &slopes, .rows(size.keys, at: block))
      multiply(
        size.keys, width / heads, size.queries, cache.weights,
        .transposed(size.keys, at: block), context, .rows(width, at: query), &values,
        .rows(width, at: key))
    }
    softmaxSlopes(&slopes, cache)
    forEachHead(size) { block, query, key in
      multiply(
        size.queries, width / heads, size.keys, alpha: scale, slopes,
        .rows(size.keys, at: block), cache.keys, .rows(width, at: key), &queries,
        .rows(width, at: query))
      multiply(
        size.keys, width / heads, size.queries, alpha: scale, slopes,
        .transposed(size.keys, at: block), cache.queries, .rows(width, at: query), &keys,
        .rows(width, at: key))
    }
    let x = query.pulledRows(
      cache.queryTokens, outputGradient: queries, adding: &gradient.query)
    var y = key.pulledRows(cache.keyTokens, outputGradient: keys, adding: &gradient.key)
    accumulate(
      value.pulledRows(cache.keyTokens, outputGradient: values, adding: &gradient.value), into: &y)
    return (x, y)
  }

  // MARK: Products

  private var scale: Float { 1 / Float(width / heads).squareRoot() }

  /// The scores of keys, `[sample][head][query][key]`.
  private func scores(_ queries: [Float], _ keys: [Float], _ size: Size) -> [Float] {
    var result = [Float](
      repeating: 0, count: size.batch * heads * size.queries * size.keys)
    scores(queries, keys, size, addingTo: &result)
    return result
  }

  private func scores(
    _ queries: [Float], _ keys: [Float], _ size: Size, addingTo result: inout [Float]
  ) {
    forEachHead(size) { block, query, key in
      multiply(
        size.queries, size.keys, width / heads, alpha: scale, queries, .rows(width, at: query),
        keys, .transposed(width, at: key), &result, .rows(size.keys, at: block))
    }
  }

  /// The values that shares gather, rows of all heads one beside another.
  private func gathered(_ weights: [Float], _ values: [Float], _ size: Size) -> [Float] {
    var result = [Float](repeating: 0, count: size.batch * size.queries * width)
    gathered(weights, values, size, addingTo: &result)
    return result
  }

  private func gathered(
    _ weights: [Float], _ values: [Float], _ size: Size, addingTo result: inout [Float]
  ) {
    forEachHead(size) { block, query, key in
      multiply(
        size.queries, width / heads, size.keys, weights, .rows(size.keys, at: block), values,
        .rows(width, at: key), &result, .rows(width, at: query))
    }
  }

  private func multiply(
    _ rows: Int, _ columns: Int, _ inner: Int, alpha: Float = 1, _ a: [Float],
    _ aLayout: Products.Layout, _ b: [Float], _ bLayout: Products.Layout, _ c: inout [Float],
    _ cLayout: Products.Layout
  ) {
    Products.multiply(
      rows: rows, columns: columns, inner: inner, alpha: alpha, a, aLayout, b, bLayout, beta: 1,
      into: &c, cLayout)
  }

  /// Calls `body` with where the shares of each sample and head begin, its queries and its keys.
  private func forEachHead(_ size: Size, _ body: (_ block: Int, _ query: Int, _ key: Int) -> Void) {
    for sample in 0..<size.batch {
      for head in 0..<heads {
        body(
          (sample * heads + head) * size.queries * size.keys,
          sample * size.queries * width + head * (width / heads),
          sample * size.keys * width + head * (width / heads))
      }
    }
  }

  private func softmaxSlopes(_ slopes: inout [Float], _ cache: Cache) {
    cache.weights.withUnsafeBufferPointer { shares in
      slopes.withUnsafeMutableBufferPointer {
        Exponential.softmaxSlopes($0, shares: shares, columns: cache.size.keys)
      }
    }
  }
}

extension MultiheadAttention.Cache {
  /// The shares of keys, mean over the heads, samples x queries x keys.
  func meanWeights(heads: Int) -> [Float] {
    let block = size.queries * size.keys
    var result = [Float](repeating: 0, count: size.batch * block)
    for sample in 0..<size.batch {
      for head in 0..<heads {
        let start = (sample * heads + head) * block
        for place in 0..<block { result[sample * block + place] += weights[start + place] }
      }
    }
    return result.map { $0 / Float(heads) }
  }
}

extension MultiheadAttention: Parameterized {
  /// Visits `query`, `key`, `value` and `output`.
  public mutating func visitParameters(_ prefix: String, _ body: Visitor) {
    query.visitParameters("\(prefix).query", body)
    key.visitParameters("\(prefix).key", body)
    value.visitParameters("\(prefix).value", body)
    output.visitParameters("\(prefix).output", body)
  }
}
