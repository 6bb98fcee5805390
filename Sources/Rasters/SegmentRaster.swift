/// Superpixel ids over a window of a grid; 0 marks cells that belong to no segment.
public struct SegmentRaster: Sendable, Equatable {
  /// The id of a cell without a segment.
  public static let none: UInt32 = 0

  /// The cells that are covered, in the grid's columns and rows.
  public let window: Window
  /// The ids, rows from the top.
  public var ids: [UInt32]

  /// Wraps ids; there must be one per cell of the window.
  public init(window: Window, ids: [UInt32]) {
    precondition(
      ids.count == window.cellCount, "\(ids.count) ids for \(window.cellCount) cells")
    self.window = window
    self.ids = ids
  }

  /// A raster in which no cell belongs to a segment.
  public init(window: Window) {
    self.init(window: window, ids: [UInt32](repeating: Self.none, count: window.cellCount))
  }

  /// The id at a cell of the window.
  public func id(column: Int, row: Int) -> UInt32 { ids[window.index(column: column, row: row)] }

  /// Copies the overlap of `other` into this raster.
  public mutating func paste(_ other: SegmentRaster) {
    let shared = window.intersection(other.window)
    guard !shared.isEmpty else { return }
    for row in shared.y..<shared.maxY {
      let source = other.window.index(column: shared.x, row: row)
      let target = window.index(column: shared.x, row: row)
      for column in 0..<shared.width { ids[target + column] = other.ids[source + column] }
    }
  }
}
