import Foundation
import Learning
import Networks

/// Makes what a model says hold: probabilities by a temperature, values by prediction intervals.
enum Calibrate: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "calibrate",
    summary: "Makes a model's probabilities hold, or gives its values prediction intervals.",
    details: """
      Of classes and labels the raw outputs of the model are divided by one number, the temperature, which minimises the log \
      loss of the out-of-fold predictions of 'scores' (Guo et al. 2017) between 0.05 and 20; the \
      weights and biases of the last layer are scaled, so maps, attributions and files need nothing \
      more. The predicted class stays, and so does the order of cells. Expected calibration \
      error, log loss and Brier score before and after stand in the model file and in the report: \
      after means that each fold's predictions have the temperature of the other folds' predictions. \
      A temperature makes a model less or more sure; it does not move probabilities that balanced \
      classes or chosen background cells have shifted. Networks of classes and labels and logistic \
      regressions can be calibrated.

      Of values the model stays as it is, and its file gets the residuals of the out-of-fold \
      predictions of 'scores', on the scale of their transform, from which 'predict' makes prediction \
      intervals of any level (split conformal prediction). Intervals are held against what was \
      measured in each fold: those of a fold are made of residuals of the other folds, by models that \
      have seen neither, so that no measurement of the fold is in them. That takes a training more for \
      every pair of folds. Networks and random forests of values can have intervals.
      """,
    options: [
      OptionSpec(
        "coverage", .bool, default: .optional,
        "Of values, whether intervals are held against the measured values of each fold; true unless "
          + "given.", example: "false"),
      FitPolicy.keeping,
    ],
    inputs: [
      InputDefinition("model", [.model], source: .named, "The model to calibrate, from 'train'."),
      InputDefinition(
        "scores", [.scores], source: .named, "The scores of that model, from 'validate'."),
    ],
    output: .model,
    example: #"""
      { type: "calibrate", tag: "calibrated",
        inputs: { model: "model", scores: "scores" } }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    guard case .model(let model) = request.inputs["model"]?.first,
      case .scores(let scores) = request.inputs["scores"]?.first, let folds = scores.folds
    else { throw request.failure("inputs", "needs a model and its scores") }
    try requireSingle(request, model)
    guard scores.model?.node === model.node else {
      throw request.failure(
        "inputs",
        "'\(scores.tag)' are the scores of '\(scores.model?.tag ?? "")', not of '\(model.tag)'")
    }
    let isOfValues = model.architecture.head.kind == .linear
    // A fold's model of values predicts as it does: intervals are those of the shipped one.
    if isOfValues, request.fold != nil { return .model(model) }
    if !isOfValues { try requireLastLayer(request, model) }
    return .model(
      ModelProduct(
        tag: request.tag,
        node: isOfValues
          ? try IntervalNodes(request, model, scores, folds).node()
          : node(request, model, scores, folds), method: model.method,
        architecture: model.architecture, classes: model.classes, training: model.training,
        isCalibrated: true))
  }

  private static func requireSingle(_ request: PlanRequest, _ model: ModelProduct) throws {
    guard model.members.isEmpty else {
      throw request.failure(
        "inputs",
        "'\(model.tag)' combines several models, whose mean has no raw outputs to divide; calibrate "
          + "a single model, or leave the mean as it is")
    }
  }

  private static func requireLastLayer(_ request: PlanRequest, _ model: ModelProduct) throws {
    guard !request.options.has("coverage") else {
      throw request.failure("coverage", "goes with models of values only")
    }
    guard model.training?.fitting.hasUnlabelled != true else {
      throw request.failure(
        "inputs",
        "samples that '\(model.tag)' takes as unlabelled are no negatives that it can be held against; "
          + "leave it as it is")
    }
    guard [.network, .logistic].contains(model.method) else {
      throw request.failure(
        "inputs",
        "'\(model.tag)' has the method '\(model.method.rawValue)', which has no raw outputs to divide; "
          + "train a network or a logistic regression, or leave it as it is")
    }
  }

  private static func node(
    _ request: PlanRequest, _ model: ModelProduct, _ scores: ScoresProduct, _ folds: FoldsProduct
  ) -> Node {
    let fold = request.fold
    let name = request.name
    return request.planner.node(
      Node(
        name: name, kind: .value,
        identity: request.identity() + [fold.map { "fold \($0.index)" } ?? "all"],
        edges: [
          .all(model.node), .all(scores.node), .all(folds.samples.node), .all(folds.node),
        ] + (fold.map { [.all($0.folds.node)] } ?? []), policy: request.policy
      ) { context in
        let predictions = try OutOfFoldPredictions(
          try Scores.stored(try context.value(1)), try SampleSet.stored(try context.value(2)))
        var positions = predictions.positions
        if let fold {
          let places = try TestPlaces(try context.value(4), fold: fold.index).folds
          positions = positions.filter(Set(places.trainingSamples(fold.index)).contains)
        }
        let calibration = try Calibration(
          predictions, at: positions, folds: try Folds.stored(try context.value(3)))
        if calibration.isAtBound {
          context.executor.events.note("\(name): \(calibration.boundSentence)")
        }
        var package = try ModelPackage(try context.value(0))
        package.predictor = package.predictor.tempered(by: calibration.temperature)
        package.notes.calibration = calibration
        return .bytes(try package.encoded())
      })
  }
}
