import Tensors

/// Trains the same model several times, by seeds or by folds, and averages what they say.
enum Ensemble: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "ensemble",
    summary: "Trains a model several times, by seeds or by folds, to average and to compare.",
    details: """
      Over seeds, every model sees all samples and differs in what its training draws: initial \
      weights, order, dropout, augmentation, the watched part, a forest's trees (Lakshminarayanan \
      et al. 2017). The first has the pipeline's own seed; the seeds of the others follow from it. Over \
      folds there is the model of each fold, trained and prepared without the fold's test places, \
      as 'validate' has them. 'predict' gives the mean of their probabilities and, as \
      '<tag>-deviation', the standard deviation; 'explain' gives the mean of their attributions. One \
      file holds all. An ensemble over seeds is validated with its members trained anew in each fold; \
      of one over folds, the scores are those of the model itself.
      """,
    options: [
      OptionSpec(
        "over", .choice(["seeds", "folds"]), default: "seeds", "What the models differ in."),
      OptionSpec(
        "count", .integer(2...100), default: .optional, unit: "models",
        "The number of seeds; 5 unless given. Folds have a number of their own.", example: "5"),
    ],
    inputs: [
      InputDefinition("model", [.model], "The model to train several times, from 'train'."),
      InputDefinition(
        "folds", [.folds], isRequired: false, source: .named,
        "The folds, from 'split', with over: \"folds\"."),
    ],
    output: .model,
    example: #"""
      { type: "ensemble", tag: "models", count: 5, inputs: ["model"] }
      """#)

  /// The number of seeds unless it is given.
  private static let usualCount = 5

  static func plan(_ request: PlanRequest) throws -> Product {
    guard case .model(let model) = request.inputs["model"]?.first else {
      throw request.failure("inputs", "needs a model")
    }
    guard request.planner.document.stage(model.tag)?.type == Train.definition.name,
      let training = model.training
    else {
      throw request.failure(
        "inputs", "'\(model.tag)' is not made by 'train', which is what can be repeated")
    }
    guard model.members.isEmpty else {
      throw request.failure(
        "inputs",
        "'\(model.tag)' already combines models of several sizes of superpixels; train it with one")
    }
    let isOverFolds = request.options.string("over") == "folds"
    return .model(
      try request.combined(
        isOverFolds
          ? try ofFolds(request, model, training) : try ofSeeds(request, model),
        .average, isOverFolds ? .folds : .seeds, training: training))
  }

  /// The seeds of the trainings, the pipeline's own first.
  static func seeds(_ seed: UInt64, count: Int) -> [UInt64] {
    let random = Randomness(seed: seed, Randomness.word("ensemble"))
    // Small enough to be given as a pipeline's seed.
    return [seed] + (1..<count).map { random.bits64(UInt64($0)) >> 33 }
  }

  private static func ofSeeds(
    _ request: PlanRequest, _ model: ModelProduct
  ) throws -> [ModelProduct] {
    guard request.inputs["folds"] == nil else {
      throw request.failure("inputs", "'folds' goes with over: \"folds\" only")
    }
    let count = request.options.optionalInt("count") ?? usualCount
    return [model]
      + (try seeds(request.seed, count: count).dropFirst().map {
        try request.model(model.tag, fold: request.fold, seed: $0)
      })
  }

  private static func ofFolds(
    _ request: PlanRequest, _ model: ModelProduct, _ training: ModelProduct.Training
  ) throws -> [ModelProduct] {
    guard !request.options.has("count") else {
      throw request.failure(
        "count", "goes with over: \"seeds\" only; there is a model of each fold")
    }
    guard request.fold == nil else {
      throw request.failure(
        "over", "the models of folds cannot be made inside a fold; use \"seeds\"")
    }
    guard request.inputs["folds"] != nil else {
      throw request.failure("inputs", "needs 'folds', from 'split', for over: \"folds\"")
    }
    let folds = try request.folds("folds", dividing: training.samples)
    // Inside a fold points are gridded without its test places: no map to be shipped.
    guard !training.cube.node.dependsOnPoints else {
      throw request.failure(
        "over",
        "'\(training.cube.tag)' is gridded from points, in every fold without its test places; use "
          + "\"seeds\"")
    }
    return try request.models(model.tag, in: folds)
  }
}
