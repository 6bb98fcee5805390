public import Tensors

/// A model: its form and its parameters.
///
/// A batch is divided into groups of samples that run in parallel. The division depends on the
/// batch's size alone and gradients are added in the groups' order, so every result has the same
/// bits for any number of workers.
public struct Model: Sendable {
  /// The form of the model.
  public let architecture: ModelArchitecture
  /// The parameters.
  public var parameters: ModelParameters

  /// A model with parameters drawn by PyTorch's defaults from a seed.
  ///
  /// - Throws: `ModelProblem` where no model of this form can be built.
  public init(architecture: ModelArchitecture, seed: UInt64) throws(ModelProblem) {
    if let sentence = architecture.problem { throw ModelProblem(sentence) }
    let random = Randomness(seed: seed, Randomness.word("parameters"))
    let names = architecture.branchNames
    var branches: [BranchNetwork] = []
    let (bands, makesTokens) = (architecture.bandCount, architecture.fusion == .attention)
    for (name, branch) in zip(names, architecture.branches) {
      let own = random.derived(Randomness.word(name))
      switch branch {
      case .spectral(let branch):
        branches.append(
          .spectral(
            SpectralNetwork(
              branch: branch, bandCount: bands, makesTokens: makesTokens, random: own)))
      case .patch(let branch):
        branches.append(
          .patch(
            try PatchNetwork(
              branch: branch, bandCount: bands, makesTokens: makesTokens, random: own)))
      case .graph(let branch):
        branches.append(.graph(GraphNetwork(branch: branch, bandCount: bands, random: own)))
      }
    }
    let fusion = architecture.attention.map { settings in
      AttentionFusion(
        settings, names: names, tokens: architecture.branches.map { $0.tokens(of: bands) },
        random: random.derived(Randomness.word("fusion")))
    }
    let head = HeadNetwork(
      architecture.head, features: branches.map { fusion?.width ?? $0.width },
      fusion: architecture.fusion, random: random.derived(Randomness.word("head")))
    self.architecture = architecture
    parameters = ModelParameters(
      branchNames: names, branches: branches, fusion: fusion, head: head)
  }

  /// The number of raw outputs.
  public var outputCount: Int { architecture.head.outputs }

  /// The number of trained parameters.
  public var parameterCount: Int {
    parameters.parameters("").reduce(0) { $0 + $1.values.count }
  }

  /// The raw outputs of a batch, samples x outputs, outside training.
  public func outputs(_ batch: ModelBatch) -> [Float] {
    var inputs = ModelInputs(batch: batch)
    for branch in parameters.branches {
      guard case .graph(let network) = branch else {
        inputs.shared.append(nil)
        continue
      }
      inputs.shared.append(network.features(inputs.graph(bandCount: network.bandCount)))
    }
    let prepared = inputs
    let groups = Self.groups(batch.count)
    return Parallel.map(groups.count) { index in
      forward(prepared, groups[index]).outputs(outputCount)
    }.flatMap { $0 }
  }

  /// The probabilities (values, for a linear head) of a batch, samples x outputs.
  public func probabilities(_ batch: ModelBatch) -> [Float] {
    Probabilities.of(outputs(batch), outputCount: outputCount, kind: architecture.head.kind)
  }

  /// The raw outputs of a batch, samples x outputs, with what the derivatives need.
  ///
  /// - Parameters:
  ///   - batch: The inputs.
  ///   - training: Whether features are dropped and batch norm uses the batch's statistics.
  ///   - dropout: What the dropout's choices depend on; a key of its own for every step.
  ///   - fixedNorms: The batch norms, such as `graph.bn0`, that use and keep their running statistics
  ///     also in training.
  public func forward(
    _ batch: ModelBatch, training: Bool = false, dropout: Randomness = Randomness(seed: 0),
    fixedNorms: Set<String> = []
  ) -> (outputs: [Float], pass: ModelPass) {
    let (inputs, graphs) = prepare(
      batch, dropout: training ? dropout : nil, fixedNorms: fixedNorms)
    let groups = Self.groups(batch.count)
    let passes = Parallel.map(groups.count) { forward(inputs, groups[$0]) }
    let outputs = passes.flatMap { $0.outputs(outputCount) }
    return (outputs, ModelPass(inputs: inputs, groups: passes, graphs: graphs))
  }

  /// The gradient with respect to the parameters, for one with respect to the raw outputs.
  ///
  /// - Parameters:
  ///   - pass: What the forward pass of this model kept.
  ///   - outputGradient: Samples x outputs.
  public func pullback(_ pass: ModelPass, outputGradient: [Float]) -> ModelGradients {
    let parts = pullback(pass, outputGradient, wantsInput: false)
    var total = parts.first?.parameters ?? parameters.zeroed()
    for part in parts.dropFirst() { total.add(part.parameters) }
    for (index, graph) in pass.graphs.enumerated() {
      guard let graph, case .graph(let network) = parameters.branches[index] else { continue }
      let slopes = pass.featureGradient(index, parts, width: network.width)
      total.branches[index] = .graph(network.pullback(graph, featureGradient: slopes))
    }
    return total
  }

  /// Moves the running statistics of batch norms toward those of a training pass.
  public mutating func updateBuffers(from pass: ModelPass) {
    for (index, graph) in pass.graphs.enumerated() {
      guard let graph else { continue }
      parameters.branches[index].withGraph { $0.updateBuffers(graph) }
    }
  }

  /// The gradient with respect to spectra, windows and the graph's propagated values, for one with
  /// respect to the raw outputs.
  public func inputGradient(_ pass: ModelPass, outputGradient: [Float]) -> ModelBatch {
    let parts = pullback(pass, outputGradient, wantsInput: true)
    let batch = pass.inputs.batch
    var result = ModelBatch(
      count: batch.count, spectra: [Float](repeating: 0, count: batch.spectra.count),
      windows: batch.windows.map { [Float](repeating: 0, count: $0.count) })
    for (index, graph) in pass.graphs.enumerated() {
      guard let graph, case .graph(let network) = parameters.branches[index] else { continue }
      let slopes = pass.featureGradient(index, parts, width: network.width)
      result.addGraphGradient(
        network.inputGradient(graph, featureGradient: slopes),
        like: pass.inputs.graph(bandCount: network.bandCount))
    }
    for (group, part) in zip(pass.groups, parts) {
      for (index, values) in part.inputs.enumerated() {
        guard let values, let input = group.input(index, parameters) else { continue }
        switch pass.inputs.source(index, parameters) {
        case .spectra:
          input.add(values, to: &result.spectra, from: group.samples.lowerBound)
        case .windows(let which):
          input.add(values, to: &result.windows[which], from: group.samples.lowerBound)
        case .graph: break
        }
      }
    }
    return result
  }

  /// The tangents of the raw outputs, samples x outputs, for tangents of the inputs.
  ///
  /// - Parameters:
  ///   - pass: What the forward pass of this model kept.
  ///   - tangent: The tangents, in the form of the inputs.
  public func pushforward(_ pass: ModelPass, tangent: ModelBatch) -> [Float] {
    let inputs = prepareTangent(tangent, pass)
    return Parallel.map(pass.groups.count) { index in
      pushforward(inputs, pass.groups[index])
    }.flatMap { $0 }
  }

  /// The samples of each group; 16 of a small batch, 32 of larger ones, at most 1024 groups.
  static func groups(_ count: Int) -> [Range<Int>] {
    let size = count <= 64 ? 16 : max(32, (count + 1023) / 1024)
    return stride(from: 0, to: count, by: size).map { $0..<min(count, $0 + size) }
  }
}
