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
    summary: "Interpolates point measurements by inverse distance, kriging or a trend surface.",
    details: """
      Inside 'validate' every point of a test place is left out before gridding and before anything \
      is fitted, and a sample reads its own cell without the points in that cell (leave-one-out), so \
      that a measurement never reaches a feature that is to predict at its own place. The raster \
      itself is the plain interpolation.

      'kriging' is ordinary kriging: a variogram for each column, by weighted least squares, and \
      the nearest points. At the very place of a point the value is the measured one; points that \
      coincide are averaged. 'trend' is a polynomial of the coordinates by least squares over all points; \
      beyond them it goes anywhere. Distances are those of map units as they are.

      The report has the variograms, and for each column how well all three methods predict points \
      that they have not seen: each left out by itself, and in blocks.
      """,
    options: PointFile.options + [
      OptionSpec(
        "fields", .list(of: .string), "The columns to grid, one band each.",
        example: "[\"Cu\", \"Zn\"]"),
      OptionSpec("unit", .string, default: "", "The unit of the columns.", example: "\"mg/kg\""),
      OptionSpec(
        "method", .choice(PointInterpolation.Method.allCases.map(\.rawValue)), default: "idw",
        "How values are interpolated."),
      FeatureGroups.option,
    ] + PointInterpolation.options,
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
    let interpolation = try PointInterpolation(request, fields)
    let bands = request.grouped(interpolation.bands(unit: options.string("unit")))
    try request.requireDifferentNames(bands, option: "fields")
    let points = pointsNode(request, file, fields)
    let fit = interpolation.method == .kriging ? fitNode(request, interpolation, points) : nil
    let prepared = Prepared(interpolation)
    let node = request.planner.node(
      Node(
        name: request.name, kind: .raster(bands),
        identity: request.identity(without: PointFile.pathOptions),
        edges: [.all(points)] + (fit.map { [.all($0)] } ?? []), readsPoints: true
      ) { context in
        let fitted = fit == nil ? [] : try context.value(1)
        let (points, surface) = try prepared.points(try context.value(0), fitted)
        return .cube(
          surface.cube(
            window: context.window, grid: context.grid,
            excluding: points.indices(in: context.excluding, of: context.grid)))
      })
    return .raster(
      RasterProduct(
        tag: request.tag, node: node, view: .identity(node), recipe: .raw(bands),
        interpolation: request.fold == nil
          ? summaryNode(request, interpolation, points, fit) : nil))
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

  /// The variogram of each column, fitted to the points that may be used.
  private static func fitNode(
    _ request: PlanRequest, _ interpolation: PointInterpolation, _ points: Node
  ) -> Node {
    request.planner.node(
      Node(
        name: request.name + "/variograms", kind: .value,
        identity: ["grid-points", "variograms 1"] + interpolation.fitIdentity,
        edges: [.all(points)]
      ) { context in
        let points = try GriddedPoints.stored(try context.value(0))
        return .bytes([UInt8](try JSONEncoder.stable.encode(interpolation.variograms(points))))
      })
  }

  /// What the report tells: the variograms, and how well points predict one another.
  private static func summaryNode(
    _ request: PlanRequest, _ interpolation: PointInterpolation, _ points: Node, _ fit: Node?
  ) -> Node {
    request.planner.node(
      Node(
        name: request.name + "/cross-validation", kind: .value,
        identity: request.identity(without: PointFile.pathOptions) + ["cross-validation 1"],
        edges: [.all(points)] + (fit.map { [.all($0)] } ?? [])
      ) { context in
        let points = try GriddedPoints.stored(try context.value(0))
        let variograms = fit == nil ? [] : try [Variogram].stored(try context.value(1))
        let summary = try InterpolationSummary(interpolation, points, variograms)
        return .bytes([UInt8](try JSONEncoder.stable.encode(summary)))
      })
  }
}

/// The surfaces of a node with their search tree, made once and not for every window.
private final class Prepared: Sendable {
  private let interpolation: PointInterpolation
  private let known = Mutex<(points: GriddedPoints, surface: any PointSurface)?>(nil)

  init(_ interpolation: PointInterpolation) { self.interpolation = interpolation }

  /// The points and surfaces of the node's only values.
  func points(
    _ bytes: [UInt8], _ fitted: [UInt8]
  ) throws -> (GriddedPoints, any PointSurface) {
    try known.withLock { known in
      if let known { return known }
      let points = try GriddedPoints.stored(bytes)
      let variograms = fitted.isEmpty ? [] : try [Variogram].stored(fitted)
      let made = (points, try interpolation.surface(points, variograms))
      known = made
      return made
    }
  }
}
