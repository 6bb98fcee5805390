import Features
import Foundation
import Learning
import Rasters
import Tensors

/// Brings bands to mean 0 and standard deviation 1 over the training part of the map.
enum Standardize: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "standardize",
    summary: "Scales bands to mean 0 and standard deviation 1.",
    details: """
      Mean and standard deviation are those of all cells that have a value; inside 'validate' the \
      cells of test places do not count. They are summed exactly, so they are the same for any \
      chunk size, and they are kept in the model file. One-hot categories pass unchanged unless \
      they are named in 'bands'.
      """,
    options: [
      OptionSpec(
        "bands", .bands, default: .optional,
        "The bands to scale; by default all that are not categories.", example: "[\"Cu\", \"Zn\"]")
    ],
    inputs: [InputDefinition("raster", [.raster], "The cube to scale.")],
    output: .raster)

  static func plan(_ request: PlanRequest) throws -> Product {
    let input = try request.raster("raster")
    let scaled = try input.bandSelection(request, option: "bands")
    let fit = fitNode(request, input, scaled)
    let node = request.planner.node(
      Node(
        name: request.name, kind: .raster(input.bands), identity: ["standardize", "map 1"],
        edges: [.cells(input.node), .all(fit)], isStored: false
      ) { context in
        let scaling = try JSONDecoder.stable.decode(Scaling.self, from: Data(try context.value(1)))
        return .cube(scaling.apply(try context.cube(0, context.window)))
      })
    let view = input.view
    return .raster(
      RasterProduct(
        tag: request.tag, node: node,
        view: LinearView(node: view.node, values: view.values + [fit]) { values in
          let scaling = try JSONDecoder.stable.decode(Scaling.self, from: Data(values.last ?? []))
          return try view.map(values.dropLast()).then(scaling.linearMap)
        },
        recipe: Recipe(
          type: request.type, options: request.options.canonicalJSON, inputs: [input.recipe],
          bands: input.bands, fit: fit)))
  }

  /// The fitted scaling, as JSON.
  private static func fitNode(
    _ request: PlanRequest, _ input: RasterProduct, _ scaled: [Int]
  ) -> Node {
    if let fitted = request.fitted { return request.constant(fitted) }
    let statistics = statisticsNode(request, input)
    return request.planner.node(
      Node(
        name: request.name + "/fit", kind: .value, identity: request.identity(),
        edges: [.all(statistics)]
      ) { context in
        var total = BandStatistics(bandCount: input.bands.count)
        for table in try context.tables(0, context.window) {
          total.merge(try JSONDecoder.stable.decode(BandStatistics.self, from: Data(table)))
        }
        if let band = scaled.first(where: { total.moments[$0].count == 0 }) {
          throw ExecutionError.data(
            "band '\(input.bands[band].name)' has no value in any cell of the training part")
        }
        let scaling = Scaling(total, bands: input.bands, scaled: scaled)
        return .bytes([UInt8](try JSONEncoder.stable.encode(scaling)))
      })
  }

  /// Exact partial sums of every chunk, without the fold's test places.
  private static func statisticsNode(_ request: PlanRequest, _ input: RasterProduct) -> Node {
    let fold = request.fold
    return request.planner.node(
      Node(
        name: request.name + "/statistics", kind: .table,
        identity: request.identity() + [fold.map { "fold \($0.index)" } ?? "all"],
        edges: [.cells(input.node)] + (fold.map { [.all($0.folds.node)] } ?? [])
      ) { context in
        var statistics = BandStatistics(bandCount: input.bands.count)
        let mask = try fold.map { fold in
          try TestPlaces(try context.value(1), fold: fold.index).trainingMask(
            context.window, of: context.grid)
        }
        statistics.add(try context.cube(0, context.window), mask: mask)
        return .bytes([UInt8](try JSONEncoder.stable.encode(statistics)))
      })
  }
}
