import Foundation
import Learning
import Reports

extension Calibration {
  /// Why the temperature went as far as it may.
  var boundSentence: String {
    let text = "the temperature ends at its bound, \(NumberText.short(temperature)): "
    return temperature < 1
      ? text + "the loss of the out-of-fold predictions falls as long as the temperature does: "
        + "they are nearly without fault, or the raw outputs are far too close to one another"
      : text + "the out-of-fold predictions say next to nothing of what they are asked"
  }

  /// The measures by name, before and after.
  var measures: [(name: String, before: Double, after: Double)] {
    [
      ("expected calibration error", before.error, after.error),
      ("log loss", before.logLoss, after.logLoss), ("Brier score", before.brier, after.brier),
    ]
  }

  /// The facts for `info`.
  var facts: [(name: String, value: String)] {
    [
      (
        name: "temperature",
        value: decimals(temperature) + (isAtBound ? ", a bound" : "")
          + "; of the folds " + foldTemperatures.map(decimals).joined(separator: ", ")
      )
    ]
      + measures.map {
        (name: $0.name, value: "\(decimals($0.before)) before, \(decimals($0.after)) after")
      }
  }

  /// The part of the report.
  var blocks: [HTMLReport.Block] {
    var text = """
      Calibrated: raw outputs are divided by the temperature \(decimals(temperature)), which \
      minimises the log loss of \(count) out-of-fold predictions. What stands under "after" is judged \
      with the temperatures of the folds, each fitted on the predictions of the other folds.
      """
    if isAtBound { text += " Note that \(boundSentence)." }
    return [
      .text(text),
      .table(
        HTMLReport.Table(
          "Calibration", columns: ["Measure", "Before", "After"],
          rows: measures.map { [$0.name, decimals($0.before), decimals($0.after)] }
            + foldTemperatures.enumerated().map { fold, temperature in
              ["temperature, fold \(fold + 1)", "1", decimals(temperature)]
            })),
      figure.block,
    ]
  }

  /// How often what is said to be probable holds, before and after.
  var figure: Figure {
    let lines = judged.indices.flatMap { index in
      [("before", before), ("after", after)].enumerated().map { place, part in
        Figure.Line(
          "\(judged[index]), \(part.0)", x: part.1.reliability[index].probabilities,
          y: part.1.reliability[index].shares, group: 2 * index + place)
      }
    }
    return Figure(
      name: "reliability", title: "Reliability before and after calibration",
      description: "How often what is said to be probable holds, in ten bins, out of fold.",
      caption: "On the diagonal probabilities are what they say. Expected calibration error: "
        + "\(decimals(before.error)) before, \(decimals(after.error)) after.",
      content: .lines(
        x: "predicted probability", y: "share of samples that hold",
        lines + [Figure.Line("perfect", x: [0, 1], y: [0, 1], group: 2 * judged.count)]))
  }
}

private func decimals(_ value: Double) -> String {
  value.isFinite ? String(format: "%.3f", value) : "-"
}
