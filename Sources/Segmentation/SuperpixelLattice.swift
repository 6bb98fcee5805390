public import Rasters

/// The square lattice of superpixel seeds, anchored to the map's origin and not to the raster.
///
/// Positions are absolute: cell (0, 0) of a grid is `grid.latticeOrigin`. Rectangles of lattice
/// cells are `Window`s that count lattice columns and rows instead of cells. Because nothing
/// depends on where a raster begins, a segment keeps its id when the survey grows.
public struct SuperpixelLattice: Sendable, Hashable {
  /// The nominal number of cells of a segment.
  public let size: Double
  /// The edge `S` of a lattice cell in cells, the root of `size`; may be fractional.
  public let spacing: Double
  /// The absolute position of the grid's first cell.
  public let origin: Cell
  /// The cells of the grid.
  public let gridWindow: Window

  /// Lays the lattice over a grid; `size`, in cells per segment, must be at least 1.
  public init(grid: Grid, size: Double) {
    precondition(size >= 1 && size.isFinite, "\(size) cells per segment")
    self.size = size
    spacing = size.squareRoot()
    let origin = grid.latticeOrigin
    self.origin = Cell(column: origin.column, row: origin.row)
    gridWindow = grid.window
  }

  /// The largest number of lattice rows that ids can tell apart.
  static let rowPeriod = 32767
  /// The largest number of lattice columns that ids can tell apart.
  static let columnPeriod = 32768

  /// Whether the grid spans more lattice rows or columns than ids can tell apart.
  public var exceedsIDs: Bool {
    allCells.height > Self.rowPeriod || allCells.width > Self.columnPeriod
  }

  /// The most cells that one lattice cell spans along an axis.
  public var reach: Int { Int(spacing.rounded(.up)) }

  /// All lattice cells that hold a cell of the grid.
  public var allCells: Window { cells(touching: gridWindow) }

  /// The lattice column of a column of the grid.
  public func latticeColumn(ofColumn column: Int) -> Int { index(column + origin.column) }

  /// The lattice row of a row of the grid.
  public func latticeRow(ofRow row: Int) -> Int { index(row + origin.row) }

  /// The lattice cells that share a cell with the part of `window` inside the grid.
  public func cells(touching window: Window) -> Window {
    let inside = window.intersection(gridWindow)
    guard !inside.isEmpty else { return Window(x: 0, y: 0, width: 0, height: 0) }
    let left = latticeColumn(ofColumn: inside.x)
    let top = latticeRow(ofRow: inside.y)
    return Window(
      x: left, y: top, width: latticeColumn(ofColumn: inside.maxX - 1) - left + 1,
      height: latticeRow(ofRow: inside.maxY - 1) - top + 1)
  }

  /// The lattice cells whose first cell inside the grid lies in `window`.
  ///
  /// Windows that tile the grid share the lattice cells out: each is at home in exactly one.
  public func cells(homeIn window: Window) -> Window {
    let inside = window.intersection(gridWindow)
    let touching = cells(touching: inside)
    guard !touching.isEmpty else { return touching }
    let left = firstColumn(touching.x) < inside.x && inside.x > 0 ? touching.x + 1 : touching.x
    let top = firstRow(touching.y) < inside.y && inside.y > 0 ? touching.y + 1 : touching.y
    return Window(x: left, y: top, width: touching.maxX - left, height: touching.maxY - top)
  }

  /// The cells of the grid that a rectangle of lattice cells covers.
  public func window(of cells: Window) -> Window {
    guard !cells.isEmpty else { return Window(x: 0, y: 0, width: 0, height: 0) }
    let left = firstColumn(cells.x)
    let top = firstRow(cells.y)
    return Window(
      x: left, y: top, width: firstColumn(cells.maxX) - left, height: firstRow(cells.maxY) - top
    ).intersection(gridWindow)
  }

  /// The first column of a lattice column, in the grid's columns; may lie outside the grid.
  func firstColumn(_ latticeColumn: Int) -> Int { first(latticeColumn) - origin.column }

  /// The first row of a lattice row, in the grid's rows; may lie outside the grid.
  func firstRow(_ latticeRow: Int) -> Int { first(latticeRow) - origin.row }

  /// The lattice index of an absolute position along an axis.
  private func index(_ position: Int) -> Int { Int((Double(position) / spacing).rounded(.down)) }

  /// The first absolute position with a lattice index, in agreement with `index` to the last bit.
  func first(_ index: Int) -> Int {
    var position = Int((Double(index) * spacing).rounded(.up))
    while self.index(position - 1) >= index { position -= 1 }
    while self.index(position) < index { position += 1 }
    return position
  }
}

/// Ids: 15 bits of lattice row, 15 bits of lattice column, 2 bits of rank.
extension SuperpixelLattice {
  /// The id of the segment of a lattice cell; `rank` tells apart up to four parts of a label.
  ///
  /// Rows count modulo 32767 from 1 on, so that no id is `SegmentRaster.none`; columns count modulo
  /// 32768.
  public func id(latticeColumn: Int, latticeRow: Int, rank: Int = 0) -> UInt32 {
    precondition((0..<4).contains(rank), "rank \(rank)")
    let row = UInt32(Self.remainder(latticeRow, Self.rowPeriod) + 1)
    let column = UInt32(Self.remainder(latticeColumn, Self.columnPeriod))
    return row << 17 | column << 2 | UInt32(rank)
  }

  /// The lattice cell of an id that `id` made for this grid: its lattice column and row.
  public func latticeCell(of id: UInt32) -> Cell {
    let all = allCells
    let row = Int(id >> 17) - 1
    let column = Int(id >> 2 & 0x7FFF)
    return Cell(
      column: all.x + Self.remainder(column - all.x, Self.columnPeriod),
      row: all.y + Self.remainder(row - all.y, Self.rowPeriod))
  }

  /// The part of a label that an id names: 0 for the largest.
  public static func rank(of id: UInt32) -> Int { Int(id & 3) }

  /// The cells in which the pixels of a segment lie: two lattice cells around its own.
  public func window(ofSegment id: UInt32) -> Window {
    let cell = latticeCell(of: id)
    return window(of: Window(x: cell.column, y: cell.row, width: 1, height: 1).expanded(by: 2))
  }

  private static func remainder(_ value: Int, _ period: Int) -> Int {
    let rest = value % period
    return rest < 0 ? rest + period : rest
  }
}
