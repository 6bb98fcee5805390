import Learning
import Networks
import Rasters
import Tensors

/// How a stage trains a model, of whatever method.
struct PredictorTraining: Sendable {
  let method: Predictor.Method
  let architecture: ModelArchitecture
  let network: TrainingOptions
  let forest: RandomForest.Options
  let logistic: LogisticRegression.Options
  /// How many samples of each class are trained on; nil for all.
  let perClass: Int?
  let blockSize: Double

  /// The options of the methods other than networks.
  static let options: [OptionSpec] = [
    OptionSpec("trees", .integer(1...100_000), default: 500, "The trees of a random forest."),
    OptionSpec(
      "minimum-leaf", .integer(1...1_000_000), default: 1, unit: "samples",
      "The least samples in a leaf of a tree."),
    OptionSpec(
      "inverse-penalty", .number(.leastNonzeroMagnitude...1e12), default: 1,
      "The inverse of a logistic regression's penalty on squared coefficients."),
    AugmentOptions.option,
  ]

  init(_ request: PlanRequest, _ architecture: ModelArchitecture) throws {
    let options = request.options
    method = Predictor.Method(rawValue: options.string("method")) ?? .network
    self.architecture = architecture
    var network = TrainingOptions()
    network.epochs = options.int("epochs")
    network.batchSize = options.int("batch")
    network.learningRate = options.float("learning-rate")
    network.weightDecay = options.float("weight-decay")
    network.patience = options.int("patience")
    network.validationShare = options.double("validation")
    network.classWeights = options.string("class-weights") == "none" ? .none : .balanced
    network.augmentations = try AugmentOptions.augmentations(request, architecture)
    network.seed = request.seed
    self.network = network
    var forest = RandomForest.Options()
    forest.trees = options.int("trees")
    forest.minimumLeaf = options.int("minimum-leaf")
    forest.classWeights = network.classWeights
    forest.seed = request.seed
    self.forest = forest
    var logistic = LogisticRegression.Options()
    logistic.inversePenalty = options.double("inverse-penalty")
    logistic.classWeights = network.classWeights
    self.logistic = logistic
    perClass = options.optionalInt("per-class")
    blockSize = Folds.defaultBlockSize(for: request.grid)
  }

  /// What a training makes.
  struct Result {
    var predictor: Predictor
    var record: TrainingRecord
    /// The mean of the trained spectra, which stands for missing cells of windows.
    var backgroundMean: [Float]
  }

  /// Trains on the samples at `positions`.
  func train(_ gathered: GatheredSamples, _ positions: [Int]) throws -> Result {
    let set = try gathered.trainingSet(positions, blockSize: blockSize)
    guard method != .network else {
      let trained = try Trainer.train(set, architecture: architecture, options: network)
      return Result(
        predictor: .network(trained.model), record: trained.record,
        backgroundMean: trained.backgroundMean)
    }
    let background = Self.means(set.spectra, architecture.bandCount)
    let (whole, added) = set.augmented(
      by: network.augmentations, fitted: Array(0..<set.count), background: background,
      seed: network.seed)
    return Result(
      predictor: try method == .forest ? grow(whole) : regress(whole),
      record: TrainingRecord(
        trainingCount: set.count, addedCount: added.count, countsByClass: set.samples.counts),
      backgroundMean: background)
  }

  private func grow(_ set: TrainingSet) throws -> Predictor {
    let samples = set.samples.samples
    let target: RandomForest.Target =
      set.samples.kind == .linear
      ? .values(
        samples.map { if case .values(let values) = $0.target { values[0] } else { .nan } })
      : .classes(Self.classes(set.samples), count: set.samples.categories.count)
    return .forest(
      try RandomForest(
        rows: set.spectra, target: target, weights: samples.map(\.weight), options: forest),
      architecture)
  }

  private func regress(_ set: TrainingSet) throws -> Predictor {
    .logistic(
      try LogisticRegression(
        rows: set.spectra, classes: Self.classes(set.samples),
        classCount: set.samples.categories.count, weights: set.samples.samples.map(\.weight),
        options: logistic), architecture)
  }

  private static func classes(_ set: SampleSet) -> [Int] {
    set.samples.map { if case .category(let index) = $0.target { index } else { 0 } }
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
}
