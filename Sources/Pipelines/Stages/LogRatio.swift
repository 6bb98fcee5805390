import Features
import Rasters

/// Log-ratios of the parts of a composition.
enum LogRatioStage: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "log-ratio",
    summary: "Turns the parts of a composition into log-ratios.",
    details: """
      Concentrations carry information in their ratios only (Aitchison 1982). 'clr' maps parts x_b \
      to ln x_b - mean ln x. Parts that are zero or negative are missing unless 'zeros' stands for \
      them; where one part is missing, all are. Explanations are given for the parts in log space.
      """,
    options: [
      OptionSpec("method", .choice(["clr"]), default: "clr", "The log-ratio."),
      OptionSpec(
        "bands", .bands, default: .optional,
        "The parts; by default all bands that are not categories.", example: "[\"Cu\", \"Zn\"]"),
      OptionSpec(
        "zeros", .number(0...1e30), default: 0, unit: "the parts' unit",
        "What stands for zero and negative parts, such as 0.65 of the detection limit; 0 for missing."
      ),
    ],
    inputs: [InputDefinition("raster", [.raster], "The parts.")],
    output: .raster)

  static func plan(_ request: PlanRequest) throws -> Product {
    let input = try request.raster("raster")
    let parts = try input.bandSelection(request, option: "bands")
    guard parts.count >= 2 else {
      throw request.failure("bands", "a composition has two parts or more, not \(parts.count)")
    }
    let zeros = request.options.float("zeros")
    let transform = LogRatio(
      parts: parts,
      replacements: zeros > 0 ? [Float?](repeating: zeros, count: parts.count) : nil)
    var ratios = input.bands
    var logarithms = input.bands
    for part in parts {
      ratios[part].unit = ""
      logarithms[part].unit = ["ln", input.bands[part].unit].joined(separator: " ")
    }
    let sources = map(request, input, logarithms, "/logarithms") { transform.logarithms($0) }
    let node = map(request, input, ratios, "") { transform.apply($0) }
    return .raster(
      RasterProduct(
        tag: request.tag, node: node,
        view: LinearView(node: sources, values: []) { _ in
          transform.linearMap(bandCount: input.bands.count)
        },
        recipe: Recipe(
          type: request.type, options: request.options.canonicalJSON, inputs: [input.recipe],
          bands: ratios)))
  }

  private static func map(
    _ request: PlanRequest, _ input: RasterProduct, _ bands: [Band], _ suffix: String,
    _ change: @escaping @Sendable (DataCube) -> DataCube
  ) -> Node {
    request.planner.node(
      Node(
        name: request.name + suffix, kind: .raster(bands), identity: request.identity() + [suffix],
        edges: [.cells(input.node)], isStored: false
      ) { context in .cube(change(try context.cube(0, context.window))) })
  }
}
