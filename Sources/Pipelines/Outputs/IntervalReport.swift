import Foundation
import Learning
import Reports

extension ValueIntervals {
  /// The level whose intervals are drawn.
  private static let shown = 0.9

  /// What a person should know before using the intervals.
  var remarks: [String] {
    outputs.flatMap { output in
      var remarks: [String] = []
      if let bound = output.transform.bound {
        remarks.append(
          "with lambda \(decimals(output.transform.lambda)) no amount of '\(output.name)' is beyond "
            + "\(decimals(bound)) on the transformed scale: limits there are missing in maps")
      }
      if output.transform.kind == .boxCox, abs(output.transform.lambda) >= 5 {
        remarks.append("lambda of '\(output.name)' ends at a bound of its search, -5 or 5")
      }
      for (index, level) in Self.levels.enumerated() {
        let few = (output.coverage?.folds ?? []).filter { $0.limits[index] == nil }.map(\.name)
        guard !few.isEmpty else { continue }
        remarks.append(
          "intervals of level \(level) of '\(output.name)' need "
            + "\(ConformalResiduals.leastCount(level: level)) residuals and are not held against fold "
            + few.joined(separator: ", "))
      }
      return remarks
    }
  }

  /// The facts for `info`.
  var facts: [(name: String, value: String)] {
    outputs.flatMap { output in
      [
        (name: "residuals of \(output.name)", value: "\(output.residuals.count) out of fold"),
        (name: "transform of \(output.name)", value: Self.words(output.transform)),
      ]
        + findings(output).map { finding in
          (
            name: "\(Self.level(finding.level)) intervals of \(output.name)",
            value:
              "hold for \(Self.share(finding.inside)) of \(finding.count) held-out samples, mean "
              + "width \(Self.amount(finding.meanWidth, output))"
          )
        }
    }
  }

  /// The measures of an output by name, for the record of a run.
  func measures(_ output: Output) -> [(name: String, value: Double?)] {
    [("residuals", Double(output.residuals.count))]
      + findings(output).flatMap { finding -> [(name: String, value: Double?)] in
        [
          ("coverage at \(finding.level)", finding.inside),
          ("mean width at \(finding.level)", finding.meanWidth),
        ]
      }
  }

  /// How often intervals hold, in a sentence; nil where that was not asked for.
  var quality: String? {
    let parts = outputs.compactMap { output -> String? in
      guard let found = output.coverage?.finding(level: Self.shownIndex) else { return nil }
      return "\(output.name) \(Self.share(found.inside)) of \(found.count), mean width "
        + Self.amount(found.meanWidth, output)
    }
    guard !parts.isEmpty else { return nil }
    return "Its values are those of the model that it was made of. Its \(Self.level(Self.shown)) "
      + "intervals hold on places that nothing in them has seen: \(parts.joined(separator: "; "))."
  }

  /// The folds in which intervals hold far less often than they say, in sentences.
  var limits: [String] {
    outputs.flatMap { output -> [String] in
      guard let coverage = output.coverage else { return [] }
      return coverage.folds.indices.compactMap { index in
        guard let found = coverage.finding(level: Self.shownIndex, fold: index),
          found.inside < Self.shown - 0.1
        else { return nil }
        return "In fold \(coverage.folds[index].name) its \(Self.level(Self.shown)) intervals of "
          + "\(output.name) hold for \(Self.share(found.inside)) of \(found.count) samples alone."
      }
    }
  }

  private func findings(_ output: Output) -> [HeldOutCoverage.Finding] {
    guard let coverage = output.coverage else { return [] }
    return Self.levels.indices.compactMap { coverage.finding(level: $0) }
  }

  // MARK: Report

  /// The part of the report.
  var blocks: [HTMLReport.Block] {
    [.text(explanation)] + remarks.map { .warning("Note that \($0).") }
      + outputs.flatMap { output -> [HTMLReport.Block] in
        output.coverage.map { [.table(table(output, $0)), .table(foldTable(output, $0))] } ?? []
      } + figures.map(\.block)
  }

  private var explanation: String {
    let counts = outputs.map { "\($0.residuals.count) for \($0.name)" }.joined(separator: ", ")
    let scales = outputs.map { "\($0.name): \(Self.words($0.transform))" }.joined(separator: "; ")
    let isChecked = outputs.contains { $0.coverage != nil }
    return """
      Prediction intervals are made of the out-of-fold residuals (\(counts)), with their signs, on \
      the scale that was learnt (\(scales)): split conformal prediction, which assumes no distribution. \
      It does assume that new places are to the samples as held-out folds are to the others: that \
      whole folds, and not only single samples, could change places.
      """
        + (isChecked
          ? " Below, intervals of a fold are made of residuals of the other folds by models that have "
            + "seen neither, and held against what was measured in it."
          : " They were not held against measured values.")
  }

  private func table(_ output: Output, _ coverage: HeldOutCoverage) -> HTMLReport.Table {
    HTMLReport.Table(
      "Intervals of \(output.name) on held-out folds",
      columns: [
        "Level", "Samples", "Inside", "Below", "Above", "Mean width\(Self.unit(output))",
        "Median width\(Self.unit(output))",
      ],
      rows: Self.levels.enumerated().map { index, level in
        guard let found = coverage.finding(level: index) else {
          return [Self.level(level), "0", "-", "-", "-", "-", "-"]
        }
        return [
          Self.level(level), "\(found.count)", Self.share(found.inside),
          Self.share(found.below), Self.share(found.above), NumberText.short(found.meanWidth),
          NumberText.short(found.medianWidth),
        ]
      })
  }

  private func foldTable(_ output: Output, _ coverage: HeldOutCoverage) -> HTMLReport.Table {
    let level = Self.shownIndex
    return HTMLReport.Table(
      "\(Self.level(Self.shown)) intervals of \(output.name) by fold",
      columns: [
        "Fold", "Residuals of others", "Samples", "Inside", "Mean width\(Self.unit(output))",
        "Transform",
      ],
      rows: coverage.folds.indices.map { index in
        let fold = coverage.folds[index]
        let found = coverage.finding(level: level, fold: index)
        return [
          fold.name, "\(fold.residualCount)", "\(found?.count ?? 0)",
          found.map { Self.share($0.inside) } ?? "-",
          found.map { NumberText.short($0.meanWidth) } ?? "-", Self.words(fold.transform),
        ]
      })
  }

  // MARK: Figures

  /// Coverage by level, and the intervals of held-out samples.
  var figures: [Figure] {
    let checked = outputs.filter { $0.coverage != nil }
    guard !checked.isEmpty else { return [] }
    return [coverageFigure(checked)] + checked.compactMap(intervalFigure)
  }

  private func coverageFigure(_ checked: [Output]) -> Figure {
    let lines = checked.enumerated().flatMap { number, output -> [Figure.Line] in
      let folds = output.coverage?.folds.indices ?? 0..<0
      return folds.map { line(output, "\(output.name), fold \(foldNames[$0])", number, fold: $0) }
        + [line(output, output.name, number, fold: nil)]
    }
    return Figure(
      name: "coverage", title: "Coverage of prediction intervals",
      description: "How often intervals of each level hold on held-out folds.",
      caption:
        "On the diagonal intervals hold as often as they say; above it they are wider than they "
        + "need be. Faint lines are single folds.",
      content: .lines(
        x: "level of the interval", y: "share of held-out samples inside",
        lines + [Figure.Line("nominal", x: [0.5, 1], y: [0.5, 1], group: checked.count)]))
  }

  private func line(
    _ output: Output, _ name: String, _ group: Int, fold: Int?
  ) -> Figure.Line {
    let found = Self.levels.indices.compactMap { output.coverage?.finding(level: $0, fold: fold) }
    return Figure.Line(
      name, x: found.map(\.level), y: found.map(\.inside), group: group, isFaint: fold != nil)
  }

  private func intervalFigure(_ output: Output) -> Figure? {
    guard let coverage = output.coverage,
      let found = coverage.finding(level: Self.shownIndex)
    else { return nil }
    let intervals = coverage.samples.compactMap { sample -> Figure.Interval? in
      guard let interval = coverage.interval(of: sample, level: Self.shownIndex) else { return nil }
      return Figure.Interval(
        x: Double(sample.predicted), y: Double(sample.measured), lower: interval.lower,
        upper: interval.upper)
    }
    return Figure(
      name: "intervals", title: "\(output.name): held-out samples and their intervals",
      description: "Measured against predicted values with the limits of each prediction.",
      caption: "Of \(found.count) held-out samples \(Self.share(found.inside)) are inside their "
        + "\(Self.level(Self.shown)) interval, \(Self.share(found.below)) below and "
        + "\(Self.share(found.above)) above; the mean width is "
        + "\(Self.amount(found.meanWidth, output)).",
      content: .intervals(
        x: "predicted\(Self.unit(output))", y: "measured\(Self.unit(output))", intervals))
  }

  // MARK: Tables

  /// Every level, pooled and by fold, as a table.
  var csv: String {
    var lines = [
      "output,scope,level,samples,inside,below,above,mean width,median width,residuals,lower residual,"
        + "upper residual,transform,offset,lambda,scale"
    ]
    for output in outputs {
      for (index, level) in Self.levels.enumerated() {
        let own = output.residuals.limits(level: level)
        lines.append(
          Self.line(
            [output.name.csvField, "pooled", "\(level)"],
            output.coverage?.finding(level: index), output.residuals.count, own, output.transform))
        for (number, fold) in (output.coverage?.folds ?? []).enumerated() {
          lines.append(
            Self.line(
              [output.name.csvField, "fold \(fold.name)".csvField, "\(level)"],
              output.coverage?.finding(level: index, fold: number), fold.residualCount,
              fold.limits[index], fold.transform))
        }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func line(
    _ head: [String], _ found: HeldOutCoverage.Finding?, _ residuals: Int,
    _ limits: ConformalResiduals.Limits?, _ transform: ValueTransform
  ) -> String {
    let shares = [
      found?.inside, found?.below, found?.above, found?.meanWidth, found?.medianWidth,
    ].map { $0.map { "\($0)" } ?? "" }
    let ends = [limits?.lower, limits?.upper].map { $0.map { "\($0)" } ?? "" }
    let tail: [String] = [
      transform.kind.rawValue, "\(transform.offset)", "\(transform.lambda)", "\(transform.scale)",
    ]
    let cells: [String] =
      head + [found.map { "\($0.count)" } ?? ""] + shares + ["\(residuals)"] + ends + tail
    return cells.joined(separator: ",")
  }

  // MARK: Words

  private static var shownIndex: Int { levels.firstIndex(of: shown) ?? 0 }

  /// What was learnt of values, in a few words.
  static func words(_ transform: ValueTransform) -> String {
    let offset = transform.offset == 0 ? "" : " + \(NumberText.short(transform.offset))"
    switch transform.kind {
    case .none: return "values as they are"
    case .log: return "logarithm of the value\(offset)"
    case .boxCox: return "Box-Cox of the value\(offset), lambda \(decimals(transform.lambda))"
    }
  }

  private static func unit(_ output: Output) -> String {
    output.unit.isEmpty ? "" : " [\(output.unit)]"
  }

  private static func amount(_ value: Double, _ output: Output) -> String {
    NumberText.short(value) + (output.unit.isEmpty ? "" : " \(output.unit)")
  }

  /// A level, which has no more digits than it was given.
  private static func level(_ level: Double) -> String { "\(NumberText.short(100 * level)) %" }

  private static func share(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }
}

private func decimals(_ value: Double) -> String { String(format: "%.3f", value) }
