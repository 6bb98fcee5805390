import Foundation
import Learning
import Reports

extension KnownPlaces {
  /// A section of the report: how much of what is known the best part of the map holds.
  var section: HTMLReport.Section? {
    guard !curves.isEmpty else { return nil }
    var blocks: [HTMLReport.Block] = [isSeenOnly ? .warning(Self.seen) : .text(explanation)]
    blocks += [.table(table), .chart(rates, caption: Self.caption)]
    // What is known of other places is better than what the model was trained on.
    let best = isSeenOnly ? curves : curves.filter { $0.way != .success }
    blocks += best.prefix(Self.shownCurves).map(Self.predictionArea)
    return HTMLReport.Section("Known places: \(tag)", blocks)
  }

  /// More curves than this make a chart that nobody reads.
  private static let shownCurves = 6

  private static let caption =
    "How much of what is known lies in the best part of the map. By chance the area under a curve "
    + "is 0.5. The points of all curves are in report-curves.csv."

  /// What the curves are, sentence by sentence, for those that are there.
  private var explanation: String {
    let ways = Set(curves.map(\.way))
    return Way.allCases.filter(ways.contains).map { way in
      switch way {
      case .prediction:
        """
        Prediction rate: held-out places on the maps of their folds. Neither the model of a fold \
        nor anything else that was fitted for it has seen them. A place's rank is the share of its \
        fold's map with at least its probability; ranks are pooled over the folds.
        """
      case .approximation:
        """
        Approximate prediction rate: out-of-fold places have the probability that the models of \
        the validation, which have not seen them, give them; the area is that of the map, whose \
        model has. Models of the folds see fewer samples and may give other levels of probability, \
        which moves this curve: read it together with the ROC AUC, or give 'validate' the map as \
        'map' to rank places on the maps of their folds.
        """
      case .success:
        """
        Success rate: the places on the map whose model was trained with them, which flatters the \
        model. Cells without a value count neither as area nor as places.
        """
      }
    }.joined(separator: " ")
  }

  private static let seen = """
    The map was trained with these places: this is its success rate, and the curves say how well \
    the map fits them and not how well it finds others. Add 'validate' to see that.
    """

  private var table: HTMLReport.Table {
    HTMLReport.Table(
      "Known places in the best part of the map",
      columns: [
        "Class", "Curve", "Places", "Without a value", "Area under the curve", "In 5 % of the area",
        "In 10 %", "In 20 %", "Curves cross at", "Places there", "Area there", "Density there",
      ],
      rows: curves.map { curve in
        let success = curve.success
        let crossing = success.crossing
        return [
          curve.name, curve.way.short, "\(curve.count)", "\(curve.missing)",
          decimals(success.areaUnderCurve),
        ]
          + [0.05, 0.1, 0.2].map { percent(success.depositShare(atArea: $0)) }
          + [
            crossing.threshold.map(decimals) ?? "-", percent(crossing.depositShare),
            percent(crossing.areaShare), decimals(crossing.normalizedDensity),
          ]
      })
  }

  private var rates: SVGChart {
    SVGChart.lines(
      title: "Success and prediction rate",
      description: "Share of the known places against share of the map's area, best cells first.",
      x: Axis("share of the area", exactly: 0...1),
      y: Axis("share of the known places", exactly: 0...1),
      series: curves.prefix(Self.shownCurves).map { curve in
        SVGChart.Series(
          curve.title, x: [0] + thinned(curve.success.areaShares),
          y: [0] + thinned(curve.success.depositShares))
      } + [SVGChart.Series("chance", x: [0, 1], y: [0, 1])])
  }

  /// Both shares against the threshold; against the area where there is no common threshold.
  private static func predictionArea(_ curve: Curve) -> HTMLReport.Block {
    let success = curve.success
    let crossing = success.crossing
    let hasThreshold = crossing.threshold != nil
    // Drawn from both ends, so that the curves reach the frame.
    let deposits = [0] + thinned(success.depositShares) + [1]
    let area = [0] + thinned(success.areaShares) + [1]
    let positions = hasThreshold ? [1] + thinned(success.thresholds) + [0] : area
    let place = crossing.threshold.map { " at \(decimals($0))" } ?? ""
    return .chart(
      SVGChart.lines(
        title: "Prediction and area: \(curve.title)",
        description: hasThreshold
          ? "Shares of known places and of the area at or above each probability."
          : "Shares of known places and of the area outside, by share of the area, best cells first.",
        x: Axis(hasThreshold ? "probability" : "share of the area", exactly: 0...1),
        y: Axis("share", exactly: 0...1),
        series: [
          SVGChart.Series("known places", x: positions, y: deposits),
          SVGChart.Series("one minus the area", x: positions, y: area.map { 1 - $0 }),
        ]),
      caption: "Prediction-area plot (Yousefi & Carranza 2015) of the \(curve.way.title). The "
        + "curves cross\(place): \(percent(crossing.depositShare)) of the known places in "
        + "\(percent(crossing.areaShare)) of the area.")
  }
}

/// At most some hundreds of points of a curve, with its last.
private func thinned(_ values: [Double]) -> [Double] {
  let step = max(1, values.count / 400)
  return values.indices.filter { $0 % step == 0 || $0 == values.count - 1 }.map { values[$0] }
}

private func decimals(_ value: Double) -> String {
  value.isFinite ? String(format: "%.3f", value) : "-"
}

private func percent(_ share: Double) -> String { String(format: "%.0f %%", share * 100) }
