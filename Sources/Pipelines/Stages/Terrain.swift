import Features
import Foundation
import RasterFiles
import Rasters

/// Makes features of elevations: slope, aspect, curvatures, ruggedness.
enum Terrain: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "terrain",
    summary: "Makes slope, aspect, curvatures and ruggedness of elevations.",
    details: """
      Each from a cell and its eight neighbours: slope in degrees, aspect as sine and cosine of the \
      direction in which the surface falls, clockwise from the map's north (0 and 0 where it is \
      flat), curvatures in 1/m that are positive where the surface is convex (Zevenbergen and \
      Thorne 1987; 'profile-curvature' along the steepest slope, 'plan-curvature' along the \
      contour), ruggedness (Riley and others 1999) and roughness in the unit of the elevations. \
      GDAL computes all but the curvatures. Sides of cells are metres, of longitudes and latitudes \
      those on the ellipsoid at the latitude of the row, so elevations must be metres, or 'factor' \
      makes them so. A cell with a missing neighbour has no value; beyond the border of the grid \
      elevations go on along a straight line.
      """,
    options: [
      OptionSpec(
        "band", .string, default: .optional, "The band of the elevations, where there are several.",
        example: "\"elevation\""),
      OptionSpec(
        "measures", .list(of: .choice(Measure.allCases.map(\.rawValue))),
        default: ["slope", "aspect", "curvature", "ruggedness"], "What is made."),
      OptionSpec(
        "method", .choice(ElevationProcessing.Method.allCases.map(\.rawValue)), default: "horn",
        "How slope and aspect are estimated: from all eight neighbours, or from four, which suits "
          + "smooth surfaces."),
      OptionSpec(
        "factor", .number(.leastNonzeroMagnitude...1e6), default: 1,
        "What elevations are multiplied by to be metres: 0.3048 for feet."),
      OptionSpec(
        "prefix", .string, default: "", "What the names of the bands begin with.",
        example: "\"lidar \""),
      FeatureGroups.option,
    ],
    inputs: [InputDefinition("raster", [.raster], "The elevations.")],
    output: .raster,
    example: #"""
      { type: "terrain", tag: "relief", inputs: ["elevation"],
        measures: ["slope", "aspect", "profile-curvature"] }
      """#)

  /// What can be made.
  enum Measure: String, CaseIterable {
    case slope, aspect, curvature
    case profileCurvature = "profile-curvature"
    case planCurvature = "plan-curvature"
    case ruggedness, roughness

    func bands(prefix: String, unit: String) -> [Band] {
      switch self {
      case .slope: [Band(name: prefix + "slope", unit: "degrees")]
      case .aspect: [Band(name: prefix + "aspect sine"), Band(name: prefix + "aspect cosine")]
      case .curvature, .profileCurvature, .planCurvature:
        [
          Band(
            name: prefix + rawValue.replacingOccurrences(of: "-", with: " "),
            unit: unit.isEmpty ? "" : "1/\(unit)")
        ]
      case .ruggedness, .roughness: [Band(name: prefix + rawValue, unit: unit)]
      }
    }
  }

  static func plan(_ request: PlanRequest) throws -> Product {
    let input = try request.raster("raster")
    let band = try elevationBand(request, input)
    let measures = request.options.strings("measures").compactMap(Measure.init)
    guard !measures.isEmpty else { throw request.failure("measures", "is empty") }
    let method =
      ElevationProcessing.Method(rawValue: request.options.string("method")) ?? .horn
    let unit = GroundMeasure(request.grid).isMetric ? "m" : input.bands[band].unit
    let bands = request.grouped(
      measures.flatMap { $0.bands(prefix: request.options.string("prefix"), unit: unit) },
      of: [input.bands[band]])
    try request.requireDifferentNames(bands, option: "measures")
    let frame: CellFrame
    do { frame = try CellFrame(request.grid) } catch {
      throw request.failure(nil, "\(error)")
    }
    let factor = request.options.float("factor")
    let node = request.planner.node(
      Node(
        name: request.name, kind: .raster(bands), identity: request.identity(),
        edges: [.halo(input.node, 1)]
      ) { context in
        let around = context.window.expanded(by: 1)
        let elevations = Array(try context.cube(0, around).band(band)).map { $0 * factor }
        let window = ElevationWindow(elevations, of: context.window, in: frame)
        return .cube(
          DataCube(
            window: context.window, bandCount: bands.count,
            values: try measures.flatMap { try window.values($0, method) }))
      })
    return .raster(
      RasterProduct(
        tag: request.tag, node: node, view: .identity(node),
        recipe: Recipe(
          type: request.type, options: request.options.canonicalJSON, inputs: [input.recipe],
          bands: bands)))
  }

  private static func elevationBand(_ request: PlanRequest, _ input: RasterProduct) throws -> Int {
    let names = input.bands.map(\.name)
    if let name = request.options.optionalString("band") {
      guard let index = names.firstIndex(of: name) else {
        throw request.failure(
          "band", "there is no band '\(name)'" + Suggestion.phrase(name, among: names))
      }
      return index
    }
    guard names.count == 1 else {
      throw request.failure(
        "band", "is missing: '\(input.tag)' has \(names.count) bands; which holds elevations?")
    }
    return 0
  }
}

/// The sides of a grid's cells on the ground, and where they point.
struct CellFrame: Sendable {
  let grid: Grid
  private let measure: GroundMeasure
  /// The directions along the rows and against their order, in east and north.
  let along: SIMD2<Double>
  let up: SIMD2<Double>

  /// Throws for grids whose cells are no rectangles on the ground.
  init(_ grid: Grid) throws {
    self.grid = grid
    measure = GroundMeasure(grid)
    let transform = grid.transform
    along = SIMD2(transform.columnX, transform.columnY) / transform.cellWidth
    up = SIMD2(-transform.rowX, -transform.rowY) / transform.cellHeight
    guard abs((along * up).sum()) < 1e-6 else {
      throw ExecutionError.data("needs a grid whose cells are rectangles; these are sheared")
    }
    guard !measure.isGeographic || (transform.rowX == 0 && transform.columnY == 0) else {
      throw ExecutionError.data(
        "needs a grid whose rows run along parallels, or one in a projected coordinate system")
    }
  }

  /// Whether the cells of all rows have the same sides.
  var isUniform: Bool { !measure.isGeographic }

  /// The sides of the cells of a row, along and across it.
  func cellSize(row: Int) -> SIMD2<Double> { measure.cellSize(row: row) }
}

/// The elevations of some cells and of those around them.
struct ElevationWindow {
  private let window: Window
  private let frame: CellFrame
  /// Of the window and one cell around it.
  private var elevations: [Float]
  private let width: Int

  init(_ elevations: [Float], of window: Window, in frame: CellFrame) {
    self.window = window
    self.frame = frame
    self.elevations = elevations
    width = window.width + 2
    extrapolate()
  }

  /// Continues the surface beyond the grid by a straight line through two cells.
  private mutating func extrapolate() {
    let height = window.height + 2
    let grid = frame.grid
    func line(_ target: Int, _ step: Int, _ count: Int, by stride: Int) {
      for index in 0..<count {
        let place = target + index * stride
        elevations[place] = 2 * elevations[place + step] - elevations[place + 2 * step]
      }
    }
    if grid.width > 1 {
      if window.x == 0 { line(0, 1, height, by: width) }
      if window.maxX == grid.width { line(width - 1, -1, height, by: width) }
    }
    if grid.height > 1 {
      if window.y == 0 { line(0, width, width, by: 1) }
      if window.maxY == grid.height { line((height - 1) * width, -width, width, by: 1) }
    }
  }

  /// The bands of a measure, one after another.
  func values(_ measure: Terrain.Measure, _ method: ElevationProcessing.Method) throws -> [Float] {
    switch measure {
    case .slope: try slope(method)
    case .aspect: try aspect(method)
    case .ruggedness: inner(try whole(.ruggedness, method))
    case .roughness: inner(try whole(.roughness, method))
    case .curvature: curvature(.total)
    case .profileCurvature: curvature(.profile)
    case .planCurvature: curvature(.plan)
    }
  }

  private func whole(
    _ processing: ElevationProcessing, _ method: ElevationProcessing.Method,
    cellSize: SIMD2<Double> = SIMD2(1, 1)
  ) throws -> [Float] {
    try processing.apply(to: elevations, width: width, cellSize: cellSize, method: method)
  }

  /// The values of the window itself.
  private func inner(_ values: [Float]) -> [Float] {
    (1...max(1, window.height)).flatMap { row in
      values[row * width + 1..<row * width + 1 + window.width]
    }
  }

  private func slope(_ method: ElevationProcessing.Method) throws -> [Float] {
    if frame.isUniform {
      return inner(try whole(.slope, method, cellSize: frame.cellSize(row: 0)))
    }
    return try (0..<window.height).flatMap { row -> [Float] in
      let size = frame.cellSize(row: window.y + row)
      guard size.x > 0, size.y > 0 else { return [Float](repeating: .nan, count: window.width) }
      let three = Array(elevations[row * width..<(row + 3) * width])
      let found = try ElevationProcessing.slope.apply(
        to: three, width: width, cellSize: size, method: method)
      return Array(found[width + 1..<2 * width - 1])
    }
  }

  /// Sine and cosine.
  ///
  /// GDAL takes cells for squares; its angle has the ratio of the differences along and across the
  /// rows, which become slopes by the sides of the cell.
  private func aspect(_ method: ElevationProcessing.Method) throws -> [Float] {
    let angles = inner(try whole(.aspect, method))
    var sines = [Float](repeating: .nan, count: angles.count)
    var cosines = sines
    for row in 0..<window.height {
      let size = frame.cellSize(row: window.y + row)
      for column in 0..<window.width {
        let cell = row * window.width + column
        guard !angles[cell].isNaN else {
          if isComplete(column, row) { (sines[cell], cosines[cell]) = (0, 0) }
          continue
        }
        let angle = Double(angles[cell]) * .pi / 180
        let fall = SIMD2(sin(angle) / size.x, cos(angle) / size.y)
        let length = (fall * fall).sum().squareRoot()
        let direction = (fall.x * frame.along + fall.y * frame.up) / length
        (sines[cell], cosines[cell]) = (Float(direction.x), Float(direction.y))
      }
    }
    return sines + cosines
  }

  private func curvature(_ curvature: SurfaceCurvature) -> [Float] {
    (0..<window.height).flatMap { row -> [Float] in
      let size = frame.cellSize(row: window.y + row)
      return (0..<window.width).map { column in
        let value = Float(curvature.value(neighborhood(column, row), cellSize: size))
        return value.isFinite ? value : .nan
      }
    }
  }

  private func isComplete(_ column: Int, _ row: Int) -> Bool {
    let around = neighborhood(column, row)
    return around.indices.allSatisfy { around[$0].isFinite }
  }

  /// The nine elevations around a cell of the window, row by row.
  private func neighborhood(_ column: Int, _ row: Int) -> InlineArray<9, Double> {
    InlineArray { place in Double(elevations[(row + place / 3) * width + column + place % 3]) }
  }
}
