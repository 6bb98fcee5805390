internal import Tensors

/// What a forward pass of a model keeps for the derivatives.
public struct ModelPass: Sendable {
  let inputs: ModelInputs
  let groups: [GroupPass]
  /// What each graph branch keeps, nil for other branches.
  let graphs: [GraphNetwork.Pass?]

  /// The number of samples of the batch.
  public var count: Int { inputs.batch.count }

  /// The gradient of a graph branch's features, segments x width: the sum over each segment's
  /// samples, in order.
  func featureGradient(_ branch: Int, _ parts: [GroupGradients], width: Int) -> [Float] {
    let segments = (inputs.shared[branch]?.count ?? 0) / max(1, width)
    var result = [Float](repeating: 0, count: segments * width)
    for (group, part) in zip(groups, parts) {
      let slopes = part.features[branch]
      let batch = group.samples.count
      for (column, sample) in group.samples.enumerated() {
        let segment = Int(inputs.batch.segmentOfSample[sample])
        guard segment >= 0 else { continue }
        for feature in 0..<width {
          result[segment * width + feature] += slopes[feature * batch + column]
        }
      }
    }
    return result
  }
}

/// A batch with what is computed once for all its groups.
struct ModelInputs: Sendable {
  var batch: ModelBatch
  /// The key of the dropout, nil outside training.
  var dropout: Randomness?
  /// The features (or tangents) of each graph branch, segments x width; nil for other branches.
  var shared: [[Float]?] = []

  /// Where a branch's inputs come from.
  enum Source {
    case spectra
    case windows(Int)
    case graph
  }

  /// The batch's graph; an empty one where there are no samples.
  func graph(bandCount: Int) -> SegmentGraph {
    precondition(batch.graph != nil || batch.count == 0, "no graph for the graph branch")
    return batch.graph
      ?? SegmentGraph(
        bandCount: bandCount, pixelStart: [0], propagated: [], neighborStart: [0], neighbors: [])
  }

  /// The features `[feature][sample]` of a group from features by segment; zero for no segment.
  func gathered(_ features: [Float], width: Int, _ samples: Range<Int>) -> [Float] {
    precondition(
      batch.segmentOfSample.count == batch.count,
      "segments of \(batch.segmentOfSample.count) samples of \(batch.count)")
    var result = [Float](repeating: 0, count: width * samples.count)
    for (column, sample) in samples.enumerated() {
      let segment = Int(batch.segmentOfSample[sample])
      guard segment >= 0 else { continue }
      for feature in 0..<width {
        result[feature * samples.count + column] = features[segment * width + feature]
      }
    }
    return result
  }

  /// The source of a branch: patch branches take the batch's windows in order.
  func source(_ branch: Int, _ parameters: ModelParameters) -> Source {
    var patches = 0
    for network in parameters.branches[..<branch] {
      if case .patch = network { patches += 1 }
    }
    switch parameters.branches[branch] {
    case .spectral: return .spectra
    case .patch: return .windows(patches)
    case .graph: return .graph
    }
  }

  /// The values of a branch for a group of samples, in the layers' order.
  func values(
    _ branch: Int, _ parameters: ModelParameters, _ input: BranchInput, from first: Int
  ) -> [Float] {
    switch source(branch, parameters) {
    case .spectra: return input.arranged(batch.spectra, from: first)
    case .windows(let index):
      precondition(index < batch.windows.count, "no windows for patch branch \(index + 1)")
      return input.arranged(batch.windows[index], from: first)
    case .graph: return []
    }
  }
}

/// What the forward pass of one group keeps.
struct GroupPass: Sendable {
  var samples: Range<Int>
  var stacks: [FeatureStack.Cache?]
  var fusion: AttentionFusion.Cache?
  var head: HeadNetwork.Cache

  /// The raw outputs, samples x outputs.
  func outputs(_ count: Int) -> [Float] { transposed(head.outputs, count, samples.count) }

  /// The inputs of a branch; nil for a graph.
  func input(_ branch: Int, _ parameters: ModelParameters) -> BranchInput? {
    parameters.branches[branch].stack(batch: samples.count)?.input
  }
}

/// The gradients that one group adds.
struct GroupGradients: Sendable {
  var parameters: ModelParameters
  /// The gradients of each branch's inputs, where they are wanted.
  var inputs: [[Float]?]
  /// The gradients of each branch's features, `[feature][sample]`; kept for graph branches.
  var features: [[Float]]
}

extension ModelBatch {
  /// Adds the gradient with respect to `propagated` of a graph.
  mutating func addGraphGradient(_ gradient: [Float], like graph: SegmentGraph) {
    var own = graph
    own.propagated = gradient
    if let before = self.graph {
      for place in gradient.indices { own.propagated[place] += before.propagated[place] }
    }
    self.graph = own
  }
}

/// The transpose of a matrix `rows x columns`.
func transposed(_ values: [Float], _ rows: Int, _ columns: Int) -> [Float] {
  precondition(values.count == rows * columns, "\(values.count) values of \(rows) x \(columns)")
  var result = [Float](repeating: 0, count: values.count)
  for row in 0..<rows {
    for column in 0..<columns { result[column * rows + row] = values[row * columns + column] }
  }
  return result
}

extension Model {
  /// A batch with the features of its graph, and what the graph branches keep.
  func prepare(
    _ batch: ModelBatch, dropout: Randomness?, fixedNorms: Set<String> = []
  ) -> (inputs: ModelInputs, graphs: [GraphNetwork.Pass?]) {
    var inputs = ModelInputs(batch: batch, dropout: dropout)
    var graphs: [GraphNetwork.Pass?] = []
    for (name, branch) in zip(parameters.branchNames, parameters.branches) {
      guard case .graph(let network) = branch else {
        inputs.shared.append(nil)
        graphs.append(nil)
        continue
      }
      let key = (dropout ?? Randomness(seed: 0)).derived(Randomness.word(name))
      let (features, pass) = network.forward(
        inputs.graph(bandCount: network.bandCount), training: dropout != nil, dropout: key,
        fixedNorms: network.norms.indices.filter { fixedNorms.contains("\(name).bn\($0)") })
      inputs.shared.append(features)
      graphs.append(pass)
    }
    return (inputs, graphs)
  }

  func prepareTangent(_ tangent: ModelBatch, _ pass: ModelPass) -> ModelInputs {
    precondition(
      tangent.count == pass.count, "tangents of \(tangent.count) samples for \(pass.count)")
    var inputs = ModelInputs(batch: tangent, dropout: nil)
    inputs.batch.segmentOfSample = pass.inputs.batch.segmentOfSample
    for (index, graph) in pass.graphs.enumerated() {
      guard let graph, case .graph(let network) = parameters.branches[index] else {
        inputs.shared.append(nil)
        continue
      }
      inputs.shared.append(
        network.pushforward(graph, tangent: inputs.graph(bandCount: network.bandCount).propagated))
    }
    return inputs
  }

  /// The forward pass of one group.
  func forward(_ inputs: ModelInputs, _ samples: Range<Int>) -> GroupPass {
    var parts: [[Float]] = []
    var stacks: [FeatureStack.Cache?] = []
    for (index, branch) in parameters.branches.enumerated() {
      guard let (stack, input) = branch.stack(batch: samples.count) else {
        parts.append(gathered(inputs, index, branch.width, samples))
        stacks.append(nil)
        continue
      }
      let values = inputs.values(index, parameters, input, from: samples.lowerBound)
      let cache = stack.forward(values, input.shape)
      parts.append(cache.features)
      stacks.append(cache)
    }
    let fused = parameters.fusion?.forward(parts, batch: samples.count)
    let head = parameters.head.forward(
      fused?.features ?? parts.flatMap(\.self), samples: samples, dropout: inputs.dropout)
    return GroupPass(samples: samples, stacks: stacks, fusion: fused, head: head)
  }

  /// The features (or tangents) of a graph branch for a group, one token of each sample where an
  /// attention joins them.
  private func gathered(
    _ inputs: ModelInputs, _ branch: Int, _ width: Int, _ samples: Range<Int>
  ) -> [Float] {
    let features = inputs.gathered(inputs.shared[branch] ?? [], width: width, samples)
    return parameters.fusion == nil ? features : transposed(features, width, samples.count)
  }

  /// The outputs' tangents of one group, samples x outputs.
  func pushforward(_ inputs: ModelInputs, _ group: GroupPass) -> [Float] {
    var parts: [[Float]] = []
    for (index, branch) in parameters.branches.enumerated() {
      guard let (stack, input) = branch.stack(batch: group.samples.count),
        let cache = group.stacks[index]
      else {
        parts.append(gathered(inputs, index, branch.width, group.samples))
        continue
      }
      let values = inputs.values(index, parameters, input, from: group.samples.lowerBound)
      parts.append(stack.pushforward(cache, values))
    }
    var features: [Float]
    if let fusion = parameters.fusion, let cache = group.fusion {
      features = fusion.pushforward(cache, parts)
    } else {
      features = parts.flatMap(\.self)
    }
    return transposed(
      parameters.head.pushforward(group.head, features), outputCount, group.samples.count)
  }

  /// The gradients of all groups, in order.
  func pullback(
    _ pass: ModelPass, _ outputGradient: [Float], wantsInput: Bool
  ) -> [GroupGradients] {
    precondition(
      outputGradient.count == pass.count * outputCount,
      "\(outputGradient.count) slopes for \(pass.count) x \(outputCount) outputs")
    let zeros = parameters.zeroed()
    return Parallel.map(pass.groups.count) { index in
      let group = pass.groups[index]
      let range = group.samples.lowerBound * outputCount..<group.samples.upperBound * outputCount
      return pullback(group, Array(outputGradient[range]), zeros, wantsInput: wantsInput)
    }
  }

  /// The gradients of one group, for one with respect to its raw outputs, samples x outputs.
  func pullback(
    _ group: GroupPass, _ outputGradient: [Float], _ zeros: ModelParameters, wantsInput: Bool
  ) -> GroupGradients {
    let batch = group.samples.count
    var result = GroupGradients(parameters: zeros, inputs: [], features: [])
    let features = parameters.head.pullback(
      group.head, outputGradient: transposed(outputGradient, batch, outputCount),
      adding: &result.parameters.head)
    let parts = pullbackFusion(group, features, adding: &result.parameters)
    for (index, branch) in parameters.branches.enumerated() {
      guard let (stack, _) = branch.stack(batch: batch), let cache = group.stacks[index] else {
        result.inputs.append(nil)
        result.features.append(
          parameters.fusion == nil ? parts[index] : transposed(parts[index], batch, branch.width))
        continue
      }
      result.features.append([])
      var inputs: [Float]?
      result.parameters.branches[index].withStack { gradient in
        inputs = stack.pullback(
          cache, featureGradient: parts[index], adding: &gradient, wantsInput: wantsInput)
      }
      result.inputs.append(inputs)
    }
    return result
  }

  /// The gradients of what each branch makes, for that of the joined features.
  private func pullbackFusion(
    _ group: GroupPass, _ features: [Float], adding gradient: inout ModelParameters
  ) -> [[Float]] {
    if let fusion = parameters.fusion, let cache = group.fusion, var own = gradient.fusion {
      // Taken out while it is changed, so that its weights are not copied.
      gradient.fusion = nil
      let parts = fusion.pullback(cache, featureGradient: features, adding: &own)
      gradient.fusion = own
      return parts
    }
    var start = 0
    return parameters.branches.map { branch in
      defer { start += branch.width * group.samples.count }
      return Array(features[start..<start + branch.width * group.samples.count])
    }
  }
}
