import Features
import Foundation
import Learning
import Rasters
import Tensors

/// Brings bands to a common scale that is fitted over the training part of the map.
enum Standardize: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "standardize",
    summary: "Scales bands to mean 0 and standard deviation 1, or by ranges or ranks.",
    details: """
      'z-score' subtracts the mean and divides by the standard deviation (divisor n). 'robust' \
      subtracts the median and divides by the interquartile range. 'min-max' brings the range to \
      0...1. 'quantile' replaces values by their ranks among up to 1001 exact quantiles, linear \
      between them, as normal deviates (-5.2 to 5.2) or uniform in 0...1; equal values have the \
      middle of their ranks. A constant band is only centred.

      What is fitted is that of all cells that have a value; inside 'validate' the cells of test \
      places do not count. It is exact, so it is the same for any chunk size, and it is kept in \
      the model file. One-hot categories pass unchanged unless they are named in 'bands'. The smaller \
      cells of a band that 'cells' of 'read-cube' divides are scaled alike. \
      'quantile' is not linear: explanations are then given for the ranks, band by band, and not \
      carried further back.
      """,
    options: [
      OptionSpec(
        "bands", .bands, default: .optional,
        "The bands to scale; by default all that are not categories.", example: "[\"Cu\", \"Zn\"]"),
      OptionSpec(
        "method", .choice(["z-score", "robust", "min-max", "quantile"]), default: "z-score",
        "What bands are brought to."),
      OptionSpec(
        "distribution", .choice(["normal", "uniform"]), default: .optional,
        "What ranks are turned into by the method 'quantile'; 'normal' by default."),
      FitPolicy.option,
    ],
    inputs: [InputDefinition("raster", [.raster], "The cube to scale.")],
    output: .raster,
    example: #"""
      { type: "standardize", tag: "cube", method: "robust", inputs: ["layers"] }
      """#)

  /// The number of quantiles less one that ranks are taken among.
  private static let rankIntervals = 1000

  static func plan(_ request: PlanRequest) throws -> Product {
    let input = try request.raster("raster")
    let scaled = try input.bandSelection(request, option: "bands")
    let isQuantile = request.options.string("method") == "quantile"
    if !isQuantile, request.options.has("distribution") {
      throw request.failure("distribution", "goes with the method 'quantile' only")
    }
    try request.requireDifferentNames(scaled.map { input.bands[$0] }, option: "bands")
    let fit = try fitNode(request, input, scaled)
    let node =
      isQuantile ? ranked(request, input, scaled, fit) : scaledNode(request, input, fit)
    return .raster(
      RasterProduct(
        tag: request.tag, node: node,
        view: isQuantile ? .identity(node) : view(input.view, fit),
        recipe: Recipe(
          type: request.type, options: request.options.canonicalJSON, inputs: [input.recipe],
          bands: node.bands, fit: fit)))
  }

  private static func view(_ view: LinearView, _ fit: Node) -> LinearView {
    LinearView(node: view.node, values: view.values + [fit]) { values in
      let scaling = try Scaling.stored(values.last ?? [])
      return try view.map(values.dropLast()).then(scaling.linearMap)
    }
  }

  private static func scaledNode(
    _ request: PlanRequest, _ input: RasterProduct, _ fit: Node
  ) -> Node {
    let decoded = DecodedFit<Scaling>()
    return request.planner.node(
      Node(
        name: request.name, kind: .raster(input.bands), identity: ["standardize", "map 1"],
        edges: [.cells(input.node), .all(fit)], isStored: false
      ) { context in
        let scaling = try decoded(try context.value(1))
        return .cube(scaling.apply(try context.cube(0, context.window)))
      })
  }

  private static func ranked(
    _ request: PlanRequest, _ input: RasterProduct, _ scaled: [Int], _ fit: Node
  ) -> Node {
    let decoded = DecodedFit<QuantileMaps>()
    // Ranks have no unit.
    var bands = input.bands
    for band in scaled { bands[band].unit = "" }
    return request.planner.node(
      Node(
        name: request.name, kind: .raster(bands), identity: ["standardize", "ranks 1"],
        edges: [.cells(input.node), .all(fit)], isStored: false
      ) { context in
        let maps = try decoded(try context.value(1))
        return .cube(maps.apply(try context.cube(0, context.window)))
      })
  }

  // MARK: Fits

  /// The fitted `Scaling` or `QuantileMaps`, as JSON.
  private static func fitNode(
    _ request: PlanRequest, _ input: RasterProduct, _ scaled: [Int]
  ) throws -> Node {
    let count = input.bands.count
    let isQuantile = request.options.string("method") == "quantile"
    let replayed =
      isQuantile
      ? try request.replayed(QuantileMaps.self) { maps in
        maps.bands == scaled && maps.maps.count == scaled.count
          && maps.maps.allSatisfy { !$0.quantiles.isEmpty }
      }
      : try request.replayed(Scaling.self) { scaling in
        scaling.means.count == count && scaling.scales.count == count
          && !scaling.scales.contains(0)
      }
    if let replayed { return replayed }
    switch request.options.string("method") {
    case "robust":
      return request.quantileFit(input, of: scaled, ExactQuantiles(intervals: 4)) { quantiles in
        try JSONEncoder.stable.encode(
          Scaling(quartiles: quantiles, scaled: scaled, bandCount: input.bands.count))
      }
    case "quantile":
      let distribution =
        request.options.optionalString("distribution").flatMap(QuantileMap.Distribution.init)
        ?? .normal
      let wanted = ExactQuantiles(intervals: rankIntervals, isCapped: true)
      return request.quantileFit(input, of: scaled, wanted) { quantiles in
        let maps = quantiles.map { QuantileMap(quantiles: $0, distribution: distribution) }
        return try JSONEncoder.stable.encode(QuantileMaps(bands: scaled, maps: maps))
      }
    default: return momentFit(request, input, scaled)
    }
  }

  private static func momentFit(
    _ request: PlanRequest, _ input: RasterProduct, _ scaled: [Int]
  ) -> Node {
    let statistics = statisticsNode(request, input)
    let usesRange = request.options.string("method") == "min-max"
    return request.planner.node(
      Node(
        name: request.name + "/fit", kind: .value, identity: request.identity(),
        edges: [.all(statistics)], policy: request.policy
      ) { context in
        var total = BandStatistics(bandCount: input.bands.count)
        for table in try context.tables(0, context.window) { total.merge(try .stored(table)) }
        total = total.pooled(input.bands)
        if let band = scaled.first(where: { total.moments[$0].count == 0 }) {
          throw ExecutionError.withoutValues(input.bands[band])
        }
        let scaling =
          usesRange
          ? Scaling(rangesOf: total, scaled: scaled)
          : Scaling(total, bands: input.bands, scaled: scaled)
        return .bytes([UInt8](try JSONEncoder.stable.encode(scaling)))
      })
  }

  /// Exact partial sums of every chunk, without the fold's test places.
  static func statisticsNode(_ request: PlanRequest, _ input: RasterProduct) -> Node {
    request.trainingTable("/statistics", input.node) { cube, _ in
      var statistics = BandStatistics(bandCount: cube.bandCount)
      statistics.add(cube)
      return [UInt8](try JSONEncoder.stable.encode(statistics))
    }
  }
}
