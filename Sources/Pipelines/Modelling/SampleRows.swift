import Foundation
import Learning
import Networks
import Rasters
import Segmentation

/// What the branches of a network read at the samples of one chunk.
struct SampleRows {
  /// One sample: its position in the set and what stands at it.
  struct Row {
    var position: Int
    /// The bands in model space; NaN where missing.
    var spectrum: [Float]
    /// The sources of the bands, which explanations start from.
    var sources: [Float]
    /// The window of each patch branch, bands x rows x columns of the bands that it reads, NaN where
    /// missing, and where samples are to be shifted a wider one of all bands.
    var windows: [[Float]]
    /// The segment at the sample, or `SegmentRaster.none`.
    var segment: UInt32
  }

  /// One segment within two hops of a sample.
  struct Segment {
    var id: UInt32
    /// The ids of all neighbours.
    var neighbors: [UInt32]
    /// The weight of each of them; 1 in an unweighted graph.
    var weights: [Float]
    /// `S^K X` of its pixels, pixel-major.
    var propagated: [Float]
  }

  var rows: [Row] = []
  var segments: [Segment] = []

  /// The rows as bytes of a table.
  var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.append(rows.count)
    for row in rows {
      writer.append(row.position)
      writer.append(row.spectrum)
      writer.append(row.sources)
      writer.append(row.windows.count)
      for window in row.windows { writer.append(window) }
      writer.append(Int(row.segment))
    }
    writer.append(segments.count)
    for segment in segments {
      writer.append(Int(segment.id))
      writer.append(segment.neighbors)
      writer.append(segment.weights)
      writer.append(segment.propagated)
    }
    return writer.bytes
  }

  init() {}

  /// Reads what `bytes` wrote.
  init(_ bytes: [UInt8]) throws {
    var reader = ByteReader(bytes)
    for _ in 0..<(try reader.int()) {
      let position = try reader.int()
      let spectrum = try reader.array(Float.self)
      let sources = try reader.array(Float.self)
      let windows = try (0..<(try reader.int())).map { _ in try reader.array(Float.self) }
      rows.append(
        Row(
          position: position, spectrum: spectrum, sources: sources, windows: windows,
          segment: UInt32(try reader.int())))
    }
    for _ in 0..<(try reader.int()) {
      let id = UInt32(try reader.int())
      segments.append(
        Segment(
          id: id, neighbors: try reader.array(UInt32.self),
          weights: try reader.array(Float.self),
          propagated: try reader.array(Float.self)))
    }
  }
}

/// Gathers sample rows chunk by chunk: a map from the cube, its sources and the segments.
struct SampleGatherer: Sendable {
  let cube: RasterProduct
  let segments: SegmentsProduct?
  let samples: SamplesProduct
  let architecture: ModelArchitecture
  /// How many columns and rows samples are shifted, at most.
  var shift = 0

  /// The windows around each sample: those of the branches, and one that holds all shifted ones.
  private var windows: [ModelArchitecture.WindowForm] {
    let wide = ModelArchitecture.WindowForm(
      bands: 0..<architecture.bandCount, side: (architecture.largestWindow ?? 1) + 2 * shift)
    return architecture.windows + (shift > 0 ? [wide] : [])
  }

  /// The windows in words: the edge, and the bands where they are not all.
  private var windowWords: String {
    let words = windows.map { form in
      form.bands == 0..<architecture.bandCount ? "\(form.side)" : "\(form.side) of \(form.bands)"
    }
    return "[\(words.joined(separator: ", "))]"
  }

  /// The node that makes the table.
  func node(_ request: PlanRequest) -> Node {
    let branch = architecture.graphBranch
    let graphHalo = branch.flatMap { segments?.lattice.haloOfGraph(hops: $0.reach) } ?? 0
    let halo = max(windows.map(\.side).max() ?? 0, graphHalo)
    var edges: [Node.Edge] = [
      .all(samples.node), .halo(cube.node, halo), .cells(cube.view.node),
    ]
    if branch != nil, let segments { edges.append(.halo(segments.node, graphHalo)) }
    return request.planner.node(
      Node(
        name: request.name + "/samples", kind: .table,
        identity: [
          "sample rows 2", windowWords, "\(branch?.hops ?? -1)",
          branch?.weights.map { "sigma \($0.sigma), tau \($0.tau ?? 0)" } ?? "unweighted",
        ], edges: edges
      ) { context in .bytes(try gather(context).bytes) })
  }

  private func gather(_ context: NodeContext) throws -> SampleRows {
    let set = try SampleSet.stored(try context.value(0))
    let window = context.window
    var result = SampleRows()
    let here = set.samples.indices.filter { index in
      let cell = set.samples[index].cell
      return window.contains(column: cell.column, row: cell.row)
    }
    guard !here.isEmpty else { return result }
    for position in here {
      result.rows.append(try row(context, set.samples[position], position))
    }
    if let branch = architecture.graphBranch, let lattice = segments?.lattice {
      try addSegments(context, set, branch, lattice, to: &result)
    }
    return result
  }

  /// What stands at a sample, without the points measured in its own cell.
  private func row(
    _ context: NodeContext, _ sample: Sample, _ position: Int
  ) throws -> SampleRows.Row {
    let cell = Window(x: sample.cell.column, y: sample.cell.row, width: 1, height: 1)
    let own: Set<Cell> = [sample.cell]
    let windows = try windows.map { form in
      let size = form.side
      let window = Window(
        x: sample.cell.column - size / 2, y: sample.cell.row - size / 2, width: size, height: size)
      let values = try context.reflectedCube(1, window, excluding: own).values
      guard form.bands != 0..<architecture.bandCount else { return values }
      let plane = window.cellCount
      return Array(values[form.bands.lowerBound * plane..<form.bands.upperBound * plane])
    }
    return SampleRows.Row(
      position: position, spectrum: try context.cube(1, cell, excluding: own).values,
      sources: try context.cube(2, cell, excluding: own).values, windows: windows,
      segment: SegmentRaster.none)
  }

  /// Adds the segments within two hops of the chunk's samples.
  private func addSegments(
    _ context: NodeContext, _ set: SampleSet, _ branch: ModelArchitecture.GraphBranch,
    _ lattice: SuperpixelLattice,
    to result: inout SampleRows
  ) throws {
    var (segments, cube) = try context.segmentsAndCube(
      3, 1, lattice, hops: branch.reach, around: context.window)
    for index in result.rows.indices {
      let cell = set.samples[result.rows[index].position].cell
      result.rows[index].segment = segments.id(column: cell.column, row: cell.row)
    }
    let targets = Set(result.rows.map(\.segment)).subtracting([SegmentRaster.none]).sorted()
    let builder = SegmentGraphBuilder(segments)
    let around = builder.neighborhood(of: targets)
    if self.cube.node.dependsOnPoints {
      try leaveOutOwnPoints(
        context, set, segments, builder.neighborhood(of: targets, hops: branch.reach), &cube)
    }
    let weights = builder.weights(branch, cube: cube, grid: context.grid)
    let propagated = around.propagated(cube, hops: branch.hops)
    for (place, id) in around.ids.enumerated() {
      let pixels = around.pixelStart[place]..<around.pixelStart[place + 1]
      let edges = builder.adjacency.range(
        ofNeighborsOf: builder.adjacency.number(of: id) ?? 0)
      result.segments.append(
        SampleRows.Segment(
          id: id,
          neighbors: edges.map { builder.adjacency.ids[Int(builder.adjacency.neighbors[$0])] },
          weights: edges.map { weights?[$0] ?? 1 },
          propagated: Array(
            propagated[pixels.lowerBound * cube.bandCount..<pixels.upperBound * cube.bandCount])))
    }
  }

  /// Gives segments that hold samples the features they have without the points at those samples.
  private func leaveOutOwnPoints(
    _ context: NodeContext, _ set: SampleSet, _ segments: SegmentRaster,
    _ around: SegmentNeighborhood, _ cube: inout DataCube
  ) throws {
    var cellsOfSegment: [UInt32: Set<Cell>] = [:]
    for sample in set.samples
    where segments.window.contains(column: sample.cell.column, row: sample.cell.row) {
      let id = segments.id(column: sample.cell.column, row: sample.cell.row)
      if id != SegmentRaster.none { cellsOfSegment[id, default: []].insert(sample.cell) }
    }
    for (place, id) in around.ids.enumerated() {
      guard let own = cellsOfSegment[id] else { continue }
      let pixels = around.cells[around.pixelStart[place]..<around.pixelStart[place + 1]]
      let columns = pixels.map { Int($0) % cube.window.width }
      let rows = pixels.map { Int($0) / cube.window.width }
      guard let left = columns.min(), let right = columns.max(), let top = rows.min(),
        let bottom = rows.max()
      else { continue }
      let box = Window(
        x: cube.window.x + left, y: cube.window.y + top, width: right - left + 1,
        height: bottom - top + 1)
      let without = try context.cube(1, box, excluding: own)
      for (column, row) in zip(columns, rows) {
        for band in 0..<cube.bandCount {
          let value = without.values[
            band * box.cellCount + (row - top) * box.width + column - left]
          // Where no other point is in reach the plain value is all there is.
          if !value.isNaN {
            cube.values[band * cube.window.cellCount + row * cube.window.width + column] = value
          }
        }
      }
    }
  }
}
