public import Rasters

/// What is known of each segment: size, colours, place, shape and neighbours.
public struct SegmentTable: Sendable, Equatable {
  /// The number of bands of the means.
  public let bandCount: Int
  /// The segments, ascending in id.
  public let rows: [Row]

  /// One segment.
  public struct Row: Sendable, Equatable {
    /// The id.
    public let id: UInt32
    /// The number of cells.
    public let pixelCount: Int
    /// The mean of each band over the cells that have a value; NaN where none has.
    public let means: [Float]
    /// The column of the centre of gravity, absolute like `Grid.latticeOrigin`; a cell's own centre
    /// lies half a cell right of its column.
    public let column: Double
    /// The row of the centre of gravity, absolute; a cell's own centre lies half a cell below.
    public let row: Double
    /// The smallest window around the cells, in absolute columns and rows.
    public let bounds: Window
    /// The ratio of the axes of the ellipse with the same second moments, in map units; at least 1.
    public let elongation: Double
    /// The azimuth of the long axis in degrees clockwise from the map's north, 0..<180.
    public let strike: Double
    /// The segments that touch this one, ascending in id.
    public let neighbors: [Neighbor]
  }

  /// A segment that touches another.
  public struct Neighbor: Sendable, Hashable {
    /// The neighbour's id.
    public let id: UInt32
    /// The cell edges that are shared; 0 where only corners touch.
    public let borderLength: Int
  }

  /// Gathers rows; they must be ascending in id.
  init(bandCount: Int, rows: [Row]) {
    self.bandCount = bandCount
    self.rows = rows
  }

  /// Describes the segments at home in a rectangle of lattice cells.
  ///
  /// `cube` and `segments` must cover the same window: the lattice cells, two more around them and
  /// one cell more (`lattice.haloOfTable` around a chunk), as far as the grid goes. Sums run over
  /// each segment's cells in row-major order, so a row is the same however the raster is tiled.
  public init(
    cube: DataCube, segments: SegmentRaster, lattice: SuperpixelLattice, cells: Window, grid: Grid
  ) {
    precondition(cube.window == segments.window, "\(cube.window) against \(segments.window)")
    let needed = lattice.window(of: cells.expanded(by: 2)).expanded(by: 1).intersection(grid.window)
    precondition(
      cells.isEmpty || cube.window.contains(needed), "\(cells) needs \(needed), not \(cube.window)")
    let adjacency = RegionAdjacency(segments)
    let sums = SegmentSums(
      cube: cube, numberOfCell: adjacency.numberOfCell, of: adjacency.ids.count)
    bandCount = cube.bandCount
    rows = adjacency.ids.indices.compactMap { segment in
      let id = adjacency.ids[segment]
      let home = lattice.latticeCell(of: id)
      guard cells.contains(column: home.column, row: home.row) else { return nil }
      let neighbors = adjacency.range(ofNeighborsOf: segment).map {
        Neighbor(
          id: adjacency.ids[Int(adjacency.neighbors[$0])],
          borderLength: Int(adjacency.borderLengths[$0]))
      }
      return sums.row(
        segment, id: id, origin: lattice.origin, transform: grid.transform, neighbors: neighbors)
    }
  }

  /// The row of a segment, or nil.
  public subscript(id: UInt32) -> Row? {
    var low = 0
    var high = rows.count
    while low < high {
      let middle = (low + high) / 2
      if rows[middle].id < id { low = middle + 1 } else { high = middle }
    }
    return low < rows.count && rows[low].id == id ? rows[low] : nil
  }

  /// One table of the segments of several, which must not overlap.
  public static func merged(_ tables: [SegmentTable]) -> SegmentTable? {
    guard let first = tables.first else { return nil }
    return SegmentTable(
      bandCount: first.bandCount, rows: tables.flatMap(\.rows).sorted { $0.id < $1.id })
  }
}

extension SuperpixelLattice {
  /// The halo of cells around a chunk for a `SegmentTable` of the lattice cells at home in it.
  public var haloOfTable: Int { 3 * reach + 1 }
}

/// Storage: little-endian, the same bytes for the same table.
extension SegmentTable {
  /// The table as bytes.
  public var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.append(bandCount)
    writer.append(rows.count)
    for row in rows {
      writer.append(Int(row.id))
      writer.append(row.pixelCount)
      writer.append(row.means)
      for value in [row.column, row.row, row.elongation, row.strike] { writer.append(value) }
      writer.append(row.bounds)
      writer.append(row.neighbors.count)
      writer.append(row.neighbors.map(\.id))
      writer.append(row.neighbors.map { UInt32(truncatingIfNeeded: $0.borderLength) })
    }
    return writer.bytes
  }

  /// Reads what `bytes` wrote; throws `TableDataError` where the bytes are not such a table.
  public init(bytes: [UInt8]) throws {
    var reader = ByteReader(bytes, of: "a table of segments")
    bandCount = try reader.bandCount()
    var rows: [Row] = []
    for _ in 0..<(try reader.count()) { rows.append(try Self.row(&reader, bandCount: bandCount)) }
    self.rows = rows
    try reader.finish()
  }

  private static func row(_ reader: inout ByteReader, bandCount: Int) throws -> Row {
    let id = UInt32(truncatingIfNeeded: try reader.integer())
    let pixelCount = try reader.integer()
    let means = try reader.floats(bandCount)
    let (column, row) = (try reader.double(), try reader.double())
    let (elongation, strike) = (try reader.double(), try reader.double())
    let bounds = try reader.window(limited: false)
    let count = try reader.count()
    let ids = try reader.unsigned(count)
    let lengths = try reader.unsigned(count)
    return Row(
      id: id, pixelCount: pixelCount, means: means, column: column, row: row, bounds: bounds,
      elongation: elongation, strike: strike,
      neighbors: zip(ids, lengths).map { Neighbor(id: $0, borderLength: Int($1)) })
  }
}
