import Explanation
import Foundation
import Reports

extension ReportPage {
  /// A section for each map of novelty: its threshold, and how well metrics tell classes apart.
  func noveltySections() throws -> [HTMLReport.Section] {
    try task.products.compactMap { tag, product in
      guard case .raster(let raster) = product, let nodes = raster.novelty else { return nil }
      let summary = try NoveltySummary.stored(try executor.value(nodes.summary))
      return HTMLReport.Section(
        "Novelty: \(tag)",
        [.text(summary.sentence)] + summary.tables.map(HTMLReport.Block.table))
    }
  }
}

extension NoveltySummary {
  fileprivate var sentence: String {
    let share = outsideShare.map { String(format: "%.1f %% of the map", 100 * $0) } ?? "nothing"
    return "Outside, farther than \(NumberText.short(threshold)) from the nearest class, lies "
      + "\(share). That is the \(NumberText.short(quantile)) quantile of "
      + (measures.isHeldOut
        ? "the distances of samples in test places, by models and metrics that had not seen them. "
        : "the distances of the training samples, each without its own part in mean and "
          + "covariance; but the model was trained on them, so unseen places of the same kind lie "
          + "farther: give 'folds' for a threshold of held-out samples. ")
      + "Distances are in units of what the features (\(measures.featureCount)) of "
      + "\(measures.sampleCount) samples differ by within their class; the covariance is shrunk by "
      + "\(String(format: "%.3f", measures.shrinkage))."
  }

  fileprivate var tables: [HTMLReport.Table] {
    guard measures.classes.count > 1 else { return [] }
    func text(_ value: Double?) -> String { value.map { String(format: "%.3f", $0) } ?? "-" }
    return [
      HTMLReport.Table(
        "Classes by metric, "
          + (measures.isHeldOut ? "neighbours out of fold" : "neighbours leaving one out"),
        columns: ["Metric", "Accuracy of \(measures.neighbors) neighbours", "Within / between"],
        rows: measures.rows.map { row in
          [
            row.metric.rawValue + (row.metric == measures.metric ? " (used)" : ""),
            text(row.accuracy), text(row.ratio),
          ]
        }),
      HTMLReport.Table(
        "Mean distance of samples by class (\(measures.metric.rawValue))",
        columns: ["Class"] + measures.classes,
        rows: zip(measures.classes, measures.classDistances).map { name, row in
          [name] + row.map(text)
        }),
    ]
  }
}
