import Explanation
import Learning
import Networks

/// Which values a feature is given in its response, and how slopes are found.
struct ResponseGrid: Sendable, Hashable {
  /// The number of values.
  var positions = 25
  /// The quantile of the samples where values begin; they end as far from 1.
  var quantile = 0.02
  /// Whether slopes are derivatives where the model has them.
  var isExact = true
  /// Of other slopes, how many positions to each side a line is averaged over.
  var smoothing = 1

  /// The curves of a feature over values evenly between two quantiles of `sources`, samples x
  /// sources, or over its categories.
  func curves(
    of feature: Int, _ features: Features, _ response: Response, _ predictor: Predictor,
    between sources: [Float]
  ) -> ResponseCurves {
    let own = features.ofSource.indices.filter { features.ofSource[$0] == feature }
    guard own.count == 1 else { return response.categories(of: feature, predictor) }
    let values = stride(from: own[0], to: sources.count, by: features.ofSource.count)
      .map { sources[$0] }.sorted()
    let reach = Double(values.count - 1)
    let low = values[Int(quantile * reach)]
    let high = max(values[Int(((1 - quantile) * reach).rounded(.up))], low.nextUp)
    var curves = response.curves(
      of: feature,
      at: (0..<positions).map { low + (high - low) * Float($0) / Float(positions - 1) }, predictor)
    if !isExact || curves.slopes.isEmpty {
      curves.slopes = curves.numericalSlopes(smoothing: smoothing)
    }
    return curves
  }
}

/// How a model responds to its features, in numbers by which models can be compared.
struct ResponseMeasures: Codable, Hashable {
  /// The mean over features and their values of the standard deviation of the slopes over samples.
  var slopeSpread: Double?
  /// The same where the mean output is beyond the threshold of the decision.
  var slopeSpreadBeyond: Double?
  /// The mean over features and their values of the distance of the classes' partial dependences.
  var classGap: Double?

  init() {}

  /// Sums curves up, one entry for each feature; features without slopes count for the gap alone.
  ///
  /// - Parameters:
  ///   - isPositive: Whether each sample has what is followed; nil where that is not known.
  ///   - level: The output at which decisions change; nil of values.
  init(_ curves: [ResponseCurves], isPositive: [Bool?], level: Double?) {
    let some = isPositive.indices.filter { isPositive[$0] == true }
    let others = isPositive.indices.filter { isPositive[$0] == false }
    slopeSpread = Self.mean(curves.map { $0.meanSlopeSpread() })
    if let level {
      slopeSpreadBeyond = Self.mean(curves.map { $0.meanSlopeSpread(beyond: level) })
      classGap = Self.mean(curves.map { $0.meanGap(some, others) })
    }
  }

  /// The means of several, each of those that have a value.
  init(meanOf parts: [ResponseMeasures]) {
    slopeSpread = Self.mean(parts.map(\.slopeSpread))
    slopeSpreadBeyond = Self.mean(parts.map(\.slopeSpreadBeyond))
    classGap = Self.mean(parts.map(\.classGap))
  }

  /// The measures by name.
  var named: [(name: String, value: Double?)] {
    [
      ("d-ICE spread", slopeSpread), ("d-ICE spread beyond threshold", slopeSpreadBeyond),
      ("PDP gap between classes", classGap),
    ]
  }

  private static func mean(_ values: [Double?]) -> Double? {
    let known = values.compactMap(\.self)
    return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
  }
}

extension ExplainedOutput {
  /// The output at which a decision changes; nil of values.
  var decisionLevel: Double? {
    head == .linear ? nil : scale == .probability ? 0.5 : 0
  }
}

extension ResponseMeasures {
  /// How a model responds at some samples, for each output that is scored: classes as one.
  static func all(
    _ gathered: GatheredSamples, at positions: [Int], _ package: ModelPackage,
    _ features: Features, _ mixing: SourceMixing
  ) -> [ResponseMeasures] {
    let complete = Set(gathered.withSources)
    let positions = positions.filter(complete.contains)
    guard !positions.isEmpty else { return [] }
    let head = package.predictor.architecture.head
    let sources = gathered.withSources.flatMap { gathered.rows[$0]?.sources ?? [] }
    // Of two classes the last is the one that is looked for.
    let outputs =
      head.kind == .softmax && head.outputs == 2 ? [1] : Array(0..<head.outputs)
    // Means over values need few of them; a comparison makes these for every variant and fold.
    let grid = ResponseGrid(positions: 9)
    let measures = outputs.map { index in
      let output = ExplainedOutput(head: head.kind, index: index, scale: .probability)
      let response = gathered.response(
        of: output, at: positions, mixing, fill: package.notes.backgroundMean)
      return ResponseMeasures(
        features.names.indices.map { feature in
          grid.curves(
            of: feature, features, response, package.predictor, between: sources)
        }, isPositive: positions.map { gathered.set.samples[$0].target.isPositive(index) },
        level: output.decisionLevel)
    }
    return head.kind == .softmax ? [ResponseMeasures(meanOf: measures)] : measures
  }
}
