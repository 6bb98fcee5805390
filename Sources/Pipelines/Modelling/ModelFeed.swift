import Networks
import Rasters
import Segmentation

/// Feeds a model with chunks: the windows it reads, filled and reflected, and its segments.
struct ModelFeed: Sendable {
  let applied: AppliedModel
  /// The cells that patch branches read around a cell.
  let margin: Int
  /// The raster whose bands are explained: the sources of the model's cube, or the cube itself.
  let sourceNode: Node

  init(_ applied: AppliedModel, explainsModelBands: Bool = false) throws {
    self.applied = applied
    sourceNode = explainsModelBands ? applied.cube.node : applied.cube.view.node
    let architecture = applied.model.architecture
    margin =
      architecture.branches.isEmpty ? 0 : try Model(architecture: architecture, seed: 0).margin
  }

  /// The graph branch of the model.
  private var branch: ModelArchitecture.GraphBranch? { applied.model.architecture.graphBranch }

  /// Where the edges of `edges` stand.
  private static let model = 0
  private static let cube = 1
  private static let sources = 2
  private static let segments = 3

  /// What a node reads that applies the model.
  var edges: [Node.Edge] {
    var graphHalo = 0
    if let lattice = applied.segments?.lattice {
      graphHalo = lattice.haloOfGraph(hops: branch?.reach ?? 2)
    }
    let halo = max(margin, graphHalo)
    return [
      .all(applied.model.node), .halo(applied.cube.node, halo),
      .halo(sourceNode, halo),
    ] + (applied.segments.map { [.halo($0.node, graphHalo)] } ?? [])
  }

  /// What the model takes beside the windows, to evaluate its outputs or to attribute them to a number
  /// of features.
  func scratch(features: Int? = nil) -> [Node.Scratch] {
    let bands = applied.cube.node.bands.count
    let both = bands + sourceNode.bands.count
    // The pixels of a graph reach as far as segments; they know their neighbours, and have
    // propagated bands of their own.
    let graph = applied.segments.map { segments in
      Node.Scratch(
        bytes: 32 + (features == nil ? 8 * bands : 4 * both), halo: segments.lattice.haloOfSegments)
    }
    // Attributions, a point between baseline and cell, and the direction from one to the other.
    let own = features.map { Node.Scratch(bytes: 8 * $0 + 4 * both) }
    return [graph, own].compactMap { $0 }
  }

  /// A chunk as the model reads it.
  struct Chunk {
    let package: ModelPackage
    let input: DenseInput
    /// The sources over the chunk and the margin; NaN where missing.
    let sources: DataCube
    /// Whether each cell of chunk and margin has every band.
    let valid: [Bool]
    /// The segments around the chunk and the propagation of the sources, for graphs.
    let neighborhood: SegmentNeighborhood?
    /// The sources over the graph's region.
    let regionSources: DataCube?
  }

  /// The chunk of `context`; `withSources` reads what explanations need as well.
  func chunk(_ context: NodeContext, withSources: Bool) throws -> Chunk {
    let package = try ModelPackage(try context.value(Self.model))
    let window = context.window
    let padded = window.expanded(by: margin)
    var cube = try context.reflectedCube(Self.cube, padded)
    let valid = cube.completeCells
    cube.fill(invalid: valid, with: package.notes.backgroundMean)
    var input = DenseInput(
      width: window.width, height: window.height, margin: margin, bandCount: cube.bandCount,
      values: cube.values)
    var neighborhood: SegmentNeighborhood?
    var regionSources: DataCube?
    if let lattice = applied.segments?.lattice {
      let region = try context.segmentsAndCube(
        Self.segments, Self.cube, lattice, hops: branch?.reach ?? 2, around: window)
      let builder = SegmentGraphBuilder(region.segments)
      let around = builder.neighborhood(
        of: builder.ids(in: window),
        weights: builder.weights(branch, cube: region.cube, grid: context.grid))
      input.graph = around.graph(region.cube, hops: applied.model.hops)
      input.segmentOfCell = around.segmentOfCell(in: window)
      neighborhood = around
      if withSources {
        regionSources = try context.cube(Self.sources, region.segments.window)
      }
    }
    return Chunk(
      package: package, input: input,
      sources: try context.reflectedCube(Self.sources, withSources ? padded : window),
      valid: valid, neighborhood: neighborhood, regionSources: regionSources)
  }

  /// The cells of a chunk where the model has something to say, with the reasons to doubt it.
  func flags(
    _ chunk: Chunk, window: Window, grid: Grid, missingShare: Double
  ) -> [UInt8] {
    let width = window.width + 2 * margin
    let missing = WindowSums(chunk.valid.map { $0 ? 0 : 1 }, width: width)
    let side = 2 * margin + 1
    return (0..<window.cellCount).map { cell in
      let column = cell % window.width
      let row = cell / window.width
      var flags: UInt8 = 0
      let gaps = missing.sum(x: column, y: row, width: side, height: side)
      if !chunk.valid[(row + margin) * width + column + margin] { flags |= PixelFlags.bandMissing }
      if Double(gaps) > missingShare * Double(side * side) { flags |= PixelFlags.bandMissing }
      let isAtBorder = gaps > 0 || touchesBorder(window, grid, column, row)
      if isAtBorder { flags |= PixelFlags.border }
      if applied.segments != nil, chunk.input.segmentOfCell[cell] < 0 {
        flags |= PixelFlags.noSegment
      }
      return flags
    }
  }

  private func touchesBorder(_ window: Window, _ grid: Grid, _ column: Int, _ row: Int) -> Bool {
    let x = window.x + column
    let y = window.y + row
    return x < margin || y < margin || x + margin >= grid.width || y + margin >= grid.height
  }
}

/// Why a pixel is missing or doubtful: bits of the flags raster.
enum PixelFlags {
  /// A band is missing here, or in too much of the window: the pixel has no value.
  static let bandMissing: UInt8 = 1
  /// A source lies outside the range of the training samples.
  static let outsideRange: UInt8 = 2
  /// The window holds filled or reflected cells.
  static let border: UInt8 = 4
  /// The pixel belongs to no segment: a model with a graph branch has no value.
  static let noSegment: UInt8 = 8
  /// The bits of pixels without a value.
  static let invalid: UInt8 = bandMissing | noSegment
  /// All bits.
  static let all: UInt8 = invalid | outsideRange | border
}

extension DataCube {
  /// Gives every band of incomplete cells the value that stands for missing data.
  mutating func fill(invalid complete: [Bool], with fill: [Float]) {
    for band in 0..<bandCount {
      let start = band * window.cellCount
      for cell in 0..<window.cellCount where !complete[cell] { values[start + cell] = fill[band] }
    }
  }
}

/// Sums of counts over rectangles, from a table of sums from the first corner (Crow 1984).
struct WindowSums {
  private let table: [Int32]
  private let stride: Int

  init(_ counts: [Int32], width: Int) {
    stride = width + 1
    let height = width == 0 ? 0 : counts.count / width
    var table = [Int32](repeating: 0, count: stride * (height + 1))
    for row in 0..<height {
      var sum: Int32 = 0
      for column in 0..<width {
        sum += counts[row * width + column]
        table[(row + 1) * stride + column + 1] = table[row * stride + column + 1] + sum
      }
    }
    self.table = table
  }

  /// The sum over a rectangle.
  func sum(x: Int, y: Int, width: Int, height: Int) -> Int32 {
    table[(y + height) * stride + x + width] - table[y * stride + x + width]
      - table[(y + height) * stride + x] + table[y * stride + x]
  }
}
