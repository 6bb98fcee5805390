import Explanation
import Foundation
import Networks
import Rasters

/// Attributes a model's output at every cell to the features that an analyst knows.
enum Explain: Stage {
  static let revision = 2
  static let definition = StageDefinition(
    name: "explain",
    summary: "Attributes a model's output at every cell to its features (SHAP).",
    details: """
      One raster per class: a band per feature and a last band 'base value'; features and base add \
      up to the explained output, by default the log-odds of the class. 'gradshap' integrates \
      expected gradients (Erion et al. 2021) over the background samples of the model and doubles \
      its quadrature until 99 of 100 cells add up to 5 % of the output's range; 'shapley' switches \
      features on in random orders, which adds up exactly. Attributions are carried back through \
      scaling and log-ratios to the bands that were read; segments and the weights of their edges \
      are held as they are. Of a model that averages those of several sizes of superpixels, the mean \
      of its parts' outputs is explained.
      """,
    options: [
      AppliedModel.fileOption,
      OptionSpec(
        "method", .choice(["gradshap", "shapley"]), default: "gradshap",
        "How features are credited."),
      OptionSpec(
        "classes", .list(of: .string), default: .optional,
        "The classes to explain; by default the last of two, all of more.",
        example: "[\"above guide value\"]"),
      OptionSpec(
        "features", .choice(["source", "model"]), default: "source",
        "Whether attributions are carried back to the bands that were read, or given for the "
          + "model's own bands."),
    ] + ExplainedClass.options + [
      FitPolicy.keeping,
      AppliedModel.missingOption,
      OptionSpec(
        "output", .bool, default: false, "Adds the explained output as a band before the base."),
      StepBlocks.option,
    ] + ExplainedPlaces.options,
    inputs: AppliedModel.inputs + [ExplainedPlaces.input],
    output: .raster,
    example: #"""
      { type: "explain", tag: "shap", classes: ["deposit"],
        inputs: { model: "model", cube: "cube", where: "probability" }, above: 0.7 }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let applied = try AppliedModel.all(request)
    let method = applied.model.method
    if method != .network, request.options.string("method") == "gradshap" {
      throw request.failure(
        "method", "'gradshap' needs gradients, which a \(method.rawValue) lacks; use 'shapley'")
    }
    if applied.parts.count > 1, applied.model.combination == .vote {
      throw request.failure(
        "inputs", "votes of models cannot be explained; train with combine: \"average\"")
    }
    let step = request.options.int("step")
    guard request.planner.document.chunk % step == 0 else {
      throw request.failure(
        "step",
        "must divide 'chunk', \(request.planner.document.chunk) cells, so that no block is cut")
    }
    let explainsBands = request.options.string("features") == "model"
    let feeds = try applied.parts.map { try ModelFeed($0, explainsModelBands: explainsBands) }
    let classes = applied.model.classes
    let wanted =
      request.options.optionalStrings("classes")
      ?? (applied.model.architecture.head.kind == .softmax && classes.count == 2
        ? [classes[1]] : classes)
    let explained = try wanted.map { name -> Int in
      guard let index = classes.firstIndex(of: name) else {
        throw request.failure(
          "classes", "there is no class '\(name)'" + Suggestion.phrase(name, among: classes))
      }
      return index
    }
    let rasters = try explained.map { index in
      try raster(request, applied, feeds, index, isOnly: explained.count == 1)
    }
    guard var first = rasters.first else {
      throw request.failure("classes", "names no class to explain")
    }
    first.siblings = Array(rasters.dropFirst())
    return .raster(first)
  }

  private static func raster(
    _ request: PlanRequest, _ applied: AppliedModels, _ feeds: [ModelFeed], _ index: Int,
    isOnly: Bool
  ) throws -> RasterProduct {
    let options = request.options
    let places = try ExplainedPlaces(request)
    let explained = try feeds.map {
      try ExplainedClass(
        request, $0, index, method: options.string("method"), places: places)
    }
    guard let first = explained.first else { throw request.failure("inputs", "needs a model") }
    let features = first.features
    let node = try applied.combined(
      request, explained.map { $0.node(request) }, identity: "combined attributions 1"
    ) { cubes in
      // Shapley values are linear in what is explained: those of a mean are the mean of those.
      Combination.average.combined(
        cubes.map(\.values), outputCount: 1, kind: .linear)
    }
    let name = applied.model.classes[index]
    let written =
      options.bool("output") ? node.bands : features.bands + [Band(name: "base value")]
    let kept = Array(features.bands.indices) + [features.bands.count + 1]
    let shown =
      options.bool("output")
      ? node : request.selection("/shown", of: [node], kept.map { (0, $0) }, as: written)
    let output = first.scale.rawValue
    return RasterProduct(
      tag: isOnly ? request.tag : "\(request.tag)-\(name.fileName)", node: shown,
      view: .identity(shown), recipe: .raw(written),
      presentation: .attribution(
        Presentation.Attribution(
          method: first.method, className: name,
          output: feeds.count == 1 ? output : "mean \(output) of \(feeds.count) models",
          isConditionalOnSegments: applied.parts.contains { $0.segments != nil }, step: first.step,
          model: applied.model.reference, sources: first.feed.sourceNode.sources,
          residuals: ResidualSummary.node(request, node),
          strengths: AttributionStrengths.node(
            request, shown, featureCount: features.bands.count))))
  }
}

extension String {
  /// A name that is safe in a file name: letters, digits, `-`.
  var fileName: String {
    let safe = unicodeScalars.map { scalar in
      scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) ? String(scalar) : "-"
    }
    return safe.joined().lowercased()
  }
}
