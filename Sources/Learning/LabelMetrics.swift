public import Networks

/// How well several labels agree with what is known, taken together.
///
/// Labels that follow from others do not count, nor do those of a sample that are not known.
public struct LabelMetrics: Sendable, Hashable, Codable {
  /// The number of samples of which a label is known.
  public let count: Int
  /// The number of samples of which all are.
  public let completeCount: Int
  /// The share of known labels that are right: the overall accuracy.
  public let accuracy: Double?
  /// The share of the complete samples all of whose labels are right.
  public let exactMatch: Double?
  /// The mean over the labels of their balanced accuracies.
  public let balancedAccuracy: Double?
  /// The mean over the labels of their F1.
  public let f1: Double?
  /// The mean over the labels of the areas under their ROC curves.
  public let rocAUC: Double?
  /// The mean squared difference of probability and truth over all known labels.
  public let brier: Double?

  /// Compares probabilities (samples x outputs, row-major) with the targets of samples.
  ///
  /// - Parameter measured: The outputs that count.
  public init(probabilities: [Float], targets: [Sample.Target], measured: [Int]) {
    let outputs = targets.isEmpty ? 0 : probabilities.count / targets.count
    var (known, right, complete, exact, some, squares) = (0, 0, 0, 0, 0, 0.0)
    for (sample, target) in targets.enumerated() {
      guard case .values(let labels) = target else { continue }
      let own = measured.filter { !labels[$0].isNaN }
      let hits = own.count { output in
        (probabilities[sample * outputs + output] > 0.5) == (labels[output] == 1)
      }
      for output in own {
        let error = Double(probabilities[sample * outputs + output]) - Double(labels[output])
        squares += error * error
      }
      known += own.count
      right += hits
      some += own.isEmpty ? 0 : 1
      guard own.count == measured.count else { continue }
      complete += 1
      exact += hits == own.count ? 1 : 0
    }
    count = some
    completeCount = complete
    accuracy = known == 0 ? nil : Double(right) / Double(known)
    exactMatch = complete == 0 ? nil : Double(exact) / Double(complete)
    brier = known == 0 ? nil : squares / Double(known)
    var labels: [ClassMetrics] = []
    if case .labels(let all) = Metrics(predictions: probabilities, targets: targets, kind: .sigmoid)
    {
      labels = measured.filter(all.indices.contains).map { all[$0] }
    }
    balancedAccuracy = mean(labels.compactMap(\.balancedAccuracy))
    f1 = mean(labels.compactMap(\.f1))
    rocAUC = mean(labels.compactMap(\.rocAUC))
  }

  /// The measures by name, in a fixed order.
  public var named: [(name: String, value: Double?)] {
    [
      ("accuracy", accuracy), ("all labels right", exactMatch),
      ("balanced accuracy", balancedAccuracy), ("F1", f1), ("ROC AUC", rocAUC),
      ("Brier score", brier),
    ]
  }
}

/// What probabilities are worth beside the classes that they decide for.
public struct ProbabilityMetrics: Sendable, Hashable, Codable {
  /// The Brier score of classes, or of each label; nil where no sample tells it.
  public let brier: [Double?]
  /// Of several labels, how well they agree together.
  public let labels: LabelMetrics?
  /// Of each label, where it says that so many others hold, the measures of the probability that
  /// follows from theirs if they do not depend on each other; nil of other labels.
  public let independent: [Independent?]

  /// A probability that follows from those of other labels.
  public struct Independent: Sendable, Hashable, Codable {
    /// How well it tells the label.
    public let metrics: ClassMetrics
    /// Its Brier score.
    public let brier: Double?

    /// The measures by name.
    public var named: [(name: String, value: Double?)] {
      [
        ("ROC AUC if independent", metrics.rocAUC), ("log loss if independent", metrics.logLoss),
        ("Brier score if independent", brier),
      ]
    }
  }

  /// Compares probabilities (samples x outputs, row-major) with the targets of samples; nil of
  /// values.
  ///
  /// - Parameter categories: The outputs, of which some may say something of others.
  public init?(
    probabilities: [Float], targets: [Sample.Target], kind: ModelArchitecture.Head.Kind,
    categories: [SampleSet.Category]
  ) {
    let outputs = categories.count
    switch kind {
    case .linear: return nil
    case .softmax:
      let judged = outputs == 2 ? [1] : Array(0..<outputs)
      let sum = judged.reduce(0.0) { sum, output in
        sum + (Self.brier(probabilities, targets, outputs, output) ?? 0)
      }
      brier = [targets.isEmpty ? nil : sum]
      labels = nil
      independent = []
    case .sigmoid:
      let measured = categories.indices.filter { categories[$0].joint == nil }
      brier = categories.indices.map { Self.brier(probabilities, targets, outputs, $0) }
      labels =
        measured.count > 1
        ? LabelMetrics(probabilities: probabilities, targets: targets, measured: measured) : nil
      independent = categories.indices.map { output in
        guard case .atLeast(let count) = categories[output].joint else { return nil }
        return Self.independent(probabilities, targets, outputs, output) { row in
          JointLabel.probability(atLeast: count, of: measured.map { row[row.startIndex + $0] })
        }
      }
    }
  }

  /// The measures of one output by name: the only one of classes, one per label.
  public func named(output: Int) -> [(name: String, value: Double?)] {
    guard brier.indices.contains(output) else { return [] }
    let joint = independent.indices.contains(output) ? independent[output] : nil
    return [("Brier score", brier[output])] + (joint?.named ?? [])
  }

  private static func independent(
    _ probabilities: [Float], _ targets: [Sample.Target], _ outputs: Int, _ output: Int,
    _ probability: (ArraySlice<Float>) -> Double
  ) -> Independent {
    var (rows, classes): ([Float], [Int]) = ([], [])
    for (sample, target) in targets.enumerated() {
      guard let truth = target.isPositive(output) else { continue }
      let value = Float(probability(probabilities[sample * outputs..<(sample + 1) * outputs]))
      rows += [1 - value, value]
      classes.append(truth ? 1 : 0)
    }
    return Independent(
      metrics: ClassMetrics(probabilities: rows, classes: classes, classCount: 2),
      brier: mean(
        classes.indices.map { sample in
          let error = Double(rows[2 * sample + 1]) - Double(classes[sample])
          return error * error
        }))
  }

  /// The mean squared difference of an output's probability and truth.
  private static func brier(
    _ probabilities: [Float], _ targets: [Sample.Target], _ outputs: Int, _ output: Int
  ) -> Double? {
    mean(
      targets.indices.compactMap { sample in
        targets[sample].isPositive(output).map { truth in
          let error = Double(probabilities[sample * outputs + output]) - (truth ? 1 : 0)
          return error * error
        }
      })
  }
}
