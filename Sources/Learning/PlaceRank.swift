/// Where a known place stands on a map: how many of the map's cells are at least as probable.
public struct PlaceRank: Sendable, Hashable, Codable {
  /// The cells with a larger probability.
  public let above: Int
  /// The cells with at least the probability of the place, its own among them.
  public let atOrAbove: Int
  /// The cells with a value.
  public let cells: Int

  /// States a rank.
  public init(above: Int, atOrAbove: Int, cells: Int) {
    (self.above, self.atOrAbove, self.cells) = (above, atOrAbove, cells)
  }

  /// The share of the area with a larger probability.
  public var areaAbove: Double { Double(above) / Double(cells) }
  /// The rank: the share of the area with at least the probability of the place.
  public var areaAtOrAbove: Double { Double(atOrAbove) / Double(cells) }
}

/// Exact counts of a map's cells beside the probabilities of places; those of chunks add up.
public struct RankCounts: Sendable, Hashable {
  /// The probabilities that are ranked, ascending and different.
  public let values: [Float]
  /// The cells above all smaller values and at most at each value; the last ones are above all.
  public private(set) var upTo: [Int]
  /// The cells at each value.
  public private(set) var at: [Int]

  /// Nothing counted yet beside `values`; NaN is left out.
  public init(beside values: some Sequence<Float>) {
    self.values = Set(values.filter { !$0.isNaN }).sorted()
    upTo = [Int](repeating: 0, count: self.values.count + 1)
    at = [Int](repeating: 0, count: self.values.count)
  }

  /// Counts cells; those without a value do not count.
  public mutating func add(_ cells: some Sequence<Float>) {
    for cell in cells where !cell.isNaN {
      let index = index(of: cell)
      upTo[index] += 1
      if index < values.count, values[index] == cell { at[index] += 1 }
    }
  }

  /// Adds counts beside the same values; false, and nothing is added, where they do not fit.
  public mutating func merge(upTo otherUpTo: [Int], at otherAt: [Int]) -> Bool {
    guard otherUpTo.count == upTo.count, otherAt.count == at.count else { return false }
    for index in upTo.indices { upTo[index] += otherUpTo[index] }
    for index in at.indices { at[index] += otherAt[index] }
    return true
  }

  /// The rank of one of the values; nil for others.
  public func rank(of value: Float) -> PlaceRank? {
    guard !value.isNaN else { return nil }
    let index = index(of: value)
    guard index < values.count, values[index] == value else { return nil }
    let above = upTo[(index + 1)...].reduce(0, +)
    return PlaceRank(above: above, atOrAbove: above + at[index], cells: upTo.reduce(0, +))
  }

  /// The position of the first value that is not smaller.
  private func index(of value: Float) -> Int {
    var (low, high) = (0, values.count)
    while low < high {
      let middle = (low + high) / 2
      if values[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
