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
    var blocks: [HTMLReport.Block] = [known.isOutOfFold ? .text(Self.honest) : .warning(Self.seen)]
    blocks.append(.table(table(curves)))
    blocks.append(
      .chart(
        SVGChart.lines(
          title: known.isOutOfFold ? "Prediction rate" : "Success rate",
          description:
            "Share of the known places against share of the map's area, best cells first.",
          x: Axis("share of the area", exactly: 0...1),
          y: Axis("share of the known places", exactly: 0...1),
          series: curves.prefix(Self.shownCurves).map { curve in
            SVGChart.Series(
              curve.name, x: [0] + thinned(curve.success.areaShares),
              y: [0] + thinned(curve.success.depositShares))
          } + [SVGChart.Series("chance", x: [0, 1], y: [0, 1])]),
        caption: "How much of what is known lies in the best part of the map."))
    blocks += curves.prefix(Self.shownCurves).map(predictionArea)
    return HTMLReport.Section("Known places: \(tag)", blocks)
  }

  /// More curves than this make a chart that nobody reads.
  private static let shownCurves = 6

  private static let honest = """
    Known places have the probability that the models of the validation, which have not seen them, \
    give them; the area is that of the map, whose model was trained on all of them. The area under \
    the curve is 0.5 by chance.
    """
  private static let seen = """
    The model was trained on these places: they are not out of fold, and the curves say how well \
    the map fits them and not how well it finds others. Add 'validate' to see that.
    """

  private func table(_ curves: [KnownDeposits.Curve]) -> HTMLReport.Table {
    HTMLReport.Table(
      "Known places in the best part of the map",
      columns: [
        "Class", "Places", "Area under the curve", "In 5 % of the area", "In 10 %", "In 20 %",
        "Curves cross at", "Places there", "Density there",
      ],
      rows: curves.map { curve in
        let success = curve.success
        let crossing = success.crossing
        return [curve.name, "\(curve.count)", decimals(success.areaUnderCurve)]
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
        title: "Prediction and area: \(curve.name)",
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
    let count: Int
    let success: SuccessCurve
  }

  /// Whether places are judged by models that have not seen them.
  var isOutOfFold: Bool { scores != nil }

  /// A curve for each class, or for the second of two.
  func curves() throws -> [Curve] {
    let set = try SampleSet.stored(try executor.value(samples.node))
    let isBinary = samples.kind == .softmax && model.classes.count == 2
    let outputs = isBinary ? [1] : Array(model.classes.indices)
    let areas = try areas(outputs)
    let deposits = try scores.map { scores in
      let known = try Scores.stored(try executor.value(scores.node))
      return try outputs.map { output in
        let found = try known.outOfFold(output, set)
        return zip(found.scores, found.isPositive).filter(\.1).map(\.0)
      }
    }
    return try outputs.indices.compactMap { index in
      let values = try deposits?[index] ?? mapped(outputs[index], set)
      return SuccessCurve(area: areas[index], deposits: values).map {
        Curve(
          name: model.classes[outputs[index]], count: values.count { !$0.isNaN }, success: $0)
      }
    }
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
