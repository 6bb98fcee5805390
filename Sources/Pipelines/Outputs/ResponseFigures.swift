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
  private let grid: ResponseGrid
  private let axis: String
  private let output: String
  /// The output at which a decision changes; nil of values.
  private let level: Double?

  init(_ options: OptionValues, _ features: Features, _ output: String, level: Double?) {
    given = options.optionalStrings("features")
    most = options.int("most")
    grid = ResponseGrid(
      positions: options.int("positions"), quantile: options.double("quantile"),
      isExact: options.string("slopes") == "exact", smoothing: options.int("smoothing"))
    axis = level == nil ? "'\(output)'" : "\(options.string("output-scale")) of '\(output)'"
    self.output = output
    self.level = level
  }

  /// A feature with its curves.
  private struct Followed {
    let name: String
    /// The name with the unit.
    let axis: String
    let unit: String
    let feature: Int
    let curves: ResponseCurves

    /// What slopes are told for.
    var perUnit: String { "per \(unit.isEmpty ? "unit" : unit)" }
  }

  /// The figures of the chosen features, those that move the mean most first.
  func figures(_ subject: ModelInspection.Subject) throws -> [Figure] {
    let features = subject.features
    let wanted =
      given.map { $0.compactMap(features.names.firstIndex) } ?? features.names.indices.map(\.self)
    let all = wanted.map { feature in
      Followed(
        name: features.names[feature], axis: features.axis(feature),
        unit: features.units[feature], feature: feature,
        curves: grid.curves(
          of: feature, features, subject.response, subject.predictor,
          between: subject.response.sources))
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
    return [overview(all.map(\.name), ranges)] + spreads(all) + gaps(all, subject)
      + crossings(all, subject)
      + order.flatMap { figures(all[$0], subject) }
  }

  private func figures(_ entry: Followed, _ subject: ModelInspection.Subject) -> [Figure] {
    guard !entry.curves.slopes.isEmpty else { return [categories(entry, subject)] }
    return [
      dependence(entry, subject), centred(entry, subject), slopes(entry, subject),
      slopeSpread(entry, subject),
    ]
  }

  // MARK: All features

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

  /// How differently samples follow each feature, and all of them on average.
  private func spreads(_ all: [Followed]) -> [Figure] {
    let measured = all.filter { !$0.curves.slopes.isEmpty }
    guard !measured.isEmpty else { return [] }
    let values = measured.map { $0.curves.meanSlopeSpread() ?? .nan }
    let order = values.indices.sorted { (values[$1], $0) < (values[$0], $1) }.prefix(30)
    let summary = ResponseMeasures(measured.map(\.curves), isPositive: [], level: level)
    var columns = [
      Figure.Column("all values", [summary.slopeSpread ?? .nan] + order.map { values[$0] })
    ]
    if let level {
      columns.append(
        Figure.Column(
          "beyond the threshold",
          [summary.slopeSpreadBeyond ?? .nan]
            + order.map { measured[$0].curves.meanSlopeSpread(beyond: level) ?? .nan }))
    }
    return [
      Figure(
        name: "d-ice-spreads", title: "How differently samples follow features",
        description: "Mean standard deviation of slopes by feature, over the span of its values.",
        caption: "The standard deviation of d-ICE over the samples, on average over a feature's "
          + "values and as change of the output over all of them, so that features of any unit can "
          + "be compared"
          + (level.map {
            "; beyond the threshold are values where the mean output is at least \(short($0))."
          } ?? "."),
        content: .bars(
          axis: axis, labels: ["mean over features"] + order.map { measured[$0].name }, columns))
    ]
  }

  /// How far the partial dependences of the classes are apart.
  private func gaps(_ all: [Followed], _ subject: ModelInspection.Subject) -> [Figure] {
    let (some, others) = subject.sides
    guard level != nil, !some.isEmpty, !others.isEmpty else { return [] }
    let values = all.map { $0.curves.meanGap(some, others) ?? .nan }
    let order = values.indices.sorted { (values[$1], $0) < (values[$0], $1) }.prefix(30)
    return [
      Figure(
        name: "class-gaps", title: "How far classes are apart",
        description: "Mean distance of the partial dependences of '\(output)' and of the others.",
        caption: "The distance of the partial dependences of samples of '\(output)' and of others, "
          + "on average over a feature's values: mean |PDP+ - PDP-| (the first 30 features).",
        content: .bars(
          axis: axis, labels: order.map { all[$0].name },
          [Figure.Column("mean |PDP+ - PDP-|", order.map { values[$0] })]))
    ]
  }

  /// Where the partial dependences of the classes cross the threshold, of features where one does.
  private func crossings(_ all: [Followed], _ subject: ModelInspection.Subject) -> [Figure] {
    let (some, others) = subject.sides
    guard let level, !some.isEmpty, !others.isEmpty else { return [] }
    func place(_ entry: Followed, _ samples: [Int]) -> Double {
      guard !entry.curves.slopes.isEmpty else { return .nan }
      return entry.curves.crossing(of: level, samples).map {
        ($0 - entry.curves.positions[0]) / entry.curves.span
      } ?? .nan
    }
    let found = all.map { ($0.name, own: place($0, some), other: place($0, others)) }
      .filter { $0.own.isFinite || $0.other.isFinite }
    guard !found.isEmpty else { return [] }
    return [
      Figure(
        name: "crossings", title: "Where decisions change",
        description: "Where the partial dependences of the classes cross \(short(level)).",
        caption: "Where along a feature's values, 0 the least and 1 the greatest, the partial "
          + "dependence crosses \(short(level)); no bar where it stays on one side.",
        content: .bars(
          axis: "share of the span of values", labels: found.map(\.0),
          [
            Figure.Column("'\(output)'", found.map(\.own)),
            Figure.Column("others", found.map(\.other)),
            Figure.Column("distance", found.map { abs($0.own - $0.other) }),
          ]))
    ]
  }

  // MARK: One feature

  private func dependence(_ entry: Followed, _ subject: ModelInspection.Subject) -> Figure {
    let curves = entry.curves
    return Figure(
      name: "ice-\(entry.name.fileName)", title: "\(entry.name): ICE and partial dependence",
      description:
        "\(axis) of each sample for other values of \(entry.name), and the means by class.",
      caption: "Thin lines are single samples (ICE), thick ones the means by true class (PDP)."
        + numbers(entry, subject),
      content: .lines(
        x: entry.axis, y: axis,
        single(curves.values, curves, subject) + means(curves.values, curves, subject)))
  }

  /// What the partial dependences of the classes say in numbers.
  private func numbers(_ entry: Followed, _ subject: ModelInspection.Subject) -> String {
    let (some, others) = subject.sides
    guard let level, let gap = entry.curves.meanGap(some, others) else { return "" }
    let unit = entry.unit.isEmpty ? "" : " \(entry.unit)"
    let places = (
      entry.curves.crossing(of: level, some), entry.curves.crossing(of: level, others)
    )
    let crossings =
      switch places {
      case (let own?, let other?):
        "; they cross \(short(level)) at \(short(own)) and \(short(other))\(unit), "
          + "\(short(abs(own - other))) apart"
      case (let own?, nil):
        "; that of '\(output)' crosses \(short(level)) at \(short(own))\(unit), the other does not"
      case (nil, let other?):
        "; that of the others crosses \(short(level)) at \(short(other))\(unit), that of "
          + "'\(output)' does not"
      case (nil, nil): "; neither crosses \(short(level))"
      }
    return " Those of '\(output)' and of the others are \(short(gap)) apart on average"
      + crossings + "."
  }

  private func centred(_ entry: Followed, _ subject: ModelInspection.Subject) -> Figure {
    let curves = entry.curves
    let centred = curves.centred
    return Figure(
      name: "c-ice-\(entry.name.fileName)", title: "\(entry.name): centred ICE",
      description: "Change of the \(axis) of each sample from the least value of \(entry.name).",
      caption: "The lines of single samples from their value at the left end on (c-ICE), and the "
        + "means by true class: lines that fan out respond differently.",
      content: .lines(
        x: entry.axis, y: "change of the \(axis)",
        single(centred, curves, subject) + means(centred, curves, subject)))
  }

  private func slopes(_ entry: Followed, _ subject: ModelInspection.Subject) -> Figure {
    let curves = entry.curves
    let everyone = Array(curves.slopes.indices)
    return Figure(
      name: "d-ice-\(entry.name.fileName)", title: "\(entry.name): slopes (d-ICE)",
      description: "Slopes of the single samples' lines, and their mean with standard deviation.",
      caption:
        "Thin lines are the slopes of single samples, thick ones the means by true class and "
        + "of all with, as a band, the standard deviation over the samples: where it is wide, what "
        + "\(entry.name) does depends on the other features.",
      content: .lines(
        x: entry.axis, y: "change of the \(axis) \(entry.perUnit)",
        single(curves.slopes, curves, subject)
          + (members(subject).count > 1 ? means(curves.slopes, curves, subject) : []) + [
            Figure.Line(
              "mean slope", x: curves.positions, y: Self.mean(curves.slopes, everyone),
              spread: curves.slopeSpread, group: subject.classes.count)
          ]))
  }

  private func slopeSpread(_ entry: Followed, _ subject: ModelInspection.Subject) -> Figure {
    let curves = entry.curves
    let mean = curves.meanSlopeSpread().map {
      " Over the span of values it is \(short($0)) on average."
    }
    let classes = members(subject)
    return Figure(
      name: "d-ice-spread-\(entry.name.fileName)", title: "\(entry.name): spread of slopes",
      description: "Standard deviation of the slopes over all samples and over those of a class.",
      caption: "The standard deviation of d-ICE: of all samples, and of those of a class."
        + (mean ?? ""),
      content: .lines(
        x: entry.axis, y: "standard deviation \(entry.perUnit)",
        (classes.count > 1
          ? classes.map { category, samples in
            Figure.Line(
              subject.classes[category], x: curves.positions, y: curves.slopeSpread(of: samples),
              group: category)
          } : [])
          + [
            Figure.Line(
              "all samples", x: curves.positions, y: curves.slopeSpread,
              group: subject.classes.count)
          ]))
  }

  private func categories(_ entry: Followed, _ subject: ModelInspection.Subject) -> Figure {
    let sources = subject.features.ofSource.indices.filter {
      subject.features.ofSource[$0] == entry.feature
    }
    return Figure(
      name: "ice-\(entry.name.fileName)", title: "\(entry.name): partial dependence",
      description: "Mean \(axis) by class when all samples have one category.",
      caption: "The mean over the samples of each true class, were they all of one category.",
      content: .bars(
        axis: axis, labels: sources.map { subject.features.sourceNames[$0] },
        means(entry.curves.values, entry.curves, subject).map { Figure.Column($0.name, $0.y) }))
  }

  // MARK: Lines

  /// The samples of each class that has any.
  private func members(_ subject: ModelInspection.Subject) -> [(category: Int, samples: [Int])] {
    subject.classes.indices.compactMap { category in
      let samples = subject.classOfSample.indices.filter { subject.classOfSample[$0] == category }
      return samples.isEmpty ? nil : (category, samples)
    }
  }

  private func single(
    _ values: [[Double]], _ curves: ResponseCurves, _ subject: ModelInspection.Subject
  ) -> [Figure.Line] {
    values.indices.map { sample in
      Figure.Line(
        "sample", x: curves.positions, y: values[sample], group: subject.classOfSample[sample],
        isFaint: true)
    }
  }

  private func means(
    _ values: [[Double]], _ curves: ResponseCurves, _ subject: ModelInspection.Subject
  ) -> [Figure.Line] {
    members(subject).map { category, samples in
      Figure.Line(
        subject.classes[category], x: curves.positions, y: Self.mean(values, samples),
        group: category)
    }
  }

  private static func mean(_ values: [[Double]], _ samples: [Int]) -> [Double] {
    (values.first ?? []).indices.map { position in
      samples.reduce(0) { $0 + values[$1][position] } / Double(max(1, samples.count))
    }
  }

  private func short(_ value: Double) -> String { NumberText.short(value, significant: 3) }
}
