import Features
import Rasters

/// Makes statistics of the cells around each cell.
enum Focal: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "focal",
    summary: "Makes statistics of the cells in a window around each cell.",
    details: """
      The mean and the standard deviation (of all cells of the window, dividing by their number) of \
      each band of values, and the share of each class of categories. Missing cells take no part. A \
      cell that is missing itself stays so, unless 'fill' is on, and so does one whose window lacks \
      more than 'window-missing' of its cells; those beyond the border of the grid do not count. \
      Only the statistics come out, as 'Cu mean 5' or 'rock: granite share 5' for a window of 5 \
      cells; 'stack' puts them beside others.
      """,
    options: [
      OptionSpec(
        "window", .integer(1...1001), unit: "cells", "The side of the window, an odd number.",
        example: "5"),
      OptionSpec(
        "bands", .bands, default: .optional, "The bands; by default all.",
        example: "[\"Cu\", \"rock\"]"),
      OptionSpec(
        "statistics", .list(of: .choice(FocalStatistics.Statistic.allCases.map(\.rawValue))),
        default: ["mean"], "What is made of bands of values."),
      OptionSpec(
        "shape", .choice(FocalStatistics.Shape.allCases.map(\.rawValue)), default: "square",
        "The form of the window; a circle has the cells whose centre is no farther than half the "
          + "window's side."),
      OptionSpec(
        "window-missing", .number(0...1), default: 0.5,
        "The share of a window's cells that may be missing before its cell has no value."),
      OptionSpec(
        "fill", .bool, default: false, "Whether cells that are missing themselves get a value."),
      FeatureGroups.option,
    ],
    inputs: [InputDefinition("raster", [.raster], "The bands.")],
    output: .raster,
    example: #"""
      { type: "focal", tag: "surroundings", window: 5,
        statistics: ["mean", "deviation"], inputs: ["layers"] }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let input = try request.raster("raster")
    let side = request.options.int("window")
    guard side % 2 == 1 else {
      throw request.failure("window", "\(side) is even; a window around a cell has an odd side")
    }
    let chosen =
      request.options.has("bands")
      ? try input.bandSelection(request, option: "bands") : Array(input.bands.indices)
    let asked = request.options.strings("statistics").compactMap(FocalStatistics.Statistic.init)
    guard !asked.isEmpty else { throw request.failure("statistics", "is empty") }
    let statistics = chosen.map { input.bands[$0].isCategory ? [.mean] : asked }
    let bands = request.grouped(
      zip(chosen, statistics).flatMap { index, statistics in
        statistics.map { band(input.bands[index], $0, side) }
      })
    try request.requireDifferentNames(bands, option: "statistics")
    let focal = FocalStatistics(
      side: side,
      shape: FocalStatistics.Shape(rawValue: request.options.string("shape")) ?? .square,
      missing: request.options.double("window-missing"), fills: request.options.bool("fill"))
    let node = request.planner.node(
      Node(
        name: request.name, kind: .raster(bands), identity: request.identity(),
        edges: [.halo(input.node, focal.radius)]
      ) { context in
        let cube = try context.cube(0, context.window.expanded(by: focal.radius))
        return .cube(
          DataCube(
            window: context.window, bandCount: bands.count,
            values: zip(chosen, statistics).flatMap { index, statistics in
              focal.apply(
                statistics, to: Array(cube.band(index)), of: context.window, in: context.grid.window
              ).joined()
            }))
      })
    return .raster(
      RasterProduct(
        tag: request.tag, node: node, view: .identity(node),
        recipe: Recipe(
          type: request.type, options: request.options.canonicalJSON, inputs: [input.recipe],
          bands: bands)))
  }

  private static func band(
    _ band: Band, _ statistic: FocalStatistics.Statistic, _ side: Int
  ) -> Band {
    guard !band.isCategory else {
      return Band(name: "\(band.name) share \(side)", featureGroup: band.featureGroup)
    }
    return Band(
      name: "\(band.name) \(statistic.rawValue) \(side)", unit: band.unit,
      featureGroup: band.featureGroup)
  }
}
