import Rasters
import Segmentation

extension PlanRequest {
  /// What is known of each segment with the means of a cube's bands: `SegmentTable`, a part for
  /// every chunk, each segment in the chunk of its lattice cell.
  func segmentTable(_ segments: Node, _ lattice: SuperpixelLattice, of cube: Node) -> Node {
    let halo = lattice.haloOfTable
    let t = grid.transform
    return planner.node(
      Node(
        name: name + "/table", kind: .table,
        // Elongation and strike are those of the map, which windows of cells do not know.
        identity: ["segment table 1", "\([t.columnX, t.rowX, t.columnY, t.rowY])"],
        edges: [.halo(segments, halo), .halo(cube, halo)]
      ) { context in
        let window = context.window.expanded(by: halo).intersection(context.grid.window)
        return .bytes(
          SegmentTable(
            cube: try context.cube(1, window), segments: try context.segments(0, window),
            lattice: lattice, cells: lattice.cells(homeIn: context.window), grid: context.grid
          ).bytes)
      })
  }
}

extension SuperpixelLattice {
  /// How many cells away from its own a segment of a cell can be at home.
  var haloOfHome: Int { 3 * reach }

  /// How many cells away from its own home a segment's neighbour can be at home.
  ///
  /// Cells of a segment lie within two lattice cells of its own, and a neighbour's one further.
  var haloOfNeighborHome: Int { 6 * reach }

  /// Where a segment stands in the order of lattice rows, columns and ranks, which unlike the
  /// order of ids does not wrap.
  func place(of id: UInt32) -> Int {
    let cell = latticeCell(of: id)
    let all = allCells
    return ((cell.row - all.y) << 17 | (cell.column - all.x)) << 2 | Self.rank(of: id)
  }
}
