public import Tensors

/// Internal and external graph convolution of superpixels.
///
/// With `P = S^K X` given by the graph: `h = mean ReLU(P W + b)` in each segment, `H0 = BN(h)`,
/// `H1 = BN(ReLU(D^-1/2 (A + I) D^-1/2 H0 W1 + b1))`, `H2 = BN(ReLU(H1 W2 + A H1 W3 + b2))`, and
/// the features are `ReLU(dropout(H0 + H2) W4 + b4)`, one row per wanted segment. After the spatial
/// branch of GiGCN (Jia et al. 2022) and Xu and Zuo (2024). In a partial graph each layer is made
/// for the segments whose neighbourhood is complete, which are also those that its batch norm sees.
public struct GraphNetwork: Sendable, Hashable {
  /// The number of bands of a pixel.
  public let bandCount: Int
  /// The power `K` of propagation that the network was made for.
  public let hops: Int
  /// The convolution inside segments.
  public var inner: InternalConvolution
  /// The normalisations after the convolutions.
  public var norms: [BatchNorm]
  /// The first convolution between segments.
  public var external1: NormalizedGraphConvolution
  /// The second convolution between segments.
  public var external2: GraphConvolution
  /// The layer that makes the features.
  public var dense: Linear
  /// The dropout before it.
  public let dropout: Dropout

  /// A network with parameters drawn by PyTorch's defaults for dense layers.
  public init(branch: ModelArchitecture.GraphBranch, bandCount: Int, random: Randomness) {
    self.bandCount = bandCount
    hops = branch.hops
    let width = branch.width
    inner = InternalConvolution(inputs: bandCount, outputs: width, random: random.derived(0))
    norms = (0..<3).map { _ in BatchNorm(features: width) }
    external1 = NormalizedGraphConvolution(
      inputs: width, outputs: width, random: random.derived(1))
    external2 = GraphConvolution(inputs: width, outputs: width, random: random.derived(2))
    dense = Linear(inputs: width, outputs: branch.output, random: random.derived(3))
    dropout = Dropout(share: branch.dropout)
  }

  /// The number of features that the network makes.
  public var width: Int { dense.outputs }

  /// The names, after the branch's own and a dot, of the parameters of the internal convolution,
  /// which GiGCN keeps sparse by 1e-4 times their L1 norm.
  public static let internalParameters = ["internal.weight", "internal.bias"]

  /// What the derivatives need of a forward pass.
  public struct Pass: Sendable {
    let graph: SegmentGraph
    var masks: InternalConvolution.Masks = []
    var caches: [BatchNorm.Cache] = []
    /// The aggregated inputs of the first external layer and its outputs after the ReLU.
    var gathered1: [Float] = []
    var active1: [Float] = []
    /// The inputs of the second external layer, their sums over neighbours and its outputs.
    var hidden1: [Float] = []
    var gathered2: [Float] = []
    var active2: [Float] = []
    /// The factors of dropout; empty where nothing is dropped.
    var kept: [Float] = []
    /// The inputs of the last layer and its outputs after the ReLU.
    var joined: [Float] = []
    var features: [Float] = []
  }

  /// The features of the wanted segments outside training, `targetCount` x `width`.
  public func features(_ graph: SegmentGraph) -> [Float] {
    pass(graph, training: false, dropout: nil, keepsMask: false).features
  }

  /// The features of the wanted segments, `targetCount` x `width`, and what derivatives need.
  ///
  /// - Parameters:
  ///   - graph: The segments.
  ///   - training: Whether features are dropped and batch norm uses the batch's statistics.
  ///   - dropout: What the dropout's choices depend on; a key of its own for every step.
  ///   - fixedNorms: The batch norms that use their running statistics also in training.
  public func forward(
    _ graph: SegmentGraph, training: Bool = false, dropout: Randomness = Randomness(seed: 0),
    fixedNorms: [Int] = []
  ) -> (features: [Float], pass: Pass) {
    let pass = pass(
      graph, training: training, dropout: dropout, keepsMask: true, fixedNorms: fixedNorms)
    return (pass.features, pass)
  }

  private func pass(
    _ graph: SegmentGraph, training: Bool, dropout random: Randomness?, keepsMask: Bool,
    fixedNorms: [Int] = []
  ) -> Pass {
    precondition(
      graph.bandCount == bandCount && graph.propagated.count == graph.pixelCount * bandCount,
      "\(graph.propagated.count) values of \(graph.bandCount) bands for \(bandCount)")
    precondition(
      graph.targetCount <= graph.innerCount && graph.innerCount <= graph.segmentCount,
      "\(graph.targetCount) of \(graph.innerCount) of \(graph.segmentCount) segments")
    var pass = Pass(graph: graph)
    let (pooled, masks) = inner.forward(graph, keepsMask: keepsMask)
    pass.masks = masks
    let hidden0 = norms[0].forward(
      pooled, training: training && !fixedNorms.contains(0))
    (pass.active1, pass.gathered1) = external1.forward(
      hidden0.values, graph: graph, rows: graph.innerCount)
    Rectifier.apply(&pass.active1)
    let hidden1 = norms[1].forward(
      pass.active1, training: training && !fixedNorms.contains(1))
    pass.hidden1 = hidden1.values
    (pass.active2, pass.gathered2) = external2.forward(
      hidden1.values, graph: graph, rows: graph.targetCount)
    Rectifier.apply(&pass.active2)
    let hidden2 = norms[2].forward(
      pass.active2, training: training && !fixedNorms.contains(2))
    pass.caches = [hidden0.cache, hidden1.cache, hidden2.cache]
    pass.joined = SegmentRows.sum(
      Array(hidden0.values.prefix(hidden2.values.count)), hidden2.values)
    if training, dropout.share > 0, let random {
      pass.kept = kept(rows: graph.targetCount, random)
      Dropout.apply(pass.kept, to: &pass.joined)
    }
    pass.features = SegmentRows.linear(
      pass.joined, rows: graph.targetCount, weight: dense.weight, outputs: dense.outputs,
      bias: dense.bias)
    Rectifier.apply(&pass.features)
    return pass
  }

  /// The factors of dropout, a row per segment.
  private func kept(rows: Int, _ random: Randomness) -> [Float] {
    let factor = 1 / (1 - dropout.share)
    return (0..<rows).flatMap { row in
      random.derived(UInt64(row)).uniforms(dense.inputs).map { $0 >= dropout.share ? factor : 0 }
    }
  }

  /// The gradient with respect to the parameters, for one with respect to the features.
  public func pullback(_ pass: Pass, featureGradient: [Float]) -> GraphNetwork {
    var gradient = zeroed()
    _ = pullback(pass, featureGradient, adding: &gradient, wantsInput: false)
    return gradient
  }

  /// The gradient with respect to `propagated`, for one with respect to the features.
  public func inputGradient(_ pass: Pass, featureGradient: [Float]) -> [Float] {
    var gradient = zeroed()
    return pullback(pass, featureGradient, adding: &gradient, wantsInput: true) ?? []
  }

  private func pullback(
    _ pass: Pass, _ featureGradient: [Float], adding gradient: inout GraphNetwork,
    wantsInput: Bool
  ) -> [Float]? {
    let graph = pass.graph
    var values = featureGradient
    Rectifier.gate(&values, by: pass.features)
    SegmentRows.addLinearGradient(
      values, pass.joined, rows: graph.targetCount, outputs: dense.outputs,
      weight: &gradient.dense.weight, bias: &gradient.dense.bias)
    var joined = SegmentRows.linearInputGradient(
      values, rows: graph.targetCount, weight: dense.weight, outputs: dense.outputs)
    if !pass.kept.isEmpty { Dropout.apply(pass.kept, to: &joined) }
    values = norms[2].pullback(pass.caches[2], outputGradient: joined, adding: &gradient.norms[2])
    Rectifier.gate(&values, by: pass.active2)
    values = external2.pullback(
      pass.hidden1, sums: pass.gathered2, graph: graph, outputGradient: values,
      adding: &gradient.external2)
    values = norms[1].pullback(pass.caches[1], outputGradient: values, adding: &gradient.norms[1])
    Rectifier.gate(&values, by: pass.active1)
    values = external1.pullback(
      pass.gathered1, graph: graph, outputGradient: values, inputRows: graph.segmentCount,
      adding: &gradient.external1)
    // The skip connection.
    for index in joined.indices { values[index] += joined[index] }
    values = norms[0].pullback(pass.caches[0], outputGradient: values, adding: &gradient.norms[0])
    return inner.pullback(
      graph, masks: pass.masks, outputGradient: values, adding: &gradient.inner,
      wantsInput: wantsInput)
  }

  /// Moves the running statistics toward those of a training pass.
  public mutating func updateBuffers(_ pass: Pass) {
    for index in norms.indices { norms[index].update(from: pass.caches[index]) }
  }
}

extension GraphNetwork: Parameterized {
  /// Visits `internal`, `bn0`, `external1`, `bn1`, `external2`, `bn2` and `dense`.
  public mutating func visitParameters(_ prefix: String, _ body: Visitor) {
    inner.visitParameters("\(prefix).internal", body)
    norms[0].visitParameters("\(prefix).bn0", body)
    external1.visitParameters("\(prefix).external1", body)
    norms[1].visitParameters("\(prefix).bn1", body)
    external2.visitParameters("\(prefix).external2", body)
    norms[2].visitParameters("\(prefix).bn2", body)
    dense.visitParameters("\(prefix).dense", body)
  }

  /// Visits the running statistics of `bn0`, `bn1` and `bn2`.
  public mutating func visitBuffers(_ prefix: String, _ body: Visitor) {
    for index in norms.indices { norms[index].visitBuffers("\(prefix).bn\(index)", body) }
  }
}
