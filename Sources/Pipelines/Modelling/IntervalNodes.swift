import Foundation
import Learning

/// How 'calibrate' makes the intervals of a model of values.
struct IntervalNodes {
  private let request: PlanRequest
  private let model: ModelProduct
  private let scores: ScoresProduct
  private let folds: FoldsProduct

  init(
    _ request: PlanRequest, _ model: ModelProduct, _ scores: ScoresProduct, _ folds: FoldsProduct
  ) {
    (self.request, self.model, self.scores, self.folds) = (request, model, scores, folds)
  }

  /// The model's file with the residuals of its out-of-fold predictions.
  func node() throws -> Node {
    let isChecked = request.options.raw("coverage")?.bool ?? true
    guard folds.count > 2 || !isChecked else {
      throw request.failure(
        "coverage",
        "needs three folds or more: intervals for one fold are made of residuals of others, by models "
          + "that have seen neither; '\(folds.tag)' has \(folds.count)")
    }
    let pairs = isChecked ? FoldPair.all(folds.count) : []
    let predicted = try pairs.map { try predictions($0) }
    let name = request.name
    return request.planner.node(
      Node(
        name: name, kind: .value, identity: request.identity() + ["intervals 1"],
        edges: [
          .all(model.node), .all(scores.node), .all(folds.samples.node), .all(folds.node),
        ] + predicted.map(Node.Edge.all), policy: request.policy
      ) { context in
        var package = try ModelPackage(try context.value(0))
        let scores = try Scores.stored(try context.value(1))
        let set = try SampleSet.stored(try context.value(2))
        let divided = try Folds.stored(try context.value(3))
        let held = try pairs.indices.map { try FoldPredictions.stored(try context.value(4 + $0)) }
        let known = Dictionary(uniqueKeysWithValues: zip(pairs, held))
        let coverage = set.categories.indices.map { output in
          HeldOutCoverage(
            output: output, set, divided, tested: scores.folds, pairs: known)
        }
        let intervals = try ValueIntervals(
          scores, set,
          transforms: package.notes.transforms ?? set.categories.map { _ in .identity },
          units: package.notes.units, coverage: isChecked ? coverage : nil)
        for sentence in intervals.remarks { context.executor.events.note("\(name): \(sentence)") }
        package.notes.intervals = intervals
        return .bytes(try package.encoded())
      })
  }

  /// What the model says of the samples of two folds when it is made without both.
  private func predictions(_ pair: FoldPair) throws -> Node {
    let folds = folds
    let hidden = Set([pair.first, pair.second])
    let word = "\(pair.first)+\(pair.second)"
    let joined = FoldsProduct(
      tag: "\(folds.tag)/\(word)",
      node: request.planner.node(
        Node(
          name: "\(folds.tag)/\(word)", kind: .value, identity: ["joined folds 1", word],
          edges: [.all(folds.node)]
        ) { context in
          let divided = try Folds.stored(try context.value(0))
          return .bytes([UInt8](try JSONEncoder.stable.encode(divided.joining(hidden))))
        }), count: folds.count - 1, samples: folds.samples)
    let own = try request.model(
      model.tag, fold: FoldContext(folds: joined, index: 0, label: word))
    return Validate.predictionNode(request, joined, 0, own, name: "\(request.name)@\(word)")
  }
}
