internal import Tensors

/// What a forward pass of a model keeps for the derivatives.
public struct ModelPass: Sendable {
  let inputs: ModelInputs
  let groups: [GroupPass]

  /// The number of samples of the batch.
  public var count: Int { inputs.batch.count }
}

/// A batch with what is computed once for all its groups.
struct ModelInputs: Sendable {
  var batch: ModelBatch
  /// The key of the dropout, nil outside training.
  var dropout: Randomness?

  /// Where a branch's inputs come from.
  enum Source {
    case spectra
    case windows(Int)
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
    }
  }

  /// The values of a branch for a group of samples, in the layers' order.
  func values(
    _ branch: Int, _ parameters: ModelParameters, _ shape: ActivationShape, from first: Int
  ) -> [Float] {
    switch source(branch, parameters) {
    case .spectra: return shape.arranged(batch.spectra, from: first)
    case .windows(let index):
      precondition(index < batch.windows.count, "no windows for patch branch \(index + 1)")
      return shape.arranged(batch.windows[index], from: first)
    }
  }
}

/// What the forward pass of one group keeps.
struct GroupPass: Sendable {
  var samples: Range<Int>
  var stacks: [FeatureStack.Cache?]
  var head: HeadNetwork.Cache

  /// The raw outputs, samples x outputs.
  func outputs(_ count: Int) -> [Float] { transposed(head.outputs, count, samples.count) }

  /// The shape of a branch's inputs.
  func shape(_ branch: Int, _ parameters: ModelParameters) -> ActivationShape? {
    parameters.branches[branch].stack(batch: samples.count)?.shape
  }
}

/// The gradients that one group adds.
struct GroupGradients: Sendable {
  var parameters: ModelParameters
  /// The gradients of each branch's inputs, where they are wanted.
  var inputs: [[Float]?]
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
  func prepare(_ batch: ModelBatch, dropout: Randomness?) -> ModelInputs {
    ModelInputs(batch: batch, dropout: dropout)
  }

  func prepareTangent(_ tangent: ModelBatch, _ pass: ModelPass) -> ModelInputs {
    precondition(
      tangent.count == pass.count, "tangents of \(tangent.count) samples for \(pass.count)")
    return ModelInputs(batch: tangent, dropout: nil)
  }

  /// The forward pass of one group.
  func forward(_ inputs: ModelInputs, _ samples: Range<Int>) -> GroupPass {
    var features: [Float] = []
    var stacks: [FeatureStack.Cache?] = []
    for (index, branch) in parameters.branches.enumerated() {
      guard let (stack, shape) = branch.stack(batch: samples.count) else { continue }
      let values = inputs.values(index, parameters, shape, from: samples.lowerBound)
      let cache = stack.forward(values, shape)
      features += cache.features
      stacks.append(cache)
    }
    let head = parameters.head.forward(features, samples: samples, dropout: inputs.dropout)
    return GroupPass(samples: samples, stacks: stacks, head: head)
  }

  /// The outputs' tangents of one group, samples x outputs.
  func pushforward(_ inputs: ModelInputs, _ group: GroupPass) -> [Float] {
    var features: [Float] = []
    for (index, branch) in parameters.branches.enumerated() {
      guard let (stack, shape) = branch.stack(batch: group.samples.count),
        let cache = group.stacks[index]
      else { continue }
      let values = inputs.values(index, parameters, shape, from: group.samples.lowerBound)
      features += stack.pushforward(cache, values)
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

  private func pullback(
    _ group: GroupPass, _ outputGradient: [Float], _ zeros: ModelParameters, wantsInput: Bool
  ) -> GroupGradients {
    let batch = group.samples.count
    var result = GroupGradients(parameters: zeros, inputs: [])
    let features = parameters.head.pullback(
      group.head, outputGradient: transposed(outputGradient, batch, outputCount),
      adding: &result.parameters.head)
    var start = 0
    for (index, branch) in parameters.branches.enumerated() {
      let own = Array(features[start..<start + branch.width * batch])
      start += branch.width * batch
      guard let (stack, _) = branch.stack(batch: batch), let cache = group.stacks[index] else {
        continue
      }
      var inputs: [Float]?
      result.parameters.branches[index].withStack { gradient in
        inputs = stack.pullback(
          cache, featureGradient: own, adding: &gradient, wantsInput: wantsInput)
      }
      result.inputs.append(inputs)
    }
    return result
  }
}
