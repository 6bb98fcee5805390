import Rasters

/// What a node may ask for while it makes a chunk or a value.
///
/// Requests beyond the reach that the node declared are refused: what is read must be in the key.
struct NodeContext: Sendable {
  /// The executor that makes the inputs.
  let executor: Executor
  /// The node that is being made.
  let node: Node
  /// The cells to make; the whole grid for a value.
  let window: Window
  /// Cells whose point measurements are left out: a sample must not see its own value.
  let excluding: Set<Cell>

  /// The grid of the run.
  var grid: Grid { executor.lattice.grid }
  /// The division of the grid into chunks.
  var lattice: ChunkLattice { executor.lattice }

  /// Tells whoever watches the run that a training has come a step further.
  func report(_ step: TrainingStep) { executor.events.stepped(node.name, step) }

  /// The samples of input `index` over `window`; cells beyond the grid are NaN.
  func cube(_ index: Int, _ window: Window, excluding: Set<Cell>? = nil) throws -> DataCube {
    check(index, window)
    let inside = window.intersection(grid.window)
    let cube = try executor.cube(
      node.edges[index].node, inside, excluding: excluding ?? self.excluding)
    return inside == window ? cube : cube.cropped(to: window)
  }

  /// The chosen bands of each of the first inputs over the window to make, band after band.
  func joined(_ chosen: [[Int]]) throws -> DataCube {
    let bandCount = chosen.reduce(0) { $0 + $1.count }
    var values: [Float] = []
    values.reserveCapacity(bandCount * window.cellCount)
    for (index, bands) in chosen.enumerated() {
      let cube = try cube(index, window)
      for band in bands { values += cube.band(band) }
    }
    return DataCube(window: window, bandCount: bandCount, values: values)
  }

  /// The segment ids of input `index` over `window`; cells beyond the grid have none.
  func segments(_ index: Int, _ window: Window) throws -> SegmentRaster {
    check(index, window)
    return try executor.segments(node.edges[index].node, window)
  }

  /// The rows of table `index` that are at home in the chunks that touch `window`.
  func tables(_ index: Int, _ window: Window) throws -> [[UInt8]] {
    check(index, window)
    return try executor.tables(node.edges[index].node, window)
  }

  /// The bytes of the value that is input `index`.
  func value(_ index: Int) throws -> [UInt8] { try executor.value(node.edges[index].node) }

  private func check(_ index: Int, _ window: Window) {
    guard case .halo(let cells) = node.edges[index].reach else { return }
    precondition(
      self.window.expanded(by: cells).contains(window),
      "\(node.name) reads \(window) of \(node.edges[index].node.name), beyond its halo of \(cells)")
  }
}
