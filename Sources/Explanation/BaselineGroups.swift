import Tensors

/// Baselines in groups that may be worked on at once; the groups depend on the baselines alone.
struct BaselineGroups {
  /// What some baselines add to the features, `T x cells`, and to the base of every cell.
  struct Sums<Value: BinaryFloatingPoint & Sendable>: Sendable {
    var features: [Value]
    var base: [Double]
  }

  private let baselines: [[Float]]
  /// The number of groups.
  let count: Int

  init(_ baselines: [[Float]]) {
    self.baselines = baselines
    count = min(4, baselines.count)
  }

  subscript(group: Int) -> ArraySlice<[Float]> {
    baselines[group * baselines.count / count..<(group + 1) * baselines.count / count]
  }

  /// What all groups add.
  ///
  /// Every group has sums of its own, added in order: the same bits for any number of workers.
  func sums<Value: BinaryFloatingPoint & Sendable>(
    features: Int, cells: Int, of part: @Sendable (ArraySlice<[Float]>) -> Sums<Value>
  ) -> Sums<Value> {
    var all = Sums(
      features: [Value](repeating: 0, count: features * cells),
      base: [Double](repeating: 0, count: cells))
    Parallel.fold(count) {
      part(self[$0])
    } into: { part in
      for index in all.features.indices { all.features[index] += part.features[index] }
      for cell in all.base.indices { all.base[cell] += part.base[cell] }
    }
    return all
  }
}
