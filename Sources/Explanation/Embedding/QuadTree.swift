/// Points of the plane in nested squares, for forces of far points taken together (Barnes and Hut
/// 1986).
struct QuadTree: Sendable {
  /// A square with points; its parts follow it.
  private struct Node: Sendable {
    /// The mean of its points.
    var center: SIMD2<Double>
    /// How many there are.
    var count: Double
    var squaredWidth: Double
    /// Its points in tree order; of squares that are divided none are looked at.
    var first: Int
    var end: Int
    /// The node after this one and its parts.
    var next: Int
    var isLeaf: Bool
  }

  /// Squares of so few points are not divided.
  private static let leafSize = 6
  private static let mostDepth = 60

  private var nodes: [Node] = []
  /// The points in tree order, and the position of each there.
  private var ordered: [SIMD2<Double>] = []
  private var positions: [Int]

  /// Builds a tree of places, points x 2.
  init(_ places: [Double]) {
    let points = (0..<places.count / 2).map { SIMD2(places[2 * $0], places[2 * $0 + 1]) }
    positions = Array(points.indices)
    guard var low = points.first else { return }
    var high = low
    for point in points {
      low = pointwiseMin(low, point)
      high = pointwiseMax(high, point)
    }
    let width = max((high - low).max(), .leastNormalMagnitude)
    build(points, 0..<points.count, center: (low + high) / 2, width: width, depth: 0)
    ordered = positions.map { points[$0] }
    var place = positions
    for (index, point) in positions.enumerated() { place[point] = index }
    positions = place
  }

  private mutating func build(
    _ points: [SIMD2<Double>], _ range: Range<Int>, center: SIMD2<Double>, width: Double, depth: Int
  ) {
    let id = nodes.count
    var sum = SIMD2<Double>.zero
    for index in range { sum += points[positions[index]] }
    let isLeaf = range.count <= Self.leafSize || depth == Self.mostDepth
    nodes.append(
      Node(
        center: sum / Double(range.count), count: Double(range.count),
        squaredWidth: width * width, first: range.lowerBound, end: range.upperBound, next: 0,
        isLeaf: isLeaf))
    if !isLeaf {
      var parts = [[Int]](repeating: [], count: 4)
      for index in range {
        let point = points[positions[index]]
        parts[(point.x < center.x ? 0 : 1) + (point.y < center.y ? 0 : 2)]
          .append(positions[index])
      }
      var start = range.lowerBound
      for (number, part) in parts.enumerated() where !part.isEmpty {
        positions.replaceSubrange(start..<start + part.count, with: part)
        let step = SIMD2(number & 1 == 0 ? -width : width, number & 2 == 0 ? -width : width) / 4
        build(
          points, start..<start + part.count, center: center + step, width: width / 2,
          depth: depth + 1)
        start += part.count
      }
    }
    nodes[id].next = nodes.count
  }

  /// `sum_j (y_i - y_j) / (1 + d^2)^2` and `sum_j 1 / (1 + d^2)` over all other points, squares
  /// narrower than `theta` of their distance as one.
  func repulsion(on point: Int, theta: Double) -> (force: SIMD2<Double>, weight: Double) {
    let own = ordered[positions[point]]
    let limit = theta * theta
    var force = SIMD2<Double>.zero
    // The point itself weighs 1 in its leaf.
    var weight = -1.0
    var id = 0
    while id < nodes.count {
      let node = nodes[id]
      let offset = own - node.center
      let distance = (offset * offset).sum()
      if node.isLeaf {
        for index in node.first..<node.end {
          let offset = own - ordered[index]
          let q = 1 / (1 + (offset * offset).sum())
          weight += q
          force += q * q * offset
        }
        id = node.next
      } else if node.squaredWidth < limit * distance {
        let q = 1 / (1 + distance)
        weight += node.count * q
        force += node.count * q * q * offset
        id = node.next
      } else {
        id += 1
      }
    }
    return (force, weight)
  }
}
