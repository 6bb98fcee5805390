import Features
import Rasters

/// Joins rasters on the pipeline's grid into one cube, band after band.
enum Stack: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "stack",
    summary: "Joins the bands of several rasters into one data cube.",
    details: """
      All rasters of a pipeline share its grid, so bands are put one after another in the order of \
      the inputs. Band names must differ, since models and outputs know bands by name.
      """,
    options: [
      OptionSpec(
        "without", .list(of: .string), default: .optional,
        "The groups of features that are left out, so that variants tell what a group is worth; "
          + "bands of no group stay.",
        example: "[\"remote sensing\"]")
    ],
    inputs: [InputDefinition("rasters", [.raster], isMany: true, "The rasters to join, in order.")],
    output: .raster,
    example: #"""
      { type: "stack", tag: "layers", inputs: ["geology", "geochemistry"] }
      """#)

  /// What is taken of one raster.
  private struct Part {
    let raster: RasterProduct
    let bands: [Int]

    var isWhole: Bool { bands.count == raster.bands.count }
  }

  static func plan(_ request: PlanRequest) throws -> Product {
    .raster(try join(request, try parts(request), of: request.rasters("rasters")))
  }

  /// The rasters given to a stage as `role`, joined in their order where they are several.
  static func cube(_ request: PlanRequest, _ role: String) throws -> RasterProduct {
    let rasters = request.rasters(role)
    guard rasters.count > 1 else { return try request.raster(role) }
    return try join(
      request, rasters.map { Part(raster: $0, bands: Array($0.bands.indices)) }, of: rasters)
  }

  /// One cube of parts of rasters.
  private static func join(
    _ request: PlanRequest, _ parts: [Part], of rasters: [RasterProduct]
  ) throws -> RasterProduct {
    let bands = parts.flatMap { part in part.bands.map { part.raster.bands[$0] } }
    var seen: Set<String> = []
    for band in bands where !seen.insert(band.name).inserted {
      throw request.failure(
        "inputs", "two bands are named '\(band.name)'; bands of one cube need different names")
    }
    let node = stacked(request, parts.map { ($0.raster.node, $0.bands) }, bands, suffix: "")
    let views = parts.map(\.raster.view)
    let sources = stacked(
      request, views.map { ($0.node, Array($0.node.bands.indices)) },
      views.flatMap(\.node.bands), suffix: "/sources")
    return RasterProduct(
      tag: request.tag, node: node,
      view: LinearView(node: sources, values: views.flatMap(\.values)) { values in
        var rest = values
        return .stacked(
          try zip(views, parts).map { view, part in
            defer { rest = rest.dropFirst(view.values.count) }
            return try view.map(rest.prefix(view.values.count)).rows(part.bands)
          })
      }, recipe: recipe(request, parts, of: rasters, bands))
  }

  /// The rasters with the bands that are not left out.
  private static func parts(_ request: PlanRequest) throws -> [Part] {
    let rasters = request.rasters("rasters")
    let without = request.options.optionalStrings("without") ?? []
    let known = Set(rasters.flatMap { $0.bands.compactMap(\.featureGroup) }).sorted()
    for group in without where !known.contains(group) {
      throw request.failure(
        "without",
        known.isEmpty
          ? "no band belongs to a group; stages that bring bands have the option 'group'"
          : "there is no group '\(group)'" + Suggestion.phrase(group, among: known))
    }
    let parts = rasters.map { raster in
      Part(
        raster: raster,
        bands: raster.bands.indices.filter { index in
          raster.bands[index].featureGroup.map { !without.contains($0) } ?? true
        })
    }.filter { !$0.bands.isEmpty }
    guard !parts.isEmpty else { throw request.failure("without", "leaves no band") }
    return parts
  }

  /// How a model file makes the cube again: rasters that are left out as a whole are no input of it.
  private static func recipe(
    _ request: PlanRequest, _ parts: [Part], of rasters: [RasterProduct], _ bands: [Band]
  ) -> Recipe {
    let isCut = parts.contains { !$0.isWhole }
    return Recipe(
      type: definition.name,
      options: isCut ? request.options.canonicalJSON(without: []) : "{}",
      inputs: (isCut ? rasters : parts.map(\.raster)).map(\.recipe), bands: bands)
  }

  private static func stacked(
    _ request: PlanRequest, _ parts: [(node: Node, chosen: [Int])], _ bands: [Band],
    suffix: String
  ) -> Node {
    let isCut = parts.contains { $0.chosen.count < $0.node.bands.count }
    return request.planner.node(
      Node(
        name: request.name + suffix, kind: .raster(bands),
        identity: [definition.name, "revision \(revision)", "{}"]
          + (isCut ? ["bands \(parts.map { $0.chosen })"] : []),
        edges: parts.map { .cells($0.node) }, isStored: false,
        origins: parts.enumerated().flatMap { edge, part in
          part.chosen.map { BandOrigin(edge: edge, band: $0) }
        }
      ) { context in .cube(try context.joined(parts.map(\.chosen))) })
  }
}
