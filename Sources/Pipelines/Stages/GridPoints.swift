import Features
import Foundation
import RasterFiles
import Rasters
import Synchronization

/// Interpolates columns of a point layer onto the grid, anew in every fold.
enum GridPoints: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "grid-points",
    summary: "Interpolates point measurements onto the grid by inverse distance.",
    details: """
      Inside 'validate' every point of a test place is left out before gridding, and a sample reads \
      its own cell without the points in that cell (leave-one-out), so that a measurement never \
      reaches a feature that is to predict at its own place. The raster itself is the plain \
      interpolation.
      """,
    options: PointFile.options + [
      OptionSpec(
        "fields", .list(of: .string), "The columns to grid, one band each.",
        example: "[\"Cu\", \"Zn\"]"),
      OptionSpec("unit", .string, default: "", "The unit of the columns.", example: "\"mg/kg\""),
      OptionSpec("method", .choice(["idw"]), default: "idw", "How values are interpolated."),
      OptionSpec(
        "power", .number(.leastNonzeroMagnitude...32), default: 2,
        "The power of the distance in the weights."),
      OptionSpec(
        "neighbours", .integer(0...1_000_000), default: 12, unit: "points",
        "How many of the nearest points are used; 0 for all."),
      OptionSpec(
        "radius", .number(0...1e12), default: 0, unit: "map units",
        "How far points are used; 0 for any distance. Cells without a point in reach are missing."),
    ],
    output: .raster,
    example: #"""
      { type: "grid-points", tag: "metals", file: "samples.csv", x: "E", y: "N",
        crs: "EPSG:2056", fields: ["Cu", "Pb", "Zn"], unit: "mg/kg", radius: 2000 }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let options = request.options
    let fields = options.strings("fields")
    guard !fields.isEmpty else { throw request.failure("fields", "names no column to grid") }
    let file = try PointFile(request, use: "interpolated between the points")
    for field in fields { try file.requireNumbers(field, request, option: "fields") }
    let bands = fields.map { Band(name: $0, unit: options.string("unit")) }
    let points = pointsNode(request, file, fields)
    let settings = InverseDistance.Options(
      power: options.double("power"), neighbors: options.int("neighbours"),
      radius: options.double("radius"))
    let prepared = Prepared(settings)
    let node = request.planner.node(
      Node(
        name: request.name, kind: .raster(bands),
        identity: request.identity(without: PointFile.pathOptions), edges: [.all(points)],
        readsPoints: true
      ) { context in
        let (points, interpolator) = try prepared.points(try context.value(0))
        return .cube(
          interpolator.cube(
            window: context.window, grid: context.grid,
            excluding: points.indices(in: context.excluding, of: context.grid)))
      })
    return .raster(
      RasterProduct(
        tag: request.tag, node: node, view: .identity(node), recipe: .raw(bands)))
  }

  /// The points as they may be used: all, or without those in the fold's test places.
  private static func pointsNode(
    _ request: PlanRequest, _ file: PointFile, _ fields: [String]
  ) -> Node {
    let fold = request.fold
    let grid = request.grid
    return request.planner.node(
      Node(
        name: request.name + "/points", kind: .value,
        identity: ["grid-points", "points 1", fold.map { "fold \($0.index)" } ?? "all"] + fields
          + file.identity,
        edges: fold.map { [.all($0.folds.node)] } ?? [], sources: file.files,
        files: { _ in file.files }
      ) { context in
        var points = GriddedPoints(try file.read(fields), fields)
        if let fold {
          let places = try TestPlaces(try context.value(0), fold: fold.index)
          points.keep { !places.contains(x: $0, y: $1, grid: grid) }
        }
        guard !points.x.isEmpty else { throw ExecutionError.data("no point is left to grid") }
        return .bytes([UInt8](try JSONEncoder.stable.encode(points)))
      })
  }
}

/// The points of a node with their search tree, made once and not for every window.
private final class Prepared: Sendable {
  private let settings: InverseDistance.Options
  private let known = Mutex<(points: GriddedPoints, interpolator: InverseDistance)?>(nil)

  init(_ settings: InverseDistance.Options) { self.settings = settings }

  /// The points of the node's only value.
  func points(_ bytes: [UInt8]) throws -> (GriddedPoints, InverseDistance) {
    try known.withLock { known in
      if let known { return known }
      let points = try GriddedPoints.stored(bytes)
      let made = (
        points,
        InverseDistance(x: points.x, y: points.y, columns: points.columns, options: settings)
      )
      known = made
      return made
    }
  }
}

/// Points with the columns that are gridded, in the grid's coordinates.
struct GriddedPoints: Codable {
  var x: [Double]
  var y: [Double]
  /// The values of each column; NaN where a point has none.
  var columns: [[Float]]

  init(_ table: PointTable, _ fields: [String]) {
    x = table.x
    y = table.y
    columns = fields.map { table.numbers($0).map { Float($0) } }
    keep { $0.isFinite && $1.isFinite }
  }

  /// Keeps the points for which `condition` holds.
  mutating func keep(_ condition: (Double, Double) -> Bool) {
    let kept = x.indices.filter { condition(x[$0], y[$0]) }
    x = kept.map { x[$0] }
    y = kept.map { y[$0] }
    columns = columns.map { column in kept.map { column[$0] } }
  }

  /// The points that lie in some cells.
  func indices(in cells: Set<Cell>, of grid: Grid) -> Set<Int> {
    guard !cells.isEmpty else { return [] }
    return Set(
      x.indices.filter { index in
        grid.cell(x: x[index], y: y[index]).map(cells.contains) ?? false
      })
  }
}
