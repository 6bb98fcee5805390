import Features
import Rasters

/// Makes bands by arithmetic of other bands.
enum Expression: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "expression",
    summary: "Makes bands by arithmetic of other bands, such as (nir - red) / (nir + red).",
    details: """
      From the weakest: or; and; not; < <= > >= == !=; + and -; * and /; signs; ^, from the right. \
      Truth is 1, its opposite 0. Functions: \(BandExpression.functions.joined(separator: ", ")); \
      'where' (or 'if') takes the second argument where the first is not 0, else the third; 'log' is \
      the natural logarithm; angles are radians. Constants: pi, e, and 'missing' for no value. Bands \
      whose names are not made of letters, digits and _ stand in quotes: log('Cu (ppm)'). Computed \
      in double precision. Where a band that takes part is missing there is no result, nor where an \
      operation has none: a division by zero, the logarithm of 0. Only the bands that are made come \
      out, in the order of their names; 'stack' puts them beside others.
      """,
    options: [
      OptionSpec(
        "bands", .map(of: .string), "What is made: names with expressions.",
        example: "{ ndvi: \"(nir - red) / (nir + red)\" }"),
      OptionSpec(
        "units", .map(of: .string), default: .optional, "The units of the bands that are made.",
        example: "{ depth: \"m\" }"),
      FeatureGroups.option,
    ],
    inputs: [
      InputDefinition("rasters", [.raster], isMany: true, "The rasters whose bands take part.")
    ],
    output: .raster,
    example: #"""
      { type: "expression", tag: "indices", inputs: ["bands"],
        bands: {
          ndvi: "(nir - red) / (nir + red)",
          iron: "where(blue > 0, red / blue, missing)" } }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let rasters = request.rasters("rasters")
    let inputs = rasters.flatMap(\.bands)
    let expressions = try expressions(request, inputs)
    guard !expressions.isEmpty else { throw request.failure("bands", "names nothing to make") }
    let names = expressions.map(\.name)
    let units = Dictionary(request.options.stringMap("units").map { ($0, $1) }) { first, _ in first
    }
    for (name, _) in request.options.stringMap("units") {
      _ = try request.requireBand(name, among: names, option: "units")
    }
    let bands = expressions.flatMap { name, expression in
      request.grouped(
        [Band(name: name, unit: units[name] ?? "")], of: expression.bands.map { inputs[$0] })
    }
    let node = request.planner.node(
      Node(
        name: request.name, kind: .raster(bands), identity: request.identity(),
        edges: rasters.map { .cells($0.node) }, isStored: false
      ) { context in
        let cube = try context.joined(rasters.map { Array($0.bands.indices) })
        return .cube(
          DataCube(
            window: context.window, bandCount: bands.count,
            values: expressions.flatMap { $0.expression.apply(cube) }))
      })
    return .raster(
      RasterProduct(
        tag: request.tag, node: node, view: .identity(node),
        recipe: Recipe(
          type: request.type, options: request.options.canonicalJSON,
          inputs: rasters.map(\.recipe), bands: bands)))
  }

  /// The expressions in the order of their names: a model file keeps no other.
  private static func expressions(
    _ request: PlanRequest, _ inputs: [Band]
  ) throws -> [(name: String, expression: BandExpression)] {
    let known = inputs.map(\.name)
    return try request.options.map("bands").sorted { $0.key < $1.key }.map { name, value in
      func failure(_ message: String) -> PlanFailure {
        PlanFailure(
          key: "bands", message: "'\(name)'\(message)",
          place: value.place == .none ? nil : value.place)
      }
      let expression: BandExpression
      do throws(ExpressionError) {
        expression = try BandExpression(value.string ?? "", bands: known)
      } catch {
        throw failure(", column \(error.column): \(phrase(error, known))")
      }
      for band in expression.bands where known.count(where: { $0 == known[band] }) > 1 {
        throw failure(": two bands of the inputs are named '\(known[band])'")
      }
      return (name, expression)
    }
  }

  private static func phrase(_ error: ExpressionError, _ bands: [String]) -> String {
    switch error.kind {
    case .syntax(let message): message
    case .unknownBand(let name):
      "there is no band '\(name)'" + Suggestion.phrase(name, among: bands)
    case .unknownFunction(let name):
      "there is no function '\(name)'" + Suggestion.phrase(name, among: BandExpression.functions)
    }
  }
}
