/// A k-d tree over points of the plane, for the nearest ones in a fixed order.
///
/// Points are ordered by squared distance and, where that is equal, by their index, so the answer
/// does not depend on how the tree was built.
struct PointTree: Sendable {
  /// A point that was found.
  struct Neighbor: Sendable, Equatable {
    var squaredDistance: Double
    var index: Int
  }

  /// Leaves scan this many points at most; trees with smaller ones are deeper and no faster.
  private static let leafSize = 8

  private struct Node: Sendable {
    /// The points of the node in tree order.
    var first: Int
    var end: Int
    /// The axis that is split, 0 for x and 1 for y; -1 marks a leaf.
    var axis: Int
    var split: Double
    var lower: Int
    var upper: Int
  }

  private var nodes: [Node] = []
  private var xs: [Double]
  private var ys: [Double]
  private var indices: [Int]
  private let members: [Int]
  private let memberX: [Double]
  private let memberY: [Double]

  /// Builds a tree of the points `members` of the coordinate lists; `members` must be ascending.
  init(x: [Double], y: [Double], members: [Int]) {
    indices = members
    self.members = members
    memberX = members.map { x[$0] }
    memberY = members.map { y[$0] }
    xs = []
    ys = []
    if !members.isEmpty { _ = build(first: 0, end: members.count, x: x, y: y) }
    xs = indices.map { x[$0] }
    ys = indices.map { y[$0] }
  }

  /// The number of points.
  var count: Int { indices.count }

  private mutating func build(first: Int, end: Int, x: [Double], y: [Double]) -> Int {
    let id = nodes.count
    nodes.append(Node(first: first, end: end, axis: -1, split: 0, lower: 0, upper: 0))
    if end - first <= Self.leafSize { return id }
    let part = indices[first..<end]
    func width(_ axis: [Double]) -> Double {
      var low = Double.infinity
      var high = -Double.infinity
      for index in part {
        low = min(low, axis[index])
        high = max(high, axis[index])
      }
      return high - low
    }
    let axis = width(x) >= width(y) ? 0 : 1
    let coordinate = axis == 0 ? x : y
    indices[first..<end].sort { (coordinate[$0], $0) < (coordinate[$1], $1) }
    let middle = (first + end) / 2
    nodes[id].axis = axis
    nodes[id].split = coordinate[indices[middle]]
    let lower = build(first: first, end: middle, x: x, y: y)
    let upper = build(first: middle, end: end, x: x, y: y)
    nodes[id].lower = lower
    nodes[id].upper = upper
    return id
  }

  /// Fills `found` with the `limit` nearest points within the squared radius, nearest first.
  ///
  /// `found` is scratch space that the caller reuses; `isExcluded` leaves points out.
  func nearest(
    x: Double, y: Double, limit: Int, squaredRadius: Double, into found: inout [Neighbor],
    isExcluded: (Int) -> Bool
  ) {
    found.removeAll(keepingCapacity: true)
    guard limit > 0, !nodes.isEmpty else { return }
    visit(0, x, y, limit, squaredRadius, &found, isExcluded)
  }

  /// Fills `found` with all points within the squared radius, by index.
  func all(
    x: Double, y: Double, squaredRadius: Double, into found: inout [Neighbor],
    isExcluded: (Int) -> Bool
  ) {
    found.removeAll(keepingCapacity: true)
    for position in members.indices {
      let dx = memberX[position] - x
      let dy = memberY[position] - y
      let distance = dx * dx + dy * dy
      guard distance <= squaredRadius, !isExcluded(members[position]) else { continue }
      found.append(Neighbor(squaredDistance: distance, index: members[position]))
    }
  }

  private func visit(
    _ id: Int, _ x: Double, _ y: Double, _ limit: Int, _ squaredRadius: Double,
    _ found: inout [Neighbor], _ isExcluded: (Int) -> Bool
  ) {
    let node = nodes[id]
    if node.axis < 0 {
      scan(node, x, y, limit, squaredRadius, &found, isExcluded)
      return
    }
    let offset = (node.axis == 0 ? x : y) - node.split
    let near = offset < 0 ? node.lower : node.upper
    let far = offset < 0 ? node.upper : node.lower
    visit(near, x, y, limit, squaredRadius, &found, isExcluded)
    // Equal distances must still be seen: a lower index wins. Rounding is monotonic, so this
    // bound never exceeds the computed distance of a point on the far side.
    let bound = found.count < limit ? squaredRadius : found[limit - 1].squaredDistance
    if offset * offset <= bound { visit(far, x, y, limit, squaredRadius, &found, isExcluded) }
  }

  private func scan(
    _ leaf: Node, _ x: Double, _ y: Double, _ limit: Int, _ squaredRadius: Double,
    _ found: inout [Neighbor], _ isExcluded: (Int) -> Bool
  ) {
    for position in leaf.first..<leaf.end {
      let dx = xs[position] - x
      let dy = ys[position] - y
      let distance = dx * dx + dy * dy
      let index = indices[position]
      guard distance <= squaredRadius else { continue }
      if found.count == limit {
        let last = found[limit - 1]
        guard (distance, index) < (last.squaredDistance, last.index) else { continue }
      }
      if isExcluded(index) { continue }
      if found.count == limit { found.removeLast() }
      var slot = found.count
      found.append(Neighbor(squaredDistance: distance, index: index))
      while slot > 0,
        (distance, index) < (found[slot - 1].squaredDistance, found[slot - 1].index)
      {
        found[slot] = found[slot - 1]
        slot -= 1
      }
      found[slot] = Neighbor(squaredDistance: distance, index: index)
    }
  }
}
