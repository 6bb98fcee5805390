public import Rasters

/// Simple linear iterative clustering with the same labels for any tiling of the raster.
///
/// After Achanta et al. (2012). The squared distance of pixel `p` from centre `k` is `D2 = sum over bands of (c_p - c_k)^2 +
/// (compactness / S)^2 * |xy_p - xy_k|^2` with positions in cells and `S = sqrt(size)`. Unlike the
/// original, seeds stand on a lattice of absolute positions, a pixel looks only at the centres of
/// the 3 x 3 lattice cells around its own (none further than 2 S along an axis; ties go to the lower
/// lattice index), and connectivity is restored by a rule without scan order. Every step is a pure
/// function of windows, so that chunks computed apart agree in every label.
public struct Superpixels: Sendable, Hashable, Codable {
  /// The nominal number of cells of a segment; at least 1.
  public var size: Double
  /// The weight of position against colour, in units of the bands.
  public var compactness: Double
  /// The number of times the centres move.
  public var iterations: Int

  /// Describes a segmentation.
  public init(size: Double, compactness: Double, iterations: Int = 10) {
    self.size = size
    self.compactness = compactness
    self.iterations = iterations
  }

  /// The lattice of the seeds on a grid.
  public func lattice(on grid: Grid) -> SuperpixelLattice {
    SuperpixelLattice(grid: grid, size: size)
  }

  /// Segments a whole raster, in chunks of `chunk` by `chunk` cells or at once where nil.
  ///
  /// The labels are the same for any chunk; cells with a NaN in any band belong to no segment.
  public func segment(cube: DataCube, grid: Grid, chunk: Int? = nil) -> SegmentRaster {
    precondition(cube.window == grid.window, "\(cube.window) is not the grid's \(grid.window)")
    let lattice = lattice(on: grid)
    let chunks = Self.chunks(of: grid.window, edge: chunk ?? max(grid.width, grid.height))
    func table(_ make: (DataCube, Window) -> CentreTable) -> CentreTable {
      var result = CentreTable(cells: lattice.allCells, bandCount: cube.bandCount)
      for chunk in chunks {
        let window = chunk.expanded(by: lattice.haloOfUpdate).intersection(grid.window)
        result.paste(make(cube.cropped(to: window), lattice.cells(homeIn: chunk)))
      }
      return result
    }
    var centres = table { seeds(cube: $0, lattice: lattice, cells: $1) }
    for _ in 0..<iterations {
      let old = centres
      centres = table { cube, cells in
        let needed = old.cropped(to: cells.expanded(by: lattice.tableHaloOfUpdate))
        return updated(needed, cube: cube, lattice: lattice, cells: cells)
      }
    }
    var labels = SegmentRaster(window: grid.window)
    for chunk in chunks {
      labels.paste(
        assign(cube: cube.cropped(to: chunk), centres: centres, lattice: lattice, window: chunk))
    }
    var result = SegmentRaster(window: grid.window)
    for chunk in chunks {
      let window = chunk.expanded(by: lattice.haloOfConnectivity).intersection(grid.window)
      var part = SegmentRaster(window: window)
      part.paste(labels)
      result.paste(lattice.connect(part, target: chunk))
    }
    return result
  }

  private static func chunks(of window: Window, edge: Int) -> [Window] {
    stride(from: window.y, to: window.maxY, by: edge).flatMap { y in
      stride(from: window.x, to: window.maxX, by: edge).map { x in
        Window(x: x, y: y, width: edge, height: edge).intersection(window)
      }
    }
  }
}

/// What each step must see around a chunk, in cells; clip to the grid.
extension SuperpixelLattice {
  /// The halo of cells around a chunk for `seeds` and `updated` of the lattice cells at home in it.
  public var haloOfUpdate: Int { 2 * reach }

  /// The halo of lattice cells that `updated` needs of the table of centres.
  public var tableHaloOfUpdate: Int { 2 }

  /// The halo of cells around a chunk for `assign`.
  public var haloOfAssign: Int { 0 }

  /// The halo of lattice cells around those touching a chunk that `assign` needs of the table.
  public var tableHaloOfAssign: Int { 1 }

  /// The halo of labels around a chunk for `connect`.
  ///
  /// A pixel's label reaches two lattice cells away; what it may join is at most two away and
  /// reaches one further: three lattice cells beside the pixel's own.
  public var haloOfConnectivity: Int { Int((4 * spacing).rounded(.up)) }

  /// The halo of cells around a chunk that holds every segment with a pixel in it, and the cells
  /// around those segments.
  public var haloOfSegments: Int { Int((5 * spacing).rounded(.up)) + 1 }

  /// The halo of cells around a chunk that holds the graph `hops` around every segment with a pixel
  /// in it, and the cells around those segments.
  ///
  /// A segment lies within two lattice cells of its label, so every hop reaches five further.
  public func haloOfGraph(hops: Int) -> Int {
    Int((Double(5 + 5 * hops) * spacing).rounded(.up)) + 1
  }
}
