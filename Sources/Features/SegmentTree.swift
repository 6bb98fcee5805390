/// Straight pieces of lines in space, to be found by nearness; a point is a piece of no length.
///
/// A tree of boxes around pieces. What is found depends on the pieces and the place alone, so it is
/// the same bits for any division of a grid into windows.
public struct SegmentTree: Sendable {
  /// A straight piece between two places.
  public struct Segment: Sendable, Equatable {
    /// One end.
    public var start: SIMD3<Double>
    /// The other end; the same for a point.
    public var end: SIMD3<Double>
    /// What it belongs to.
    public var owner: Int

    /// Joins two places.
    public init(from start: SIMD3<Double>, to end: SIMD3<Double>, owner: Int) {
      self.start = start
      self.end = end
      self.owner = owner
    }

    /// The share of the way from start to end at which a place is nearest.
    public func share(nearest place: SIMD3<Double>) -> Double {
      let way = end - start
      let length = (way * way).sum()
      guard length > 0 else { return 0 }
      return min(max(((place - start) * way).sum() / length, 0), 1)
    }

    /// The square of the distance from a place.
    public func squaredDistance(to place: SIMD3<Double>) -> Double {
      let offset = place - (start + share(nearest: place) * (end - start))
      return (offset * offset).sum()
    }
  }

  /// The piece that is nearest to a place.
  public struct Nearest: Sendable, Equatable {
    /// The square of its distance.
    public var squaredDistance: Double
    /// Its position among the tree's segments.
    public var segment: Int
  }

  private struct Box: Sendable {
    var low: SIMD3<Double>
    var high: SIMD3<Double>

    func squaredDistance(to place: SIMD3<Double>) -> Double {
      let gap = pointwiseMax(pointwiseMax(low - place, place - high), .zero)
      return (gap * gap).sum()
    }
  }

  private struct Node: Sendable {
    var box: Box
    /// The segments of the node in tree order.
    var first: Int
    var end: Int
    /// The two halves; -1 marks a leaf.
    var lower = -1
    var upper = -1
  }

  /// Leaves scan this many segments at most.
  private static let leafSize = 8

  /// The segments in the order of the tree.
  public private(set) var segments: [Segment]
  private var nodes: [Node] = []

  /// Builds a tree; coordinates must be finite.
  public init(_ segments: [Segment]) {
    self.segments = segments
    if !segments.isEmpty { _ = build(first: 0, end: segments.count) }
  }

  /// The tree with other owners for its segments.
  public func owned(by owner: (Segment) -> Int) -> SegmentTree {
    var tree = self
    for index in segments.indices { tree.segments[index].owner = owner(segments[index]) }
    return tree
  }

  private mutating func build(first: Int, end: Int) -> Int {
    let id = nodes.count
    var box = Box(
      low: SIMD3(repeating: .infinity), high: SIMD3(repeating: -.infinity))
    var centers = box
    for segment in segments[first..<end] {
      box.low = pointwiseMin(box.low, pointwiseMin(segment.start, segment.end))
      box.high = pointwiseMax(box.high, pointwiseMax(segment.start, segment.end))
      let center = segment.start + segment.end
      centers.low = pointwiseMin(centers.low, center)
      centers.high = pointwiseMax(centers.high, center)
    }
    nodes.append(Node(box: box, first: first, end: end))
    if end - first <= Self.leafSize { return id }
    let extent = centers.high - centers.low
    let axis = extent.x >= extent.y && extent.x >= extent.z ? 0 : extent.y >= extent.z ? 1 : 2
    let keys = segments[first..<end].map { $0.start[axis] + $0.end[axis] }
    let order = keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
    let part = order.map { segments[first + $0] }
    segments.replaceSubrange(first..<end, with: part)
    let middle = (first + end) / 2
    let lower = build(first: first, end: middle)
    let upper = build(first: middle, end: end)
    nodes[id].lower = lower
    nodes[id].upper = upper
    return id
  }

  /// The segment nearest to a place and no farther than the root of `limit`; nil where there is none.
  ///
  /// Of segments at the same distance the first in the tree counts. Segments whose owner is in
  /// `excluding` do not.
  public func nearest(
    to place: SIMD3<Double>, within limit: Double = .infinity, excluding: Set<Int> = []
  ) -> Nearest? {
    guard !nodes.isEmpty else { return nil }
    var best = Nearest(squaredDistance: limit, segment: -1)
    visit(0, place, excluding, &best)
    return best.segment < 0 ? nil : best
  }

  private func visit(
    _ id: Int, _ place: SIMD3<Double>, _ excluding: Set<Int>, _ best: inout Nearest
  ) {
    let (first, end, lower, upper) = (
      nodes[id].first, nodes[id].end, nodes[id].lower, nodes[id].upper
    )
    guard lower >= 0 else {
      for index in first..<end {
        let distance = segments[index].squaredDistance(to: place)
        let isBetter =
          best.segment < 0
          ? distance <= best.squaredDistance
          : (distance, index) < (best.squaredDistance, best.segment)
        guard isBetter else { continue }
        if !excluding.isEmpty && excluding.contains(segments[index].owner) { continue }
        best = Nearest(squaredDistance: distance, segment: index)
      }
      return
    }
    let bounds = (
      nodes[lower].box.squaredDistance(to: place), nodes[upper].box.squaredDistance(to: place)
    )
    let isLowerFirst = bounds.0 <= bounds.1
    if min(bounds.0, bounds.1) <= best.squaredDistance {
      visit(isLowerFirst ? lower : upper, place, excluding, &best)
    }
    if max(bounds.0, bounds.1) <= best.squaredDistance {
      visit(isLowerFirst ? upper : lower, place, excluding, &best)
    }
  }

  /// Calls `body` with the segments whose boxes are no farther from a place than `radius`, in the
  /// order of the tree.
  public func forEach(
    within radius: Double, of place: SIMD3<Double>, _ body: (Segment) -> Void
  ) {
    guard !nodes.isEmpty else { return }
    collect(0, radius * radius, place, body)
  }

  private func collect(
    _ id: Int, _ limit: Double, _ place: SIMD3<Double>, _ body: (Segment) -> Void
  ) {
    guard nodes[id].box.squaredDistance(to: place) <= limit else { return }
    guard nodes[id].lower >= 0 else {
      for index in nodes[id].first..<nodes[id].end { body(segments[index]) }
      return
    }
    collect(nodes[id].lower, limit, place, body)
    collect(nodes[id].upper, limit, place, body)
  }
}
