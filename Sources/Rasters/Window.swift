/// A rectangle of cells of a grid: `width` by `height` cells from column `x` and row `y` on.
public struct Window: Sendable, Hashable, Codable {
  /// The first column.
  public let x: Int
  /// The first row.
  public let y: Int
  /// The number of columns; never negative.
  public let width: Int
  /// The number of rows; never negative.
  public let height: Int

  /// Makes a window; negative sizes become zero.
  public init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = max(0, width)
    self.height = max(0, height)
  }

  /// The number of cells.
  public var cellCount: Int { width * height }
  /// Whether the window holds no cell.
  public var isEmpty: Bool { width == 0 || height == 0 }
  /// One past the last column.
  public var maxX: Int { x + width }
  /// One past the last row.
  public var maxY: Int { y + height }

  /// The cells that are in both windows.
  public func intersection(_ other: Window) -> Window {
    let left = max(x, other.x)
    let top = max(y, other.y)
    return Window(
      x: left, y: top, width: min(maxX, other.maxX) - left, height: min(maxY, other.maxY) - top)
  }

  /// The smallest window that covers both; an empty one does not count.
  public func union(_ other: Window) -> Window {
    if isEmpty { return other }
    if other.isEmpty { return self }
    let left = min(x, other.x)
    let top = min(y, other.y)
    return Window(
      x: left, y: top, width: max(maxX, other.maxX) - left, height: max(maxY, other.maxY) - top)
  }

  /// The window grown by a halo of `cells` on every side.
  public func expanded(by cells: Int) -> Window {
    Window(x: x - cells, y: y - cells, width: width + 2 * cells, height: height + 2 * cells)
  }

  /// The window moved by `dx` columns and `dy` rows.
  public func offset(dx: Int, dy: Int) -> Window {
    Window(x: x + dx, y: y + dy, width: width, height: height)
  }

  /// Whether a cell lies inside.
  public func contains(column: Int, row: Int) -> Bool {
    column >= x && column < maxX && row >= y && row < maxY
  }

  /// Whether every cell of `other` lies inside.
  public func contains(_ other: Window) -> Bool {
    other.isEmpty || (other.x >= x && other.y >= y && other.maxX <= maxX && other.maxY <= maxY)
  }

  /// The position of a cell in row-major order within the window.
  public func index(column: Int, row: Int) -> Int { (row - y) * width + (column - x) }
}
