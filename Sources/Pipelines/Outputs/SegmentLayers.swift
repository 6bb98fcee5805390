import Foundation
import RasterFiles
import Rasters
import Reports
import Segmentation

extension OutputWriter {
  /// Writes the segments as points and the contacts between them as lines: `<tag>.gpkg`.
  func writeLayers(of segments: SegmentsProduct, _ result: inout Result) throws {
    let path = "\(folder)/\(segments.tag).gpkg"
    let names = segments.cube.bands.map { "\($0.name) \($0.unit)" }
    let grid = executor.lattice.grid
    let key = try key(segments.table, "segment layers 2 \(names) \(grid.transform) \(grid.crs)")
    let layers = SegmentLayers(executor: executor, segments: segments)
    result.vectors.append(
      VectorFile(product: .segments(segments), path: path, layers: { layers.layers }, key: key))
    guard !ledger.isCurrent([path], key: key) else { return }
    try layers.write(to: path)
    try ledger.record([path], key: key)
    result.written.append(path)
  }
}

/// The graph of segments as layers of a GeoPackage: `nodes` and `edges`.
///
/// Chunks are gone through row by row, each with the rows below in which its segments' neighbours
/// can be at home, so that memory grows with the width of the map and not with its area. Segments
/// stand in the order of their lattice cells, which is that of no chunk.
struct SegmentLayers {
  private let executor: Executor
  private let segments: SegmentsProduct
  private let grid: Grid
  private let origin: (column: Int, row: Int)
  private let cellArea: Double

  init(executor: Executor, segments: SegmentsProduct) {
    self.executor = executor
    self.segments = segments
    grid = executor.lattice.grid
    origin = grid.latticeOrigin
    cellArea = abs(grid.transform.determinant)
  }

  private static let (nodes, edges) = (0, 1)

  /// Writes both layers.
  func write(to path: String) throws {
    let output = VectorOutput(path: path, crs: grid.crs, layers: layers)
    try output.write { writer in
      var strips: [Int: [SegmentTable.Row]] = [:]
      let windows = Self.strips(of: executor.lattice)
      for (index, window) in windows.enumerated() {
        let end = window.maxY + segments.lattice.haloOfNeighborHome
        let needed = windows.indices.filter { $0 >= index && windows[$0].y < end }
        strips = strips.filter { $0.key >= index }
        for strip in needed where strips[strip] == nil {
          strips[strip] = try rows(homeIn: windows[strip])
        }
        let known = needed.flatMap { strips[$0] ?? [] }
        try write(
          strips[index] ?? [],
          Dictionary(known.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first }), writer)
      }
    }
  }

  /// The rows of chunks, from the top.
  private static func strips(of lattice: ChunkLattice) -> [Window] {
    Dictionary(grouping: lattice.chunks, by: \.row).sorted { $0.key < $1.key }.map { _, chunks in
      chunks.map(lattice.window(of:)).reduce(Window(x: 0, y: 0, width: 0, height: 0)) {
        $0.union($1)
      }
    }
  }

  private func rows(homeIn window: Window) throws -> [SegmentTable.Row] {
    try executor.tables(segments.table, window).flatMap { try SegmentTable(bytes: $0).rows }
      .sorted { segments.lattice.place(of: $0.id) < segments.lattice.place(of: $1.id) }
  }

  // MARK: Features

  var layers: [VectorOutput.Layer] {
    let fixed: [VectorOutput.Field] = [
      .init("id", .integer), .init("cells", .integer), .init("area", .real),
      .init("elongation", .real), .init("strike", .real),
    ]
    let length =
      0.7 * segments.lattice.spacing * min(grid.transform.cellWidth, grid.transform.cellHeight)
    return [
      VectorOutput.Layer(
        "nodes", .points,
        fields: fixed + Self.meanNames(segments.cube.bands).map { .init($0, .real) },
        style: VectorStyle.strikes(
          by: "elongation", breaks: [1, 1.5, 2, 3, 5], angle: "strike", length: length,
          quantity: "elongation"
        ).xml),
      VectorOutput.Layer(
        "edges", .lines,
        fields: [
          .init("from", .integer), .init("to", .integer), .init("border", .integer),
          .init("weight", .real),
        ],
        style: VectorStyle.lines(
          by: "weight", breaks: [0, 0.2, 0.4, 0.6, 0.8, 1], quantity: "likeness"
        ).xml),
    ]
  }

  /// The columns of the bands' means.
  static func meanNames(_ bands: [Band]) -> [String] {
    VectorOutput.Field.distinct(bands.map { "mean_\($0.name)" })
  }

  private func write(
    _ rows: [SegmentTable.Row], _ known: [UInt32: SegmentTable.Row], _ writer: VectorWriter
  ) throws {
    for row in rows {
      try writer.append(
        to: Self.nodes, paths: [[center(of: row)]],
        values: [
          .integer(Int64(row.id)), .integer(Int64(row.pixelCount)),
          .real(Double(row.pixelCount) * cellArea), .real(row.elongation), .real(row.strike),
        ] + row.means.map { .real(Double($0)) })
      let place = segments.lattice.place(of: row.id)
      // Each contact once, from the segment that comes first.
      let later = row.neighbors.map { (neighbor: $0, place: segments.lattice.place(of: $0.id)) }
        .filter { $0.place > place }.sorted { $0.place < $1.place }
      for (neighbor, _) in later {
        guard let other = known[neighbor.id] else {
          throw ExecutionError.data("segment \(row.id) touches \(neighbor.id), which has no row")
        }
        try writer.append(
          to: Self.edges, paths: [[center(of: row), center(of: other)]],
          values: [
            .integer(Int64(row.id)), .integer(Int64(other.id)),
            .integer(Int64(neighbor.borderLength)), .real(Self.weight(row.means, other.means)),
          ])
      }
    }
  }

  /// The centre of gravity in map coordinates.
  private func center(of row: SegmentTable.Row) -> SIMD2<Double> {
    let place = grid.transform.map(
      column: row.column - Double(origin.column), row: row.row - Double(origin.row))
    return SIMD2(place.x, place.y)
  }

  /// How alike two segments are: exp(-d), with d the mean squared difference of the bands.
  static func weight(_ a: [Float], _ b: [Float]) -> Double {
    var sum = 0.0
    for (x, y) in zip(a, b) {
      let difference = Double(x) - Double(y)
      sum += difference * difference
    }
    return a.isEmpty ? 1 : exp(-sum / Double(a.count))
  }
}
