import Reports

extension Comparison {
  /// What variants are compared over: an option with several values.
  struct Curve: Sendable, Equatable {
    /// The option.
    var name: String
    /// Where each variant stands, by value and then in the order of the lines.
    var points: [CurvePoint]
    /// How many variants there are at a value.
    var lineCount: Int
  }

  /// The draws of samples that tell the spread of a curve, at least.
  static let enoughDraws = 20
  /// The measures that are drawn, where samples tell them.
  private static let drawn = [
    "accuracy", "balanced accuracy", "ROC AUC", "average precision", "F1", "R2", "RMSE",
  ]

  /// The variant that another is compared with: the first, at the same value of a curve.
  func reference(of variant: Int) -> Int {
    guard let curve else { return 0 }
    return variant / max(1, curve.lineCount) * curve.lineCount
  }

  /// The measures of an output over the curve, a line for each variant; none without a curve.
  func figures(_ output: String) -> [Figure] {
    guard let curve else { return [] }
    let own = summaries.filter { $0.output == output }
    return Self.drawn.compactMap { measure in
      let known = own.filter { $0.measure == measure && $0.mean.isFinite }
      guard !known.isEmpty else { return nil }
      return figure(measure, output, known, curve)
    }
  }

  private func figure(
    _ measure: String, _ output: String, _ known: [Summary], _ curve: Curve
  ) -> Figure {
    var names: [String] = []
    for point in curve.points where !names.contains(point.line) { names.append(point.line) }
    let lines = names.enumerated().map { group, name in
      let places = variants.indices.filter { curve.points[$0].line == name }
      let found = places.compactMap { place -> (Double, Summary)? in
        known.first { $0.variant == variants[place] }.map { (curve.points[place].value, $0) }
      }
      return Figure.Line(
        name, x: found.map(\.0), y: found.map(\.1.mean),
        spread: found.map { $0.1.deviation.isFinite ? $0.1.deviation : 0 }, group: group)
    }
    let runs = repeats * seeds
    return Figure(
      name: "curve", title: "\(measure) over \(curve.name)",
      description: "The mean \(measure) of '\(output)' out of fold for each value of "
        + "\(curve.name), a line for each variant.",
      caption: "Mean and standard deviation over \(runs) \(runs == 1 ? "draw" : "draws")"
        + (runs < Self.enoughDraws
          ? "; fewer than \(Self.enoughDraws) say little about the spread." : "."),
      content: .lines(x: curve.name, y: measure, lines))
  }

  /// The lines of all curves, a point a line.
  var curveCSV: String {
    guard let curve else { return "" }
    func number(_ value: Double?) -> String { value.flatMap { $0.isNaN ? nil : "\($0)" } ?? "" }
    let places = Dictionary(zip(variants, curve.points)) { first, _ in first }
    let rows = summaries.compactMap { summary -> String? in
      guard let point = places[summary.variant] else { return nil }
      return [
        summary.output.csvField, summary.measure, point.line.csvField, number(point.value),
        "\(summary.count)", number(summary.mean), number(summary.deviation),
        number(summary.difference?.mean), number(summary.difference?.deviation),
      ].joined(separator: ",")
    }
    let header =
      "output,measure,variant,\(curve.name.csvField),runs,mean,standard deviation,difference,"
      + "its standard deviation"
    return ([header] + rows).joined(separator: "\n") + "\n"
  }
}
