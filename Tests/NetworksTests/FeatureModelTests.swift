import Testing

@testable import Networks

/// What a model makes of its input before its head, by all routes.
@Suite struct FeatureModelTests {
  private typealias Twin = DenseModelTests

  private func scene(
    _ shape: Twin.Shape
  ) throws -> (model: Model, input: DenseInput, batch: ModelBatch) {
    let model = try Twin.model(shape)
    var input = Twin.input(margin: 3)
    let hasGraph = model.architecture.branches.contains {
      if case .graph = $0 { true } else { false }
    }
    if hasGraph { Twin.addGraph(to: &input) }
    return (model, input, Twin.batch(model, input.values, input))
  }

  /// The head's layers on the features, sample by sample, are the model's outputs.
  @Test(arguments: DenseModelTests.mixtures + DenseModelTests.graphs)
  func headMakesOutputsOfFeatures(_ shape: DenseModelTests.Shape) throws {
    let (model, _, batch) = try scene(shape)
    let features = model.featureModel
    #expect(features.architecture.problem == nil && features.architecture.head.kind == .linear)
    #expect(features.outputCount == model.featureCount && features.margin == model.margin)
    let widths = model.parameters.branches.map(\.width)
    #expect(model.featureCount == (shape.fusion == .gate ? widths[0] : widths.reduce(0, +)))
    let values = features.outputs(batch)
    #expect(values.contains { $0 > 1e-3 })
    var expected: [Float] = []
    for sample in 0..<batch.count {
      var row = Array(values[sample * model.featureCount..<(sample + 1) * model.featureCount])
      for (index, layer) in model.parameters.head.layers.enumerated() {
        row = (0..<layer.outputs).map { output in
          let sum = row.indices.reduce(layer.bias[output]) {
            $0 + layer.weight[output * layer.inputs + $1] * row[$1]
          }
          return index < model.parameters.head.hidden.count ? max(0, sum) : sum
        }
      }
      expected += row
    }
    #expect(difference(model.outputs(batch), expected) < 1e-5)
  }

  /// Features at every cell are those of its window; so are their tangents.
  @Test(arguments: DenseModelTests.mixtures + DenseModelTests.graphs)
  func cellsHaveTheFeaturesOfTheirWindows(_ shape: DenseModelTests.Shape) throws {
    let (model, input, batch) = try scene(shape)
    let features = model.featureModel
    let count = features.outputCount
    let tangent = Twin.tangent(input)
    let (values, pass) = features.forward(batch)
    let expected = Twin.classMajor(values, count)
    #expect(difference(features.dense(input), expected) < 1e-5)
    var blocks = [Float](repeating: .nan, count: expected.count)
    features.dense(input) { block in
      for k in 0..<count {
        for (place, cell) in block.cells.enumerated() {
          blocks[k * input.cellCount + cell] = block.outputs[k * block.cells.count + place]
        }
      }
    }
    #expect(blocks == features.dense(input))
    let dense = features.densePushforward(input, tangent)
    for t in 0..<3 {
      var direction = Twin.batch(model, Twin.bandTangents(tangent, t), input)
      direction.graph?.propagated = Twin.graphTangents(tangent, t)
      let slopes = features.pushforward(pass, tangent: direction)
      let size = count * input.cellCount
      let part = Array(dense.tangents[t * size..<(t + 1) * size])
      #expect(difference(part, Twin.classMajor(slopes, count)) < 1e-5)
    }
  }
}
