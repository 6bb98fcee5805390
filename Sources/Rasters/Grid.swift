/// The georeference of a raster: its size in cells, its transform and its coordinate system.
public struct Grid: Sendable, Hashable, Codable {
  /// The number of columns.
  public let width: Int
  /// The number of rows.
  public let height: Int
  /// The map from cells to map coordinates.
  public let transform: GeoTransform
  /// The coordinate reference system as WKT; empty when the rasters have none.
  public let crs: String

  /// Makes a grid of `width` by `height` cells.
  public init(width: Int, height: Int, transform: GeoTransform, crs: String) {
    self.width = width
    self.height = height
    self.transform = transform
    self.crs = crs
  }

  /// The number of cells.
  public var cellCount: Int { width * height }

  /// The window that covers the whole grid.
  public var window: Window { Window(x: 0, y: 0, width: width, height: height) }

  /// The absolute column and row of the grid's first cell, counted from the map's origin.
  ///
  /// Grids that differ only by whole cells agree on the absolute position of every shared cell,
  /// so chunk boundaries and superpixel seeds stay where they are when a survey grows. A thousandth
  /// of a cell is added before rounding down, so that noise in the last digits cannot matter.
  public var latticeOrigin: (column: Int, row: Int) {
    let origin = transform.cell(x: 0, y: 0)
    guard origin.column.isFinite, origin.row.isFinite, abs(origin.column) < 1e15,
      abs(origin.row) < 1e15
    else { return (0, 0) }
    return (
      Int((-origin.column + 0.001).rounded(.down)), Int((-origin.row + 0.001).rounded(.down))
    )
  }

  /// The cell that holds a map position, or nil outside the grid.
  public func cell(x: Double, y: Double) -> Cell? {
    let position = transform.cell(x: x, y: y)
    guard position.column >= 0, position.row >= 0, position.column < Double(width),
      position.row < Double(height)
    else { return nil }
    return Cell(column: Int(position.column), row: Int(position.row))
  }

  /// The map coordinates of a cell's centre.
  public func center(of cell: Cell) -> (x: Double, y: Double) {
    transform.map(column: Double(cell.column) + 0.5, row: Double(cell.row) + 0.5)
  }

  /// The smallest upright rectangle in map coordinates that covers the grid.
  public var extent: (left: Double, bottom: Double, right: Double, top: Double) {
    let corners = [(0, 0), (width, 0), (0, height), (width, height)].map {
      transform.map(column: Double($0.0), row: Double($0.1))
    }
    let xs = corners.map(\.x)
    let ys = corners.map(\.y)
    return (xs.min() ?? 0, ys.min() ?? 0, xs.max() ?? 0, ys.max() ?? 0)
  }
}

/// A cell of a grid by column and row, counted from the first.
public struct Cell: Sendable, Hashable, Codable {
  /// The column, 0 first.
  public let column: Int
  /// The row, 0 first.
  public let row: Int

  /// Names the cell at `column` and `row`.
  public init(column: Int, row: Int) {
    self.column = column
    self.row = row
  }
}
