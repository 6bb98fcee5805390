import Features
import Foundation
import Rasters

/// Log-ratios of the parts of a composition.
enum LogRatioStage: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "log-ratio",
    summary: "Turns the parts of a composition into log-ratios.",
    details: """
      Concentrations carry information in their ratios only (Aitchison 1982). 'clr' maps parts x_b \
      to ln x_b - mean ln x, band by band. 'ilr' makes one band less, 'ilr 1', 'ilr 2', ...: band \
      i is sqrt(i / (i + 1)) ln (g(x_1...x_i) / x_(i+1)) with the geometric mean g, the balance of \
      the first i parts, in the order of 'bands', against the next one; the basis is orthonormal \
      (Egozcue et al. 2003). 'alr' makes ln (x_b / x_d) for the part d named as 'denominator', \
      bands 'Cu/Zn'. The bands of 'ilr' and 'alr' stand at the place of the first part. \
      Explanations are given for the parts in log space, whatever the method.

      Where one part is missing, all log-ratios are. Zero means that nothing was found: such parts \
      are missing unless 'zeros' or 'detection-limits' stand for them. A part's zeros are replaced \
      by 0.65 of its detection limit (Martín-Fernández et al. 2003) or, with zeros: 'smallest', by \
      0.65 of its smallest positive value; inside 'validate' the cells of test places do not count \
      for it, and it is kept in the model file.
      """,
    options: [
      OptionSpec(
        "method", .choice(LogRatio.Method.allCases.map(\.rawValue)), default: "clr",
        "The log-ratio."),
      OptionSpec(
        "bands", .bands, default: .optional,
        "The parts; by default all bands that are not categories.", example: "[\"Cu\", \"Zn\"]"),
      OptionSpec(
        "denominator", .string, default: .optional,
        "The part that 'alr' divides by; by default the last.", example: "\"Zn\""),
      OptionSpec(
        "zeros", .either(.number(0...1e30), .choice(["smallest"])), default: 0,
        unit: "the parts' unit",
        "What stands for parts below detection: a number, such as 0.65 of the detection limit; "
          + "'smallest', 0.65 of the part's smallest positive value; 0 for missing."),
      OptionSpec(
        "below-detection",
        .either(.choice(["negative"]), .list(of: .number(-1e38...1e38))), default: "negative",
        "Which values count as zero besides 0: all that are negative, or only these codes.",
        example: "[-9999]"),
      OptionSpec(
        "detection-limits", .map(of: .number(.leastNonzeroMagnitude...1e30)), default: [:],
        unit: "the parts' unit",
        "Detection limits by band; 0.65 of the limit stands for zeros of the band.",
        example: "{ Cu: 0.5 }"),
      OptionSpec(
        "units", .map(of: .either(.number(.leastNonzeroMagnitude...1e30), .string)), default: [:],
        "The units of parts by band, where they are not known or not one: a unit such as '%', or a "
          + "factor to the unit of the other parts (mg/kg if these have several).",
        example: "{ Fe: \"%\" }"),
      FitPolicy.option,
    ],
    inputs: [InputDefinition("raster", [.raster], "The parts.")],
    output: .raster,
    example: #"""
      { type: "log-ratio", tag: "parts", method: "clr", bands: ["Cu", "Pb", "Zn"],
        "detection-limits": { Pb: 0.5 }, inputs: ["metals"] }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let input = try request.raster("raster")
    let composition = try Composition(request, input)
    let transform = composition.transform
    let ratios = transform.bands(input.bands)
    try request.requireDifferentNames(ratios, option: "bands")
    var logarithms = input.bands
    for (part, unit) in zip(transform.parts, composition.units) {
      logarithms[part].unit = ["ln", unit].joined(separator: " ")
    }
    let fit =
      composition.fitsZeros ? try zerosNode(request, input, transform) : nil
    let sources = map(
      request, input, transform, fit, logarithms, "/logarithms",
      origins: origins(of: transform, bandCount: input.bands.count)
    ) {
      $0.logarithms($1)
    }
    let node = map(request, input, transform, fit, ratios, "") { $0.apply($1) }
    return .raster(
      RasterProduct(
        tag: request.tag, node: node,
        view: LinearView(node: sources, values: []) { _ in
          transform.linearMap(bandCount: input.bands.count)
        },
        recipe: Recipe(
          type: request.type, options: request.options.canonicalJSON, inputs: [input.recipe],
          bands: ratios, fit: fit)))
  }

  /// Of which band each band of the logarithms is; a code for "not detected" is no value.
  private static func origins(of transform: LogRatio, bandCount: Int) -> [BandOrigin?] {
    var origins = BandOrigin.all(bandCount)
    if case .codes(let codes) = transform.belowDetection, codes.contains(where: { $0 > 0 }) {
      for part in transform.parts { origins[part] = nil }
      return origins
    }
    for (part, factor) in zip(transform.parts, transform.factors) {
      origins[part] = BandOrigin(band: part, factor: factor, isFilled: true)
    }
    return origins
  }

  private static func map(
    _ request: PlanRequest, _ input: RasterProduct, _ transform: LogRatio, _ fit: Node?,
    _ bands: [Band], _ suffix: String, origins: [BandOrigin?] = [],
    _ change: @escaping @Sendable (LogRatio, DataCube) -> DataCube
  ) -> Node {
    let factors = transform.factors.map { "\($0)" }.joined(separator: " ")
    return request.planner.node(
      Node(
        name: request.name + suffix, kind: .raster(bands),
        identity: request.identity() + [suffix, factors],
        edges: [.cells(input.node)] + (fit.map { [.all($0)] } ?? []), isStored: false,
        origins: origins
      ) { context in
        let cube = try context.cube(0, context.window)
        guard fit != nil else { return .cube(change(transform, cube)) }
        return .cube(change(transform.replacing(try .stored(try context.value(1))), cube))
      })
  }

  /// What stands for zeros, as JSON: a number or null per part.
  private static func zerosNode(
    _ request: PlanRequest, _ input: RasterProduct, _ transform: LogRatio
  ) throws -> Node {
    let replayed = try request.replayed([Float?].self) { values in
      values.count == transform.parts.count && values.allSatisfy { $0 ?? 0 > 0 }
    }
    if let replayed { return replayed }
    let tables = request.trainingTable("/smallest", input.node) { cube, _ in
      var smallest = SmallestPositive(bandCount: transform.parts.count)
      smallest.add(transform.detected(cube))
      return [UInt8](try JSONEncoder.stable.encode(smallest))
    }
    return request.planner.node(
      Node(
        name: request.name + "/fit", kind: .value, identity: request.identity(),
        edges: [.all(tables)], policy: request.policy
      ) { context in
        var smallest = SmallestPositive(bandCount: transform.parts.count)
        try context.forEachTable(0) { smallest.merge(try .stored($0)) }
        let found = LogRatio.replacements(below: smallest.values)
        let replacements = zip(transform.replacements, found).map { $0 ?? $1 }
        if let part = replacements.firstIndex(where: { $0 == nil }) {
          throw ExecutionError.data(
            "band '\(input.bands[transform.parts[part]].name)' has no positive value in any cell "
              + "of the training part")
        }
        return .bytes([UInt8](try JSONEncoder.stable.encode(replacements)))
      })
  }
}
