import Explanation
import Foundation
import Learning
import Reports

/// Shows what each feature adds to a model's output at the samples: beeswarm, dependence and
/// decision plots.
enum Attributions: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "attributions",
    summary: "Shows what each feature adds to a model's output at the samples (SHAP plots).",
    details: """
      Samples are explained as 'explain' explains the cells of a map. The beeswarm has the features \
      by their mean |SHAP| and a dot for each sample, coloured by the feature's value. Dependence \
      plots show what a feature adds against its value, coloured by the feature that seems to \
      interact with it most. Decision plots add up the attributions of a sample from the base value \
      to the output, the feature that moves most samples least first; where paths lie close together \
      samples are decided in the same way. How far they lie apart is told as standard deviation at \
      each feature, of all samples, of each class and of those with the highest output. With \
      'folds', every sample is explained by the model of the fold in which it was tested, which has \
      not seen it.
      """,
    options: [
      OptionSpec(
        "class", .string, default: .optional,
        "The class, label or value that is explained; by default the last.",
        example: "\"deposit\""),
      OptionSpec(
        "method", .choice(["gradshap", "shapley"]), default: .optional,
        "How features are credited; by default 'gradshap' for networks, 'shapley' for others."),
    ] + ExplainedClass.options + [
      AppliedModel.missingOption,
      OptionSpec(
        "samples", .integer(1...100_000), default: 400, unit: "samples",
        "The most samples that are explained, drawn by the seed."),
      OptionSpec(
        "most", .integer(1...100), default: 12, unit: "features",
        "How many features the beeswarm shows."),
      OptionSpec(
        "dependence", .integer(0...100), default: 4, unit: "features",
        "How many of the leading features have a dependence plot."),
      OptionSpec(
        "top", .number(0...1), default: 0.1,
        "The share of the samples, those with the highest output, that have a decision plot of "
          + "their own; 0 for none."),
    ],
    inputs: [
      InputDefinition("model", [.model], "The model to look into."),
      InputDefinition(
        "folds", [.folds], isRequired: false, source: .named,
        "The folds, from 'split': samples are explained by models that have not seen them."),
    ],
    output: .figures,
    example: #"""
      { type: "attributions", tag: "why", class: "deposit", samples: 200,
        inputs: { model: "model", folds: "folds" } }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let (model, training) = try request.inspectedModel()
    let index = try request.inspectedOutput(model)
    let method =
      request.options.optionalString("method")
      ?? (model.method == .network ? "gradshap" : "shapley")
    if model.method != .network, method == "gradshap" {
      throw request.failure(
        "method",
        "'gradshap' needs gradients, which a \(model.method.rawValue) lacks; use 'shapley'")
    }
    let parts = try explained(request, model, training).map { model, fold in
      try SampleAttributions(request, model, index, method: method, fold: fold).node()
    }
    let features = Features(training.cube.view.node.bands)
    let maker = AttributionFigures(
      request.options, features, model, index, isOutOfFold: request.inputs["folds"] != nil)
    let node = request.planner.node(
      Node(
        name: request.name, kind: .value,
        identity: request.identity() + ["\(features.names) \(model.classes)"]
          + (features.areGrouped ? ["\(features.groups) \(features.groupOfFeature)"] : []),
        edges: [.all(training.samples.node)] + parts.map(Node.Edge.all)
      ) { context in
        let set = try SampleSet.stored(try context.value(0))
        var rows = SampleAttributions.Rows()
        for part in parts.indices { rows.merge(try .stored(try context.value(1 + part))) }
        guard !rows.positions.isEmpty else {
          throw ExecutionError.data("no sample has every band and segment it needs")
        }
        return .bytes([UInt8](try JSONEncoder.stable.encode(maker.figures(rows.sorted, set))))
      })
    return .figures(
      FiguresProduct(
        tag: request.tag, title: "Attributions of '\(model.classes[index])': \(model.tag)",
        node: node))
  }

  /// The models that explain samples, with the folds in which they do.
  private static func explained(
    _ request: PlanRequest, _ model: ModelProduct, _ training: ModelProduct.Training
  ) throws -> [(ModelProduct, FoldContext?)] {
    guard request.inputs["folds"] != nil else { return [(model, nil)] }
    let folds = try request.folds("folds", dividing: training.samples)
    return try request.models(model.tag, in: folds).enumerated().map { fold, model in
      (model, FoldContext(folds: folds, index: fold))
    }
  }
}
