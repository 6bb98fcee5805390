import Foundation
import Learning
import Networks
import RasterFiles
import Rasters
import Tensors

/// Adds background cells to the known places of one class, so that a model has something to tell
/// them from.
enum Background: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "background",
    summary: "Adds background cells as the other class of presence-only samples.",
    details: """
      Known deposits say where something is, never where it is not. Background cells are drawn at \
      random by the seed among the cells that have every band of 'cube', no nearer than 'distance' \
      to a known place; the draw depends on a cell's place alone, not on chunks. With 'file' the \
      points of that file are the background. The known class is the last one, the positive one.
      """,
    options: [
      OptionSpec(
        "count", .integer(1...10_000_000), default: .optional, unit: "cells",
        "How many cells are drawn; by default as many as there are known places."),
      OptionSpec(
        "distance", .number(0...1e12), default: 0, unit: "map units",
        "How far from every known place a background cell must be."),
      OptionSpec(
        "file", .file, default: .optional, "Points to take as the background instead of a draw.",
        example: "\"barren.gpkg\""),
      OptionSpec("name", .string, default: "background", "The name of the class."),
    ] + PointFile.options.dropFirst(),
    inputs: [
      InputDefinition("samples", [.samples], "The known places, of one class."),
      InputDefinition(
        "cube", [.raster], isRequired: false, source: .named,
        "The cube whose complete cells may be drawn; by default every cell of the grid."),
    ],
    output: .samples,
    example: #"""
      { type: "background", tag: "samples", count: 240, distance: 750,
        inputs: { samples: "deposits", cube: "layers" } }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let known = try request.samples("samples")
    guard known.kind == .softmax, known.classes.count == 1 else {
      throw request.failure(
        "inputs",
        "'\(known.tag)' has \(known.classes.count) classes or values already; expected known places "
          + "of one class ('presence' of 'labels')")
    }
    let name = request.options.string("name")
    guard name != known.classes[0] else {
      throw request.failure("name", "is the name of the known class")
    }
    let node =
      request.options.has("file")
      ? try fileNode(request, known) : try drawNode(request, known)
    return .samples(
      SamplesProduct(
        tag: request.tag, node: node, kind: .softmax, classes: [name] + known.classes,
        columns: [:]))
  }

  // MARK: A file

  private static func fileNode(_ request: PlanRequest, _ known: SamplesProduct) throws -> Node {
    let file = try PointFile(request)
    let grid = request.grid
    let name = request.options.string("name")
    return request.planner.node(
      Node(
        name: request.name, kind: .value,
        identity: request.identity(without: ["file"]) + file.identity, edges: [.all(known.node)],
        sources: file.files, files: { _ in file.files }
      ) { context in
        let table = try file.read([])
        let cells = table.x.indices.compactMap { index in
          grid.cell(x: table.x[index], y: table.y[index]).map {
            Place(id: -1 - index, cell: $0, x: table.x[index], y: table.y[index])
          }
        }
        guard !cells.isEmpty else {
          throw ExecutionError.data("none of the \(table.count) background points is in the grid")
        }
        return try joined(context, name, cells)
      })
  }

  // MARK: A draw

  /// A background place; ids are negative, those of the known places are not.
  private struct Place {
    var id: Int
    var cell: Cell
    var x: Double
    var y: Double
  }

  /// A cell and its rank in the draw.
  private struct Ticket: Codable {
    var rank: UInt64
    var column: Int
    var row: Int

    static func isBefore(_ a: Ticket, _ b: Ticket) -> Bool {
      (a.rank, a.row, a.column) < (b.rank, b.row, b.column)
    }
  }

  private static func drawNode(_ request: PlanRequest, _ known: SamplesProduct) throws -> Node {
    let cube = request.rasters("cube").first
    let count = request.options.has("count") ? request.options.int("count") : nil
    let distance = request.options.double("distance")
    let random = Randomness(seed: request.splitSeed, Randomness.word("background"))
    let tickets = request.planner.node(
      Node(
        name: request.name + "/draw", kind: .table,
        identity: request.identity() + ["\(request.splitSeed)"],
        edges: [.all(known.node)] + (cube.map { [.cells($0.node)] } ?? [])
      ) { context in
        let places = try sampleSet(context)
        var isFree =
          cube == nil
          ? [Bool](repeating: true, count: context.window.cellCount)
          : try context.cube(1, context.window).completeCells
        clear(&isFree, context, places.samples, distance)
        let wanted = count ?? places.count
        let drawn = draw(isFree, context, random).prefix(wanted)
        return .bytes([UInt8](try JSONEncoder.stable.encode(Array(drawn))))
      })
    let name = request.options.string("name")
    return request.planner.node(
      Node(
        name: request.name, kind: .value, identity: request.identity() + ["\(request.splitSeed)"],
        edges: [.all(known.node), .all(tickets)]
      ) { context in
        let all = try context.tables(1, context.window).flatMap {
          try [Ticket].stored($0)
        }
        let wanted = try count ?? sampleSet(context).count
        guard all.count >= wanted else {
          throw ExecutionError.data(
            "only \(all.count) cells have data and are far enough from the known places; "
              + "\(wanted) were asked for")
        }
        let places = all.sorted(by: Ticket.isBefore).prefix(wanted).map { ticket in
          let cell = Cell(column: ticket.column, row: ticket.row)
          let center = context.grid.center(of: cell)
          let place = context.lattice.absolute(
            Window(x: cell.column, y: cell.row, width: 1, height: 1))
          // The cell's absolute place, which a growing survey keeps.
          let id = -1 - ((place.y & 0x3FFF_FFFF) << 32 | place.x & 0xFFFF_FFFF)
          return Place(id: id, cell: cell, x: center.x, y: center.y)
        }
        return try joined(context, name, places)
      })
  }

  /// Takes out the cells within `distance` of a known place, and those that hold one.
  private static func clear(
    _ isFree: inout [Bool], _ context: NodeContext, _ samples: [Sample], _ distance: Double
  ) {
    let grid = context.grid
    let side = min(grid.transform.cellWidth, grid.transform.cellHeight)
    let reach = Int((distance / side).rounded(.up))
    for sample in samples {
      let around = Window(x: sample.cell.column, y: sample.cell.row, width: 1, height: 1)
        .expanded(by: reach).intersection(context.window)
      for row in around.y..<max(around.y, around.maxY) {
        for column in around.x..<max(around.x, around.maxX) {
          let center = grid.center(of: Cell(column: column, row: row))
          let isNear = hypot(center.x - sample.x, center.y - sample.y) < distance
          if isNear || sample.cell == Cell(column: column, row: row) {
            isFree[context.window.index(column: column, row: row)] = false
          }
        }
      }
    }
  }

  /// The free cells of a chunk in the order of the draw.
  private static func draw(
    _ isFree: [Bool], _ context: NodeContext, _ random: Randomness
  ) -> [Ticket] {
    let window = context.window
    let origin = context.lattice.absolute(window)
    var tickets: [Ticket] = []
    for (index, isFree) in isFree.enumerated() where isFree {
      let (column, row) = (index % window.width, index / window.width)
      let x = UInt64(bitPattern: Int64(origin.x + column))
      let y = UInt64(bitPattern: Int64(origin.y + row))
      tickets.append(
        Ticket(
          rank: random.derived(x, y).bits64(0), column: window.x + column, row: window.y + row))
    }
    return tickets.sorted(by: Ticket.isBefore)
  }

  // MARK: Both classes

  private static func sampleSet(_ context: NodeContext) throws -> SampleSet {
    try SampleSet.stored(try context.value(0))
  }

  private static func joined(
    _ context: NodeContext, _ name: String, _ places: [Place]
  ) throws -> Payload {
    let known = try sampleSet(context)
    let background = places.map { place in
      Sample(id: place.id, x: place.x, y: place.y, cell: place.cell, target: .category(0))
    }
    let positives = known.samples.map { sample in
      var positive = sample
      positive.target = .category(1)
      return positive
    }
    let set = try SampleSet(
      kind: .softmax, categories: [SampleSet.Category(code: name, name: name)] + known.categories,
      samples: background + positives)
    return .bytes([UInt8](try JSONEncoder.stable.encode(set)))
  }
}
