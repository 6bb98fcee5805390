import Explanation
import Foundation
import Networks
import Reports

/// Shows how a model's output follows its features: ICE, d-ICE and partial dependence.
enum ResponseStage: Stage {
  static let revision = 2
  static let definition = StageDefinition(
    name: "response",
    summary:
      "Shows how a model's output follows its features (ICE, c-ICE, d-ICE, partial dependence).",
    details: """
      Every training sample is given other values of one feature while the rest stays as it is. Each \
      thin line is a sample's individual conditional expectation (Goldstein et al. 2015), thick ones \
      are the means by class: the partial dependence. Centred lines (c-ICE) begin at zero. d-ICE are \
      their slopes, whose spread shows where what a feature does depends on the others: exact \
      derivatives of networks, or those of smoothed lines. Bars compare features: how far they move \
      the mean, how differently samples follow them, how far the partial dependences of the class \
      and of the others are apart and where each crosses the threshold of the decision. A window moves as a whole, by what its middle moves; cells without data move with it. \
      The superpixel of a graph branch stays as it is.
      """,
    options: [
      OptionSpec(
        "class", .string, default: .optional,
        "The class, label or value that is followed; by default the last.",
        example: "\"deposit\""),
      OptionSpec(
        "output-scale", .choice(["probability", "log-odds"]), default: "probability",
        "What is followed."),
      OptionSpec(
        "features", .textOrList, default: .optional,
        "The features to vary; by default those that move the mean output most, at most 'most'.",
        example: "[\"W\", \"Mn\"]"),
      OptionSpec(
        "most", .integer(1...100), default: 6, unit: "features",
        "How many features are shown by default."),
      OptionSpec(
        "positions", .integer(2...1000), default: 25, unit: "positions",
        "The number of values that a feature is given, evenly between two quantiles."),
      OptionSpec(
        "quantile", .number(0...0.49), default: 0.02,
        "The quantile of the training samples where values begin; they end as far from 1."),
      OptionSpec(
        "samples", .integer(1...100_000), default: 200, unit: "samples",
        "The most samples that are followed, drawn by the seed."),
      OptionSpec(
        "slopes", .choice(["exact", "smoothed"]), default: "exact",
        "How slopes are found; methods other than networks have smoothed ones only."),
      OptionSpec(
        "smoothing", .integer(0...100), default: 1, unit: "positions",
        "For smoothed slopes: how many positions to each side a line is averaged over."),
    ],
    inputs: [InputDefinition("model", [.model], "The model to look into.")],
    output: .figures,
    example: #"""
      { type: "response", class: "deposit", features: ["W", "Mn"], inputs: ["model"] }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let inspection = try ModelInspection(
      request,
      scale: ExplainedOutput.Scale(rawValue: request.options.string("output-scale"))
        ?? .probability)
    let features = inspection.features
    let name = inspection.model.classes[inspection.output]
    let given = request.options.optionalStrings("features")
    for feature in given ?? [] where !features.names.contains(feature) {
      throw request.failure(
        "features",
        "there is no feature '\(feature)'" + Suggestion.phrase(feature, among: features.names))
    }
    let maker = ResponseFigures(
      request.options, features, inspection.model.learntName(inspection.output),
      level: ExplainedOutput(
        head: inspection.model.architecture.head.kind, index: inspection.output,
        scale: inspection.scale
      ).decisionLevel)
    let node = request.planner.node(
      Node(
        name: request.name, kind: .value, identity: request.identity() + ["\(request.seed)"],
        edges: inspection.edges, usesAllWorkers: true
      ) { context in
        let figures = try maker.figures(try inspection.subject(context))
        return .bytes([UInt8](try JSONEncoder.stable.encode(figures)))
      })
    return .figures(
      FiguresProduct(
        tag: request.tag, title: "Response of '\(name)': \(inspection.model.tag)", node: node))
  }
}
