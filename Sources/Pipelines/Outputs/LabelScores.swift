import Foundation
import Learning
import Reports

extension Scores {
  /// Of several labels, how well each is told and how well all of them together; none of classes
  /// and values.
  var labelBlocks: [HTMLReport.Block] {
    guard let together = metrics.probabilities?.labels else { return [] }
    let wanted = ["accuracy", "balanced accuracy", "F1", "ROC AUC", "Brier score"]
    func cells(_ measures: [(name: String, value: Double?)]) -> [String] {
      wanted.map { name in
        measures.first { $0.name == name }.flatMap(\.value).map(decimals) ?? "-"
      }
    }
    var rows = classes.indices.map { output -> [String] in
      let found = metrics.pooled.classes(output: output)
      let counts = found.map { ["\($0.count)", "\($0.confusion.suffix(2).reduce(0, +))"] }
      return [classes[output]] + (counts ?? ["-", "-"]) + cells(measures(output: output))
    }
    rows.append([FoldMetrics.allLabels, "\(together.count)", "-"] + cells(together.named))
    return [
      .table(
        HTMLReport.Table(
          "Scores of each label and of all, pooled out of fold",
          columns: ["Label", "Known in", "Holds in"] + wanted, rows: rows)),
      .text(togetherSentence(together)),
    ]
  }

  private func togetherSentence(_ together: LabelMetrics) -> String {
    var text = "The accuracy of all labels is the share of known ones that are right."
    if let exact = together.exactMatch {
      text +=
        " In \(decimals(exact)) of the \(together.completeCount) samples of which all labels are "
        + "known, all are right."
    }
    let joint = metrics.probabilities?.independent ?? []
    if joint.contains(where: { $0 != nil }) {
      text += " Labels that follow from others do not count in this."
    }
    for (name, entry) in zip(classes, joint) {
      guard let entry, let output = classes.firstIndex(of: name),
        let own = metrics.probabilities?.brier[output], let other = entry.brier
      else { continue }
      text +=
        " '\(name)' is learned beside the others: its Brier score is \(decimals(own)), that of the "
        + "probability that would follow from theirs if they were independent \(decimals(other))."
    }
    return text
  }
}

private func decimals(_ value: Double) -> String { String(format: "%.3f", value) }
