import Rasters
import Reports
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
        "sizes", .list(of: .number(1...1e8)), default: .optional, unit: "cells",
        "Instead of 'size': several nominal sizes, each with segments of its own; 'train' makes a "
          + "model of each and combines them.",
        example: "[50, 100, 200]"),
      OptionSpec(
        "compactness", .number(0...1e6), default: 0.1, unit: "band units",
        "The weight of nearness against likeness; bands should be standardized."),
      OptionSpec(
        "iterations", .integer(1...100), default: 10, unit: "iterations",
        "How often the centres move."),
    ],
    inputs: [InputDefinition("cube", [.raster], "The cube to segment.")],
    output: .segments,
    example: #"""
      { type: "superpixels", tag: "segments", size: 50, compactness: 0.1,
        inputs: ["cube"] }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let input = try request.raster("cube")
    let sizes = try sizes(request)
    let products = try sizes.map { size in
      let isOnly = sizes.count == 1
      let part = isOnly ? "" : "-" + NumberText.short(size, significant: 9)
      return try SegmentPlan(request, input, size: size, suffix: part).product()
    }
    guard var first = products.first else { throw request.failure("sizes", "names no size") }
    first.siblings = Array(products.dropFirst())
    return .segments(first)
  }

  /// The nominal numbers of cells of a segment, given or from the number of segments; at least one.
  private static func sizes(_ request: PlanRequest) throws -> [Double] {
    let options = request.options
    let given = ["size", "count", "sizes"].filter(options.isGiven)
    if given.count > 1 {
      throw request.failure(given[1], "give either '\(given[0])' or '\(given[1])', not both")
    }
    if options.has("sizes") {
      let sizes = options.doubles("sizes")
      guard Set(sizes).count == sizes.count else {
        throw request.failure("sizes", "names a size twice")
      }
      return sizes
    }
    guard let count = options.optionalInt("count") else { return [options.double("size")] }
    guard count <= request.grid.cellCount else {
      throw request.failure(
        "count", "the grid has \(request.grid.cellCount) cells, fewer than \(count) segments")
    }
    return [Double(request.grid.cellCount) / Double(count)]
  }
}

/// The plan of segments of one size.
private struct SegmentPlan {
  private let request: PlanRequest
  private let input: RasterProduct
  private let settings: Superpixels
  private let lattice: SuperpixelLattice
  /// What the names of nodes and outputs end with.
  private let suffix: String

  init(_ request: PlanRequest, _ input: RasterProduct, size: Double, suffix: String) throws {
    self.request = request
    self.input = input
    self.suffix = suffix
    lattice = SuperpixelLattice(grid: request.grid, size: size)
    settings = Superpixels(
      size: size, compactness: request.options.double("compactness"),
      iterations: request.options.int("iterations"))
    guard !lattice.exceedsIDs else {
      throw request.failure(
        ["count", "sizes"].first(where: request.options.has) ?? "size",
        "the grid holds more segments along a side than ids can tell apart; use larger segments")
    }
  }

  private var isSquare: Bool { request.options.string("method") == "squares" }
  private var name: String { request.name + suffix }

  func product() -> SegmentsProduct {
    let labels = isSquare ? squares() : clusters()
    let halo = lattice.haloOfConnectivity
    let lattice = lattice
    let node = request.planner.node(
      Node(
        name: name, kind: .segments, identity: identity + ["connect"],
        edges: [.halo(labels, halo)]
      ) { context in
        let window = context.window.expanded(by: halo).intersection(context.grid.window)
        return .segments(
          lattice.connect(try context.segments(0, window), target: context.window))
      })
    return SegmentsProduct(
      tag: request.tag + suffix, node: node, lattice: lattice, cube: input,
      table: request.segmentTable(node, lattice, of: input.node),
      recipe: Recipe(
        type: request.type, options: resolvedOptions.canonicalJSON,
        inputs: [input.recipe], bands: []))
  }

  /// The options with the size that holds: a model must make segments of that size on any grid.
  private var resolvedOptions: JSON5Value {
    let members = request.options.value.members ?? []
    let others = members.filter { !Self.ofSize.contains($0.key) }
    return JSON5Value(
      .object(
        others + [JSON5Value.Member(key: "size", value: JSON5Value(floatLiteral: lattice.size))]))
  }

  private static let ofSize: Set = ["size", "count", "sizes"]

  /// What decides the labels: squares look at neither compactness nor iterations.
  private var identity: [String] {
    request.identity(without: Self.ofSize.union(isSquare ? ["compactness", "iterations"] : []))
      + ["size \(lattice.size)"]
  }

  /// The labels of square blocks, before connectivity.
  private func squares() -> Node {
    let lattice = lattice
    return request.planner.node(
      Node(
        name: name + "/assigned", kind: .segments, identity: identity + ["squares"],
        edges: [.cells(input.node)]
      ) { context in
        .segments(
          lattice.squares(cube: try context.cube(0, context.window), window: context.window))
      })
  }

  /// The labels of the nearest centres, before connectivity.
  private func clusters() -> Node {
    var centres = seeds()
    for iteration in 1...settings.iterations { centres = update(centres, iteration) }
    let (lattice, settings) = (lattice, settings)
    return request.planner.node(
      Node(
        name: name + "/assigned", kind: .segments, identity: identity + ["assign"],
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

  private func seeds() -> Node {
    let (lattice, settings) = (lattice, settings)
    return request.planner.node(
      Node(
        name: name + "/seeds", kind: .table, identity: identity + ["seeds"],
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

  private func update(_ centres: Node, _ iteration: Int) -> Node {
    let (lattice, settings) = (lattice, settings)
    return request.planner.node(
      Node(
        name: "\(name)/iteration\(iteration)", kind: .table, identity: identity + ["update"],
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
