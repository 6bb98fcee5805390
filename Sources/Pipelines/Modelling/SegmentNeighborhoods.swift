import Networks
import Rasters
import Segmentation

extension NodeContext {
  /// The segments around `part` and the cube that fills them, over the graph's halo.
  ///
  /// Cells that miss a band belong to no segment here, whatever the segmentation saw.
  func segmentsAndCube(
    _ segmentsIndex: Int, _ cubeIndex: Int, _ lattice: SuperpixelLattice, around part: Window
  ) throws -> (segments: SegmentRaster, cube: DataCube) {
    let region = part.expanded(by: lattice.haloOfGraph(hops: 2)).intersection(grid.window)
    var segments = try segments(segmentsIndex, region)
    let cube = try cube(cubeIndex, region)
    for (cell, isComplete) in cube.completeCells.enumerated() where !isComplete {
      segments.ids[cell] = SegmentRaster.none
    }
    return (segments, cube)
  }
}

extension SegmentNeighborhood {
  /// The graph that a network reads, with `S^hops X` of `cube`.
  func graph(_ cube: DataCube, hops: Int) -> SegmentGraph {
    SegmentGraph(
      bandCount: cube.bandCount, pixelStart: pixelStart,
      propagated: propagated(cube, hops: hops), neighborStart: neighborStart,
      neighbors: neighbors, degrees: degrees, targetCount: ringEnds.first,
      innerCount: ringEnds.dropFirst().first, propagatedOnes: propagatedOnes(hops: hops))
  }
}
