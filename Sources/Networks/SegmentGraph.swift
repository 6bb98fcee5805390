/// Superpixels as a graph network sees them: propagated pixels inside, adjacency outside.
///
/// Segments are numbered from 0. The pixels of a segment are contiguous and in ascending row-major
/// order; `propagated` holds `S^K X` (the simplified graph convolution inside segments), which has
/// no weights and is therefore computed once, before any network.
///
/// A graph may be a part of a larger one: the segments whose features are wanted come first, then
/// their neighbours, then the neighbours' neighbours. Two external layers reach no further, and
/// `degrees` count what was left out, so that the wanted features are those of the whole graph.
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
  /// The sum of the weights of all edges of each segment, those to absent segments included.
  public var degrees: [Float]
  /// The number of segments, from the first on, whose features are wanted.
  public var targetCount: Int
  /// The number of segments, from the first on, that are wanted or neighbours of wanted ones; all
  /// neighbours of a wanted segment are among them.
  public var innerCount: Int
  /// `S^K 1`, one number per pixel: the propagated form of a constant band; may be empty.
  public var propagatedOnes: [Float]

  /// Gathers a graph.
  ///
  /// - Parameters:
  ///   - weights: An unweighted graph where nil.
  ///   - degrees: The sums of the weights at hand where nil: a whole graph.
  ///   - targetCount: All segments where nil.
  ///   - innerCount: All segments where nil.
  public init(
    bandCount: Int, pixelStart: [Int], propagated: [Float], neighborStart: [Int],
    neighbors: [Int32], weights: [Float]? = nil, degrees: [Float]? = nil,
    targetCount: Int? = nil, innerCount: Int? = nil, propagatedOnes: [Float] = []
  ) {
    self.bandCount = bandCount
    self.pixelStart = pixelStart
    self.propagated = propagated
    self.neighborStart = neighborStart
    self.neighbors = neighbors
    let weights = weights ?? [Float](repeating: 1, count: neighbors.count)
    self.weights = weights
    let segmentCount = max(0, pixelStart.count - 1)
    self.degrees =
      degrees
      ?? (0..<segmentCount).map { segment in
        weights[neighborStart[segment]..<neighborStart[segment + 1]].reduce(0, +)
      }
    self.targetCount = targetCount ?? segmentCount
    self.innerCount = innerCount ?? segmentCount
    self.propagatedOnes = propagatedOnes
  }

  /// The number of segments.
  public var segmentCount: Int { max(0, pixelStart.count - 1) }
  /// The number of pixels of all segments.
  public var pixelCount: Int { pixelStart.last ?? 0 }
}
