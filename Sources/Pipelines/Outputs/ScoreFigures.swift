import Foundation
import Learning
import Networks
import Reports

extension Scores {
  /// What the out-of-fold predictions of classes or labels look like over all thresholds; none of
  /// values.
  func figures(_ set: SampleSet) throws -> [Figure] {
    guard set.kind != .linear else { return [] }
    // Of two classes the last is the one that is looked for.
    let outputs = set.kind == .softmax && classes.count == 2 ? [1] : Array(classes.indices)
    let judged = try outputs.map { output -> Judged in
      let found = try outOfFold(output, set)
      return Judged(name: classes[output], scores: found.scores, isPositive: found.isPositive)
    }
    return confusion + [roc(judged), precisionRecall(judged), reliability(judged)]
  }

  /// The out-of-fold probabilities of one class or label.
  private struct Judged {
    let name: String
    let scores: [Float]
    let isPositive: [Bool]

    var curves: ScoreCurves? { ScoreCurves(scores: scores, isPositive: isPositive) }
  }

  private var confusion: [Figure] {
    guard case .classes(let metrics) = metrics.pooled else { return [] }
    let count = metrics.classCount
    return [
      Figure(
        name: "confusion", title: "Confusion matrix",
        description: "Samples by true and predicted class.",
        caption: "True classes in rows, predicted ones in columns; out of fold.",
        content: .confusion(
          classes: classes,
          counts: (0..<count).map { Array(metrics.confusion[$0 * count..<($0 + 1) * count]) }))
    ]
  }

  private func roc(_ judged: [Judged]) -> Figure {
    let lines = judged.enumerated().compactMap { index, one -> Figure.Line? in
      guard let curves = one.curves else { return nil }
      let area = rocAUC(scores: one.scores, isPositive: one.isPositive)
      return Figure.Line(
        one.name + (area.map { String(format: " (%.3f)", $0) } ?? ""),
        x: [0] + curves.falsePositiveRates, y: [0] + curves.truePositiveRates, group: index)
    }
    return Figure(
      name: "roc", title: "Receiver operating characteristic",
      description: "True against false positives over all thresholds, out of fold.",
      caption: "The areas under the curves stand in the legend; by chance they are 0.5.",
      content: .lines(
        x: "false positive rate", y: "true positive rate",
        lines + [Figure.Line("chance", x: [0, 1], y: [0, 1], group: judged.count)]))
  }

  private func precisionRecall(_ judged: [Judged]) -> Figure {
    let lines = judged.enumerated().compactMap { index, one -> Figure.Line? in
      one.curves.map { curves in
        Figure.Line(one.name, x: curves.truePositiveRates, y: curves.precisions, group: index)
      }
    }
    let means = judged.compactMap { one -> String? in
      let share = Double(one.isPositive.count { $0 }) / Double(max(1, one.isPositive.count))
      return averagePrecision(scores: one.scores, isPositive: one.isPositive).map {
        "\(one.name) \(String(format: "%.3f (by chance %.3f)", $0, share))"
      }
    }
    return Figure(
      name: "precision-recall", title: "Precision and recall",
      description: "Precision against recall over all thresholds, out of fold.",
      caption: "Average precision: " + means.joined(separator: ", ") + ".",
      content: .lines(x: "recall", y: "precision", lines))
  }

  private func reliability(_ judged: [Judged]) -> Figure {
    let found = judged.map { Reliability(scores: $0.scores, isPositive: $0.isPositive) }
    let errors = zip(judged, found).map { one, reliability in
      "\(one.name) \(String(format: "%.3f", reliability.error))"
    }
    return Figure(
      name: "reliability", title: "Reliability",
      description: "How often what is said to be probable holds, in ten bins, out of fold.",
      caption: "On the diagonal probabilities are what they say. Expected calibration error: "
        + errors.joined(separator: ", ") + ".",
      content: .lines(
        x: "predicted probability", y: "share of samples that hold",
        zip(judged, found).enumerated().map { index, pair in
          Figure.Line(pair.0.name, x: pair.1.probabilities, y: pair.1.shares, group: index)
        } + [Figure.Line("perfect", x: [0, 1], y: [0, 1], group: judged.count)]))
  }
}
