import Features
import Foundation
import RasterFiles
import Rasters

/// How columns of points become surfaces, as the options of 'grid-points' say it.
struct PointInterpolation: Sendable {
  /// The ways to interpolate.
  enum Method: String, CaseIterable, Sendable, Codable {
    case idw, kriging, trend

    /// What the method is called in a table.
    var phrase: String {
      switch self {
      case .idw: "inverse distance"
      case .kriging: "ordinary kriging"
      case .trend: "trend surface"
      }
    }
  }

  let method: Method
  let fields: [String]
  let distance: InverseDistance.Options
  let shapes: [VariogramModel.Shape]
  let lags: Int
  let maximumLag: Double?
  let hasVariance: Bool
  let degree: Int
  /// How many of the nearest points kriging takes; 0 for all.
  let krigingNeighbors: Int

  /// Kriging solves a system of as many equations at every cell.
  static let mostNeighbors = 500
  /// How many places all the points may stand at, if all are taken.
  static let mostPlaces = 500
  private static let defaultNeighbors = 12

  static let options = [
    OptionSpec(
      "power", .number(.leastNonzeroMagnitude...32), default: 2,
      "The power of the distance in the weights of 'idw'."),
    OptionSpec(
      "neighbours", .integer(0...1_000_000), default: 12, unit: "points",
      "How many of the nearest points 'idw' and 'kriging' use; 0 for all."),
    OptionSpec(
      "radius", .number(0...1e12), default: 0, unit: "map units",
      "How far 'idw' and 'kriging' use points; 0 for any distance. Cells without a point in reach "
        + "are missing."),
    OptionSpec(
      "model", .choice(["best"] + VariogramModel.Shape.allCases.map(\.rawValue)), default: "best",
      "The form of the variogram of 'kriging'; 'best' is the one with the least weighted squares."),
    OptionSpec(
      "lags", .integer(1...1000), default: 15, unit: "classes",
      "The number of classes of distance of the empirical variogram."),
    OptionSpec(
      "max-lag", .number(.leastNonzeroMagnitude...1e12), default: .optional, unit: "map units",
      "The greatest distance of pairs of points in the variogram; by default half the greatest "
        + "there is.", example: "3000"),
    OptionSpec(
      "variance", .bool, default: false,
      "Adds a band '<field> variance' with the kriging variance after each band."),
    OptionSpec(
      "degree", .integer(1...3), default: 2, "The degree of the polynomial of 'trend'."),
  ]

  /// The bands of the raster.
  func bands(unit: String) -> [Band] {
    fields.flatMap { field in
      [Band(name: field, unit: unit)]
        + (hasVariance
          ? [Band(name: "\(field) variance", unit: unit.isEmpty ? "" : "(\(unit))^2")] : [])
    }
  }

  /// What decides the variograms besides the points.
  var fitIdentity: [String] {
    shapes.map(\.rawValue) + ["\(lags)", maximumLag.map { "\($0)" } ?? "half"] + fields
  }

  /// The variogram of each column.
  func variograms(_ points: GriddedPoints) throws -> [Variogram] {
    try zip(fields, points.columns).map { field, column in
      let measured = points.x.indices.filter { column[$0].isFinite }
      let places = Set(measured.map { SIMD2(points.x[$0], points.y[$0]) })
      guard places.count >= 3 else {
        throw ExecutionError.data(
          "a variogram needs three places or more, and '\(field)' has a value at \(places.count)")
      }
      let found = Variogram(
        x: points.x, y: points.y, values: column, shapes: shapes, lags: lags,
        maximumLag: maximumLag)
      guard !found.empirical.bins.isEmpty else {
        throw ExecutionError.data(
          "no two points with a value of '\(field)' are within the 'max-lag' of "
            + "\(found.empirical.maximumLag)")
      }
      return found
    }
  }

  /// The surfaces through the points; kriging takes the variogram of each column.
  func surface(
    _ points: GriddedPoints, _ variograms: [Variogram]
  ) throws -> any PointSurface {
    switch method {
    case .idw:
      return InverseDistance(
        x: points.x, y: points.y, columns: points.columns, options: distance)
    case .kriging:
      return JoinedSurfaces(
        try fields.indices.map { field in
          let surface = OrdinaryKriging(
            x: points.x, y: points.y, values: points.columns[field],
            variogram: variograms[field].model, neighbors: krigingNeighbors,
            radius: distance.radius, hasVariance: hasVariance)
          guard krigingNeighbors > 0 || surface.placeCount <= Self.mostPlaces else {
            throw ExecutionError.data(
              "kriging with all points takes \(Self.mostPlaces) places at most, and "
                + "'\(fields[field])' has \(surface.placeCount): choose a number of 'neighbours'")
          }
          return surface
        })
    case .trend:
      return JoinedSurfaces(
        try zip(fields, points.columns).map { field, column in
          guard
            let surface = TrendSurface(x: points.x, y: points.y, values: column, degree: degree)
          else {
            throw ExecutionError.data(
              "the points with a value of '\(field)' do not determine a surface of degree "
                + "\(degree): it needs \(TrendSurface.termCount(degree: degree)) places or more "
                + "that do not lie on one line or curve")
          }
          return surface
        })
    }
  }
}

// Options.
extension PointInterpolation {
  /// Which methods an option goes with, where it does not go with all.
  private static let uses: [(option: String, methods: [Method])] = [
    ("power", [.idw]), ("neighbours", [.idw, .kriging]), ("radius", [.idw, .kriging]),
    ("model", [.kriging]), ("lags", [.kriging]), ("max-lag", [.kriging]),
    ("variance", [.kriging]), ("degree", [.trend]),
  ]

  init(_ request: PlanRequest, _ fields: [String]) throws {
    let options = request.options
    let method = Method(rawValue: options.string("method")) ?? .idw
    for (option, methods) in Self.uses
    where options.isGiven(option) && !methods.contains(method) {
      let words = methods.map { "'\($0.rawValue)'" }.joined(separator: " and ")
      throw request.failure(
        option, "goes with the method \(words), not with '\(method.rawValue)'")
    }
    let distance = InverseDistance.Options(
      power: options.double("power"), neighbors: options.int("neighbours"),
      radius: options.double("radius"))
    if method == .kriging, distance.neighbors == 1 || distance.neighbors > Self.mostNeighbors {
      throw request.failure(
        "neighbours",
        "kriging takes 2 to \(Self.mostNeighbors) points, or with 0 all, not "
          + "\(distance.neighbors)")
    }
    let isUsable = method == .kriging || 2...Self.mostNeighbors ~= distance.neighbors
    self.init(
      method: method, fields: fields, distance: distance,
      shapes: VariogramModel.Shape(rawValue: options.string("model")).map { [$0] }
        ?? VariogramModel.Shape.allCases,
      lags: options.int("lags"), maximumLag: options.optionalDouble("max-lag"),
      hasVariance: options.bool("variance"), degree: options.int("degree"),
      krigingNeighbors: isUsable ? distance.neighbors : Self.defaultNeighbors)
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
    take(x.indices.filter { condition(x[$0], y[$0]) })
  }

  /// Keeps some points.
  mutating func take(_ kept: [Int]) {
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
