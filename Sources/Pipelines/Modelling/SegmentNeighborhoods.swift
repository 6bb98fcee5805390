import Networks
import Rasters
import Segmentation

extension NodeContext {
  /// The segments around `part` and the cube that fills them, over the graph's halo of `hops`.
  ///
  /// Cells that miss a band belong to no segment here, whatever the segmentation saw.
  func segmentsAndCube(
    _ segmentsIndex: Int, _ cubeIndex: Int, _ lattice: SuperpixelLattice, hops: Int,
    around part: Window
  ) throws -> (segments: SegmentRaster, cube: DataCube) {
    let region = part.expanded(by: lattice.haloOfGraph(hops: hops)).intersection(grid.window)
    var segments = try segments(segmentsIndex, region)
    let cube = try cube(cubeIndex, region)
    for (cell, isComplete) in cube.completeCells.enumerated() where !isComplete {
      segments.ids[cell] = SegmentRaster.none
    }
    return (segments, cube)
  }
}

extension ModelArchitecture {
  /// The edge of the largest window that a patch branch is given, in cells; nil without any.
  var largestWindow: Int? { windows.map(\.side).max() }

  /// How the branches are joined; nil where their features stand one after another.
  var fusionWords: String? {
    switch fusion {
    case .concat: nil
    case .gate: "a gate"
    case .attention:
      attention.map {
        "attention over tokens of \($0.width) features (\($0.heads) "
          + ($0.heads == 1 ? "head)" : "heads)")
      } ?? "attention"
    }
  }

  /// Whether every branch reads all bands of the input.
  var readsAllBands: Bool {
    branches.allSatisfy { $0.bands(of: bandCount) == 0..<bandCount }
  }

  /// The graph branch, whose propagation and weights all graph branches share.
  var graphBranch: GraphBranch? {
    for case .graph(let graph) in branches { return graph }
    return nil
  }
}

extension ModelArchitecture.GraphBranch {
  /// The hops around a target within which segments must be whole: its two external layers reach
  /// two, and the weighted degrees of the outermost segments depend on those one further.
  var reach: Int { weights == nil ? 2 : 3 }
}

extension SegmentGraphBuilder {
  /// The weights of all edges that a branch asks for, from the model's own bands.
  func weights(
    _ branch: ModelArchitecture.GraphBranch?, cube: DataCube, grid: Grid
  ) -> [Float]? {
    branch?.weights.map {
      weights(
        EdgeWeighting(sigma: Double($0.sigma), tau: $0.tau.map(Double.init)), cube: cube,
        transform: grid.transform)
    }
  }
}

extension SegmentNeighborhood {
  /// The graph that a network reads, with `S^hops X` of `cube`.
  func graph(_ cube: DataCube, hops: Int) -> SegmentGraph {
    SegmentGraph(
      bandCount: cube.bandCount, pixelStart: pixelStart,
      propagated: propagated(cube, hops: hops), neighborStart: neighborStart,
      neighbors: neighbors, weights: weights, degrees: degrees, targetCount: ringEnds.first,
      innerCount: ringEnds.dropFirst().first, propagatedOnes: propagatedOnes(hops: hops))
  }
}
