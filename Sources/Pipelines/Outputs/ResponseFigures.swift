import Explanation
import Features
import Foundation
import Learning
import Networks
import Reports

/// Draws how a model's output follows its features.
struct ResponseFigures: Sendable {
  private let given: [String]?
  private let most: Int
  private let positions: Int
  private let quantile: Double
  private let isExact: Bool
  private let smoothing: Int
  private let axis: String

  init(_ options: OptionValues, _ features: Features, _ output: String) {
    given = options.optionalStrings("features")
    most = options.int("most")
    positions = options.int("positions")
    quantile = options.double("quantile")
    isExact = options.string("slopes") == "exact"
    smoothing = options.int("smoothing")
    axis = "\(options.string("output-scale")) of '\(output)'"
  }

  /// The figures of the chosen features, those that move the mean most first.
  func figures(_ subject: ModelInspection.Subject) throws -> [Figure] {
    let names = subject.features.names
    let wanted = given.map { $0.compactMap(names.firstIndex) } ?? Array(names.indices)
    let all = wanted.map { feature in
      (feature: feature, curves: curves(of: feature, subject))
    }
    let everyone = Array(subject.classOfSample.indices)
    let ranges = all.map { entry -> Double in
      let mean = entry.curves.mean(everyone)
      return (mean.max() ?? 0) - (mean.min() ?? 0)
    }
    let order =
      given == nil
      ? Array(all.indices.sorted { (ranges[$1], $0) < (ranges[$0], $1) }.prefix(most))
      : Array(all.indices)
    let shown = order.map { all[$0] }
    return [overview(all.map { names[$0.feature] }, ranges)]
      + shown.flatMap { figures(names[$0.feature], $0.curves, subject, $0.feature) }
  }

  private func curves(of feature: Int, _ subject: ModelInspection.Subject) -> ResponseCurves {
    let sources = subject.features.ofSource.indices.filter {
      subject.features.ofSource[$0] == feature
    }
    guard sources.count == 1 else {
      return subject.response.categories(of: feature, subject.predictor)
    }
    let count = subject.features.ofSource.count
    let values = stride(from: sources[0], to: subject.response.sources.count, by: count)
      .map { subject.response.sources[$0] }.sorted()
    let reach = Double(values.count - 1)
    let low = values[Int(quantile * reach)]
    let high = max(values[Int(((1 - quantile) * reach).rounded(.up))], low.nextUp)
    var curves = subject.response.curves(
      of: feature,
      at: (0..<positions).map {
        low + (high - low) * Float($0) / Float(positions - 1)
      }, subject.predictor)
    if !isExact || curves.slopes.isEmpty {
      curves.slopes = curves.numericalSlopes(smoothing: smoothing)
    }
    return curves
  }

  private func overview(_ names: [String], _ ranges: [Double]) -> Figure {
    let order = ranges.indices.sorted { (ranges[$1], $0) < (ranges[$0], $1) }.prefix(30)
    return Figure(
      name: "ranges", title: "How far features move the mean output",
      description: "Range of the partial dependence of each feature.",
      caption: "The range of each feature's partial dependence (the first 30 features).",
      content: .bars(
        axis: axis, labels: order.map { names[$0] },
        [Figure.Column("range", order.map { ranges[$0] })]))
  }

  private func figures(
    _ name: String, _ curves: ResponseCurves, _ subject: ModelInspection.Subject, _ feature: Int
  ) -> [Figure] {
    guard !curves.slopes.isEmpty else { return [categories(name, curves, subject, feature)] }
    let unit = subject.features.units[feature]
    let axisOfFeature = unit.isEmpty ? name : "\(name), \(unit)"
    return [
      dependence(name, axisOfFeature, curves, subject), slopes(name, axisOfFeature, curves),
    ]
  }

  // MARK: Figures

  private func dependence(
    _ name: String, _ axisOfFeature: String, _ curves: ResponseCurves,
    _ subject: ModelInspection.Subject
  ) -> Figure {
    let lines = curves.values.indices.map { sample in
      Figure.Line(
        "sample", x: curves.positions, y: curves.values[sample],
        group: subject.classOfSample[sample], isFaint: true)
    }
    return Figure(
      name: "ice-\(name.fileName)", title: "\(name): ICE and partial dependence",
      description: "\(axis) of each sample for other values of \(name), and the means by class.",
      caption: "Thin lines are single samples (ICE), thick ones the means by true class (PDP).",
      content: .lines(x: axisOfFeature, y: axis, lines + means(curves, subject)))
  }

  private func means(
    _ curves: ResponseCurves, _ subject: ModelInspection.Subject
  ) -> [Figure.Line] {
    subject.classes.indices.compactMap { category in
      let members = subject.classOfSample.indices.filter { subject.classOfSample[$0] == category }
      guard !members.isEmpty else { return nil }
      return Figure.Line(
        subject.classes[category], x: curves.positions, y: curves.mean(members), group: category)
    }
  }

  private func slopes(
    _ name: String, _ axisOfFeature: String, _ curves: ResponseCurves
  ) -> Figure {
    let mean = curves.positions.indices.map { position in
      curves.slopes.reduce(0) { $0 + $1[position] } / Double(max(1, curves.slopes.count))
    }
    return Figure(
      name: "d-ice-\(name.fileName)", title: "\(name): slopes (d-ICE)",
      description: "Mean slope of the single samples' lines, with its standard deviation.",
      caption:
        "The mean slope and, as a band, the standard deviation over the samples: where it is "
        + "wide, what \(name) does depends on the other features.",
      content: .lines(
        x: axisOfFeature, y: "change of the \(axis) per unit",
        [Figure.Line("mean slope", x: curves.positions, y: mean, spread: curves.slopeSpread)]))
  }

  private func categories(
    _ name: String, _ curves: ResponseCurves, _ subject: ModelInspection.Subject, _ feature: Int
  ) -> Figure {
    let sources = subject.features.ofSource.indices.filter {
      subject.features.ofSource[$0] == feature
    }
    return Figure(
      name: "ice-\(name.fileName)", title: "\(name): partial dependence",
      description: "Mean \(axis) by class when all samples have one category.",
      caption: "The mean over the samples of each true class, were they all of one category.",
      content: .bars(
        axis: axis, labels: sources.map { subject.features.sourceNames[$0] },
        means(curves, subject).map { Figure.Column($0.name, $0.y) }))
  }
}
