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
    (model, training) = try request.inspectedModel()
    output = try request.inspectedOutput(model)
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
    /// Which of `classes` each sample has.
    let classOfSample: [Int]
    /// The true classes, or whether the label that is looked at holds; of values one for all.
    let classes: [String]
    /// Whether each sample has the class or label that is looked at; nil where that is not known.
    let isPositive: [Bool?]
    let features: Features
    /// The bands of the model.
    let bandNames: [String]

    /// The samples that have the class or label that is looked at, and those that have it not.
    var sides: (some: [Int], others: [Int]) {
      (
        isPositive.indices.filter { isPositive[$0] == true },
        isPositive.indices.filter { isPositive[$0] == false }
      )
    }
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
    let positions = gathered.set.drawn(gathered.withSources, most: mostSamples, seed: seed)
    guard !positions.isEmpty else {
      throw ExecutionError.data("no training sample has every band and segment it needs")
    }
    let response = gathered.response(
      of: ExplainedOutput(head: model.architecture.head.kind, index: output, scale: scale),
      at: positions, features.mixing(map), fill: package.notes.backgroundMean)
    let groups = gathered.set.groups(of: positions, output: output, model)
    return Subject(
      predictor: package.predictor, response: response, classOfSample: groups.ofSample,
      classes: groups.names,
      isPositive: positions.map { gathered.set.samples[$0].target.isPositive(output) },
      features: features, bandNames: bands.map(\.name))
  }
}

extension PlanRequest {
  /// The model to look into, a single one that this pipeline trains.
  func inspectedModel() throws -> (model: ModelProduct, training: ModelProduct.Training) {
    guard case .model(let model) = inputs["model"]?.first else {
      throw failure("inputs", "needs a model")
    }
    guard let training = model.training, model.members.isEmpty else {
      throw failure(
        "inputs",
        model.members.isEmpty
          ? "a model from a file comes without the samples that are looked at"
          : "'\(model.tag)' combines several models; look into a single one")
    }
    return (model, training)
  }

  /// The output of a model that the option 'class' names, by default the last.
  func inspectedOutput(_ model: ModelProduct) throws -> Int {
    let name = options.optionalString("class") ?? model.classes.last ?? ""
    guard let output = model.classes.firstIndex(of: name) else {
      throw failure(
        "class", "there is no class '\(name)'" + Suggestion.phrase(name, among: model.classes))
    }
    return output
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
    case .pixels: logarithms(probabilities(batch))
    }
  }

  func outputs(
    _ batch: ModelBatch, tangent: ModelBatch
  ) -> (values: [Float], tangents: [Float])? {
    network?.outputs(batch, tangent: tangent)
  }
}
