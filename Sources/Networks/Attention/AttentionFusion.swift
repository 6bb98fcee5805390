internal import Tensors

/// The fusion of branches by attention: tokens of each branch see one another, then those of the
/// other branches, and each branch's mean token is a part of the joined features.
///
/// `T = E + MHA(E, E, E)` with the tokens `E` of a branch; `C_i = T_i + MHA_i(T_i, T_j, T_j)` with the
/// tokens of all other branches `j` one after another; then the mean of `C_i` by
/// `AttentionPooling`. There is no normalisation of layers.
public struct AttentionFusion: Sendable, Hashable {
  /// The branches' names.
  public let names: [String]
  /// What is done with each branch's tokens.
  public var branches: [AttentionBranch]

  /// What a forward pass keeps.
  struct Cache: Sendable {
    var branches: [AttentionBranch.Cache]
    var batch: Int

    /// The joined features `[feature][sample]`.
    var features: [Float] {
      branches.flatMap { transposed($0.outputs, batch, $0.outputs.count / max(1, batch)) }
    }
  }

  /// A fusion for branches with given tokens.
  init(
    _ settings: ModelArchitecture.AttentionSettings, names: [String],
    tokens: [(count: Int, channels: Int)], random: Randomness
  ) {
    self.names = names
    branches = zip(names, tokens).map { name, tokens in
      AttentionBranch(
        tokens: tokens, hasOthers: names.count > 1, settings,
        random: random.derived(Randomness.word(name)))
    }
  }

  /// The features of a token, and those that each branch adds to the joined ones.
  public var width: Int { branches.first?.embedding.outputs ?? 0 }

  /// About how many values a forward pass keeps of one sample.
  var valuesPerSample: Int {
    let all = branches.reduce(0) { $0 + $1.tokenCount }
    return branches.reduce(0) { sum, branch in
      let heads = branch.own?.heads ?? branch.cross?.heads ?? 0
      return sum + branch.tokenCount * (heads * all + 16 * width)
    }
  }

  /// Joins the branches' tokens, each samples x tokens x channels.
  func forward(_ parts: [[Float]], batch: Int) -> Cache {
    var caches = zip(branches, parts).map { $0.attend($1, batch: batch) }
    let tokens = caches.map(\.tokens)
    for index in branches.indices {
      branches[index].join(
        &caches[index], others: others(of: index, tokens, batch), batch: batch)
    }
    return Cache(branches: caches, batch: batch)
  }

  /// The tangents of the joined features for those of the branches' tokens.
  func pushforward(_ cache: Cache, _ tangents: [[Float]]) -> [Float] {
    let tokens = branches.indices.map {
      branches[$0].pushAttend(cache.branches[$0], tangents[$0])
    }
    return branches.indices.flatMap { index in
      let pushed = branches[index].pushJoin(
        cache.branches[index], tokens[index], others: others(of: index, tokens, cache.batch))
      return transposed(pushed, cache.batch, width)
    }
  }

  /// Adds the parameters' gradient for that of the joined features; returns those of the branches'
  /// tokens.
  func pullback(
    _ cache: Cache, featureGradient: [Float], adding gradient: inout AttentionFusion
  ) -> [[Float]] {
    let batch = cache.batch
    var tokens = cache.branches.map { [Float](repeating: 0, count: $0.tokens.count) }
    for index in branches.indices {
      let block = width * batch
      let own = transposed(
        Array(featureGradient[index * block..<(index + 1) * block]), width, batch)
      let slopes = branches[index].pullJoin(
        cache.branches[index], outputGradient: own, adding: &gradient.branches[index])
      accumulate(slopes.tokens, into: &tokens[index])
      addOthers(slopes.others, of: index, to: &tokens, batch)
    }
    return branches.indices.map { index in
      branches[index].pullAttend(
        cache.branches[index], tokenGradient: tokens[index],
        adding: &gradient.branches[index])
    }
  }

  /// The tokens of all branches but one, sample by sample.
  private func others(of index: Int, _ tokens: [[Float]], _ batch: Int) -> [Float] {
    var result: [Float] = []
    for sample in 0..<(branches.count > 1 ? batch : 0) {
      for other in branches.indices where other != index {
        let size = tokens[other].count / batch
        result += tokens[other][sample * size..<(sample + 1) * size]
      }
    }
    return result
  }

  /// Adds what belongs to the tokens of all branches but one to each of them.
  private func addOthers(
    _ values: [Float], of index: Int, to tokens: inout [[Float]], _ batch: Int
  ) {
    guard !values.isEmpty else { return }
    var place = 0
    for sample in 0..<batch {
      for other in branches.indices where other != index {
        let size = tokens[other].count / batch
        for offset in sample * size..<(sample + 1) * size {
          tokens[other][offset] += values[place]
          place += 1
        }
      }
    }
  }
}

extension AttentionFusion: Parameterized {
  /// Visits each branch's parameters by its name.
  public mutating func visitParameters(_ prefix: String, _ body: Visitor) {
    for index in branches.indices {
      branches[index].visitParameters("\(prefix).\(names[index])", body)
    }
  }
}
