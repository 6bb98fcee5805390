internal import Rasters

extension SampleSet {
  /// For each sample the first one of its cluster: samples within `distance` map units of another of
  /// the cluster, of one cell, or with the same name (one per sample; none where empty).
  public func clusters(within distance: Double, names: [String] = []) -> [Int] {
    precondition(names.isEmpty || names.count == count, "\(names.count) names for \(count) samples")
    var roots = Array(samples.indices)
    func root(_ position: Int) -> Int {
      var position = position
      while roots[position] != position { position = roots[position] }
      return position
    }
    func join(_ a: Int, _ b: Int) {
      let (first, second) = (root(a), root(b))
      roots[max(first, second)] = min(first, second)
    }
    for second in samples.indices {
      for first in 0..<second where isTogether(first, second, distance, names) {
        join(first, second)
      }
    }
    return samples.indices.map(root)
  }

  private func isTogether(_ a: Int, _ b: Int, _ distance: Double, _ names: [String]) -> Bool {
    if samples[a].cell == samples[b].cell { return true }
    if !names.isEmpty, !names[a].isEmpty, names[a] == names[b] { return true }
    let (dx, dy) = (samples[a].x - samples[b].x, samples[a].y - samples[b].y)
    return dx * dx + dy * dy <= distance * distance
  }

  /// How many of some samples have a square window of `size` cells that overlaps one of others'.
  public func overlapping(_ tested: [Int], _ others: [Int], window size: Int) -> Int {
    tested.count { position in
      let cell = samples[position].cell
      return others.contains {
        abs(samples[$0].cell.column - cell.column) < size
          && abs(samples[$0].cell.row - cell.row) < size
      }
    }
  }
}
