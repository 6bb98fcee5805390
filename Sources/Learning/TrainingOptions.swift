/// How a network is trained.
///
/// The defaults are meant for some two hundred samples: they fit in six batches of 32, so an epoch
/// is six steps; `epochs` bounds the work and the validation part ends it, whose loss over some
/// forty samples is noisy, hence the long patience.
public struct TrainingOptions: Sendable, Hashable {
  /// The most passes over the samples.
  public var epochs = 200
  /// The samples of one step.
  public var batchSize = 32
  /// The step size of Adam (Kingma and Ba 2015).
  public var learningRate: Float = 1e-3
  /// The factor of the weights that is added to their gradient.
  public var weightDecay: Float = 1e-4
  /// How many epochs without a better validation loss end the training.
  public var patience = 30
  /// The share of the samples that only early stopping sees; 0 trains for all epochs.
  public var validationShare = 0.2
  /// How classes or labels of different frequency count.
  public var classWeights = ClassWeights.balanced
  /// The penalty on the sum of absolute weights of a graph branch's internal convolution.
  public var internalL1: Float = 1e-4
  /// The largest norm of a step's gradient, to which longer ones are shortened; 0 for no limit.
  public var clipNorm: Float = 5
  /// How further samples are made of those that are trained on.
  public var augmentations: [Augmentation] = []
  /// The seed of every random choice: first weights, order, dropout, validation part.
  public var seed: UInt64 = 0

  /// How many columns and rows samples are shifted, at most; 0 where they are not.
  public var shiftDistance: Int {
    augmentations.map { if case .shift(let distance, _) = $0 { distance } else { 0 } }.max() ?? 0
  }

  /// Takes the defaults.
  public init() {}

  func check() throws(SampleError) {
    guard batchSize > 0, validationShare >= 0, validationShare < 1 else {
      throw .mismatch(
        "batches of \(batchSize) samples, a validation share of \(validationShare); expected at "
          + "least 1 and a share from 0 to below 1")
    }
  }

  /// How classes of different frequency count.
  public enum ClassWeights: String, Sendable, Hashable, Codable {
    /// All classes count the same together: `n / (classes * n_c)` for a sample of class c.
    case balanced
    /// All samples count the same.
    case none
  }
}

/// What happened in a training.
public struct TrainingRecord: Sendable, Hashable, Codable {
  /// The losses of one epoch.
  public struct Epoch: Sendable, Hashable, Codable {
    /// The epoch, 1 first.
    public let number: Int
    /// The mean loss over the steps of the epoch, with dropout, before each step.
    public let loss: Double
    /// The loss of the validation part after the epoch; nil where there is none.
    public let validationLoss: Double?

    /// Notes an epoch.
    public init(number: Int, loss: Double, validationLoss: Double?) {
      self.number = number
      self.loss = loss
      self.validationLoss = validationLoss
    }
  }

  /// The epochs, in order.
  public internal(set) var epochs: [Epoch] = []
  /// The epoch whose weights were kept; 0 for those that the training started from.
  public internal(set) var bestEpoch = 0
  /// The number of samples that were trained on.
  public let trainingCount: Int
  /// The number of samples that early stopping watched.
  public let validationCount: Int
  /// How the watched samples were chosen.
  public let validationMethod: Folds.Method
  /// The number of trained samples of each class, with each label, or with each value.
  public let countsByClass: [Int]
  /// The number of samples that were made of those; nil in records of earlier versions.
  public let addedCount: Int?
  /// The number of window cells without data that took the background mean.
  public let filledCells: Int

  /// The record of a training without epochs: a forest's or a regression's.
  public init(trainingCount: Int, addedCount: Int, countsByClass: [Int]) {
    self.init(
      trainingCount: trainingCount, validationCount: 0, validationMethod: .random,
      countsByClass: countsByClass, addedCount: addedCount, filledCells: 0)
  }

  init(
    trainingCount: Int, validationCount: Int, validationMethod: Folds.Method, countsByClass: [Int],
    addedCount: Int, filledCells: Int
  ) {
    self.trainingCount = trainingCount
    self.validationCount = validationCount
    self.validationMethod = validationMethod
    self.countsByClass = countsByClass
    self.addedCount = addedCount
    self.filledCells = filledCells
  }
}
