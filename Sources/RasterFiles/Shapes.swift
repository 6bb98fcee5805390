public import Rasters

/// Polygons, lines and points of a layer with a number each, in the cells of a grid.
///
/// They are read once; windows are then burned without the file, and a cell's value does not
/// depend on the window.
public struct Shapes: Sendable {
  /// The grid on which they lie.
  public let grid: Grid
  /// The shapes in the order of the file.
  public private(set) var shapes: [Shape] = []

  /// One feature.
  public struct Shape: Sendable {
    /// What the paths are.
    public var geometry: VectorInfo.Geometry
    /// Rings, lines or single points, in columns and rows of the grid.
    public var paths: [[SIMD2<Double>]]
    /// The number to burn; NaN for none.
    public var value: Double
  }

  /// Reads the features of a layer; features without geometry or number are left out.
  ///
  /// Throws when the file, layer or field is missing, the field is not of numbers, or only one of
  /// layer and grid has a coordinate system.
  ///
  /// - Parameters:
  ///   - layer: the layer's name; may be nil when there is only one.
  ///   - field: the field of the numbers; nil for 1 everywhere.
  public init(
    path: String, layer: String? = nil, field: String? = nil, grid: Grid
  ) throws(GDALError) {
    self.init(
      try VectorFeatures(path: path, layer: layer, field: field, crs: grid.crs), grid: grid)
  }

  /// Puts features, which are in the grid's coordinates, onto its cells.
  public init(_ features: VectorFeatures, grid: Grid) {
    self.grid = grid
    shapes = features.parts.compactMap { part in
      let paths = part.paths.map { Self.cells(of: $0, grid) }.filter { !$0.isEmpty }
      return paths.isEmpty
        ? nil : Shape(geometry: part.geometry, paths: paths, value: part.value)
    }
  }

  /// The points of a line in columns and rows.
  private static func cells(of line: [SIMD2<Double>], _ grid: Grid) -> [SIMD2<Double>] {
    line.compactMap { point in
      let cell = grid.transform.cell(x: point.x, y: point.y)
      // Beyond any raster's size; this also keeps conversions to Int from trapping.
      guard abs(cell.column) < 1e9, abs(cell.row) < 1e9 else { return nil }
      return SIMD2(cell.column, cell.row)
    }
  }
}

/// Burning.
extension Shapes {
  /// The values of a window's cells, rows from the top; NaN where there is no shape.
  ///
  /// A polygon covers the cells whose centres lie inside (even-odd rule), a line those that it
  /// crosses, a point the one in which it lies. Later shapes cover earlier ones.
  public func burn(_ window: Window) -> [Float] {
    precondition(grid.window.contains(window), "window \(window) reaches beyond \(grid.window)")
    var canvas = Canvas(window: window)
    for shape in shapes {
      for path in shape.paths where shape.geometry != .polygons {
        canvas.trace(path, Float(shape.value))
      }
      if shape.geometry == .polygons { canvas.fill(shape.paths, Float(shape.value)) }
    }
    return canvas.values
  }

  /// Burns a field of a layer over a window of a grid; `Shapes` itself serves many windows better.
  public static func rasterize(
    path: String, layer: String? = nil, field: String? = nil, grid: Grid, window: Window
  ) throws(GDALError) -> [Float] {
    try Shapes(path: path, layer: layer, field: field, grid: grid).burn(window)
  }
}

/// A window that shapes are burned into.
///
/// GDAL's rasterizer works in coordinates of its window, so that ties differ between windows;
/// here every crossing is computed in columns and rows of the whole grid.
private struct Canvas {
  let window: Window
  var values: [Float]

  init(window: Window) {
    self.window = window
    values = [Float](repeating: .nan, count: window.cellCount)
  }

  /// Fills the cells whose centres lie inside the rings.
  mutating func fill(_ rings: [[SIMD2<Double>]], _ value: Float) {
    let ys = rings.joined().map(\.y)
    guard let top = ys.min(), let bottom = ys.max() else { return }
    let first = max(window.y, Int((top - 0.5).rounded(.up)))
    let last = min(window.maxY - 1, Int((bottom - 0.5).rounded(.down)))
    guard first <= last else { return }
    var crossings = [[Double]](repeating: [], count: last - first + 1)
    for ring in rings {
      for index in ring.indices {
        let (a, b) = (ring[index], ring[index + 1 < ring.count ? index + 1 : 0])
        let (low, high) = a.y < b.y ? (a, b) : (b, a)
        // A row is crossed from its centre on, so that each vertex counts once.
        let from = max(first, Int((low.y - 0.5).rounded(.up)))
        let end = min(last + 1, Int((high.y - 0.5).rounded(.up)))
        for row in stride(from: from, to: end, by: 1) {
          let share = (Double(row) + 0.5 - low.y) / (high.y - low.y)
          crossings[row - first].append(low.x + share * (high.x - low.x))
        }
      }
    }
    for (index, xs) in crossings.enumerated() { fill(row: first + index, xs.sorted(), value) }
  }

  private mutating func fill(row: Int, _ crossings: [Double], _ value: Float) {
    for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
      let first = max(window.x, Int((crossings[pair] - 0.5).rounded(.up)))
      let end = min(window.maxX, Int((crossings[pair + 1] - 0.5).rounded(.up)))
      for column in stride(from: first, to: end, by: 1) {
        values[window.index(column: column, row: row)] = value
      }
    }
  }

  /// Sets the cells through which a line runs.
  mutating func trace(_ path: [SIMD2<Double>], _ value: Float) {
    guard path.count > 1 else {
      if let point = path.first { set(cell(point), value) }
      return
    }
    for (a, b) in zip(path, path.dropFirst()) { traceSegment(a, b, value) }
  }

  /// Walks from cell border to cell border (Amanatides and Woo, 1987).
  private mutating func traceSegment(_ a: SIMD2<Double>, _ b: SIMD2<Double>, _ value: Float) {
    let reach = SIMD4(a.x, a.y, b.x, b.y)
    let isNear =
      max(reach.x, reach.z) >= Double(window.x) && min(reach.x, reach.z) <= Double(window.maxX)
      && max(reach.y, reach.w) >= Double(window.y) && min(reach.y, reach.w) <= Double(window.maxY)
    guard isNear else { return }
    var here = cell(a)
    let end = cell(b)
    let step = SIMD2(b.x > a.x ? 1 : -1, b.y > a.y ? 1 : -1)
    let way = b - a
    set(here, value)
    while here != end {
      // The share of the way at which the next border in x, and in y, is reached.
      let borderX = Double(here.x + (step.x > 0 ? 1 : 0))
      let borderY = Double(here.y + (step.y > 0 ? 1 : 0))
      let shareX = here.x == end.x ? Double.infinity : (borderX - a.x) / way.x
      let shareY = here.y == end.y ? Double.infinity : (borderY - a.y) / way.y
      if shareX <= shareY { here.x += step.x } else { here.y += step.y }
      set(here, value)
    }
  }

  private func cell(_ point: SIMD2<Double>) -> SIMD2<Int> {
    SIMD2(Int(point.x.rounded(.down)), Int(point.y.rounded(.down)))
  }

  private mutating func set(_ cell: SIMD2<Int>, _ value: Float) {
    if window.contains(column: cell.x, row: cell.y) {
      values[window.index(column: cell.x, row: cell.y)] = value
    }
  }
}
