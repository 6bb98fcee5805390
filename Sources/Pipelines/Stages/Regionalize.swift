import Features
import Foundation
import Rasters
import Tensors

/// Divides the values of bands into nested levels, such as the zones of an interpolated surface.
enum Regionalize: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "regionalize",
    summary: "Divides bands into nested levels, numbered from low to high.",
    details: """
      One band '<band>, <n> levels' for each band and each number of levels, with numbers from 1 to n: \
      the regionalization labels of surfaces by 'grid-points'. Each level of a division consists of the \
      same number of levels of the next finer one. 'quantiles' puts as many cells into every level; \
      'natural' divides where values leave the widest gaps (least squares within levels, Fisher 1958, \
      exactly, over up to 1001 quantiles of the band), then every level again in the same way. A value \
      that equals a break is of the level below.

      Breaks are those of all cells that have a value; inside 'validate' the cells of test places do \
      not count. They are the same for any chunk size and kept in the model file. A sample reads the \
      level of its leave-one-out value. Levels are not linear: explanations are given for them and not \
      carried further back.
      """,
    options: [
      OptionSpec(
        "bands", .bands, default: .optional,
        "The bands to divide; by default all that are not categories. Others are left out.",
        example: "[\"Cu\", \"Zn\"]"),
      OptionSpec(
        "levels", .list(of: .integer(2...64)), default: [2, 4, 8], unit: "levels",
        "The numbers of levels, ascending, each a multiple of the one before."),
      OptionSpec(
        "breaks", .choice(["quantiles", "natural"]), default: "quantiles",
        "Where levels are divided."),
      FeatureGroups.option,
      FitPolicy.option,
    ],
    inputs: [InputDefinition("raster", [.raster], "The surfaces.")],
    output: .raster,
    example: #"""
      { type: "regionalize", tag: "regions", levels: [3, 9], breaks: "natural",
        inputs: ["metals"] }
      """#)

  /// The number of quantiles less one that natural breaks are made of.
  private static let naturalIntervals = 1000

  static func plan(_ request: PlanRequest) throws -> Product {
    let input = try request.raster("raster")
    let chosen = try input.bandSelection(request, option: "bands")
    guard !chosen.isEmpty else { throw request.failure("bands", "there is no band to divide") }
    let counts = request.options.ints("levels")
    guard LevelBreaks.areNested(counts) else {
      throw request.failure(
        "levels", "must be ascending, each a multiple of the one before, such as [2, 4, 8]")
    }
    let bands = request.grouped(
      chosen.flatMap { index in
        let band = input.bands[index]
        return counts.map {
          Band(name: "\(band.name), \($0) levels", featureGroup: band.featureGroup)
        }
      })
    try request.requireDifferentNames(bands, option: "bands")
    let fit = try fitNode(request, input, chosen, counts)
    let decoded = DecodedFit<[LevelBreaks]>()
    let node = request.planner.node(
      Node(
        name: request.name, kind: .raster(bands),
        identity: ["regionalize", "map 1", "\(chosen)", "\(counts)"],
        edges: [.cells(input.node), .all(fit)], isStored: false
      ) { context in
        let breaks = try decoded(try context.value(1))
        return .cube(levels(try context.cube(0, context.window), chosen, counts, breaks))
      })
    return .raster(
      RasterProduct(
        tag: request.tag, node: node, view: .identity(node),
        recipe: Recipe(
          type: request.type, options: request.options.canonicalJSON, inputs: [input.recipe],
          bands: bands, fit: fit)))
  }

  private static func levels(
    _ cube: DataCube, _ chosen: [Int], _ counts: [Int], _ breaks: [LevelBreaks]
  ) -> DataCube {
    var result: [Float] = []
    result.reserveCapacity(chosen.count * counts.count * cube.window.cellCount)
    for (band, breaks) in zip(chosen, breaks) {
      let values = cube.band(band)
      for count in counts {
        result += values.lazy.map { value in
          value.isNaN ? .nan : Float(breaks.level(of: Double(value), count: count))
        }
      }
    }
    return DataCube(
      window: cube.window, bandCount: chosen.count * counts.count, values: result)
  }

  /// The fitted breaks of each band, as JSON: `[LevelBreaks]`.
  private static func fitNode(
    _ request: PlanRequest, _ input: RasterProduct, _ chosen: [Int], _ counts: [Int]
  ) throws -> Node {
    let finest = counts.last ?? 1
    let replayed = try request.replayed([LevelBreaks].self) { fitted in
      fitted.count == chosen.count
        && fitted.allSatisfy { $0.counts == counts && $0.breaks.count == finest - 1 }
    }
    if let replayed { return replayed }
    let isNatural = request.options.string("breaks") == "natural"
    let wanted =
      isNatural
      ? ExactQuantiles(intervals: naturalIntervals, isCapped: true)
      : ExactQuantiles(intervals: finest)
    return request.quantileFit(input, of: chosen, wanted) { found in
      try JSONEncoder.stable.encode(
        found.map { values in
          isNatural
            ? LevelBreaks(naturalOf: values, counts: counts)
            : LevelBreaks(counts: counts, breaks: Array(values.dropFirst().dropLast()))
        })
    }
  }
}
