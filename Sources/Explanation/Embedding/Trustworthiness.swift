internal import Tensors

extension FeaturePoints {
  /// How far neighbours in a map are neighbours of the points, 0 to 1 (Venna and Kaski 2001).
  ///
  /// `1 - 2 / (N k (2N - 3k - 1)) sum_i sum_j max(0, r(i, j) - k)` over the `k` nearest j of i in
  /// the map, with r the rank of j among the neighbours of i here. Nil unless k is below N / 2.
  ///
  /// - Parameters:
  ///   - places: The map, points x 2.
  ///   - neighbors: k.
  public func trustworthiness(of places: [Double], neighbors: Int = 5) -> Double? {
    let map = FeaturePoints(places, dimensions: 2)
    precondition(map.count == count, "\(map.count) places of \(count) points")
    guard neighbors > 0, 2 * neighbors < count else { return nil }
    let penalties = Parallel.map(count) { point in
      let distances = squaredDistances(to: self[point])
      return map.nearest(neighbors, of: point).positions.reduce(0) { sum, other in
        let own = distances[other]
        // Ranks begin with 1 and the lower position wins ties.
        var rank = 1
        for index in distances.indices
        where index != point && (distances[index], index) < (own, other) { rank += 1 }
        return sum + max(0, rank - neighbors)
      }
    }
    let (n, k) = (Double(count), Double(neighbors))
    return 1 - 2 / (n * k * (2 * n - 3 * k - 1)) * Double(penalties.reduce(0, +))
  }
}
