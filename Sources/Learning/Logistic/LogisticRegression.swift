/// Multinomial logistic regression with an L2 penalty, fitted to its one optimum.
///
/// It minimises `sum_i w_i loss_i + |coefficients|^2 / (2 C)` as scikit-learn does; intercepts are
/// not penalised. Two classes share one vector of coefficients, which speaks for the second; more
/// have one each, whose intercepts sum to 0 (Bishop 2006, 4.3). Nothing in the fit is random.
public struct LogisticRegression: Sendable, Hashable {
  /// How a regression is fitted.
  public struct Options: Sendable, Hashable, Codable {
    /// The inverse strength C of the penalty: the smaller, the smaller the coefficients.
    public var inversePenalty = 1.0
    /// How classes of different frequency count.
    public var classWeights = TrainingOptions.ClassWeights.balanced
    /// The most steps of Newton's method.
    public var iterations = 200

    /// Takes the defaults.
    public init() {}
  }

  /// The number of features of a sample.
  public let featureCount: Int
  /// The number of classes.
  public let classCount: Int
  /// The classes that occurred in the samples, ascending; the others have probability 0.
  public let classes: [Int]
  /// Vectors x features, row-major: one vector for two occurring classes, none for a single one.
  public let coefficients: [Double]
  /// One number for each vector of coefficients.
  public let intercepts: [Double]
  /// Whether the gradient vanished within the steps allowed.
  public let isConverged: Bool

  /// Fits a regression.
  ///
  /// - Parameters:
  ///   - rows: The samples' features, samples x features, row-major and finite.
  ///   - target: The class of each sample, from 0 to below `classCount`.
  ///   - classCount: The number of classes.
  ///   - weights: How much each sample counts, from 0 on; nil for 1 each.
  ///   - options: How to fit.
  ///   - jobs: The number of workers; nil for the number of `Parallel`. The bits are the same.
  /// - Throws: `SampleError` where samples, features, classes or options do not fit together or a
  ///   number is not finite, and what a cancellation check throws.
  public init(
    rows: [Float], classes target: [Int], classCount: Int, weights: [Float]? = nil,
    options: Options = Options(), jobs: Int? = nil
  ) throws {
    let data = try LogisticData(
      rows: rows, classes: target, classCount: classCount, weights: weights, options: options)
    var fit = LogisticFit(data, inversePenalty: options.inversePenalty, jobs: jobs)
    let isConverged = try fit.run(iterations: options.iterations)
    let (coefficients, intercepts) = fit.solution
    self.init(
      featureCount: data.featureCount, classCount: classCount, classes: data.occurring,
      coefficients: coefficients, intercepts: intercepts, isConverged: isConverged)
  }

  init(
    featureCount: Int, classCount: Int, classes: [Int], coefficients: [Double],
    intercepts: [Double], isConverged: Bool
  ) {
    self.featureCount = featureCount
    self.classCount = classCount
    self.classes = classes
    self.coefficients = coefficients
    self.intercepts = intercepts
    self.isConverged = isConverged
  }

  /// The probabilities of classes of samples: samples x classes, row-major.
  ///
  /// A sample with a feature that is not a number has NaN for all classes.
  ///
  /// - Parameters:
  ///   - rows: Samples x features, row-major.
  ///   - count: The number of samples.
  ///   - jobs: The number of workers; nil for the number of `Parallel`.
  public func probabilities(_ rows: [Float], count: Int, jobs: Int? = nil) -> [Float] {
    let columns = transposed
    return SampleBlocks.rows(rows, count: count, features: featureCount, jobs: jobs) {
      predict($0, $1, columns)
    }
  }

  /// The probabilities of classes of a chunk of pixels: classes x cells, band-major.
  ///
  /// A cell with a feature that is not a number has NaN for all classes. The bits are those of
  /// `probabilities`.
  ///
  /// - Parameters:
  ///   - planes: Features x cells, band-major.
  ///   - cells: The number of cells.
  ///   - jobs: The number of workers; nil for the number of `Parallel`.
  public func dense(_ planes: [Float], cells: Int, jobs: Int? = nil) -> [Float] {
    let columns = transposed
    return SampleBlocks.planes(
      planes, cells: cells, features: featureCount, outputs: classCount, jobs: jobs
    ) { predict($0, $1, columns) }
  }

  /// The same regression with the logarithms of its odds divided by a temperature.
  public func tempered(by temperature: Double) -> LogisticRegression {
    LogisticRegression(
      featureCount: featureCount, classCount: classCount, classes: classes,
      coefficients: coefficients.map { $0 / temperature },
      intercepts: intercepts.map { $0 / temperature }, isConverged: isConverged)
  }

  /// The coefficients as features x vectors.
  private var transposed: [Double] {
    let vectors = intercepts.count
    return (0..<coefficients.count).map {
      coefficients[$0 % vectors * featureCount + $0 / vectors]
    }
  }

  /// The probabilities of a block of rows, samples x classes.
  private func predict(_ rows: Span<Float>, _ count: Int, _ columns: [Double]) -> [Float] {
    var result = [Float](repeating: 0, count: count * classCount)
    let vectors = intercepts.count
    for sample in 0..<count {
      var scores = intercepts
      var isMissing = false
      for feature in 0..<featureCount {
        let value = rows[sample * featureCount + feature]
        if value.isNaN { isMissing = true }
        for vector in 0..<vectors {
          scores[vector] += columns[feature * vectors + vector] * Double(value)
        }
      }
      let start = sample * classCount
      if isMissing {
        for index in start..<start + classCount { result[index] = .nan }
        continue
      }
      for (index, value) in zip(classes, LogisticData.probabilities(scores)) {
        result[start + index] = Float(value)
      }
    }
    return result
  }
}
