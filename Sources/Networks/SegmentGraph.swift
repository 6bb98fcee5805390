/// Superpixels as a graph network sees them: propagated pixels inside, adjacency outside.
///
/// Segments are numbered from 0. The pixels of a segment are contiguous and in ascending row-major
/// order; `propagated` holds `S^K X` (METHODS: internal graph convolution), which has no weights
/// and is therefore computed once, before any network.
public struct SegmentGraph: Sendable, Equatable {
  /// The number of bands of a pixel.
  public var bandCount: Int
  /// Where each segment's pixels begin, in pixels; one entry more than there are segments.
  public var pixelStart: [Int]
  /// `S^K X`, pixel-major: all bands of the first pixel, then of the second.
  public var propagated: [Float]
  /// Where each segment's neighbours begin; one entry more than there are segments.
  public var neighborStart: [Int]
  /// The neighbours of each segment, ascending; every edge stands at both ends.
  public var neighbors: [Int32]
  /// The weight of each entry of `neighbors`; 1 for an unweighted graph.
  public var weights: [Float]

  /// Gathers a graph; an unweighted one where `weights` is nil.
  public init(
    bandCount: Int, pixelStart: [Int], propagated: [Float], neighborStart: [Int],
    neighbors: [Int32], weights: [Float]? = nil
  ) {
    self.bandCount = bandCount
    self.pixelStart = pixelStart
    self.propagated = propagated
    self.neighborStart = neighborStart
    self.neighbors = neighbors
    self.weights = weights ?? [Float](repeating: 1, count: neighbors.count)
  }

  /// The number of segments.
  public var segmentCount: Int { max(0, pixelStart.count - 1) }
  /// The number of pixels of all segments.
  public var pixelCount: Int { pixelStart.last ?? 0 }
}
