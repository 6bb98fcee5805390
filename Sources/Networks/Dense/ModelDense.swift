extension Model {
  /// The cells of halo that dense evaluation needs on every side.
  ///
  /// An even window reaches one cell further up and left.
  public var margin: Int { architecture.windows.map { $0.side / 2 }.max() ?? 0 }

  /// The raw outputs at every cell of a chunk, `K x cells`.
  ///
  /// They equal those of `outputs` for each cell's own window, spectrum and segment, but patch
  /// networks run once over whole rows instead of over every window, but for models of which every
  /// cell is a sample of its own. A chunk is one thread's work. The input's margin may be wider than
  /// the model's.
  public func dense(_ input: DenseInput) -> [Float] {
    let cells = input.cellCount
    var result = [Float](repeating: 0, count: outputCount * cells)
    dense(input) { block in block.copyOutputs(outputCount, to: &result) }
    return result
  }

  /// Evaluates a chunk a block of cells at a time, in bounded memory; each cell comes once.
  public func dense(_ input: DenseInput, receive: (DenseBlock) -> Void) {
    run(input, nil, receive)
  }

  /// The raw outputs (`K x cells`) and their tangents (`T x K x cells`) at every cell of a chunk.
  public func densePushforward(
    _ input: DenseInput, _ tangent: TangentField
  ) -> (outputs: [Float], tangents: [Float]) {
    let cells = input.cellCount
    var result = [Float](repeating: 0, count: outputCount * cells)
    var slopes = [Float](repeating: 0, count: tangent.featureCount * outputCount * cells)
    densePushforward(input, tangent) { block in
      block.copyOutputs(outputCount, to: &result)
      for (row, k)
        in (block.features.lowerBound * outputCount..<block.features.upperBound * outputCount)
        .enumerated()
      {
        for i in 0..<block.cells.count {
          slopes[k * cells + block.cells.lowerBound + i] =
            block.tangents[row * block.cells.count + i]
        }
      }
    }
    return (result, slopes)
  }

  /// Evaluates a chunk with its tangents a block of cells at a time, in bounded memory.
  ///
  /// Tangents share a pass of the values. Each cell comes once with each feature.
  public func densePushforward(
    _ input: DenseInput, _ tangent: TangentField, receive: (DenseBlock) -> Void
  ) {
    run(input, tangent, receive)
  }

  private func run(
    _ input: DenseInput, _ tangent: TangentField?, _ receive: (DenseBlock) -> Void
  ) {
    let segments = segmentFeatures(input, tangent)
    if runsByCells {
      CellPass(model: self, input: input, tangent: tangent, segments: segments).run(receive)
    } else {
      densePlan.run(input, tangent, segments: segments, receive)
    }
  }

  /// Whether cells share too little to run over whole rows: windows of sub-cells have another phase
  /// at every cell, and an attention has no use for what neighbours leave.
  var runsByCells: Bool {
    parameters.fusion != nil || architecture.windows.contains { $0.refinement > 1 }
  }

  /// The model prepared for evaluation at every cell.
  var densePlan: DensePlan {
    DensePlan(
      bandCount: architecture.bandCount,
      branches: parameters.branches.map { branch in
        switch branch {
        case .spectral(let network): .spectral(SpectralPlan(network))
        case .patch(let network): .patch(PatchPlan(network))
        case .graph(let network): .graph(width: network.width)
        }
      },
      bands: architecture.branches.map { $0.bands(of: architecture.bandCount) },
      head: HeadPlan(
        parameters.head.layers.map { layer in
          HeadPlan.Layer(
            inputs: layer.inputs, outputs: layer.outputs, weights: layer.weight, bias: layer.bias)
        },
        gate: parameters.head.gate.map { gate in
          HeadPlan.Gate(
            parts: gate.parts, width: gate.width, weights: gate.linear.weight,
            bias: gate.linear.bias)
        }))
  }

  /// For each branch the features of segments, empty for others than graph branches.
  func segmentFeatures(_ input: DenseInput, _ tangent: TangentField?) -> [SegmentFeatures] {
    parameters.branches.map { branch in
      guard case .graph(let network) = branch else { return SegmentFeatures() }
      return SegmentFeatures(network, input, tangent)
    }
  }
}

extension DenseBlock {
  /// Puts the raw outputs at their places in those of the chunk, `K x cells`.
  fileprivate func copyOutputs(_ count: Int, to result: inout [Float]) {
    let total = result.count / count
    for k in 0..<count {
      for i in 0..<cells.count {
        result[k * total + cells.lowerBound + i] = outputs[k * cells.count + i]
      }
    }
  }
}

extension PatchPlan {
  /// A network's layers as steps over rows.
  init(_ network: PatchNetwork) {
    self.init(window: network.window, bands: network.channels)
    for step in network.stack.steps {
      switch step {
      case .convolution(let layer):
        convolve(kernel: layer.kernelRows, weights: layer.weight, bias: layer.bias)
      case .maxPool(let layer): pool(.maxPool, size: layer.blocks.rows)
      case .averagePool(let layer): pool(.averagePool, size: layer.blocks.rows)
      }
    }
    if let dense = network.stack.dense { connect(weights: dense.weight, bias: dense.bias) }
  }
}

extension SpectralPlan {
  /// A network's layers as steps over blocks of pixels.
  init(_ network: SpectralNetwork) {
    self.init(bands: network.bands.count)
    for step in network.stack.steps {
      switch step {
      case .convolution(let layer):
        convolve(kernel: layer.kernelRows, weights: layer.weight, bias: layer.bias)
      case .maxPool(let layer): pool(size: layer.blocks.rows)
      case .averagePool: preconditionFailure("a spectral network pools largest values")
      }
    }
    if let dense = network.stack.dense { connect(weights: dense.weight, bias: dense.bias) }
  }
}

extension SegmentFeatures {
  /// What a graph network makes of a chunk's segments, with tangents where a field is given.
  init(_ network: GraphNetwork, _ input: DenseInput, _ tangent: TangentField?) {
    guard let graph = input.graph, input.segmentOfCell.count == input.cellCount else {
      preconditionFailure(
        "a graph branch without a graph or with \(input.segmentOfCell.count) segments of "
          + "\(input.cellCount) cells")
    }
    guard let tangent else {
      self.init(values: network.features(graph))
      return
    }
    let (values, tangents) = network.pushforward(
      graph, sources: tangent.propagated, mixing: tangent.mixing,
      featureOfSource: tangent.featureOfSource, featureCount: tangent.featureCount)
    self.init(values: values, tangents: tangents)
  }
}
