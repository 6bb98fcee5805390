import Explanation
import Foundation
import Learning
import Networks
import Rasters

/// Attributes a model's output at every cell to the features that an analyst knows.
enum Explain: Stage {
  static let revision = 3
  static let definition = StageDefinition(
    name: "explain",
    summary: "Attributes a model's output at every cell to its features (SHAP).",
    details: """
      One raster per class: a band per feature and a last band 'base value'; features and base add \
      up to the explained output, by default the log-odds of the class. 'gradshap' integrates \
      expected gradients (Erion et al. 2021) over the background samples of the model and doubles \
      its quadrature until 99 of 100 cells add up to 5 % of the output's range; 'shapley' switches \
      features on in random orders, which adds up exactly. Attributions are carried back through \
      scaling and log-ratios to the bands that were read; those of values that were learnt as \
      logarithms or powers are on that scale; segments and the weights of their edges \
      are held as they are. Of a model that averages those of several sizes of superpixels, the mean \
      of its parts' outputs is explained.

      Where features belong to two groups or more, a second raster '<tag>-groups' has the sum of \
      each group's attributions, which add up with the base value in the same way.
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
      OptionSpec(
        "groups", .bool, default: .optional,
        "Whether attributions are also summed by groups of features; by default where there are two "
          + "groups or more.", example: "false"),
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
    try requireExplainable(request, applied)
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
    first.siblings += rasters.dropFirst()
    return .raster(first)
  }

  /// Refuses models, and rasters, that cannot be explained.
  private static func requireExplainable(
    _ request: PlanRequest, _ applied: AppliedModels
  ) throws {
    guard applied.parts.allSatisfy(\.hasOwnSources) else {
      throw request.failure(
        "inputs",
        "the model's background is of other bands than these; resample the spectra before, to the "
          + "bands that it was trained on")
    }
    let method = applied.model.method
    if method != .network, request.options.string("method") == "gradshap" {
      throw request.failure(
        "method", "'gradshap' needs gradients, which a \(method.rawValue) lacks; use 'shapley'")
    }
    if applied.parts.count > 1, applied.model.combination == .vote {
      throw request.failure(
        "inputs", "votes of models cannot be explained; train with combine: \"average\"")
    }
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
    let form = applied.model.forms.isEmpty ? ValueForm() : applied.model.forms[index]
    // Attributions add up on the scale that was learnt.
    let output = form.transform == .none ? first.scale.rawValue : form.transform.word
    func product(_ tag: String, _ shown: Node, featureCount: Int, areGroups: Bool) -> RasterProduct
    {
      RasterProduct(
        tag: tag, node: shown, view: .identity(shown), recipe: .raw(shown.bands),
        presentation: .attribution(
          Presentation.Attribution(
            method: first.method, className: name,
            output: feeds.count == 1 ? output : "mean \(output) of \(feeds.count) models",
            isConditionalOnSegments: applied.parts.contains { $0.segments != nil },
            step: first.step, model: applied.model.reference,
            sources: first.feed.sourceNode.sources,
            residuals: ResidualSummary.node(request, node),
            strengths: AttributionStrengths.node(request, shown, featureCount: featureCount),
            areGroups: areGroups)))
    }
    let tag = isOnly ? request.tag : "\(request.tag)-\(name.fileName)"
    var explanation = product(
      tag, shown, featureCount: features.bands.count, areGroups: false)
    if try hasGroups(request, features) {
      explanation.siblings = [
        product(
          tag + "-groups", groups(request, node, features), featureCount: features.groups.count,
          areGroups: true)
      ]
    }
    return explanation
  }

  /// Whether attributions are also summed by groups.
  private static func hasGroups(_ request: PlanRequest, _ features: Features) throws -> Bool {
    guard request.options.has("groups") else { return features.areGrouped }
    let wanted = request.options.bool("groups")
    if wanted, !features.areGrouped {
      throw request.failure(
        "groups",
        "the features belong to one group or none; stages that bring bands have the option 'group'")
    }
    return wanted
  }

  /// The sums over the groups, and the base value, of a raster of attributions.
  private static func groups(
    _ request: PlanRequest, _ node: Node, _ features: Features
  ) -> Node {
    let bands = features.groups.map { Band(name: $0) } + [Band(name: "base value")]
    let count = features.groupOfFeature.count
    return request.planner.node(
      Node(
        name: request.name + "/groups", kind: .raster(bands),
        identity: ["sums over groups 1", "\(features.groupOfFeature)"], edges: [.cells(node)],
        isStored: false
      ) { context in
        let cube = try context.cube(0, context.window)
        let cells = context.window.cellCount
        var values = [Float](repeating: 0, count: features.groups.count * cells)
        for feature in 0..<count {
          let start = features.groupOfFeature[feature] * cells
          for (cell, value) in cube.band(feature).enumerated() { values[start + cell] += value }
        }
        return .cube(
          DataCube(
            window: context.window, bandCount: bands.count,
            values: values + cube.band(count + 1)))
      })
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
