/// Agglomerative clustering of items by their distances (Lance & Williams 1967).
///
/// Clusters are numbered as SciPy does: items from 0, then merged clusters in the order in which they
/// were formed. Of equally near pairs the one with the lowest numbers is merged first.
public struct HierarchicalClustering: Sendable, Hashable {
  /// How far two clusters are from one another.
  public enum Linkage: String, CaseIterable, Sendable {
    /// The mean distance of their items.
    case average
    /// The largest distance of their items.
    case complete
    /// The least distance of their items.
    case single
  }

  /// Two clusters that became one.
  public struct Merge: Sendable, Hashable {
    /// The cluster with the lower number.
    public let left: Int
    /// The cluster with the higher number.
    public let right: Int
    /// How far they are from one another.
    public let distance: Double
  }

  /// The number of items.
  public let count: Int
  /// The merges, in order.
  public let merges: [Merge]

  /// Merges the two nearest clusters until one is left; `distances` is items x items, symmetric.
  public init(distances: [Double], count: Int, linkage: Linkage) {
    precondition(distances.count == count * count, "\(distances.count) distances of \(count) items")
    self.count = count
    var table = distances
    var sizes = [Double](repeating: 1, count: count)
    // Clusters by ascending number, with the row of the table that holds each.
    var active = (0..<count).map { (number: $0, row: $0) }
    var merges: [Merge] = []
    while active.count > 1 {
      let (first, second) = Self.nearest(active.map(\.row), table.span, count)
      let (left, right) = (active[first], active[second])
      merges.append(
        Merge(
          left: left.number, right: right.number, distance: table[left.row * count + right.row]))
      for other in active where other.row != left.row && other.row != right.row {
        let (a, b) = (table[left.row * count + other.row], table[right.row * count + other.row])
        let merged =
          switch linkage {
          case .average:
            (sizes[left.row] * a + sizes[right.row] * b) / (sizes[left.row] + sizes[right.row])
          case .complete: max(a, b)
          case .single: min(a, b)
          }
        table[left.row * count + other.row] = merged
        table[other.row * count + left.row] = merged
      }
      sizes[left.row] += sizes[right.row]
      active.remove(at: second)
      active.remove(at: first)
      active.append((number: count + merges.count - 1, row: left.row))
    }
    self.merges = merges
  }

  /// The positions in `rows` of the first of the nearest pairs.
  private static func nearest(
    _ rows: [Int], _ table: Span<Double>, _ count: Int
  ) -> (first: Int, second: Int) {
    var best = (first: 0, second: 1)
    var least = Double.infinity
    for first in rows.indices {
      let row = rows[first] * count
      for second in first + 1..<rows.count where table[row + rows[second]] < least {
        least = table[row + rows[second]]
        best = (first, second)
      }
    }
    return best
  }

  /// The items as the leaves of the tree, from left to right: SciPy's `leaves_list`.
  public var leaves: [Int] { members(of: count + merges.count - 1) }

  /// The items of a cluster from left to right; none without items.
  private func members(of cluster: Int) -> [Int] {
    var result: [Int] = []
    var open = cluster < 0 ? [] : [cluster]
    while let next = open.popLast() {
      if next < count {
        result.append(next)
      } else {
        open += [merges[next - count].right, merges[next - count].left]
      }
    }
    return result
  }

  /// The leaves with branches turned so that the sum of the distances of neighbours is least
  /// (Bar-Joseph, Gifford and Jaakkola 2001).
  ///
  /// Of the two directions the one whose first item is the lower is taken; of equal orders the one
  /// with the lowest ends. `distances` is items x items, symmetric.
  public func optimalLeaves(distances: [Double]) -> [Int] {
    precondition(distances.count == count * count, "\(distances.count) distances of \(count) items")
    guard count > 2 else { return Array(0..<count) }
    var best = BestPaths(count)
    for (index, merge) in merges.enumerated() {
      best.join(ends(of: merge.left), ends(of: merge.right), distances, isLast: index == count - 2)
    }
    return best.path
  }

  /// The items of a cluster, each with those that can stand at the other end.
  private func ends(of cluster: Int) -> [(item: Int, others: [Int])] {
    guard cluster >= count else { return [(cluster, [cluster])] }
    let merge = merges[cluster - count]
    let (left, right) = (members(of: merge.left), members(of: merge.right))
    return left.map { ($0, right) } + right.map { ($0, left) }
  }
}

/// The shortest orders of clusters by the items at their ends.
///
/// Two items are the ends of an order of one cluster only, the first that holds both; so one table
/// of items x items serves all clusters.
private struct BestPaths {
  let count: Int
  /// The length of the best order between two ends.
  var lengths: [Double]
  /// Where the two halves of that order meet, on the side of the first end.
  var meeting: [Int]
  /// The ends of the best order of the last cluster, lower item first.
  var ends = (first: 0, last: 0)

  init(_ count: Int) {
    self.count = count
    lengths = [Double](repeating: 0, count: count * count)
    meeting = [Int](repeating: 0, count: count * count)
    for item in 0..<count { meeting[item * count + item] = item }
  }

  /// Finds the orders of the cluster that two clusters become.
  mutating func join(
    _ left: [(item: Int, others: [Int])], _ right: [(item: Int, others: [Int])],
    _ distances: [Double], isLast: Bool
  ) {
    var least = (length: Double.infinity, first: 0, last: 0)
    for (first, inner) in left {
      // To each item of the right cluster from the end `first`.
      let reached = right.map { target in
        nearest(
          inner.map { ($0, lengths[first * count + $0] + distances[$0 * count + target.item]) })
      }
      let place = Dictionary(
        uniqueKeysWithValues: right.enumerated().map { ($0.element.item, $0.offset) })
      for (last, others) in right {
        let meets = nearest(
          others.map { other in
            (other, reached[place[other] ?? 0].length + lengths[other * count + last])
          })
        lengths[first * count + last] = meets.length
        lengths[last * count + first] = meets.length
        meeting[first * count + last] = reached[place[meets.item] ?? 0].item
        meeting[last * count + first] = meets.item
        let ends = (min(first, last), max(first, last))
        if isLast, (meets.length, ends.0, ends.1) < least {
          least = (meets.length, ends.0, ends.1)
        }
      }
    }
    if isLast { ends = (least.first, least.last) }
  }

  /// The candidate with the least length, the first of equal ones.
  private func nearest(_ candidates: [(item: Int, length: Double)]) -> (item: Int, length: Double) {
    var best = (item: 0, length: Double.infinity)
    for candidate in candidates where candidate.length < best.length { best = candidate }
    return best
  }

  /// The items of the best order of the last cluster.
  var path: [Int] { path(ends.first, ends.last) }

  private func path(_ first: Int, _ last: Int) -> [Int] {
    if first == last { return [first] }
    return path(first, meeting[first * count + last]) + path(meeting[last * count + first], last)
  }
}
