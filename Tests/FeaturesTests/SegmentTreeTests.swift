import Testing

@testable import Features

/// The nearest segments, against a look at all of them.
struct SegmentTreeTests {
  private static func number(_ index: Int) -> Double {
    var state = UInt64(index) &* 0x9E37_79B9_7F4A_7C15
    state = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    return Double((state ^ (state >> 27)) >> 40) / Double(1 << 24)
  }

  private static func place(_ index: Int) -> SIMD3<Double> {
    SIMD3(number(3 * index), number(3 * index + 1), number(3 * index + 2)) * 100
  }

  private static let segments = (0..<300).map { index in
    let start = place(index)
    // Every third is a point.
    let way = index % 3 == 0 ? .zero : (place(index + 5000) - SIMD3(repeating: 50)) / 4
    return SegmentTree.Segment(from: start, to: start + way, owner: index / 4)
  }

  /// The distance by a search along the segment.
  private static func distance(_ segment: SegmentTree.Segment, _ place: SIMD3<Double>) -> Double {
    func length(_ share: Double) -> Double {
      let offset = segment.start + share * (segment.end - segment.start) - place
      return (offset * offset).sum().squareRoot()
    }
    var (low, high) = (0.0, 1.0)
    for _ in 0..<80 {
      let (a, b) = (low + (high - low) / 3, high - (high - low) / 3)
      if length(a) < length(b) { high = b } else { low = a }
    }
    return length((low + high) / 2)
  }

  @Test func theNearestIsFound() throws {
    let tree = SegmentTree(Self.segments)
    #expect(tree.segments.count == 300 && Set(tree.segments.map(\.owner)).count == 75)
    for index in 0..<60 {
      let place = 1.4 * Self.place(9000 + index)
      let all = Self.segments.map { Self.distance($0, place) }
      let found = try #require(tree.nearest(to: place))
      #expect(abs(found.squaredDistance.squareRoot() - (all.min() ?? 0)) < 1e-6)
      #expect(
        tree.segments[found.segment].squaredDistance(to: place) == found.squaredDistance)
      // Without the owner of the nearest, and within less than its distance.
      let owner = tree.segments[found.segment].owner
      let others = zip(Self.segments, all).filter { $0.0.owner != owner }.map(\.1).min() ?? 0
      let second = try #require(tree.nearest(to: place, excluding: [owner]))
      #expect(abs(second.squaredDistance.squareRoot() - others) < 1e-6)
      #expect(tree.nearest(to: place, within: found.squaredDistance * 0.999) == nil)
      #expect(tree.nearest(to: place, within: found.squaredDistance) == found)
    }
  }

  @Test func allWithinARadiusAreVisitedOnce() {
    let tree = SegmentTree(Self.segments)
    for index in 0..<20 {
      let place = Self.place(7000 + index)
      var seen: [SegmentTree.Segment] = []
      tree.forEach(within: 30, of: place) { seen.append($0) }
      let near = Self.segments.filter { Self.distance($0, place) < 30 - 1e-6 }
      #expect(!near.isEmpty && near.allSatisfy { segment in seen.count { $0 == segment } == 1 })
    }
  }

  @Test func fewAndEqualSegmentsAreFound() {
    #expect(SegmentTree([]).nearest(to: .zero) == nil)
    let point = SegmentTree.Segment(from: SIMD3(3, 4, 0), to: SIMD3(3, 4, 0), owner: 7)
    let tree = SegmentTree([SegmentTree.Segment](repeating: point, count: 100))
    #expect(tree.nearest(to: .zero)?.squaredDistance == 25)
    #expect(tree.nearest(to: .zero, excluding: [7]) == nil)
    #expect(tree.owned { _ in 1 }.segments.allSatisfy { $0.owner == 1 })
  }
}
