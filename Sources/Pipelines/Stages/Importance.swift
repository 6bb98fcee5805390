import Explanation
import Features
import Foundation
import Learning
import Networks
import Rasters
import Reports
import Tensors

/// Shows how much worse a model predicts unseen samples without one of its features.
enum Importance: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "importance",
    summary: "Shows how much worse a model predicts without each feature (permutation importance).",
    details: """
      In every fold the values of one feature are exchanged among the test samples, and the fold's \
      model, which has not seen them, predicts again (Breiman 2001; Fisher et al. 2019). The \
      importance is the loss of the measure, pooled over the folds: ROC AUC of classes and labels, R2 \
      of values. A window moves as a whole, by what its middle moves, and superpixels stay as they \
      are: of a model with a graph branch the importance is that of its other branches. Features that \
      tell the same share their importance, or have none.
      """,
    options: [
      OptionSpec("repeats", .integer(1...1000), default: 5, "How often values are exchanged.")
    ],
    inputs: [
      InputDefinition("model", [.model], "The model to look into."),
      InputDefinition("folds", [.folds], source: .named, "The folds, from 'split'."),
    ],
    output: .figures,
    example: #"""
      { type: "importance", repeats: 20, inputs: { model: "model", folds: "folds" } }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let folds = try FoldModels(request)
    let model = folds.model
    let repeats = request.options.int("repeats")
    let parts = folds.parts.enumerated().map { fold, part in
      ExchangedFold(
        model: part.model, training: part.training, fold: fold, repeats: repeats, seed: request.seed
      ).node(request, folds.folds)
    }
    guard let training = model.training else { throw request.failure("inputs", "needs a model") }
    let features = Features(training.cube.view.node.bands).names
    let node = request.planner.node(
      Node(
        name: request.name, kind: .value, identity: request.identity() + ["\(features)"],
        edges: [.all(training.samples.node)] + parts.map(Node.Edge.all)
      ) { context in
        let set = try SampleSet.stored(try context.value(0))
        let found = try parts.indices.map {
          try ExchangedPredictions.stored(try context.value(1 + $0))
        }
        let figures = [figure(features, losses(set, found, features.count, repeats), set)]
        return .bytes([UInt8](try JSONEncoder.stable.encode(figures)))
      })
    return .figures(
      FiguresProduct(tag: request.tag, title: "Importance of features: \(model.tag)", node: node))
  }

  /// Features x repeats: how much less the pooled measure is; NaN where it cannot be told.
  private static func losses(
    _ set: SampleSet, _ parts: [ExchangedPredictions], _ features: Int, _ repeats: Int
  ) -> [[Double]] {
    let targets = parts.flatMap { $0.positions.map { set.samples[$0].target } }
    func measure(_ values: (ExchangedPredictions) -> [Float]) -> Double {
      let metrics = Metrics(
        predictions: parts.flatMap(values), targets: targets, kind: set.kind)
      return metrics.mean(
        set.kind == .linear ? "R2" : "ROC AUC", outputCount: set.categories.count) ?? .nan
    }
    let plain = measure(\.plain)
    return (0..<features).map { feature in
      (0..<repeats).map { number in
        plain - measure { $0.exchanged[feature * repeats + number] }
      }
    }
  }

  private static func figure(
    _ features: [String], _ losses: [[Double]], _ set: SampleSet
  ) -> Figure {
    let spreads = losses.map { Comparison.spread($0) }
    let order = features.indices.sorted {
      (spreads[$1].mean, $0) < (spreads[$0].mean, $1)
    }
    let measure = set.kind == .linear ? "R2" : "ROC AUC"
    return Figure(
      name: "permutation", title: "Importance of features",
      description: "Loss of \(measure) when a feature's values are exchanged, by feature.",
      caption: "How much \(measure), pooled out of fold, falls when the values of a feature are "
        + "exchanged among test samples; whiskers are standard deviations over the exchanges.",
      content: .bars(
        axis: "loss of \(measure)", labels: order.map { features[$0] },
        [
          Figure.Column(
            "loss", order.map { spreads[$0].mean }, spread: order.map { spreads[$0].deviation })
        ]))
  }
}

/// What a fold's model says of its test samples, as they are and with one feature exchanged.
private struct ExchangedPredictions: Codable {
  var positions: [Int]
  /// Samples x outputs.
  var plain: [Float]
  /// For every feature and repeat, samples x outputs.
  var exchanged: [[Float]]
}

/// A fold's model and its test samples.
private struct ExchangedFold: Sendable {
  let model: ModelProduct
  let training: ModelProduct.Training
  let fold: Int
  let repeats: Int
  let seed: UInt64

  func node(_ request: PlanRequest, _ folds: FoldsProduct) -> Node {
    let view = training.cube.view
    return request.planner.node(
      Node(
        name: "\(request.name)@\(fold)", kind: .value,
        identity: ["exchanged features 1", "fold \(fold)", "\(repeats) \(seed)"],
        edges: [
          .all(training.rows), .all(training.samples.node), .all(model.node), .all(folds.node),
        ] + view.values.map(Node.Edge.all), usesAllWorkers: true
      ) { context in
        .bytes([UInt8](try JSONEncoder.stable.encode(try predictions(context))))
      })
  }

  private func predictions(_ context: NodeContext) throws -> ExchangedPredictions {
    let gathered = try Train.gather(context, training, model.architecture)
    let package = try ModelPackage(try context.value(2))
    let folds = try TestPlaces(try context.value(3), fold: fold).folds
    let view = training.cube.view
    let map = try view.map(try view.values.indices.map { try context.value(4 + $0) }[...])
    let features = Features(view.node.bands)
    let positions = folds.testSamples(fold).filter(Set(gathered.withSources).contains)
    guard !positions.isEmpty else {
      return ExchangedPredictions(
        positions: [], plain: [],
        exchanged: [[Float]](repeating: [], count: features.names.count * repeats))
    }
    let response = gathered.response(
      of: ExplainedOutput(head: model.architecture.head.kind, index: 0), at: positions,
      features.mixing(map), fill: package.notes.backgroundMean)
    let random = Randomness(seed: seed, Randomness.word("importance"), UInt64(fold))
    return ExchangedPredictions(
      positions: positions, plain: package.probabilities(response.batch),
      exchanged: features.names.indices.flatMap { feature in
        (0..<repeats).map { number in
          let order = random.derived(UInt64(feature), UInt64(number)).permutation(positions.count)
          return package.probabilities(
            response.exchanged(feature: feature, from: order))
        }
      })
  }
}
