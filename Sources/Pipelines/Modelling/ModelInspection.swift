import Explanation
import Features
import Foundation
import Learning
import Networks
import Rasters
import Tensors

/// A model with some of the samples that it was trained on, for stages that look into it.
struct ModelInspection: Sendable {
  let model: ModelProduct
  let training: ModelProduct.Training
  let features: Features
  /// The output that is looked at.
  let output: Int
  let scale: ExplainedOutput.Scale
  let mostSamples: Int
  let seed: UInt64

  init(_ request: PlanRequest, scale: ExplainedOutput.Scale) throws {
    guard case .model(let model) = request.inputs["model"]?.first else {
      throw request.failure("inputs", "needs a model")
    }
    guard let training = model.training, model.members.isEmpty else {
      throw request.failure(
        "inputs",
        model.members.isEmpty
          ? "a model from a file comes without the samples that are looked at"
          : "'\(model.tag)' combines several models; look into a single one")
    }
    let name = request.options.optionalString("class") ?? model.classes.last ?? ""
    guard let output = model.classes.firstIndex(of: name) else {
      throw request.failure(
        "class", "there is no class '\(name)'" + Suggestion.phrase(name, among: model.classes))
    }
    self.model = model
    self.training = training
    self.output = output
    self.scale = scale
    features = Features(training.cube.view.node.bands)
    mostSamples = request.options.int("samples")
    seed = request.seed
  }

  /// What a node reads that looks into the model.
  var edges: [Node.Edge] {
    [.all(training.rows), .all(training.samples.node), .all(model.node)]
      + training.cube.view.values.map(Node.Edge.all)
  }

  /// A model and samples, made.
  struct Subject {
    let predictor: Predictor
    let response: Response
    /// The class of each sample, for classes; else 0.
    let classOfSample: [Int]
    let classes: [String]
    /// Whether each sample has the class or label that is looked at.
    let isOfInterest: [Bool]
    let features: Features
    /// The bands of the model.
    let bandNames: [String]
  }

  /// Reads what `edges` name, which must be the first edges of the node.
  func subject(_ context: NodeContext) throws -> Subject {
    let gathered = try Train.gather(context, training, model.architecture)
    let package = try ModelPackage(try context.value(2))
    let view = training.cube.view
    let values = try view.values.indices.map { try context.value(3 + $0) }
    let map = try view.map(values[...])
    let bands =
      try training.cube.recipe.orderedBands(values.last ?? [])?.bands ?? training.cube.bands
    let positions = drawn(gathered)
    guard !positions.isEmpty else {
      throw ExecutionError.data("no training sample has every band and segment it needs")
    }
    let response = gathered.response(
      of: ExplainedOutput(head: model.architecture.head.kind, index: output, scale: scale),
      at: positions, features.mixing(map), fill: package.notes.backgroundMean)
    return Subject(
      predictor: package.predictor, response: response,
      classOfSample: positions.map { position in
        if case .category(let index) = gathered.set.samples[position].target { index } else { 0 }
      }, classes: model.architecture.head.kind == .softmax ? model.classes : ["all samples"],
      isOfInterest: positions.map {
        gathered.set.samples[$0].target.isPositive(output) ?? false
      }, features: features, bandNames: bands.map(\.name))
  }

  /// Samples with all their sources, by a draw that depends on seed and ids alone.
  private func drawn(_ gathered: GatheredSamples) -> [Int] {
    let random = Randomness(seed: seed, Randomness.word("inspection"))
    return gathered.withSources.map { position in
      (random.bits64(UInt64(bitPattern: Int64(gathered.set.samples[position].id))), position)
    }.sorted { $0 < $1 }.prefix(mostSamples).map(\.1).sorted()
  }
}

extension GatheredSamples {
  /// The positions of samples that can be used and have all their sources.
  var withSources: [Int] {
    usable.filter { rows[$0]?.sources.allSatisfy(\.isFinite) ?? false }
  }

  /// Some of the samples, ready to be given other values of features.
  func response(
    of output: ExplainedOutput, at positions: [Int], _ mixing: SourceMixing, fill: [Float]
  ) -> Response {
    Response(
      output: output, mixing: mixing, batch: batch(positions, fill: fill),
      sources: positions.flatMap { rows[$0]?.sources ?? [] })
  }
}

extension Predictor: SampledModel {
  func outputs(_ batch: ModelBatch) -> [Float] {
    switch self {
    case .network(let model): model.outputs(batch)
    case .forest, .logistic: logarithms(probabilities(batch))
    }
  }

  func outputs(
    _ batch: ModelBatch, tangent: ModelBatch
  ) -> (values: [Float], tangents: [Float])? {
    network?.outputs(batch, tangent: tangent)
  }
}
