import Foundation

/// How well predicted classes agree with the true ones.
///
/// Definitions are scikit-learn's. A measure that the samples cannot tell is nil, never 0: with one
/// true class there are only accuracy, log loss and the confusion matrix.
public struct ClassMetrics: Sendable, Hashable, Codable {
  /// The number of samples.
  public let count: Int
  /// The number of classes.
  public let classCount: Int
  /// Samples by true class (rows) and predicted class (columns), row-major.
  public let confusion: [Int]
  /// The share of samples whose class is right.
  public let accuracy: Double?
  /// The mean over true classes of the share that is right.
  public let balancedAccuracy: Double?
  /// Right among predicted: of class 1 for two classes, else the mean over the true classes, where
  /// a class that is never predicted counts as 0.
  public let precision: Double?
  /// Right among true: of class 1 for two classes, else the mean over the true classes.
  public let recall: Double?
  /// The harmonic mean of precision and recall: of class 1, else the mean over the true classes.
  public let f1: Double?
  /// Cohen's kappa: agreement beyond chance.
  public let kappa: Double?
  /// The area under the ROC curve: of class 1 for two classes, else the mean over the true classes
  /// of each against the rest.
  public let rocAUC: Double?
  /// The area under the precision-recall curve as a sum of steps: of class 1 for two classes, else
  /// the mean over the true classes of each against the rest.
  public let averagePrecision: Double?
  /// Matthews' correlation of true and predicted classes (Gorodkin 2004 for several); 0 where all
  /// samples are predicted as one class.
  public let mcc: Double?
  /// The mean negative logarithm of the true class's probability.
  public let logLoss: Double?

  /// Compares probabilities (samples x classes, row-major) with true classes.
  ///
  /// The class with the highest probability is the predicted one, the first on ties.
  public init(probabilities: [Float], classes: [Int], classCount: Int) {
    precondition(
      probabilities.count == classes.count * classCount,
      "\(probabilities.count) probabilities for \(classes.count) samples of \(classCount) classes")
    count = classes.count
    self.classCount = classCount
    var confusion = [Int](repeating: 0, count: classCount * classCount)
    for (sample, truth) in classes.enumerated() {
      var best = 0
      for other in 1..<max(1, classCount)
      where probabilities[sample * classCount + other] > probabilities[sample * classCount + best] {
        best = other
      }
      confusion[truth * classCount + best] += 1
    }
    self.confusion = confusion
    let table = ConfusionTable(confusion, classCount)
    accuracy = table.accuracy
    logLoss = Self.logLoss(probabilities, classes, classCount)
    guard table.trueClasses.count > 1 else {
      (balancedAccuracy, precision, recall, f1) = (nil, nil, nil, nil)
      (kappa, rocAUC, averagePrecision, mcc) = (nil, nil, nil, nil)
      return
    }
    balancedAccuracy = mean(table.trueClasses.compactMap(table.recall))
    kappa = table.kappa
    mcc = table.mcc
    if classCount == 2 {
      (precision, recall, f1) = (table.precision(1), table.recall(1), table.f1(1))
    } else {
      precision = mean(table.trueClasses.map { table.precision($0) ?? 0 })
      recall = balancedAccuracy
      f1 = mean(table.trueClasses.compactMap(table.f1))
    }
    let positives = classCount == 2 ? [1] : table.trueClasses
    func overClasses(_ measure: ([Float], [Bool]) -> Double?) -> Double? {
      mean(
        positives.compactMap { positive in
          measure(
            classes.indices.map { probabilities[$0 * classCount + positive] },
            classes.map { $0 == positive })
        })
    }
    rocAUC = overClasses { Learning.rocAUC(scores: $0, isPositive: $1) }
    averagePrecision = overClasses { Learning.averagePrecision(scores: $0, isPositive: $1) }
  }

  private static func logLoss(_ probabilities: [Float], _ classes: [Int], _ classCount: Int)
    -> Double?
  {
    mean(
      classes.indices.map { sample in
        let value = Double(probabilities[sample * classCount + classes[sample]])
        return -log(min(1 - Double.ulpOfOne, max(Double.ulpOfOne, value)))
      })
  }

  /// Of two classes, the share of class 0 that is predicted as class 1: false alarms.
  public var falsePositiveRate: Double? {
    guard classCount == 2, confusion[0] + confusion[1] > 0 else { return nil }
    return Double(confusion[1]) / Double(confusion[0] + confusion[1])
  }

  /// The measures by name, in a fixed order.
  public var named: [(name: String, value: Double?)] {
    let all = [
      ("accuracy", accuracy), ("balanced accuracy", balancedAccuracy), ("precision", precision),
      ("recall", recall), ("F1", f1), ("kappa", kappa), ("MCC", mcc), ("ROC AUC", rocAUC),
      ("average precision", averagePrecision), ("log loss", logLoss),
    ]
    return classCount == 2 ? all + [("false-positive rate", falsePositiveRate)] : all
  }
}

/// The area under the ROC curve by ranks, tied scores at their mean rank; nil for one class.
///
/// The Mann-Whitney statistic divided by the number of pairs. Scores must not be NaN.
public func rocAUC(scores: [Float], isPositive: [Bool]) -> Double? {
  precondition(
    scores.count == isPositive.count, "\(scores.count) scores for \(isPositive.count) samples")
  let order = scores.indices.sorted { scores[$0] < scores[$1] }
  let positives = Double(isPositive.lazy.filter { $0 }.count)
  let negatives = Double(scores.count) - positives
  guard positives > 0, negatives > 0 else { return nil }
  var rankSum = 0.0
  var first = 0
  while first < order.count {
    var end = first + 1
    while end < order.count, scores[order[end]] == scores[order[first]] { end += 1 }
    let rank = Double(first + 1 + end) / 2
    for position in order[first..<end] where isPositive[position] { rankSum += rank }
    first = end
  }
  return (rankSum - positives * (positives + 1) / 2) / (positives * negatives)
}

/// The sum over the thresholds of precision times the rise of recall; nil without positives.
///
/// Equal scores are one threshold. Scores must not be NaN.
public func averagePrecision(scores: [Float], isPositive: [Bool]) -> Double? {
  precondition(
    scores.count == isPositive.count, "\(scores.count) scores for \(isPositive.count) samples")
  let order = scores.indices.sorted { scores[$0] > scores[$1] }
  let positives = isPositive.count { $0 }
  guard positives > 0 else { return nil }
  var sum = 0.0
  var hits = 0
  var first = 0
  while first < order.count {
    var end = first
    let before = hits
    while end < order.count, scores[order[end]] == scores[order[first]] {
      if isPositive[order[end]] { hits += 1 }
      end += 1
    }
    sum += Double(hits - before) / Double(positives) * Double(hits) / Double(end)
    first = end
  }
  return sum
}

/// The mean, or nil of nothing.
func mean(_ values: [Double]) -> Double? {
  values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
}

/// The measures that follow from a confusion matrix.
private struct ConfusionTable {
  let cells: [Int]
  let classCount: Int
  let rows: [Int]
  let columns: [Int]

  init(_ cells: [Int], _ classCount: Int) {
    self.cells = cells
    self.classCount = classCount
    rows = (0..<classCount).map { row in
      (0..<classCount).reduce(0) { $0 + cells[row * classCount + $1] }
    }
    columns = (0..<classCount).map { column in
      (0..<classCount).reduce(0) { $0 + cells[$1 * classCount + column] }
    }
  }

  var trueClasses: [Int] { rows.indices.filter { rows[$0] > 0 } }

  private func hits(_ index: Int) -> Double { Double(cells[index * classCount + index]) }
  private var total: Double { Double(rows.reduce(0, +)) }

  var accuracy: Double? {
    total == 0 ? nil : (0..<classCount).reduce(0) { $0 + hits($1) } / total
  }

  func recall(_ index: Int) -> Double? {
    rows[index] == 0 ? nil : hits(index) / Double(rows[index])
  }

  func precision(_ index: Int) -> Double? {
    columns[index] == 0 ? nil : hits(index) / Double(columns[index])
  }

  func f1(_ index: Int) -> Double? {
    let sum = rows[index] + columns[index]
    return sum == 0 ? nil : 2 * hits(index) / Double(sum)
  }

  var mcc: Double? {
    let right = (0..<classCount).reduce(0) { $0 + hits($1) }
    func sum(_ a: [Int], _ b: [Int]) -> Double {
      zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let spread =
      (total * total - sum(columns, columns)) * (total * total - sum(rows, rows))
    guard trueClasses.count > 1 else { return nil }
    return spread == 0 ? 0 : (right * total - sum(rows, columns)) / spread.squareRoot()
  }

  var kappa: Double? {
    guard let accuracy else { return nil }
    let chance =
      (0..<classCount).reduce(0) { $0 + Double(rows[$1]) * Double(columns[$1]) }
      / (total * total)
    return chance == 1 ? nil : (accuracy - chance) / (1 - chance)
  }
}
