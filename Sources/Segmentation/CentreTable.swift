public import Rasters

/// The centres of a rectangle of lattice cells between two iterations of SLIC.
///
/// All arrays are row-major over `cells`; a lattice cell without any valid cell near its middle
/// has no centre.
public struct CentreTable: Sendable, Equatable {
  /// The lattice cells that are covered.
  public let cells: Window
  /// The number of bands of a centre.
  public let bandCount: Int
  /// The colours, all bands of the first centre before those of the second.
  public internal(set) var colors: [Float]
  /// The columns of the centres, counted from the first column of their lattice cell.
  public internal(set) var columns: [Float]
  /// The rows of the centres, counted from the first row of their lattice cell.
  public internal(set) var rows: [Float]
  /// The number of pixels that made each centre; `absent` where a lattice cell has no centre.
  public internal(set) var counts: [Int32]

  /// The count of a lattice cell that has no centre.
  public static let absent: Int32 = -1

  /// A table in which no lattice cell has a centre.
  public init(cells: Window, bandCount: Int) {
    self.cells = cells
    self.bandCount = bandCount
    colors = [Float](repeating: 0, count: cells.cellCount * bandCount)
    columns = [Float](repeating: 0, count: cells.cellCount)
    rows = columns
    counts = [Int32](repeating: Self.absent, count: cells.cellCount)
  }

  /// Copies the overlap of `other` (same bands) into this table.
  public mutating func paste(_ other: CentreTable) {
    precondition(other.bandCount == bandCount, "\(other.bandCount) bands into \(bandCount)")
    let shared = cells.intersection(other.cells)
    guard !shared.isEmpty else { return }
    for row in shared.y..<shared.maxY {
      for column in shared.x..<shared.maxX {
        copy(
          other, from: other.cells.index(column: column, row: row),
          to: cells.index(column: column, row: row))
      }
    }
  }

  /// The part of the table inside `target`; lattice cells outside this table have no centre.
  public func cropped(to target: Window) -> CentreTable {
    if target == cells { return self }
    var result = CentreTable(cells: target, bandCount: bandCount)
    result.paste(self)
    return result
  }

  /// One table over the smallest rectangle that covers all `tables`, later ones on top.
  public static func merged(_ tables: [CentreTable]) -> CentreTable? {
    guard let first = tables.first else { return nil }
    let cells = tables.reduce(first.cells) { $0.union($1.cells) }
    var result = CentreTable(cells: cells, bandCount: first.bandCount)
    for table in tables { result.paste(table) }
    return result
  }

  /// Copies one centre of `other`.
  mutating func copy(_ other: CentreTable, from source: Int, to target: Int) {
    for band in 0..<bandCount {
      colors[target * bandCount + band] = other.colors[source * bandCount + band]
    }
    columns[target] = other.columns[source]
    rows[target] = other.rows[source]
    counts[target] = other.counts[source]
  }
}

/// Storage: little-endian, the same bytes for the same table.
extension CentreTable {
  /// The table as bytes: five 64-bit numbers, then colours, columns, rows and counts.
  public var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.append(cells)
    writer.append(bandCount)
    writer.append(colors)
    writer.append(columns)
    writer.append(rows)
    writer.append(counts)
    return writer.bytes
  }

  /// Reads what `bytes` wrote; throws `TableDataError` where the bytes are not such a table.
  public init(bytes: [UInt8]) throws {
    var reader = ByteReader(bytes, of: "a table of centres")
    cells = try reader.window()
    bandCount = try reader.bandCount()
    let length = cells.cellCount
    colors = try reader.floats(length, each: bandCount)
    columns = try reader.floats(length)
    rows = try reader.floats(length)
    counts = try reader.integers(length)
    try reader.finish()
  }
}
