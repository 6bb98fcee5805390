internal import Glibc
internal import Tensors

/// How likely points are neighbours of one another, in the space of features.
enum TSNEAffinities {
  /// Shares below this count as none.
  static let least = 2.220446049250313e-16

  /// Joint probabilities of neighbours alone: for each point those of its row.
  struct Sparse: Sendable {
    /// Where each point's entries begin; one more for the end.
    var start: [Int]
    var columns: [Int]
    var values: [Double]
  }

  /// `p_ij = (p_j|i + p_i|j) / 2N` of all pairs, points x points, zero on the diagonal.
  static func joint(_ points: FeaturePoints, perplexity: Double) -> [Double] {
    let count = points.count
    let rows = Parallel.map(count) { point in
      let distances = points.squaredDistances(to: points[point])
      return conditional(distances, own: point, perplexity: perplexity)
    }
    var joint = [Double](repeating: 0, count: count * count)
    var sum = 0.0
    for i in 0..<count {
      for j in 0..<i {
        let value = rows[i][j] + rows[j][i]
        joint[i * count + j] = value
        sum += 2 * value
      }
    }
    for i in 0..<count {
      for j in 0..<i {
        let value = max(joint[i * count + j] / max(sum, least), least)
        joint[i * count + j] = value
        joint[j * count + i] = value
      }
    }
    return joint
  }

  /// Joint probabilities of each point and its `3 perplexity + 1` nearest.
  static func sparse(_ points: FeaturePoints, perplexity: Double) -> Sparse {
    let limit = min(points.count - 1, Int(3 * perplexity + 1))
    let rows = Parallel.map(points.count) { point in
      let found = points.nearest(limit, of: point)
      return (
        found.positions, conditional(found.squaredDistances, own: nil, perplexity: perplexity)
      )
    }
    return symmetric(rows)
  }

  private static func symmetric(_ rows: [([Int], [Double])]) -> Sparse {
    var entries = [[(column: Int, value: Double)]](repeating: [], count: rows.count)
    for (row, (columns, values)) in rows.enumerated() {
      for (column, value) in zip(columns, values) {
        entries[row].append((column, value))
        entries[column].append((row, value))
      }
    }
    var result = Sparse(start: [0], columns: [], values: [])
    var sum = 0.0
    for row in entries.indices {
      for (column, value) in entries[row].sorted(by: { $0.column < $1.column }) {
        sum += value
        if let last = result.columns.last, last == column, result.columns.count > result.start[row]
        {
          result.values[result.values.count - 1] += value
        } else {
          result.columns.append(column)
          result.values.append(value)
        }
      }
      result.start.append(result.columns.count)
    }
    for index in result.values.indices { result.values[index] /= max(sum, least) }
    return result
  }

  /// The shares `p_j|i` of a normal density whose precision gives the perplexity, found by bisection.
  ///
  /// - Parameters:
  ///   - squaredDistances: The squared distances to all candidates.
  ///   - own: The position of the point among them, which has no share.
  static func conditional(
    _ squaredDistances: [Double], own: Int?, perplexity: Double
  ) -> [Double] {
    let wanted = log(perplexity)
    var nearest = Double.infinity
    for (index, distance) in squaredDistances.enumerated() where index != own {
      nearest = min(nearest, distance)
    }
    // What is taken off every distance cancels, and keeps the exponentials from vanishing.
    let distances = squaredDistances.map { $0 - nearest }
    var (low, high, precision) = (0.0, Double.infinity, 1.0)
    var shares = [Double](repeating: 0, count: distances.count)
    for _ in 0..<200 {
      var (sum, moment) = (0.0, 0.0)
      for index in distances.indices where index != own {
        let share = exp(-distances[index] * precision)
        shares[index] = share
        sum += share
        moment += distances[index] * share
      }
      for index in shares.indices { shares[index] /= sum }
      let excess = log(sum) + precision * moment / sum - wanted
      if abs(excess) <= 1e-10 { break }
      if excess > 0 { low = precision } else { high = precision }
      precision = high.isFinite ? (low + high) / 2 : 2 * precision
      if !precision.isFinite { break }
    }
    return shares
  }
}
