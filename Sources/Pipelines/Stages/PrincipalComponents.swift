import Features
import Foundation
import Rasters
import Tensors

/// Replaces bands by their principal components.
enum PrincipalComponentsStage: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "principal-components",
    summary: "Replaces bands by their principal components PC1, PC2, ...",
    details: """
      Components of the covariances, or with 'correlation' of the correlations, of all cells in \
      which no chosen band is missing; inside 'validate' the cells of test places do not count. \
      Sums of products are exact, so the components are the same for any chunk size; they are kept \
      in the model file. Loadings have length 1 and the largest of each component is positive. The \
      components stand at the place of the first of the bands; other bands pass unchanged. A cell \
      in which a chosen band is missing has no components. Explanations are carried back through \
      the loadings to the bands below. Bands of different units need 'correlation', and parts of a \
      composition a 'log-ratio' before.

      How many components reach a share of the variance is known only after fitting, and may \
      differ between folds, but a model needs a fixed number of bands: with 'variance', the \
      components beyond the share are 0 everywhere.
      """,
    options: [
      OptionSpec(
        "bands", .bands, default: .optional,
        "The bands; by default all that are not categories.", example: "[\"Cu\", \"Zn\"]"),
      OptionSpec(
        "count", .integer(1...100_000), default: .optional, unit: "components",
        "The number of components; by default as many as bands.", example: "3"),
      OptionSpec(
        "variance", .number(.leastNonzeroMagnitude...1), default: .optional,
        "The share of the total variance beyond which components are set to 0.", example: "0.95"),
      OptionSpec(
        "correlation", .bool, default: false,
        "Divides bands by their standard deviations first."),
      FitPolicy.option,
    ],
    inputs: [InputDefinition("raster", [.raster], "The bands.")],
    output: .raster,
    example: #"""
      { type: "principal-components", tag: "components", count: 5,
        correlation: true, inputs: ["cube"] }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let input = try request.raster("raster")
    let chosen = try input.bandSelection(request, option: "bands")
    let options = try options(request, input, chosen)
    let group = FeatureGroups.shared(by: chosen.map { input.bands[$0] })
    let bands = BandMixture.layout(
      replacing: chosen, by: options.count, of: input.bands.count
    ).map { source in
      switch source {
      case .kept(let band): input.bands[band]
      case .made(let index): Band(name: "PC\(index + 1)", featureGroup: group)
      }
    }
    try request.requireDifferentNames(bands, option: "bands")
    let fit = try fitNode(request, input, chosen, options)
    let decoded = DecodedFit<PrincipalComponents>()
    let node = request.planner.node(
      Node(
        name: request.name, kind: .raster(bands), identity: ["principal components", "map 1"],
        edges: [.cells(input.node), .all(fit)], isStored: false
      ) { context in
        let components = try decoded(try context.value(1))
        return .cube(components.mixture.apply(try context.cube(0, context.window)))
      })
    return .raster(
      RasterProduct(
        tag: request.tag, node: node, view: view(input, fit),
        recipe: Recipe(
          type: request.type, options: request.options.canonicalJSON, inputs: [input.recipe],
          bands: bands, fit: fit)))
  }

  private static func view(_ input: RasterProduct, _ fit: Node) -> LinearView {
    let view = input.view
    return LinearView(node: view.node, values: view.values + [fit]) { values in
      let components = try PrincipalComponents.stored(values.last ?? [])
      return try view.map(values.dropLast()).then(
        components.mixture.linearMap(bandCount: input.bands.count))
    }
  }

  private static func options(
    _ request: PlanRequest, _ input: RasterProduct, _ chosen: [Int]
  ) throws -> PrincipalComponents.Options {
    try request.requireDifferentNames(chosen.map { input.bands[$0] }, option: "bands")
    guard chosen.count >= 2 else {
      throw request.failure("bands", "components need two bands or more, not \(chosen.count)")
    }
    let count = request.options.optionalInt("count") ?? chosen.count
    guard count <= chosen.count else {
      throw request.failure("count", "there are \(chosen.count) bands, so no \(count) components")
    }
    return PrincipalComponents.Options(
      count: count, variance: request.options.optionalDouble("variance"),
      usesCorrelation: request.options.bool("correlation"))
  }

  /// The fitted components, as JSON.
  private static func fitNode(
    _ request: PlanRequest, _ input: RasterProduct, _ chosen: [Int],
    _ options: PrincipalComponents.Options
  ) throws -> Node {
    let replayed = try request.replayed(PrincipalComponents.self) { fitted in
      fitted.bands == chosen && fitted.means.count == chosen.count
        && fitted.scales.count == chosen.count && !fitted.scales.contains(0)
        && fitted.loadings.count == chosen.count * options.count
        && fitted.componentCount == options.count && 0...options.count ~= fitted.keptCount
    }
    if let replayed { return replayed }
    return request.momentFit(input, of: chosen, need: "components") { moments in
      PrincipalComponents(moments, bands: chosen, options: options)
    }
  }
}
