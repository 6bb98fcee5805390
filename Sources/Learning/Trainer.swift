public import Networks
internal import Tensors

/// Training of networks: mini-batches, Adam, early stopping on a part that is not trained on.
///
/// Every choice depends on the seed, the epoch and the samples' ids alone, so a training gives the
/// same bits for any number of workers and any order of the samples.
public enum Trainer {
  /// Trains a model of a form on samples.
  ///
  /// - Parameters:
  ///   - set: The samples. A part of them is held back for early stopping.
  ///   - architecture: The form of the model.
  ///   - options: How to train.
  ///   - start: A model of the same form whose parameters are taken up; nil to draw them anew.
  ///     Where samples are held back it is epoch 0, and may be the best.
  ///   - hasOutputs: Whether the outputs of `start` have the targets' units, as those of a trained
  ///     model have; a last layer of values that was drawn has not.
  ///   - rate: The factor of the learning rate for a parameter by name; 0 freezes it, with the
  ///     statistics of a batch norm.
  ///   - onEpoch: Called after every epoch; an error that it throws ends the training.
  /// - Returns: The model with the parameters of the epoch with the lowest validation loss, or of
  ///   the last one where nothing is held back.
  /// - Throws: `SampleError` where the samples do not fit the model, `ModelProblem` where no model
  ///   can have this form, `TrainingError` where the loss is no longer a number.
  public static func train(
    _ set: TrainingSet, architecture: ModelArchitecture, options: TrainingOptions,
    from start: Model? = nil, hasOutputs: Bool = true,
    rate: (_ parameter: String) -> Double = { _ in 1 },
    onEpoch: (TrainingRecord.Epoch) throws -> Void = { _ in }
  ) throws -> TrainedModel {
    var run = try TrainingRun(
      set, architecture: architecture, options: options, from: start, hasOutputs: hasOutputs,
      rate: rate)
    while !run.isFinished {
      try Parallel.checkCancellation()
      try onEpoch(try run.trainEpoch())
    }
    return run.finished()
  }
}

/// Why a training came to nothing.
public enum TrainingError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The loss of an epoch is not a finite number.
  case diverged(epoch: Int)

  /// The error in words.
  public var description: String {
    switch self {
    case .diverged(let epoch):
      "the loss of epoch \(epoch) is not a finite number; expected one: lower the learning rate"
    }
  }
}

/// A training between two epochs.
struct TrainingRun {
  private let inputs: ModelBatch
  private let targets: TrainingTargets
  private let background: [Float]
  /// The positions that are trained on, by id, and after them those of samples made of them.
  private let fitted: [Int]
  /// The positions that early stopping watches.
  let watched: [Int]
  private let options: TrainingOptions
  private let random: Randomness
  /// The factors of the learning rate that are not 1, by parameter.
  private let rates: [String: Double]
  private let fixedNorms: Set<String>
  /// The last layer of a start whose parameters stay bit for bit.
  private let fixedOutput: Linear?

  private(set) var model: Model
  private var optimizer: Adam
  private var best: ModelParameters
  private var bestLoss = Double.infinity
  private(set) var record: TrainingRecord

  init(
    _ set: TrainingSet, architecture: ModelArchitecture, options: TrainingOptions,
    from start: Model?, hasOutputs: Bool = true, rate: (String) -> Double = { _ in 1 }
  ) throws {
    try set.check(architecture)
    try options.check()
    if let start, start.architecture != architecture {
      throw SampleError.mismatch("the model to start from has another form")
    }
    let hasGraph = architecture.branches.contains { if case .graph = $0 { true } else { false } }
    let part = ValidationPart.choose(
      from: set.samples, positions: Array(0..<set.count), share: options.validationShare,
      blockSize: set.blockSize, segments: hasGraph ? set.segmentOfSample : [],
      seed: options.seed)
    guard !part.training.isEmpty else { throw SampleError.mismatch("no samples to train on") }
    let own = part.training.sorted { set.samples.samples[$0].id < set.samples.samples[$1].id }
    let background = Self.mean(of: set, at: own)
    let (filled, missing) = set.filled(with: background)
    let (whole, added) = filled.augmented(
      by: options.augmentations, fitted: own, background: background, seed: options.seed)
    fitted = own + added
    watched = part.validation
    self.options = options
    random = Randomness(seed: options.seed, Randomness.word("training"))
    targets = TrainingTargets(whole.samples, fitted: fitted, classWeights: options.classWeights)
    self.background = background
    inputs = ModelBatch(
      count: whole.count, spectra: whole.spectra, windows: whole.windows, graph: whole.graph,
      segmentOfSample: whole.segmentOfSample)
    model = try start ?? Model(architecture: architecture, seed: options.seed)
    if start != nil, hasOutputs { targets.scaling.standardize(&model.parameters.head.output) }
    let names = model.parameters.parameters("").map(\.name)
    let rates = Dictionary(uniqueKeysWithValues: names.map { ($0, rate($0)) })
      .filter { $0.value != 1 }
    self.rates = rates
    let suffix = ".weight"
    fixedNorms = Set(
      rates.filter { $0.value == 0 && $0.key.hasSuffix(suffix) }
        .map { String($0.key.dropLast(suffix.count)) })
    let isFixed = rates["head.output.weight"] == 0 && rates["head.output.bias"] == 0
    fixedOutput = isFixed && hasOutputs ? start?.parameters.head.output : nil
    optimizer = Adam(
      learningRate: Double(options.learningRate), weightDecay: Double(options.weightDecay))
    best = model.parameters
    record = TrainingRecord(
      trainingCount: own.count, validationCount: watched.count, validationMethod: part.method,
      countsByClass: set.samples.counts(of: own), addedCount: added.count, filledCells: missing)
    // What a model that was trained elsewhere says need not become better by few samples.
    if start != nil, let loss = validationLoss(), loss.isFinite { bestLoss = loss }
  }

  /// The mean spectrum of some samples, exact in any order.
  private static func mean(of set: TrainingSet, at positions: [Int]) -> [Float] {
    (0..<set.bandCount).map { band in
      Float(ExactMoments(positions.map { set.spectra[$0 * set.bandCount + band] }).mean)
    }
  }

  /// Whether the epochs are used up or the validation loss has not fallen for too long.
  var isFinished: Bool {
    let done = record.epochs.count
    return done >= options.epochs
      || (!watched.isEmpty && done - record.bestEpoch >= options.patience)
  }

  /// Trains on every sample once.
  mutating func trainEpoch() throws -> TrainingRecord.Epoch {
    let number = record.epochs.count + 1
    let key = random.derived(UInt64(number))
    let order = key.shuffled(fitted)
    // Steps of even size: a short last one would be mostly noise.
    let steps = (order.count + options.batchSize - 1) / options.batchSize
    var sum = 0.0
    var weight = 0.0
    for step in 0..<steps {
      let positions = Array(
        order[step * order.count / steps..<(step + 1) * order.count / steps])
      let loss = take(positions, dropout: key.derived(UInt64(step)))
      sum += loss.value * loss.totalWeight
      weight += loss.totalWeight
    }
    let loss = weight > 0 ? sum / weight : 0
    let watchedLoss = validationLoss()
    guard loss.isFinite, watchedLoss?.isFinite ?? true else {
      throw TrainingError.diverged(epoch: number)
    }
    let epoch = TrainingRecord.Epoch(number: number, loss: loss, validationLoss: watchedLoss)
    record.epochs.append(epoch)
    if watchedLoss ?? -.infinity < bestLoss {
      bestLoss = watchedLoss ?? .infinity
      best = model.parameters
      record.bestEpoch = number
    }
    return epoch
  }

  /// Takes one step; returns the loss before it.
  private mutating func take(_ positions: [Int], dropout: Randomness) -> Loss {
    let (outputs, pass) = model.forward(
      batch(positions), training: true, dropout: dropout, fixedNorms: fixedNorms)
    let loss = targets.loss(outputs, at: positions)
    var gradient = model.pullback(pass, outputGradient: loss.gradient)
    if options.internalL1 > 0 {
      gradient.addAbsolutePenalty(of: model.parameters, strength: options.internalL1) {
        $0.contains(".internal.")
      }
    }
    let rates = rates
    // What does not move must not shorten the steps of what does.
    if rates.values.contains(0) {
      gradient.visitParameters("") { name, _, values in
        if rates[name] == 0 { values = [Float](repeating: 0, count: values.count) }
      }
    }
    if options.clipNorm > 0 { gradient.clipNorm(to: Double(options.clipNorm)) }
    optimizer.step(&model.parameters, gradient: gradient) { rates[$0] ?? 1 }
    model.updateBuffers(from: pass)
    return loss
  }

  private func validationLoss() -> Double? {
    watched.isEmpty
      ? nil : targets.loss(model.outputs(batch(watched)), at: watched).value
  }

  /// The inputs of the samples at some positions.
  private func batch(_ positions: [Int]) -> ModelBatch {
    let count = inputs.count
    return ModelBatch(
      count: positions.count, spectra: TrainingSet.rows(inputs.spectra, count, positions),
      windows: inputs.windows.map { TrainingSet.rows($0, count, positions) }, graph: inputs.graph,
      segmentOfSample: inputs.segmentOfSample.isEmpty
        ? [] : positions.map { inputs.segmentOfSample[$0] })
  }

  /// The model of the best epoch, with outputs in the targets' units.
  func finished() -> TrainedModel {
    var model = model
    model.parameters = best
    if let fixedOutput {
      model.parameters.head.output = fixedOutput
    } else {
      targets.scaling.restore(&model.parameters.head.output)
    }
    return TrainedModel(model: model, record: record, backgroundMean: background)
  }
}
