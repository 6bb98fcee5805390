import Foundation
import Learning
import Networks
import Rasters

/// Scores a model out of fold: everything fitted is fitted anew without each fold's test places.
enum Validate: Stage {
  static let revision = 3
  static let definition = StageDefinition(
    name: "validate",
    summary: "Scores a model on folds that it has not seen.",
    details: """
      For every fold the pipeline is planned anew from the first fitted stage on: points are \
      gridded, bands scaled and networks trained without the fold's test places. Scores are pooled \
      over all folds' test samples. Those of values are in their own unit and, where a transform of \
      them was learnt, on its scale, too. With a graph branch, training samples whose segment also \
      holds a test sample are left out of that fold, and counted.

      With 'map', a product of 'predict', that map is made for each fold, too, and the fold's test \
      places are ranked on it: a place's rank is the share of the area with at least its \
      probability. Ranks are pooled over the folds to the prediction-rate curve (Chung & Fabbri \
      1999) with its area and its crossing with the area (Yousefi & Carranza 2015). Cells without a \
      value are no area, and places there are only counted. It costs a map for each fold.

      With 'response' there are three measures more, of probabilities and over the features: how \
      much the slopes of single test samples differ (d-ICE spread), the same where the mean is \
      beyond 0.5, and how far the partial dependences of the classes are apart.
      """,
    options: [
      OptionSpec(
        "positive", .textOrList, default: .optional,
        "The classes or labels whose places are ranked on 'map'; by default the second of two "
          + "classes, else all.", example: "\"deposit\""),
      OptionSpec(
        "response", .bool, default: false,
        "Whether the models of the folds are also measured by how they respond to their features "
          + "at the test samples: the spread of d-ICE and the distance of the classes' partial "
          + "dependences, as 'response' shows them."),
    ],
    inputs: [
      InputDefinition("model", [.model], "The model to score."),
      InputDefinition("folds", [.folds], source: .named, "The folds, from 'split'."),
      InputDefinition(
        "map", [.raster], isRequired: false, source: .named,
        "The map of the model, from 'predict', to rank places on in each fold."),
    ],
    output: .scores,
    example: #"""
      { type: "validate", tag: "scores",
        inputs: { model: "model", folds: "folds", map: "probability" } }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    guard case .model(let model) = request.inputs["model"]?.first else {
      throw request.failure("inputs", "needs a model")
    }
    guard let training = model.training else {
      throw request.failure("inputs", "a model from a file cannot be trained anew for each fold")
    }
    guard model.variation != .folds else {
      throw request.failure(
        "inputs",
        "the models of '\(model.tag)' are those of folds; their scores are those of the model that "
          + "it was made of")
    }
    let folds = try request.folds("folds", dividing: training.samples)
    let predictions = try request.models(model.tag, in: folds).enumerated().map { fold, model in
      combined(
        request, model,
        model.parts.map {
          predictionNode(
            request, folds, fold, $0, measuringResponse: request.options.bool("response"))
        }, fold)
    }
    let agreement = model.architecture.head.kind == .linear ? ["agreement 1"] : []
    let node = request.planner.node(
      Node(
        name: request.name, kind: .value,
        identity: request.identity(without: ["positive"]) + agreement,
        edges: [.all(training.samples.node), .all(folds.node)] + predictions.map(Node.Edge.all)
      ) { context in
        .bytes(try scores(context, folds: folds, model: model))
      })
    return .scores(
      ScoresProduct(
        tag: request.tag, node: node, model: model.reference, folds: folds,
        rates: try FoldMaps(request, folds, model.reference)?.node()))
  }

  /// The probabilities of a fold's test samples by the fold's model.
  static func predictionNode(
    _ request: PlanRequest, _ folds: FoldsProduct, _ fold: Int, _ model: ModelProduct,
    name: String? = nil, measuringResponse measuresResponse: Bool = false
  ) -> Node {
    guard let training = model.training else { return model.node }
    let view = training.cube.view
    return request.planner.node(
      Node(
        name: name ?? "\(request.name)@\(fold)", kind: .value,
        identity: ["fold predictions 2", "\(fold)"] + (measuresResponse ? ["response 2"] : []),
        edges: [
          .all(training.rows), .all(training.samples.node), .all(folds.node), .all(model.node),
        ] + (measuresResponse ? view.values.map(Node.Edge.all) : [])
      ) { context in
        let gathered = try Train.gather(context, training, model.architecture)
        let folds = try TestPlaces(try context.value(2), fold: fold).folds
        let tested = folds.testSamples(fold)
        let usable = Set(gathered.usable)
        let positions = tested.filter(usable.contains)
        let package = try ModelPackage(try context.value(3))
        let values =
          positions.isEmpty
          ? []
          : package.probabilities(
            gathered.batch(positions, fill: package.notes.backgroundMean))
        let response =
          try measuresResponse
          ? response(
            gathered, positions, package, view,
            try view.values.indices.map { try context.value(4 + $0) }) : nil
        return .bytes(
          [UInt8](
            try JSONEncoder.stable.encode(
              FoldPredictions(
                positions: positions, values: values, missing: tested.count - positions.count,
                sharedSegmentSamples: package.notes.sharedSegmentSamples,
                trainingSamples: package.notes.record.trainingCount
                  + package.notes.record.validationCount,
                bestEpoch: package.notes.record.bestEpoch,
                overlapping: overlapping(gathered, folds, fold, model.architecture),
                trainingMetrics: package.notes.trainingMetrics, response: response,
                transforms: package.notes.transforms))))
      })
  }

  /// How a fold's model responds to its features at its test samples.
  private static func response(
    _ gathered: GatheredSamples, _ positions: [Int], _ package: ModelPackage, _ view: LinearView,
    _ values: [[UInt8]]
  ) throws -> [ResponseMeasures] {
    let features = Features(view.node.bands)
    return ResponseMeasures.all(
      gathered, at: positions, package, features, features.mixing(try view.map(values[...])))
  }

  /// The test samples whose window overlaps that of a training sample.
  private static func overlapping(
    _ gathered: GatheredSamples, _ folds: Folds, _ fold: Int, _ architecture: ModelArchitecture
  ) -> Int {
    let window = architecture.largestWindow ?? 0
    return gathered.set.overlapping(
      folds.testSamples(fold), Train.trainingPositions(folds, fold, gathered).positions,
      window: window)
  }

  /// The predictions of a fold by several models as those of one.
  private static func combined(
    _ request: PlanRequest, _ model: ModelProduct, _ parts: [Node], _ fold: Int
  ) -> Node {
    if parts.count == 1, let only = parts.first { return only }
    return request.planner.node(
      Node(
        name: "\(request.name)@\(fold)", kind: .value,
        identity: ["combined fold predictions 2", model.combination.rawValue],
        edges: parts.map(Node.Edge.all)
      ) { context in
        let predictions = try parts.indices.map {
          try FoldPredictions.stored(try context.value($0))
        }
        return .bytes(
          [UInt8](
            try JSONEncoder.stable.encode(
              try FoldPredictions(
                combining: predictions, model))))
      })
  }

  private static func scores(
    _ context: NodeContext, folds product: FoldsProduct, model: ModelProduct
  ) throws -> [UInt8] {
    let set = try SampleSet.stored(try context.value(0))
    let folds = try Folds.stored(try context.value(1))
    let outputs = model.classes.count
    var predictions = [Float](repeating: .nan, count: set.count * outputs)
    let parts = try (0..<product.count).map { fold in
      try FoldPredictions.stored(try context.value(2 + fold))
    }
    for part in parts {
      for (row, position) in part.positions.enumerated() {
        for output in 0..<outputs {
          predictions[position * outputs + output] = part.values[row * outputs + output]
        }
      }
    }
    let metrics = FoldMetrics(predictions: predictions, samples: set, folds: folds)
    return [UInt8](
      try JSONEncoder.stable.encode(
        Scores(
          metrics: metrics, classes: model.classes, method: folds.method,
          blockSize: folds.blockSize, foldNames: folds.names, folds: parts,
          predictions: predictions, foldOfSample: folds.foldOfSample,
          isTransductive: model.needsSegments,
          agreement: set.kind == .linear
            ? FoldAgreement(predictions: predictions, samples: set, folds: folds) : nil)))
  }
}

/// What one fold's model says of its test samples.
///
/// Of several models that are combined, counts are sums but for the samples that were trained on
/// and the best epoch, which are the least.
struct FoldPredictions: Codable {
  var positions: [Int]
  /// Samples x outputs.
  var values: [Float]
  /// Test samples without every band or segment.
  var missing: Int
  var sharedSegmentSamples: Int
  var trainingSamples: Int
  var bestEpoch: Int
  /// Test samples whose window overlaps that of a training sample.
  var overlapping: Int
  /// How well the fold's model fits the samples that it was made from; nil of several models.
  var trainingMetrics: Metrics?
  /// How the fold's model responds to its features, for each output that is scored; nil where that
  /// was not asked for, and of several models.
  var response: [ResponseMeasures]?
  /// The transforms that the fold's model learnt values by; nil where it has none, and of several
  /// models.
  var transforms: [ValueTransform]?
}

extension FoldPredictions {
  /// What several models say together of the samples that all of them could predict.
  init(
    combining parts: [FoldPredictions], _ model: ModelProduct
  ) throws {
    let outputCount = model.classes.count
    guard let first = parts.first else { throw ExecutionError.data("no predictions to combine") }
    let common = parts.dropFirst().reduce(Set(first.positions)) { $0.intersection($1.positions) }
    let values = parts.map { part in
      part.positions.enumerated().filter { common.contains($1) }.flatMap { row, _ in
        part.values[row * outputCount..<(row + 1) * outputCount]
      }
    }
    self.init(
      positions: first.positions.filter(common.contains),
      values: model.combination.combined(
        values, outputCount: outputCount, kind: model.architecture.head.kind, isByItem: true),
      missing: first.missing + first.positions.count - common.count,
      // Trainings by different seeds leave out the same samples.
      sharedSegmentSamples: model.variation == .seeds
        ? first.sharedSegmentSamples : parts.reduce(0) { $0 + $1.sharedSegmentSamples },
      trainingSamples: parts.map(\.trainingSamples).min() ?? 0,
      bestEpoch: parts.map(\.bestEpoch).min() ?? 0,
      overlapping: parts.map(\.overlapping).max() ?? 0)
  }
}

/// The scores of a validation with what one must know to trust them.
struct Scores: Codable {
  var metrics: FoldMetrics
  var classes: [String]
  var method: Folds.Method
  var blockSize: Double
  var foldNames: [String]
  var folds: [FoldPredictions]
  /// Out-of-fold predictions, all samples x outputs; NaN where a sample was not tested.
  var predictions: [Float]
  var foldOfSample: [Int]
  /// Whether a branch saw unlabelled cells of test places.
  var isTransductive: Bool
  /// What else is said of values; nil of classes and labels, and in files of earlier versions.
  var agreement: FoldAgreement?
}

extension Scores {
  /// The measures of one output, pooled out of fold or of one fold, and, of classes and labels, how
  /// much better models fit the samples that they were made from: pooled the mean over the folds; so
  /// is what tells how models respond to their features.
  func measures(output: Int, fold: Int? = nil) -> [(name: String, value: Double?)] {
    guard let own = fold.map({ metrics.perFold[$0] }) ?? metrics.pooled else { return [] }
    let worth: ProbabilityMetrics? =
      if let fold { metrics.foldProbabilities[fold] } else { metrics.probabilities }
    guard output < classes.count else { return worth?.labels?.named ?? [] }
    let measures =
      own.named(output: output) + (worth?.named(output: output) ?? [])
      + (agreement?.named(output: output, fold: fold) ?? [])
    let parts = fold.map { [folds[$0]] } ?? folds
    let response = response(parts, output)
    guard let tested = own.classes(output: output) else { return measures + response }
    let fitted = parts.compactMap { $0.trainingMetrics?.classes(output: output)?.accuracy }
    let mean = fitted.isEmpty ? nil : fitted.reduce(0, +) / Double(fitted.count)
    let gap = mean.flatMap { mean in tested.accuracy.map { mean - $0 } }
    return measures + [("training accuracy", mean), ("overfitting gap", gap)] + response
  }

  /// How the models of some folds respond to their features, the mean over those that tell it.
  private func response(
    _ parts: [FoldPredictions], _ output: Int
  ) -> [(name: String, value: Double?)] {
    guard folds.contains(where: { $0.response != nil }) else { return [] }
    let known = parts.compactMap { part in
      part.response.flatMap { $0.indices.contains(output) ? $0[output] : nil }
    }
    return ResponseMeasures(meanOf: known).named
  }
}
