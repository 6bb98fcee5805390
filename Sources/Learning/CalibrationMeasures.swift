public import Networks

/// How well the probabilities of classes or labels are what they say.
public struct CalibrationMeasures: Sendable, Hashable, Codable {
  /// The expected calibration error, in ten bins: of two classes that of the second, else the mean
  /// over classes or labels.
  public let error: Double
  /// The mean negative logarithm of the probability of what is true.
  public let logLoss: Double
  /// The mean squared difference of probability and truth (Brier 1950): of two classes that of the
  /// second, of more the sum over the classes, of labels the mean.
  public let brier: Double
  /// How often what is said to be probable holds: of the second of two classes, else of each class
  /// or label.
  public let reliability: [Reliability]

  /// The classes or labels whose probabilities are judged: of two classes the second, else all.
  public static func judged(_ count: Int, kind: ModelArchitecture.Head.Kind) -> [Int] {
    kind == .softmax && count == 2 ? [1] : Array(0..<count)
  }

  /// Compares probabilities (samples x outputs, row-major) with the targets of samples; labels that
  /// are not known do not count.
  public init(
    probabilities: [Float], targets: [Sample.Target], kind: ModelArchitecture.Head.Kind
  ) {
    precondition(
      targets.isEmpty || probabilities.count % targets.count == 0,
      "\(probabilities.count) probabilities for \(targets.count) samples")
    let outputs = targets.isEmpty ? 0 : probabilities.count / targets.count
    var reliability: [Reliability] = []
    var (squares, count) = (0.0, 0)
    for output in Self.judged(outputs, kind: kind) {
      var (scores, truths): ([Float], [Bool]) = ([], [])
      for (sample, target) in targets.enumerated() {
        guard let truth = target.isPositive(output) else { continue }
        let score = probabilities[sample * outputs + output]
        scores.append(score)
        truths.append(truth)
        squares += (Double(score) - (truth ? 1 : 0)) * (Double(score) - (truth ? 1 : 0))
      }
      count += scores.count
      reliability.append(Reliability(scores: scores, isPositive: truths))
    }
    self.reliability = reliability
    error = reliability.reduce(0) { $0 + $1.error } / Double(reliability.count)
    brier = squares / Double(kind == .softmax ? targets.count : count)
    switch Metrics(predictions: probabilities, targets: targets, kind: kind) {
    case .classes(let metrics): logLoss = metrics.logLoss ?? .nan
    case .labels(let metrics):
      let total = metrics.reduce(0) { $0 + ($1.logLoss ?? 0) * Double($1.count) }
      logLoss = total / Double(count)
    case .values: logLoss = .nan
    }
  }
}
