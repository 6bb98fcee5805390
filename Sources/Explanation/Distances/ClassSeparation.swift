internal import Tensors

/// How far a space keeps classes apart.
public struct ClassSeparation: Sendable, Hashable, Codable {
  /// The mean distance of pairs of samples of each two classes, classes x classes, on the diagonal
  /// within a class; nil where there are no pairs.
  public let distances: [[Double?]]
  /// The mean distance of pairs of one class over that of pairs of different ones; nil where there are
  /// none of either.
  public let ratio: Double?

  /// Measures Euclidean distances of all pairs of points.
  public init(_ points: FeaturePoints, classes: [Int], classCount: Int) {
    precondition(
      classes.count == points.count, "\(classes.count) classes of \(points.count) points")
    let rows = Parallel.map(points.count) { point in
      var sums = [Double](repeating: 0, count: classCount)
      for (other, square) in points.squaredDistances(to: points[point]).enumerated()
      where other != point { sums[classes[other]] += square.squareRoot() }
      return sums
    }
    var sums = [[Double]](
      repeating: [Double](repeating: 0, count: classCount), count: classCount)
    for (point, row) in rows.enumerated() {
      for other in 0..<classCount { sums[classes[point]][other] += row[other] }
    }
    let counts = (0..<classCount).map { number in classes.count { $0 == number } }
    func pairs(_ first: Int, _ second: Int) -> Int {
      counts[first] * (counts[second] - (first == second ? 1 : 0))
    }
    distances = (0..<classCount).map { first in
      (0..<classCount).map { second in
        let count = pairs(first, second)
        return count > 0 ? sums[first][second] / Double(count) : nil
      }
    }
    var (own, others) = ((sum: 0.0, pairs: 0), (sum: 0.0, pairs: 0))
    for first in 0..<classCount {
      for second in 0..<classCount {
        if first == second {
          own = (own.sum + sums[first][second], own.pairs + pairs(first, second))
        } else {
          others = (others.sum + sums[first][second], others.pairs + pairs(first, second))
        }
      }
    }
    ratio =
      own.pairs > 0 && others.sum > 0
      ? own.sum / Double(own.pairs) / (others.sum / Double(others.pairs)) : nil
  }
}

extension FeaturePoints {
  /// The class that most of the `neighbors` nearest other points have, for each point; the lowest class
  /// wins ties.
  public func neighborClasses(_ classes: [Int], neighbors: Int) -> [Int] {
    Parallel.map(count) { Self.vote(nearest(neighbors, of: $0).positions.map { classes[$0] }) }
  }

  /// The class that most of the `neighbors` points of known class nearest to each of some others have.
  public func neighborClasses(
    _ classes: [Int], neighbors: Int, of others: FeaturePoints
  ) -> [Int] {
    Parallel.map(others.count) {
      Self.vote(nearest(neighbors, to: others[$0]).positions.map { classes[$0] })
    }
  }

  private static func vote(_ classes: [Int]) -> Int {
    var counts = [Int](repeating: 0, count: (classes.max() ?? 0) + 1)
    for number in classes { counts[number] += 1 }
    return counts.firstIndex(of: counts.max() ?? 0) ?? 0
  }
}
