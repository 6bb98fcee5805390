import Rasters
import Segmentation

/// Divides the grid into superpixels that do not depend on chunks.
enum SuperpixelsStage: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "superpixels",
    summary: "Divides the grid into superpixels of similar cells (SLIC).",
    details: """
      Simple linear iterative clustering (Achanta et al. 2012) on all bands, or square blocks on the \
      same lattice as a control; squares of one cell make the graph of pixels. Seeds stand on a \
      lattice that is anchored to the map, every iteration works chunk by chunk, and small parts \
      join a neighbour by a rule without scan order: labels are the same for any chunk size, and a \
      segment keeps its id when the survey grows. Cells without data belong to no segment. The \
      stage is transductive: it sees the cells of test places, never their labels.
      """,
    options: [
      OptionSpec(
        "method", .choice(["slic", "squares"]), default: "slic",
        "Segments of similar cells, or squares that look at no band."),
      OptionSpec(
        "size", .number(1...1e8), default: 100, unit: "cells",
        "The nominal number of cells of a segment."),
      OptionSpec(
        "count", .integer(1...1_000_000_000), default: .optional, unit: "segments",
        "Instead of 'size': the nominal number of segments of the whole grid, missing cells "
          + "included; not for a grid that grows, since every segment would change.",
        example: "500"),
      OptionSpec(
        "compactness", .number(0...1e6), default: 0.1, unit: "band units",
        "The weight of nearness against likeness; bands should be standardized."),
      OptionSpec("iterations", .integer(1...100), default: 10, "How often the centres move."),
    ],
    inputs: [InputDefinition("cube", [.raster], "The cube to segment.")],
    output: .segments)

  static func plan(_ request: PlanRequest) throws -> Product {
    let input = try request.raster("cube")
    let size = try size(request)
    let lattice = SuperpixelLattice(grid: request.grid, size: size)
    guard !lattice.exceedsIDs else {
      throw request.failure(
        request.options.has("count") ? "count" : "size",
        "the grid holds more segments along a side than ids can tell apart; use larger segments")
    }
    let labels =
      request.options.string("method") == "squares"
      ? squares(request, input, lattice)
      : clusters(request, input, lattice)
    let halo = lattice.haloOfConnectivity
    let node = request.planner.node(
      Node(
        name: request.name, kind: .segments, identity: identity(request, lattice) + ["connect"],
        edges: [.halo(labels, halo)]
      ) { context in
        let window = context.window.expanded(by: halo).intersection(context.grid.window)
        return .segments(
          lattice.connect(try context.segments(0, window), target: context.window))
      })
    return .segments(
      SegmentsProduct(
        tag: request.tag, node: node, lattice: lattice, cube: input,
        table: request.segmentTable(node, lattice, of: input.node),
        recipe: Recipe(
          type: request.type, options: resolved(request, size).canonicalJSON,
          inputs: [input.recipe], bands: [])))
  }

  /// The nominal number of cells of a segment, given or from the number of segments.
  private static func size(_ request: PlanRequest) throws -> Double {
    let options = request.options
    guard let count = options.optionalInt("count") else { return options.double("size") }
    guard !options.isGiven("size") else {
      throw request.failure("count", "give either 'size' or 'count', not both")
    }
    guard count <= request.grid.cellCount else {
      throw request.failure(
        "count", "the grid has \(request.grid.cellCount) cells, fewer than \(count) segments")
    }
    return Double(request.grid.cellCount) / Double(count)
  }

  /// The options with the size that holds: a model must make segments of that size on any grid.
  private static func resolved(_ request: PlanRequest, _ size: Double) -> JSON5Value {
    let members = request.options.value.members ?? []
    let others = members.filter { $0.key != "size" && $0.key != "count" }
    return JSON5Value(
      .object(others + [JSON5Value.Member(key: "size", value: JSON5Value(floatLiteral: size))]))
  }

  /// What decides the labels: squares look at neither compactness nor iterations.
  private static func identity(_ request: PlanRequest, _ lattice: SuperpixelLattice) -> [String] {
    let isSquare = request.options.string("method") == "squares"
    return request.identity(
      without: Set(["size", "count"] + (isSquare ? ["compactness", "iterations"] : [])))
      + ["size \(lattice.size)"]
  }

  /// The labels of square blocks, before connectivity.
  private static func squares(
    _ request: PlanRequest, _ input: RasterProduct, _ lattice: SuperpixelLattice
  ) -> Node {
    request.planner.node(
      Node(
        name: request.name + "/assigned", kind: .segments,
        identity: identity(request, lattice) + ["squares"], edges: [.cells(input.node)]
      ) { context in
        .segments(
          lattice.squares(cube: try context.cube(0, context.window), window: context.window))
      })
  }

  /// The labels of the nearest centres, before connectivity.
  private static func clusters(
    _ request: PlanRequest, _ input: RasterProduct, _ lattice: SuperpixelLattice
  ) -> Node {
    let settings = Superpixels(
      size: lattice.size, compactness: request.options.double("compactness"),
      iterations: request.options.int("iterations"))
    var centres = seeds(request, input, settings, lattice)
    for iteration in 1...settings.iterations {
      centres = update(request, input, settings, lattice, centres, iteration)
    }
    return request.planner.node(
      Node(
        name: request.name + "/assigned", kind: .segments,
        identity: identity(request, lattice) + ["assign"],
        edges: [
          .halo(input.node, lattice.haloOfAssign),
          .halo(centres, (lattice.tableHaloOfAssign + 1) * lattice.reach),
        ]
      ) { context in
        let cube = try context.cube(0, context.window)
        let cells = lattice.cells(touching: context.window).expanded(by: lattice.tableHaloOfAssign)
        let table = try Self.centres(context, 1, lattice, cells, bandCount: cube.bandCount)
        return .segments(
          settings.assign(
            cube: cube, centres: table, lattice: lattice, window: context.window))
      })
  }

  private static func seeds(
    _ request: PlanRequest, _ input: RasterProduct, _ settings: Superpixels,
    _ lattice: SuperpixelLattice
  ) -> Node {
    request.planner.node(
      Node(
        name: request.name + "/seeds", kind: .table,
        identity: identity(request, lattice) + ["seeds"],
        edges: [.halo(input.node, lattice.haloOfUpdate)]
      ) { context in
        let window = context.window.expanded(by: lattice.haloOfUpdate)
          .intersection(context.grid.window)
        return .bytes(
          settings.seeds(
            cube: try context.cube(0, window), lattice: lattice,
            cells: lattice.cells(homeIn: context.window)
          ).bytes)
      })
  }

  private static func update(
    _ request: PlanRequest, _ input: RasterProduct, _ settings: Superpixels,
    _ lattice: SuperpixelLattice, _ centres: Node, _ iteration: Int
  ) -> Node {
    request.planner.node(
      Node(
        name: "\(request.name)/iteration\(iteration)", kind: .table,
        identity: identity(request, lattice) + ["update"],
        edges: [
          .halo(input.node, lattice.haloOfUpdate),
          .halo(centres, (lattice.tableHaloOfUpdate + 1) * lattice.reach),
        ]
      ) { context in
        let window = context.window.expanded(by: lattice.haloOfUpdate)
          .intersection(context.grid.window)
        let cube = try context.cube(0, window)
        let cells = lattice.cells(homeIn: context.window)
        let table = try Self.centres(
          context, 1, lattice, cells.expanded(by: lattice.tableHaloOfUpdate),
          bandCount: cube.bandCount)
        return .bytes(
          settings.updated(table, cube: cube, lattice: lattice, cells: cells).bytes)
      })
  }

  /// The centres of a rectangle of lattice cells, from the tables of the chunks around.
  private static func centres(
    _ context: NodeContext, _ index: Int, _ lattice: SuperpixelLattice, _ cells: Window,
    bandCount: Int
  ) throws -> CentreTable {
    guard case .halo(let reach) = context.node.edges[index].reach else {
      throw ExecutionError.wrongKind(node: context.node.name, expected: "a table of centres")
    }
    var table = CentreTable(cells: cells, bandCount: bandCount)
    let window = context.window.expanded(by: reach)
    for bytes in try context.tables(index, window) { table.paste(try CentreTable(bytes: bytes)) }
    return table
  }
}
