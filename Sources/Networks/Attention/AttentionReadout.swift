internal import Tensors

/// Where a model with a fusion by attention looked, of one branch.
///
/// Shares say what the sums were made of, not what the output depends on; the derivatives say that.
public struct AttentionReadout: Sendable, Hashable {
  /// The tokens of a sample.
  public var tokenCount: Int
  /// The tokens of the other branches, in their order.
  public var otherCount: Int
  /// The shares of tokens in the branch's mean, samples x tokens; 1 for a single token.
  public var pooling: [Float]
  /// What each token gathers of each, mean over the heads, samples x tokens x tokens; empty for a
  /// single token.
  public var own: [Float]
  /// What each token gathers of those of the other branches, mean over the heads, samples x tokens x
  /// others; empty for a single branch.
  public var cross: [Float]

  /// The shares traced back through the attention of the tokens to one another, samples x tokens:
  /// `a (I + A) / 2` with the mean's shares `a` and the attention `A` (Abnar and Zuidema 2020).
  ///
  /// It is what maps show: shares of where in the input the mean comes from; they add up to 1.
  public var rollout: [Float] {
    guard !own.isEmpty else { return pooling }
    var result = pooling.map { $0 / 2 }
    let count = tokenCount
    for place in pooling.indices {
      let (sample, half) = (place / count, pooling[place] / 2)
      for token in 0..<count {
        result[sample * count + token] += half * own[place * count + token]
      }
    }
    return result
  }
}

/// Shares of tokens at neighbouring cells of a row; valid beyond the call.
public struct AttentionBlock: Sendable {
  /// The cells, row-major in the chunk.
  public var cells: Range<Int>
  /// For each branch the shares in its mean, tokens x cells.
  public var pooling: [[Float]]
  /// For each branch the shares traced back to its tokens (`AttentionReadout.rollout`), tokens x
  /// cells.
  public var rollout: [[Float]]
}

extension Model {
  /// Where the model looks at samples, for each branch; empty where the fusion is no attention.
  public func attention(_ batch: ModelBatch) -> [AttentionReadout] {
    guard let fusion = parameters.fusion else { return [] }
    let (inputs, _) = prepare(batch, dropout: nil)
    let groups = Self.groups(batch.count)
    let parts = Parallel.map(groups.count) { index in
      forward(inputs, groups[index]).fusion.map(fusion.readout) ?? []
    }
    guard var result = parts.first else { return fusion.readout(.init(branches: [], batch: 0)) }
    for part in parts.dropFirst() {
      for branch in part.indices {
        result[branch].pooling += part[branch].pooling
        result[branch].own += part[branch].own
        result[branch].cross += part[branch].cross
      }
    }
    return result
  }

  /// Where the model looks at every cell of a chunk, a block of cells at a time, in bounded memory.
  ///
  /// Nothing comes where the fusion is no attention.
  public func denseAttention(_ input: DenseInput, receive: (AttentionBlock) -> Void) {
    guard let fusion = parameters.fusion else { return }
    CellPass(model: self, input: input, tangent: nil, segments: segmentFeatures(input, nil))
      .passes { cells, pass in
        guard let cache = pass.fusion else { return }
        let parts = fusion.readout(cache)
        func turned(_ shares: [Float]) -> [Float] {
          transposed(shares, cells.count, shares.count / cells.count)
        }
        receive(
          AttentionBlock(
            cells: cells, pooling: parts.map { turned($0.pooling) },
            rollout: parts.map { turned($0.rollout) }))
      }
  }
}

extension AttentionFusion {
  /// What a forward pass says of each branch.
  func readout(_ cache: Cache) -> [AttentionReadout] {
    let all = branches.reduce(0) { $0 + $1.tokenCount }
    return branches.indices.map { index in
      let branch = branches[index]
      let pass = cache.branches.isEmpty ? nil : cache.branches[index]
      return AttentionReadout(
        tokenCount: branch.tokenCount, otherCount: all - branch.tokenCount,
        pooling: pass?.pooling?.shares ?? [Float](repeating: 1, count: cache.batch),
        own: pass?.own?.meanWeights(heads: branch.own?.heads ?? 1) ?? [],
        cross: pass?.cross?.meanWeights(heads: branch.cross?.heads ?? 1) ?? [])
    }
  }
}
