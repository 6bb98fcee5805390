import Explanation
import Foundation
import Learning
import Networks
import Reports

/// Draws what each feature adds to a model's output at samples.
struct AttributionFigures: Sendable {
  private let features: Features
  private let model: ModelProduct
  private let index: Int
  private let most: Int
  private let dependence: Int
  private let top: Double
  private let scale: String
  /// Whether samples are explained by models that have not seen them.
  private let isOutOfFold: Bool

  /// Of more features the path spread is a drawing that nobody reads.
  private static let longestLabelList = 15

  init(
    _ options: OptionValues, _ features: Features, _ model: ModelProduct, _ index: Int,
    isOutOfFold: Bool
  ) {
    self.features = features
    self.model = model
    self.index = index
    most = options.int("most")
    dependence = options.int("dependence")
    top = options.double("top")
    scale = options.string("output-scale")
    self.isOutOfFold = isOutOfFold
  }

  private var output: String {
    model.architecture.head.kind == .linear
      ? "'\(model.learntName(index))'" : "\(scale) of '\(model.classes[index])'"
  }

  /// What the figures are drawn from.
  private struct Explained {
    /// Samples x features.
    let attributions: [[Double]]
    let paths: DecisionPaths
    /// The features by mean absolute attribution, the greatest first.
    let leading: [Int]
    let sources: [[Float]]
    let outputs: [Double]
    let classOfSample: [Int]
    let classes: [String]
  }

  /// The figures of all samples, leading features first.
  func figures(_ rows: SampleAttributions.Rows, _ set: SampleSet) -> [Figure] {
    let attributions = rows.features.map { $0.map(Double.init) }
    let groups = set.groups(of: rows.positions, output: index, model)
    let found = Explained(
      attributions: attributions,
      paths: DecisionPaths(attributions, base: rows.base.map(Double.init)),
      leading: DecisionPaths.leading(attributions), sources: rows.sources,
      outputs: rows.output.map(Double.init), classOfSample: groups.ofSample,
      classes: groups.names)
    let everyone = Array(attributions.indices)
    let best = highest(found.outputs)
    return [strengths(found)] + (features.areGrouped ? [groupStrengths(found)] : [])
      + [beeswarm(found)]
      + found.leading.prefix(dependence).map { dependencePlot($0, found) }
      + [decision("decision", "Decisions", everyone, found)]
      + (best.isEmpty
        ? []
        : [
          decision(
            "decision-top", "Decisions for the highest outputs", best, found)
        ]) + [spreads(best, found)]
  }

  /// The samples with the highest outputs, at least two.
  private func highest(_ outputs: [Double]) -> [Int] {
    guard top > 0, outputs.count > 1 else { return [] }
    let count = max(2, Int((top * Double(outputs.count)).rounded(.up)))
    return outputs.indices.sorted { (outputs[$1], $0) < (outputs[$0], $1) }.prefix(count).sorted()
  }

  // MARK: Features

  private func strengths(_ found: Explained) -> Figure {
    let means = DecisionPaths.strengths(found.attributions)
    let shown = found.leading.prefix(30)
    return Figure(
      name: "importance", title: "Features by mean |SHAP|",
      description: "Mean absolute attribution of each feature over the samples.",
      caption: "Which features move the \(output) of the \(found.outputs.count) samples most "
        + "(the first 30)."
        + (isOutOfFold ? " Each is explained by a model that has not seen it." : ""),
      content: .bars(
        axis: "mean |SHAP| (\(output))", labels: shown.map { features.names[$0] },
        [Figure.Column("mean |SHAP|", shown.map { means[$0] })]))
  }

  private func groupStrengths(_ found: Explained) -> Figure {
    let sums = found.attributions.map { features.grouped($0) }
    let means = DecisionPaths.strengths(sums)
    let order = DecisionPaths.leading(sums)
    return Figure(
      name: "groups", title: "Groups of features by mean |SHAP|",
      description: "Mean absolute sum of the attributions of each group over the samples.",
      caption: "Which groups of features move the \(output) of the \(found.outputs.count) samples "
        + "most. What the features of a group add to a sample is summed first, so that opposite "
        + "ones cancel.",
      content: .bars(
        axis: "mean |SHAP| (\(output))", labels: order.map { features.groups[$0] },
        [Figure.Column("mean |SHAP|", order.map { means[$0] })]))
  }

  private func beeswarm(_ found: Explained) -> Figure {
    let rows = found.leading.prefix(most).map { feature -> Figure.Row in
      let values = numbers(of: feature, found)
      return Figure.Row(
        features.names[feature], values: found.attributions.map { $0[feature] },
        shares: shares(values), numbers: values)
    }
    let hasCategories = found.leading.prefix(most).contains { sources(of: $0).count > 1 }
    return Figure(
      name: "beeswarm", title: "What features add to samples",
      description: "Attributions of each sample by feature, coloured by the feature's value.",
      caption: "A dot for each sample; features by mean |SHAP|. Colours run from the 5th to the "
        + "95th percentile of a feature's values"
        + (hasCategories ? "; categories are grey." : "."),
      content: .swarm(axis: "SHAP (\(output))", color: "value", rows))
  }

  private func dependencePlot(_ feature: Int, _ found: Explained) -> Figure {
    let name = features.names[feature]
    guard sources(of: feature).count == 1 else { return categories(feature, found) }
    let values = numbers(of: feature, found)
    let added = found.attributions.map { $0[feature] }
    let partner = partner(of: feature, values, added, found)
    let colors = partner.map { numbers(of: $0, found) } ?? values.map { _ in .nan }
    let shares = shares(colors)
    return Figure(
      name: "dependence-\(name.fileName)", title: "\(name): what it adds",
      description: "Attribution of \(name) against its value at each sample.",
      caption: "A dot for each sample"
        + (partner.map {
          ", coloured by \(features.axis($0)), which seems to interact with \(name) most: what "
            + "\(name) adds at one value goes with it."
        } ?? "."),
      content: .points(
        x: features.axis(feature), y: "SHAP (\(output))",
        color: partner.map { features.names[$0] } ?? "",
        values.indices.map {
          Figure.Point(x: values[$0], y: added[$0], share: shares[$0], number: colors[$0])
        }))
  }

  /// The feature that seems to interact with one most; nil where there is no other with numbers.
  private func partner(
    of feature: Int, _ values: [Double], _ added: [Double], _ found: Explained
  ) -> Int? {
    let others = features.names.indices.filter { $0 != feature && sources(of: $0).count == 1 }
    let known = values.indices.filter { values[$0].isFinite }
    let strengths = interactionStrengths(
      of: known.map { added[$0] }, along: known.map { values[$0] },
      with: others.map { other in
        let all = numbers(of: other, found)
        return known.map { all[$0] }
      })
    let best = strengths.indices.max { (strengths[$0], $1) < (strengths[$1], $0) }
    return best.map { others[$0] }
  }

  private func categories(_ feature: Int, _ found: Explained) -> Figure {
    let name = features.names[feature]
    let groups = sources(of: feature).map { source in
      found.attributions.indices.filter { found.sources[$0][source] > 0.5 }
        .map { found.attributions[$0][feature] }
    }
    let spreads = groups.map { Comparison.spread($0) }
    return Figure(
      name: "dependence-\(name.fileName)", title: "\(name): what it adds",
      description: "Mean attribution of \(name) at the samples of each category.",
      caption: "The mean over the samples of each category, with its standard deviation.",
      content: .bars(
        axis: "SHAP (\(output))",
        labels: sources(of: feature).map { features.sourceNames[$0] },
        [Figure.Column("mean", spreads.map(\.mean), spread: spreads.map(\.deviation))]))
  }

  // MARK: Decisions

  private func decision(
    _ name: String, _ title: String, _ samples: [Int], _ found: Explained
  ) -> Figure {
    let paths = found.paths
    return Figure(
      name: name, title: title,
      description: "Paths of \(samples.count) samples from the base value to the \(output), one "
        + "feature after another, and their standard deviation.",
      caption: "A thin line adds a sample's attributions up from below, from the base value to the "
        + "\(output); thick ones are the means by class. At the right the standard deviation of "
        + "the paths, over the features "
        + "\(NumberText.short(paths.meanSpread(of: samples), significant: 3)) on average.",
      content: .paths(
        axis: output, rows: paths.order.map { features.names[$0] },
        spread: paths.spread(of: samples),
        samples.map { sample in
          Figure.Path(
            found.classes[found.classOfSample[sample]], values: paths.values[sample],
            group: found.classOfSample[sample])
        }))
  }

  /// The path spread of all samples, of each class and of the highest outputs, as numbers.
  private func spreads(_ best: [Int], _ found: Explained) -> Figure {
    let paths = found.paths
    var groups = [("all samples", Array(found.outputs.indices))]
    if found.classes.count > 1 {
      groups += found.classes.indices.map { category in
        (
          found.classes[category],
          found.classOfSample.indices.filter { found.classOfSample[$0] == category }
        )
      }
    }
    if !best.isEmpty { groups.append(("highest outputs", best)) }
    groups.removeAll { $0.1.isEmpty }
    let shown = paths.order.indices.reversed().prefix(Self.longestLabelList)
    return Figure(
      name: "path-spread", title: "Path spread",
      description: "Standard deviation of the paths of decisions, by group of samples.",
      caption: "How far the paths of samples lie apart: the standard deviation after each feature, "
        + "and its mean over all features. The smaller it is, the more samples are decided in "
        + "one way.",
      content: .bars(
        axis: "standard deviation (\(output))",
        labels: ["mean over features"] + shown.map { "after \(features.names[paths.order[$0]])" },
        groups.map { name, samples in
          let spread = paths.spread(of: samples)
          return Figure.Column(
            name, [paths.meanSpread(of: samples)] + shown.map { spread[$0 + 1] })
        }))
  }

  // MARK: Values

  private func sources(of feature: Int) -> [Int] {
    features.ofSource.indices.filter { features.ofSource[$0] == feature }
  }

  /// A feature's value at each sample; NaN of categories.
  private func numbers(of feature: Int, _ found: Explained) -> [Double] {
    let own = sources(of: feature)
    guard own.count == 1 else { return found.sources.map { _ in .nan } }
    return found.sources.map { Double($0[own[0]]) }
  }

  /// Where values lie between their 5th and 95th percentile, 0 to 1; 0.5 where all are the same.
  private func shares(_ values: [Double]) -> [Double] {
    let sorted = values.filter(\.isFinite).sorted()
    guard let first = sorted.first, let last = sorted.last else { return values }
    let reach = Double(sorted.count - 1)
    var (low, high) = (sorted[Int(0.05 * reach)], sorted[Int((0.95 * reach).rounded(.up))])
    if low == high { (low, high) = (first, last) }
    return values.map { value in
      guard value.isFinite else { return .nan }
      return low == high ? 0.5 : min(max((value - low) / (high - low), 0), 1)
    }
  }
}

extension Features {
  /// The name of a feature with its unit, for an axis.
  func axis(_ feature: Int) -> String {
    units[feature].isEmpty ? names[feature] : "\(names[feature]), \(units[feature])"
  }
}

extension SampleSet {
  /// The classes that figures tell apart, and which of them each of some samples has: true classes,
  /// or whether a label holds; values are all of one.
  func groups(
    of positions: [Int], output: Int, _ model: ModelProduct
  ) -> (names: [String], ofSample: [Int]) {
    switch model.architecture.head.kind {
    case .softmax:
      return (
        model.classes,
        positions.map { position in
          if case .category(let index) = samples[position].target { index } else { 0 }
        }
      )
    case .sigmoid:
      let name = model.classes[output]
      return (
        ["not '\(name)'", "'\(name)'", "'\(name)' unknown"],
        positions.map { samples[$0].target.isPositive(output).map { $0 ? 1 : 0 } ?? 2 }
      )
    case .linear: return (["all samples"], positions.map { _ in 0 })
    }
  }
}
