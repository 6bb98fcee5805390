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
    inputs: [InputDefinition("rasters", [.raster], isMany: true, "The rasters to join, in order.")],
    output: .raster,
    example: #"""
      { type: "stack", tag: "layers", inputs: ["geology", "geochemistry"] }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let rasters = request.rasters("rasters")
    let bands = rasters.flatMap(\.bands)
    var seen: Set<String> = []
    for band in bands where !seen.insert(band.name).inserted {
      throw request.failure(
        "inputs", "two bands are named '\(band.name)'; bands of one cube need different names")
    }
    let node = stacked(request, rasters.map(\.node), bands, suffix: "")
    let views = rasters.map(\.view)
    let sources = stacked(
      request, views.map(\.node), views.flatMap(\.node.bands), suffix: "/sources")
    return .raster(
      RasterProduct(
        tag: request.tag, node: node,
        view: LinearView(node: sources, values: views.flatMap(\.values)) { values in
          var rest = values
          return .stacked(
            try views.map { view in
              defer { rest = rest.dropFirst(view.values.count) }
              return try view.map(rest.prefix(view.values.count))
            })
        },
        recipe: Recipe(
          type: request.type, options: request.options.canonicalJSON,
          inputs: rasters.map(\.recipe), bands: bands)))
  }

  private static func stacked(
    _ request: PlanRequest, _ nodes: [Node], _ bands: [Band], suffix: String
  ) -> Node {
    request.planner.node(
      Node(
        name: request.name + suffix, kind: .raster(bands), identity: request.identity(),
        edges: nodes.map(Node.Edge.cells), isStored: false,
        origins: nodes.enumerated().flatMap { edge, node in
          node.bands.indices.map { BandOrigin(edge: edge, band: $0) }
        }
      ) { context in
        var values: [Float] = []
        values.reserveCapacity(bands.count * context.window.cellCount)
        for index in nodes.indices { values += try context.cube(index, context.window).values }
        return .cube(DataCube(window: context.window, bandCount: bands.count, values: values))
      })
  }
}
