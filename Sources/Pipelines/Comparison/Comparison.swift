import Foundation
import Learning
import Reports

/// The scores of several variants of a pipeline over repeated splits and seeds.
struct Comparison: Sendable, Equatable {
  /// One variant's score in one run.
  struct Score: Sendable, Hashable {
    /// The position of the variant.
    var variant: Int
    /// The number of the run: what is the same for all variants (split and seed).
    var run: Int
    /// The tag of the scores, and the label or value where there are several.
    var output: String
    var measure: String
    /// The measure; nil where the samples cannot tell it.
    var value: Double?
  }

  /// The names of the variants; the first is what the others are compared with.
  var variants: [String]
  /// How many times folds were drawn, and models trained for each division.
  var repeats: Int
  var seeds: Int
  /// What the variants are compared over, if anything.
  var curve: Curve?
  var scores: [Score] = []

  init(variants: [String], repeats: Int, seeds: Int, curve: Curve? = nil) {
    self.variants = variants
    self.repeats = repeats
    self.seeds = seeds
    self.curve = curve
  }

  /// A measure of a variant over all runs.
  struct Summary: Sendable, Equatable {
    var output: String
    var measure: String
    var variant: String
    var count: Int
    var mean: Double
    /// The standard deviation over the runs; NaN of one run.
    var deviation: Double
    /// The mean difference from the first variant in the same runs, its standard deviation and the
    /// number of runs in which it is above 0; nil for the first variant.
    var difference: Difference?
  }

  /// Paired differences.
  struct Difference: Sendable, Equatable {
    var mean: Double
    var deviation: Double
    var above: Int
    var count: Int
  }

  /// Takes in the scores of one run of one variant.
  mutating func add(_ scores: [String: Scores], variant: Int, run: Int) {
    for (tag, result) in scores.sorted(by: { $0.key < $1.key }) {
      for (index, label) in result.metrics.outputNames(result.classes) {
        let name = label.isEmpty ? tag : "\(tag): \(label)"
        for (measure, value) in result.measures(output: index) {
          self.scores.append(
            Score(variant: variant, run: run, output: name, measure: measure, value: value))
        }
      }
    }
  }

  /// Mean, spread and paired differences of every measure and variant, in the order of the scores.
  var summaries: [Summary] {
    var groups: [(output: String, measure: String)] = []
    var values: [String: [Int: [Int: Double]]] = [:]
    for score in scores {
      let key = "\(score.output)\u{0}\(score.measure)"
      if values[key] == nil { groups.append((score.output, score.measure)) }
      values[key, default: [:]][score.variant, default: [:]][score.run] = score.value
    }
    return groups.flatMap { group in
      let known = values["\(group.output)\u{0}\(group.measure)"] ?? [:]
      return variants.indices.compactMap { variant -> Summary? in
        guard let own = known[variant], !own.isEmpty else { return nil }
        let reference = self.reference(of: variant)
        return Self.summary(
          group, variants[variant], own, variant == reference ? nil : known[reference] ?? [:])
      }
    }
  }

  private static func summary(
    _ group: (output: String, measure: String), _ variant: String, _ own: [Int: Double],
    _ reference: [Int: Double]?
  ) -> Summary {
    let runs = own.keys.sorted()
    let (mean, deviation) = spread(runs.compactMap { own[$0] })
    let difference = reference.flatMap { reference -> Difference? in
      let pairs = runs.compactMap { run in
        own[run].flatMap { value in reference[run].map { value - $0 } }
      }
      guard !pairs.isEmpty else { return nil }
      let (mean, deviation) = spread(pairs)
      return Difference(
        mean: mean, deviation: deviation, above: pairs.count { $0 > 0 }, count: pairs.count)
    }
    return Summary(
      output: group.output, measure: group.measure, variant: variant, count: runs.count,
      mean: mean, deviation: deviation, difference: difference)
  }

  /// Mean and standard deviation (of a sample); NaN where one value tells no spread.
  static func spread(_ values: [Double]) -> (mean: Double, deviation: Double) {
    guard !values.isEmpty else { return (.nan, .nan) }
    let mean = values.reduce(0, +) / Double(values.count)
    guard values.count > 1 else { return (mean, .nan) }
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, (squares / Double(values.count - 1)).squareRoot())
  }
}

// Tables.
extension Comparison {
  /// Every score, one a line.
  var csv: String {
    var lines = ["variant,repeat,seed,output,measure,value"]
    for score in scores {
      let place = "\(score.run / seeds + 1),\(score.run % seeds + 1)"
      lines.append(
        "\(variants[score.variant].csvField),\(place),\(score.output.csvField),\(score.measure),"
          + (score.value.map { "\($0)" } ?? ""))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Every summary, one a line.
  var summaryCSV: String {
    var lines = [
      "output,measure,variant,runs,mean,standard deviation,difference,its standard deviation,"
        + "runs above"
    ]
    func number(_ value: Double?) -> String { value.flatMap { $0.isNaN ? nil : "\($0)" } ?? "" }
    for summary in summaries {
      let difference = summary.difference
      lines.append(
        [
          summary.output.csvField, summary.measure, summary.variant.csvField, "\(summary.count)",
          number(summary.mean), number(summary.deviation), number(difference?.mean),
          number(difference?.deviation), difference.map { "\($0.above)" } ?? "",
        ].joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The outputs that were scored.
  var outputs: [String] {
    var seen: Set<String> = []
    return scores.map(\.output).filter { seen.insert($0).inserted }
  }

  /// A table of one output: a row per variant, a column per measure, mean and standard deviation;
  /// with `paired`, differences from the first variant.
  func table(_ output: String, paired: Bool) -> (columns: [String], rows: [[String]]) {
    let own = summaries.filter { $0.output == output }
    var seen: Set<String> = []
    let measures = own.map(\.measure).filter { seen.insert($0).inserted }
    let shown = variants.indices.filter { !paired || reference(of: $0) != $0 }.map { variants[$0] }
    let rows = shown.map { variant in
      [variant]
        + measures.map { measure in
          guard let found = own.first(where: { $0.variant == variant && $0.measure == measure })
          else { return "-" }
          return paired ? Self.text(found.difference) : Self.text(found.mean, found.deviation)
        }
    }
    return (["Variant"] + measures, rows)
  }

  private static func text(_ mean: Double, _ deviation: Double) -> String {
    let text = String(format: "%.3f", mean)
    return deviation.isNaN ? text : text + String(format: " ± %.3f", deviation)
  }

  private static func text(_ difference: Difference?) -> String {
    guard let difference else { return "-" }
    var text = String(format: "%+.3f", difference.mean)
    if !difference.deviation.isNaN { text += String(format: " ± %.3f", difference.deviation) }
    return text + " (\(difference.above)/\(difference.count))"
  }
}
