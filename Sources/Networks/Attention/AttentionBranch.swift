internal import Tensors

/// What an attention does with the tokens of one branch.
public struct AttentionBranch: Sendable, Hashable {
  /// The tokens of a sample.
  public let tokenCount: Int
  /// The layer that takes a token's channels to the fusion's width.
  public var embedding: Linear
  /// What is added to each token for its place, tokens x width.
  public var position: [Float]
  /// The attention of the tokens to one another; nil for a single one.
  public var own: MultiheadAttention?
  /// The attention to the tokens of the other branches; nil where there are none.
  public var cross: MultiheadAttention?
  /// The mean over the tokens; nil for a single one.
  public var pooling: AttentionPooling?

  /// What a forward pass keeps.
  struct Cache: Sendable {
    var channels: [Float]
    var own: MultiheadAttention.Cache?
    /// The tokens before they see the other branches'.
    var tokens: [Float]
    var cross: MultiheadAttention.Cache?
    var pooling: AttentionPooling.Cache?
    /// The mean token, samples x width.
    var outputs: [Float]
  }

  /// A branch with parameters drawn by PyTorch's defaults, those of places normally with a standard
  /// deviation of 0.02.
  init(
    tokens: (count: Int, channels: Int), hasOthers: Bool,
    _ settings: ModelArchitecture.AttentionSettings, random: Randomness
  ) {
    let width = settings.width
    tokenCount = tokens.count
    func key(_ word: String) -> Randomness { random.derived(Randomness.word(word)) }
    embedding = Linear(inputs: tokens.channels, outputs: width, random: key("embedding"))
    let normal = key("position")
    position = (0..<tokens.count * width).map { 0.02 * normal.normal(UInt64($0)) }
    if tokens.count > 1 {
      own = MultiheadAttention(width: width, heads: settings.heads, random: key("self"))
      pooling = AttentionPooling(width: width, random: key("pooling"))
    }
    if hasOthers {
      cross = MultiheadAttention(width: width, heads: settings.heads, random: key("cross"))
    }
  }

  private var width: Int { embedding.outputs }

  /// The tokens with their places, after they have seen one another.
  ///
  /// - Parameter channels: Samples x tokens x channels.
  func attend(_ channels: [Float], batch: Int) -> Cache {
    var tokens = embedding.rows(channels)
    precondition(
      tokens.count == batch * position.count, "\(tokens.count / width) tokens of \(tokenCount)")
    for start in stride(from: 0, to: tokens.count, by: max(1, position.count)) {
      for index in position.indices { tokens[start + index] += position[index] }
    }
    let seen = own?.forward(tokens, keys: tokens, batch: batch)
    if let seen { accumulate(seen.outputs, into: &tokens) }
    return Cache(channels: channels, own: seen, tokens: tokens, outputs: [])
  }

  /// Adds to what `attend` made the tokens' look at the others' and their mean.
  func join(_ cache: inout Cache, others: [Float], batch: Int) {
    var tokens = cache.tokens
    if let cross {
      let seen = cross.forward(tokens, keys: others, batch: batch)
      accumulate(seen.outputs, into: &tokens)
      cache.cross = seen
    }
    cache.pooling = pooling?.forward(tokens, batch: batch)
    cache.outputs = cache.pooling?.outputs ?? tokens
  }

  /// The tangents of the tokens before they see the others'.
  func pushAttend(_ cache: Cache, _ tangent: [Float]) -> [Float] {
    var tokens = embedding.pushedRows(tangent)
    if let own, let seen = cache.own {
      accumulate(own.pushforward(seen, tokens, keys: tokens), into: &tokens)
    }
    return tokens
  }

  /// The tangents of the mean token.
  func pushJoin(_ cache: Cache, _ tangent: [Float], others: [Float]) -> [Float] {
    var tokens = tangent
    if let cross, let seen = cache.cross {
      accumulate(cross.pushforward(seen, tangent, keys: others), into: &tokens)
    }
    guard let pooling, let pooled = cache.pooling else { return tokens }
    return pooling.pushforward(pooled, tokens)
  }

  /// Adds the parameters' gradient for that of the mean token; returns those of the tokens before
  /// they see the others' and of the others'.
  func pullJoin(
    _ cache: Cache, outputGradient: [Float], adding gradient: inout AttentionBranch
  ) -> (tokens: [Float], others: [Float]) {
    var tokens = outputGradient
    if let pooling, let pooled = cache.pooling {
      Self.withValue(&gradient.pooling) {
        tokens = pooling.pullback(pooled, outputGradient: outputGradient, adding: &$0)
      }
    }
    var others: [Float] = []
    if let cross, let seen = cache.cross {
      Self.withValue(&gradient.cross) {
        let slopes = cross.pullback(seen, outputGradient: tokens, adding: &$0)
        accumulate(slopes.x, into: &tokens)
        others = slopes.keys
      }
    }
    return (tokens, others)
  }

  /// Adds the parameters' gradient for that of the tokens before they see the others'; returns that
  /// of the channels.
  func pullAttend(
    _ cache: Cache, tokenGradient: [Float], adding gradient: inout AttentionBranch
  ) -> [Float] {
    var tokens = tokenGradient
    if let own, let seen = cache.own {
      Self.withValue(&gradient.own) {
        let slopes = own.pullback(seen, outputGradient: tokenGradient, adding: &$0)
        accumulate(slopes.x, into: &tokens)
        accumulate(slopes.keys, into: &tokens)
      }
    }
    for start in stride(from: 0, to: tokens.count, by: max(1, position.count)) {
      for index in position.indices { gradient.position[index] += tokens[start + index] }
    }
    return embedding.pulledRows(
      cache.channels, outputGradient: tokens, adding: &gradient.embedding)
  }

  /// Changes what is there without copying its weights.
  private static func withValue<Value>(_ value: inout Value?, _ body: (inout Value) -> Void) {
    guard var own = value else { return }
    value = nil
    body(&own)
    value = own
  }
}

extension AttentionBranch: Parameterized {
  /// Visits `embedding`, `position.weight`, `self`, `cross` and `pooling`.
  public mutating func visitParameters(_ prefix: String, _ body: Visitor) {
    embedding.visitParameters("\(prefix).embedding", body)
    body("\(prefix).position.weight", [tokenCount, embedding.outputs], &position)
    own?.visitParameters("\(prefix).self", body)
    cross?.visitParameters("\(prefix).cross", body)
    pooling?.visitParameters("\(prefix).pooling", body)
  }
}
