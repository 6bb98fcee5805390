import Learning

/// A model with those that are trained in its place in every fold.
struct FoldModels: Sendable {
  let model: ModelProduct
  let folds: FoldsProduct
  /// The model of each fold and what it is trained from.
  let parts: [(model: ModelProduct, training: ModelProduct.Training)]

  /// Takes 'model' and 'folds' of a stage that looks at a single model.
  init(_ request: PlanRequest) throws {
    guard case .model(let model) = request.inputs["model"]?.first, let training = model.training
    else { throw request.failure("inputs", "needs a model that this pipeline trains") }
    guard model.members.isEmpty else {
      throw request.failure(
        "inputs", "'\(model.tag)' combines several models; look into a single one")
    }
    let folds = try request.folds("folds", dividing: training.samples)
    self.model = model
    self.folds = folds
    parts = try request.models(model.tag, in: folds).map { own in
      guard let training = own.training else {
        throw request.failure("inputs", "needs a model that this pipeline trains")
      }
      return (own, training)
    }
  }
}

extension Metrics {
  /// The mean of a measure over the outputs that have it; nil where none has.
  func mean(_ name: String, outputCount: Int) -> Double? {
    let outputs = if case .classes = self { 1 } else { outputCount }
    let found = (0..<outputs).compactMap { output in
      named(output: output).first { $0.name == name }?.value
    }
    return found.isEmpty ? nil : found.reduce(0, +) / Double(found.count)
  }
}
