import Foundation
import Learning
import Networks
import Rasters
import Reports

extension ReportPage {
  /// A section for each map of probabilities whose model's samples are known: how much of what is
  /// known the best part of the map holds.
  func curveSections() throws -> [HTMLReport.Section] {
    try task.products.compactMap { tag, product in
      guard case .raster(let raster) = product, case .probability = raster.presentation,
        let model = raster.model, let samples = model.samples, samples.kind != .linear
      else { return nil }
      let known = KnownDeposits(
        model: model, scores: scores(of: model), samples: samples, raster: raster,
        executor: executor)
      let curves = try known.curves()
      return curves.isEmpty ? nil : section(tag, curves, known)
    }
  }

  /// The scores among the products that are those of a model.
  private func scores(of model: ModelReference) -> ScoresProduct? {
    for case .scores(let scores) in task.products.map(\.product)
    where scores.model?.node === model.node { return scores }
    return nil
  }

  private func section(
    _ tag: String, _ curves: [KnownDeposits.Curve], _ known: KnownDeposits
  ) -> HTMLReport.Section {
    var blocks: [HTMLReport.Block] = [known.scores != nil ? .text(Self.both) : .warning(Self.seen)]
    blocks.append(.table(table(curves)))
    blocks.append(
      .chart(
        SVGChart.lines(
          title: "Success and prediction rate",
          description:
            "Share of the known places against share of the map's area, best cells first.",
          x: Axis("share of the area", exactly: 0...1),
          y: Axis("share of the known places", exactly: 0...1),
          series: curves.prefix(Self.shownCurves).map { curve in
            SVGChart.Series(
              curve.title, x: [0] + thinned(curve.success.areaShares),
              y: [0] + thinned(curve.success.depositShares))
          } + [SVGChart.Series("chance", x: [0, 1], y: [0, 1])]),
        caption: "How much of what is known lies in the best part of the map."))
    // What is known of other places is better than what the model was trained on.
    let best = known.scores == nil ? curves : curves.filter(\.isOutOfFold)
    blocks += best.prefix(Self.shownCurves).map(predictionArea)
    return HTMLReport.Section("Known places: \(tag)", blocks)
  }

  /// More curves than this make a chart that nobody reads.
  private static let shownCurves = 6

  private static let both = """
    'Out of fold' places have the probability that the models of the validation, which have not \
    seen them, give them: the prediction rate. 'Trained on' places have that of the map, whose \
    model was trained on them: the success rate, which flatters the model. The area is that of the \
    map for both. Models of the folds see fewer samples and may give other levels of probability \
    than the map's model, which moves the first curve: read it together with the ROC AUC. By chance \
    the area under a curve is 0.5.
    """
  private static let seen = """
    The model was trained on these places: they are not out of fold, and the curves say how well \
    the map fits them and not how well it finds others. Add 'validate' to see that.
    """

  private func table(_ curves: [KnownDeposits.Curve]) -> HTMLReport.Table {
    HTMLReport.Table(
      "Known places in the best part of the map",
      columns: [
        "Class", "Judged", "Places", "Area under the curve", "In 5 % of the area", "In 10 %",
        "In 20 %",
        "Curves cross at", "Places there", "Density there",
      ],
      rows: curves.map { curve in
        let success = curve.success
        let crossing = success.crossing
        return [curve.name, curve.way, "\(curve.count)", decimals(success.areaUnderCurve)]
          + [0.05, 0.1, 0.2].map { percent(success.depositShare(atArea: $0)) }
          + [
            decimals(crossing.threshold), percent(crossing.depositShare),
            decimals(crossing.normalizedDensity),
          ]
      })
  }

  private func predictionArea(_ curve: KnownDeposits.Curve) -> HTMLReport.Block {
    let success = curve.success
    let crossing = success.crossing
    // Drawn from both ends, so that the curves reach the frame.
    let thresholds = [1] + thinned(success.thresholds) + [0]
    let deposits = [0] + thinned(success.depositShares) + [1]
    let area = [0] + thinned(success.areaShares) + [1]
    return .chart(
      SVGChart.lines(
        title: "Prediction and area: \(curve.title)",
        description: "Shares of known places and of the area at or above each probability.",
        x: Axis("probability", exactly: 0...1), y: Axis("share", exactly: 0...1),
        series: [
          SVGChart.Series("known places", x: thresholds, y: deposits),
          SVGChart.Series("one minus the area", x: thresholds, y: area.map { 1 - $0 }),
        ]),
      caption: "Prediction-area plot (Yousefi & Carranza 2015). The curves cross at "
        + "\(decimals(crossing.threshold)): \(percent(crossing.depositShare)) of the known places "
        + "in \(percent(crossing.areaShare)) of the area.")
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
}

/// What a map says of the places that are known, class by class.
private struct KnownDeposits {
  let model: ModelReference
  let scores: ScoresProduct?
  let samples: SamplesProduct
  let raster: RasterProduct
  let executor: Executor

  /// The curve of one class or label.
  struct Curve {
    let name: String
    /// Whether places are judged by models that have not seen them.
    let isOutOfFold: Bool
    let count: Int
    let success: SuccessCurve

    var way: String { isOutOfFold ? "out of fold" : "trained on" }
    var title: String { "\(name), \(way)" }
  }

  /// Curves of each class, or of the second of two: out of fold where there are scores, and of the
  /// map itself.
  func curves() throws -> [Curve] {
    let set = try SampleSet.stored(try executor.value(samples.node))
    let isBinary = samples.kind == .softmax && model.classes.count == 2
    let outputs = isBinary ? [1] : Array(model.classes.indices)
    let scored = try scores.map { try Scores.stored(try executor.value($0.node)) }
    var result: [Curve] = []
    for (area, output) in zip(try areas(outputs), outputs) {
      func add(_ values: [Float], isOutOfFold: Bool) {
        guard let success = SuccessCurve(area: area, deposits: values) else { return }
        result.append(
          Curve(
            name: model.classes[output], isOutOfFold: isOutOfFold,
            count: values.count { !$0.isNaN }, success: success))
      }
      if let scored {
        let found = try scored.outOfFold(output, set)
        add(zip(found.scores, found.isPositive).filter(\.1).map(\.0), isOutOfFold: true)
      }
      add(try mapped(output, set), isOutOfFold: false)
    }
    return result
  }

  /// The map's values chunk by chunk.
  private func areas(_ outputs: [Int]) throws -> [ProbabilityHistogram] {
    var result = [ProbabilityHistogram](repeating: ProbabilityHistogram(), count: outputs.count)
    for chunk in executor.lattice.chunks {
      let cube = try executor.cube(raster.node, executor.lattice.window(of: chunk))
      for (index, output) in outputs.enumerated() { result[index].add(cube.band(output)) }
    }
    return result
  }

  /// The map's values at the places of a class, which the model was trained on.
  private func mapped(_ output: Int, _ set: SampleSet) throws -> [Float] {
    try set.samples.filter { $0.target.isPositive(output) == true }.map { sample in
      let window = Window(x: sample.cell.column, y: sample.cell.row, width: 1, height: 1)
      return try executor.cube(raster.node, window).band(output).first ?? .nan
    }
  }
}
