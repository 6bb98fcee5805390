public import Rasters

/// The division of a grid into square chunks whose borders are anchored to absolute coordinates.
///
/// A survey that grows by whole cells keeps every chunk that it had: only chunks at the rim, which
/// the grid cuts off, change their window.
public struct ChunkLattice: Sendable, Hashable {
  /// The grid that is divided.
  public let grid: Grid
  /// The edge of a whole chunk in cells.
  public let size: Int
  private let originColumn: Int
  private let originRow: Int

  /// Divides `grid` into chunks of `size` cells.
  public init(grid: Grid, size: Int) {
    self.grid = grid
    self.size = size
    (originColumn, originRow) = grid.latticeOrigin
  }

  /// The position of a chunk in the lattice, absolute.
  public struct Index: Sendable, Hashable, Comparable {
    /// The chunk's column.
    public let column: Int
    /// The chunk's row.
    public let row: Int

    /// Orders chunks by row, then column.
    public static func < (a: Index, b: Index) -> Bool {
      (a.row, a.column) < (b.row, b.column)
    }
  }

  /// The cells of a chunk that lie in the grid.
  public func window(of index: Index) -> Window {
    Window(
      x: index.column * size - originColumn, y: index.row * size - originRow, width: size,
      height: size
    ).intersection(grid.window)
  }

  /// The chunks that share cells with `window`, by rows.
  public func chunks(in window: Window) -> [Index] {
    let inside = window.intersection(grid.window)
    guard !inside.isEmpty else { return [] }
    let columns = floorDivide(inside.x + originColumn)...floorDivide(inside.maxX - 1 + originColumn)
    let rows = floorDivide(inside.y + originRow)...floorDivide(inside.maxY - 1 + originRow)
    return rows.flatMap { row in columns.map { Index(column: $0, row: row) } }
  }

  /// All chunks of the grid, by rows.
  public var chunks: [Index] { chunks(in: grid.window) }

  /// The chunk that holds a cell.
  public func chunk(of cell: Cell) -> Index {
    Index(column: floorDivide(cell.column + originColumn), row: floorDivide(cell.row + originRow))
  }

  /// A window in absolute columns and rows, which survive a grid that grows.
  public func absolute(_ window: Window) -> Window {
    window.offset(dx: originColumn, dy: originRow)
  }

  /// What tells grids apart whose absolute columns and rows mean other places: coordinate system,
  /// size of a cell, and the place of the map's origin in its cell to a five-hundredth.
  var cellIdentity: String {
    let transform = grid.transform
    let origin = transform.cell(x: 0, y: 0)
    guard abs(origin.column) < 1e15, abs(origin.row) < 1e15 else {
      return "\(transform.coefficients) \(grid.crs)"
    }
    let phases = [origin.column, origin.row].map { position in
      let shifted = 0.001 - position
      return Int((500 * (shifted - shifted.rounded(.down))).rounded(.down))
    }
    let sides = [transform.columnX, transform.columnY, transform.rowX, transform.rowY]
    return "\(sides) \(phases) \(grid.crs)"
  }

  private func floorDivide(_ value: Int) -> Int {
    value >= 0 ? value / size : -((-value + size - 1) / size)
  }
}
