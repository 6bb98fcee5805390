import Features
import Foundation
import Rasters
import Tensors

/// Fills missing cells with a number per band.
enum Impute: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "impute",
    summary: "Fills missing cells of bands with their median, their mean or a constant.",
    details: """
      Median and mean are those of all cells that have a value; inside 'validate' the cells of test \
      places do not count. Both are exact and the same for any chunk size, and they are kept in the \
      model file. One-hot categories are not filled unless they are named in 'bands'. Filling is \
      not linear, so explanations are carried back to the filled bands and no further: fill before \
      'log-ratio', not after, to have explanations for the parts.
      """,
    options: [
      OptionSpec(
        "bands", .bands, default: .optional,
        "The bands to fill; by default all that are not categories.", example: "[\"Cu\", \"Zn\"]"),
      OptionSpec(
        "method", .choice(["median", "mean", "constant"]), default: "median",
        "What stands for missing values."),
      OptionSpec(
        "value", .number(-1e30...1e30), default: .optional, unit: "the bands' unit",
        "The number for the method 'constant'.", example: "0"),
      OptionSpec(
        "indicator", .bool, default: false,
        "Adds a band '<name> missing' for each filled one: 1 where it was missing, else 0."),
      OptionSpec(
        "missing", .choice(["all", "impute"]), default: "all",
        "What becomes of a cell where all bands of the raster are missing: 'all', it stays missing; "
          + "'impute', it is filled as well."),
      FitPolicy.option,
    ],
    inputs: [InputDefinition("raster", [.raster], "The raster with gaps.")],
    output: .raster,
    example: #"""
      { type: "impute", bands: ["Cu", "Zn"], method: "median", indicator: true,
        inputs: ["metals"] }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let input = try request.raster("raster")
    let filled = try input.bandSelection(request, option: "bands")
    try request.requireDifferentNames(filled.map { input.bands[$0] }, option: "bands")
    let constant = try constant(request)
    let settings: @Sendable ([Float]) -> Imputation = { values in
      Imputation(
        bands: filled, values: values, hasIndicators: request.options.bool("indicator"),
        keepsEmptyCells: request.options.string("missing") == "all")
    }
    let zeros = settings([Float](repeating: 0, count: filled.count))
    let bands = zeros.bands(input.bands)
    try request.requireDifferentNames(bands, option: "indicator")
    let fit = constant == nil ? try fitNode(request, input, filled) : nil
    let decoded = DecodedFit<[Float]>()
    let node = request.planner.node(
      Node(
        name: request.name, kind: .raster(bands), identity: request.identity(),
        edges: [.cells(input.node)] + (fit.map { [.all($0)] } ?? []), isStored: false,
        origins: input.bands.indices.map { band in
          BandOrigin(band: band, isFilled: filled.contains(band))
        }
      ) { context in
        let values =
          try constant.map { [Float](repeating: $0, count: filled.count) }
          ?? decoded(try context.value(1))
        return .cube(settings(values).apply(try context.cube(0, context.window)))
      })
    return .raster(
      RasterProduct(
        tag: request.tag, node: node, view: .identity(node),
        recipe: Recipe(
          type: request.type, options: request.options.canonicalJSON, inputs: [input.recipe],
          bands: bands, fit: fit)))
  }

  /// The number of the method 'constant'; nil for the methods that are fitted.
  private static func constant(_ request: PlanRequest) throws -> Float? {
    let method = request.options.string("method")
    let value = request.options.optionalDouble("value")
    switch (method == "constant", value) {
    case (true, let value?): return Float(value)
    case (true, nil): throw request.failure("value", "the method 'constant' needs a 'value'")
    case (false, nil): return nil
    case (false, _):
      throw request.failure("value", "goes with the method 'constant', not with '\(method)'")
    }
  }

  /// The fitted values, as JSON: one number per filled band.
  private static func fitNode(
    _ request: PlanRequest, _ input: RasterProduct, _ filled: [Int]
  ) throws -> Node {
    let replayed = try request.replayed([Float].self) { values in
      values.count == filled.count && values.allSatisfy(\.isFinite)
    }
    if let replayed { return replayed }
    let usesMedian = request.options.string("method") == "median"
    let source =
      usesMedian
      ? request.quantiles(input, of: filled, ExactQuantiles(intervals: 2))
      : Standardize.statisticsNode(request, input)
    return request.planner.node(
      Node(
        name: request.name + "/fit", kind: .value, identity: request.identity(),
        edges: [.all(source)], policy: request.policy
      ) { context in
        let values =
          usesMedian
          ? try medians(try context.value(0))
          : try means(try context.tables(0, context.window), filled, input.bands.count)
        if let band = values.firstIndex(where: \.isNaN) {
          throw ExecutionError.data(
            "band '\(input.bands[filled[band]].name)' has no value in any cell of the training "
              + "part")
        }
        return .bytes([UInt8](try JSONEncoder.stable.encode(values)))
      })
  }

  private static func medians(_ bytes: [UInt8]) throws -> [Float] {
    try [ExactQuantiles].stored(bytes).map { quantiles in
      let values = quantiles.values
      return values.isEmpty ? .nan : Float(values[1])
    }
  }

  private static func means(
    _ tables: [[UInt8]], _ filled: [Int], _ bandCount: Int
  ) throws -> [Float] {
    var total = BandStatistics(bandCount: bandCount)
    for table in tables { total.merge(try .stored(table)) }
    return filled.map { Float(total.moments[$0].mean) }
  }
}
