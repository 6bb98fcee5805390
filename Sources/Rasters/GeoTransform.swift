/// The affine map from cell coordinates (column, row; outer corners) to map coordinates (x, y).
///
/// The six coefficients have GDAL's order and meaning: `x = originX + column * columnX + row * rowX`
/// and `y = originY + column * columnY + row * rowY`, in the units of the grid's CRS.
public struct GeoTransform: Sendable, Hashable, Codable {
  /// The x coordinate of the outer corner of the first cell.
  public let originX: Double
  /// The change of x per column.
  public let columnX: Double
  /// The change of x per row; zero unless the grid is rotated or sheared.
  public let rowX: Double
  /// The y coordinate of the outer corner of the first cell.
  public let originY: Double
  /// The change of y per column; zero unless the grid is rotated or sheared.
  public let columnY: Double
  /// The change of y per row; negative for north-up grids.
  public let rowY: Double

  /// Makes a transform from GDAL's six coefficients.
  public init(
    originX: Double, columnX: Double, rowX: Double, originY: Double, columnY: Double, rowY: Double
  ) {
    self.originX = originX
    self.columnX = columnX
    self.rowX = rowX
    self.originY = originY
    self.columnY = columnY
    self.rowY = rowY
  }

  /// Makes a north-up transform with cells of the given size in map units.
  public init(left: Double, top: Double, cellWidth: Double, cellHeight: Double) {
    self.init(
      originX: left, columnX: cellWidth, rowX: 0, originY: top, columnY: 0, rowY: -cellHeight)
  }

  /// The six coefficients in GDAL's order.
  public var coefficients: [Double] { [originX, columnX, rowX, originY, columnY, rowY] }

  /// The signed area of a cell in square map units; zero when the transform cannot be inverted.
  public var determinant: Double { columnX * rowY - rowX * columnY }

  /// The length of a cell's edge along a row, in map units.
  public var cellWidth: Double { (columnX * columnX + columnY * columnY).squareRoot() }

  /// The length of a cell's edge along a column, in map units.
  public var cellHeight: Double { (rowX * rowX + rowY * rowY).squareRoot() }

  /// The transform of cells that are so many of these wide and high, from the same corner on.
  public func scaled(columns: Double, rows: Double) -> GeoTransform {
    GeoTransform(
      originX: originX, columnX: columnX * columns, rowX: rowX * rows, originY: originY,
      columnY: columnY * columns, rowY: rowY * rows)
  }

  /// The map coordinates of a point given in (fractional) columns and rows.
  public func map(column: Double, row: Double) -> (x: Double, y: Double) {
    (originX + column * columnX + row * rowX, originY + column * columnY + row * rowY)
  }

  /// The (fractional) column and row of a point given in map coordinates.
  public func cell(x: Double, y: Double) -> (column: Double, row: Double) {
    let dx = x - originX
    let dy = y - originY
    return (
      (dx * rowY - dy * rowX) / determinant,
      (dy * columnX - dx * columnY) / determinant
    )
  }
}
