import Foundation
import Learning
import Networks
import Rasters
import Tensors

/// How a stage trains a model, of whatever method.
struct PredictorTraining: Sendable {
  let way: Way
  let architecture: ModelArchitecture
  var network: TrainingOptions
  var forest: RandomForest.Options
  var logistic: LogisticRegression.Options
  /// How many samples of each class are trained on; nil for all.
  let perClass: Int?
  /// The model that a network starts from; nil where all its parameters are drawn.
  let transfer: Transfer?
  /// Whether the samples of the first of two classes are unlabelled rather than negative.
  let hasUnlabelled: Bool
  let blockSize: Double

  /// The methods, with what only one of them needs.
  enum Way: Sendable {
    case network, forest, logistic
    case surface(SurfaceRule)
  }

  /// The options that `tune` may vary: those that decide neither the network nor its input.
  static let tunable: [OptionSpec] = [
    OptionSpec(
      "epochs", .integer(1...100_000), default: 200, unit: "epochs",
      "The most passes over the samples."),
    OptionSpec(
      "batch", .integer(1...65_536), default: 32, unit: "samples", "The samples of one step."),
    OptionSpec(
      "learning-rate", .number(.leastNonzeroMagnitude...10), default: 1e-3, "Adam's step size."),
    OptionSpec(
      "weight-decay", .number(0...10), default: 1e-4, "The penalty on squared weights."),
    OptionSpec(
      "patience", .integer(1...100_000), default: 30, unit: "epochs",
      "How many epochs without a better validation loss end the training."),
    OptionSpec(
      "validation", .number(0...0.9), default: 0.2,
      "The share of the training samples that only early stopping sees; 0 for none."),
    OptionSpec(
      "class-weights", .choice(["balanced", "none"]), default: "balanced",
      "Whether classes of different frequency count the same."),
    OptionSpec(
      "trees", .integer(1...100_000), default: 500, unit: "trees", "The trees of a random forest."),
    OptionSpec(
      "minimum-leaf", .integer(1...1_000_000), default: 1, unit: "samples",
      "The least samples in a leaf of a tree."),
    OptionSpec(
      "inverse-penalty", .number(.leastNonzeroMagnitude...1e12), default: 1,
      "The inverse of a logistic regression's penalty on squared coefficients."),
    AugmentOptions.option,
  ]

  /// The options of trainings.
  static let options =
    tunable + [
      OptionSpec(
        "per-class", .integer(1...1_000_000), default: .optional, unit: "samples",
        "The most samples of each class that are trained on, drawn by the seed; by default all. "
          + "Other fits see all of them: 'train-samples' of 'split' is for a smaller survey."),
      OptionSpec(
        "negatives", .choice(["known", "unlabelled"]), default: "known",
        "Whether the first of two classes is known to be negative. Samples of an unlabelled one "
          + "count in part as positive (Elkan & Noto 2008), as models say that have not seen them."),
    ] + Transfer.options + SurfaceOptions.options

  /// Reads the options of a stage, those of `candidate` before them.
  init(
    _ request: PlanRequest, _ architecture: ModelArchitecture, candidate: OptionValues? = nil
  ) throws {
    func options(_ name: String) -> OptionValues {
      if let candidate, candidate.has(name) { return candidate }
      return request.options
    }
    way = try Self.way(request, architecture)
    self.architecture = architecture
    var network = TrainingOptions()
    network.epochs = options("epochs").int("epochs")
    network.batchSize = options("batch").int("batch")
    network.learningRate = options("learning-rate").float("learning-rate")
    network.weightDecay = options("weight-decay").float("weight-decay")
    network.patience = options("patience").int("patience")
    network.validationShare = options("validation").double("validation")
    network.classWeights =
      options("class-weights").string("class-weights") == "none" ? .none : .balanced
    network.augmentations = try AugmentOptions.augmentations(
      request, options("augment"), architecture)
    network.seed = request.seed
    self.network = network
    var forest = RandomForest.Options()
    forest.trees = options("trees").int("trees")
    forest.minimumLeaf = options("minimum-leaf").int("minimum-leaf")
    forest.classWeights = network.classWeights
    forest.seed = request.seed
    self.forest = forest
    var logistic = LogisticRegression.Options()
    logistic.inversePenalty = options("inverse-penalty").double("inverse-penalty")
    logistic.classWeights = network.classWeights
    self.logistic = logistic
    perClass = request.options.optionalInt("per-class")
    transfer = try Transfer(request, architecture)
    hasUnlabelled = request.options.string("negatives") == "unlabelled"
    blockSize = Folds.defaultBlockSize(for: request.grid)
    try checkUnlabelled(request)
  }

  private static func way(
    _ request: PlanRequest, _ architecture: ModelArchitecture
  ) throws -> Way {
    switch Predictor.Method(rawValue: request.options.string("method")) ?? .network {
    case .network: .network
    case .forest: .forest
    case .logistic: .logistic
    case .surface: .surface(try SurfaceOptions.rule(request, architecture))
    }
  }

  /// Oversampling counts samples of classes, and unlabelled ones have none.
  private func checkUnlabelled(_ request: PlanRequest) throws {
    guard hasUnlabelled else { return }
    if case .surface = way {
      throw request.failure("negatives", "nothing is learnt by the method 'surface'")
    }
    guard architecture.head.kind == .softmax, architecture.head.outputs == 2 else {
      throw request.failure(
        "negatives", "samples are 'unlabelled' beside known ones of one class; these have others")
    }
    let oversamples = network.augmentations.contains {
      if case .oversample = $0 { true } else { false }
    }
    if oversamples {
      throw request.failure(
        "augment", "evens classes out by counting samples; 'unlabelled' ones have no class")
    }
  }

  /// Who is told how far a training is.
  typealias OnStep = (TrainingStep) -> Void

  /// What a training makes.
  struct Result {
    var predictor: Predictor
    var record: TrainingRecord
    /// The mean of the trained spectra, which stands for missing cells of windows.
    var backgroundMean: [Float]
    /// How unlabelled samples were weighed, where there are any.
    var unlabelled: PositiveUnlabelled?
    /// The transforms that values were learnt by, where they have any.
    var transforms: [ValueTransform]?

    /// The probabilities, or values in their own unit, of samples, samples x outputs.
    func probabilities(_ batch: ModelBatch) -> [Float] {
      let raw = predictor.probabilities(batch)
      return transforms?.inverse(raw) ?? raw
    }
  }

  /// Trains on the samples at `positions`, shifted only to cells that may be seen; `onStep` is
  /// told of every epoch of a network and of the trees of a forest.
  func train(
    _ gathered: GatheredSamples, _ positions: [Int], seeing isSeen: (Cell) -> Bool = { _ in true },
    onStep: OnStep = { _ in }
  ) throws -> Result {
    let set = try gathered.trainingSet(
      positions, blockSize: blockSize, shifting: shifting, seeing: isSeen)
    // Fitted to what is trained on and to nothing else.
    if let transforms = set.samples.transforms(fittedTo: Array(0..<set.count)) {
      var result = try fit(set.transformed(by: transforms), onStep)
      result.transforms = transforms
      return result
    }
    guard hasUnlabelled else { return try fit(set, onStep) }
    let unlabelled = try weighed(set, onStep)
    let weights = network.classWeights
    var result = try withoutClassWeights.fit(
      set.weighingUnlabelled(positive: 1, shares: unlabelled.weights, classWeights: weights),
      onStep)
    result.unlabelled = unlabelled
    return result
  }

  /// The shifts that the augmentations can use.
  private var shifting: Shifting {
    let ways = network.augmentations.compactMap { augmentation in
      if case .shift(let distance, let copies) = augmentation {
        (distance: distance, copies: copies)
      } else {
        nil
      }
    }
    return Shifting(ways: ways, seed: network.seed)
  }

  private func fit(_ set: TrainingSet, _ onStep: OnStep) throws -> Result {
    switch way {
    case .network: return try fitNetwork(set, onStep)
    case .forest: return try fitPixels(set) { try grow($0, onStep) }
    case .logistic:
      return try fitPixels(set) { set in
        try PixelModels(set) { task, _ in
          try LogisticRegression(
            rows: task.rows, classes: task.classes, classCount: task.classCount,
            weights: task.weights, options: logistic)
        }
      }
    case .surface(let rule): return try fitPixels(set) { _ in rule }
    }
  }

  private func fitNetwork(_ set: TrainingSet, _ onStep: OnStep) throws -> Result {
    let trained = try Trainer.train(
      set, architecture: architecture, options: network,
      from: transfer?.start(seed: network.seed), hasOutputs: transfer?.takesOutput ?? true,
      rate: { transfer?.rates[$0] ?? 1 },
      onEpoch: {
        onStep(TrainingStep(kind: .epoch, done: $0.number, limit: network.epochs))
      })
    return Result(
      predictor: .network(trained.model), record: trained.record,
      backgroundMean: trained.backgroundMean)
  }

  /// A predictor of the bands of pixels alone, made of the samples and those added to them.
  private func fitPixels(
    _ set: TrainingSet, _ train: (TrainingSet) throws -> any PixelPredictor
  ) throws -> Result {
    let background = Self.means(set.spectra, architecture.bandCount)
    let (whole, added) = set.augmented(
      by: network.augmentations, fitted: Array(0..<set.count), background: background,
      seed: network.seed)
    return Result(
      predictor: .pixels(try train(whole), architecture),
      record: TrainingRecord(
        trainingCount: set.count, addedCount: added.count, countsByClass: set.samples.counts),
      backgroundMean: background)
  }

  private func grow(_ set: TrainingSet, _ onStep: OnStep) throws -> PixelModels<RandomForest> {
    let count = PixelModels<RandomForest>.memberCount(
      set.samples.kind, outputs: architecture.head.outputs)
    return try PixelModels(set) { task, index in
      try RandomForest(
        rows: task.rows,
        target: task.classCount == 0
          ? .values(task.values) : .classes(task.classes, count: task.classCount),
        weights: task.weights, options: forest,
        onTrees: {
          onStep(
            TrainingStep(
              kind: .tree, done: index * forest.trees + $0, limit: count * forest.trees))
        })
    }
  }

  private static func means(_ rows: [Float], _ bandCount: Int) -> [Float] {
    let count = rows.count / max(1, bandCount)
    return (0..<bandCount).map { band in
      var sum = 0.0
      for row in 0..<count { sum += Double(rows[row * bandCount + band]) }
      return Float(sum / Double(max(1, count)))
    }
  }

  /// At most `perClass` samples of each class, by a draw that depends on seed and ids alone.
  func limited(_ positions: [Int], _ set: SampleSet) -> [Int] {
    guard let perClass, set.kind == .softmax else { return positions }
    let random = Randomness(seed: network.seed, Randomness.word("per class"))
    let groups = Dictionary(grouping: positions) { set.samples[$0].target }
    return groups.values.flatMap { members in
      members.map { (random.bits64(UInt64(bitPattern: Int64(set.samples[$0].id))), $0) }
        .sorted { $0 < $1 }.prefix(perClass).map(\.1)
    }.sorted()
  }

  // MARK: Unlabelled samples

  private var withoutClassWeights: PredictorTraining {
    var plain = self
    plain.network.classWeights = .none
    plain.forest.classWeights = .none
    plain.logistic.classWeights = .none
    return plain
  }

  /// How far each sample counts as positive, by models of five parts that have not seen it.
  private func weighed(
    _ set: TrainingSet, _ onStep: OnStep
  ) throws -> PositiveUnlabelled {
    var plain = withoutClassWeights
    plain.network.augmentations = []
    let seed = network.seed
    let folds =
      try (try? Folds.blocks(set.samples, size: blockSize, folds: 5, seed: seed))
      ?? Folds.random(set.samples, folds: 5, seed: seed)
    var scores = [Float](repeating: 0, count: set.count)
    for fold in 0..<folds.count {
      let positions =
        set.graph == nil
        ? folds.trainingSamples(fold)
        : folds.trainingSamples(fold, segmentOfSample: set.segmentOfSample).kept
      let part = set.selecting(positions)
      guard Set(part.samples.samples.map(\.target)).count > 1 else {
        throw ExecutionError.data(
          "the known positives lie in too few places to weigh unlabelled samples; five parts of "
            + "the map, or five cells, must hold some")
      }
      let trained = try plain.fit(part, onStep)
      let tested = folds.testSamples(fold)
      let values = trained.predictor.probabilities(
        set.selecting(tested).batch(background: trained.backgroundMean))
      for (row, position) in tested.enumerated() { scores[position] = values[2 * row + 1] }
    }
    return try PositiveUnlabelled(
      scores: scores, isLabelled: set.samples.samples.map { $0.target == .category(1) })
  }
}
