/// Where the levels of one band begin, nested: every level of a coarser division is made of the
/// same number of levels of a finer one.
public struct LevelBreaks: Sendable, Hashable, Codable {
  /// The numbers of levels, ascending; each is a multiple of the one before.
  public let counts: [Int]
  /// Between the levels of the finest division, ascending: values above one are of a later level.
  public let breaks: [Double]

  /// Takes breaks, one less than the finest division has levels.
  public init(counts: [Int], breaks: [Double]) {
    precondition(Self.areNested(counts), "\(counts) are not nested")
    precondition(breaks.count == (counts.last ?? 1) - 1, "\(breaks.count) breaks for \(counts)")
    self.counts = counts
    self.breaks = breaks
  }

  /// Whether each number of levels is a multiple of the one before, the first at least 2.
  public static func areNested(_ counts: [Int]) -> Bool {
    (counts.first ?? 0) >= 2
      && zip(counts, counts.dropFirst()).allSatisfy { $1 > $0 && $1 % $0 == 0 }
  }

  /// Divides ascending values where they leave the widest gaps: natural breaks, level by level.
  ///
  /// The first division has the least sum of squares within its levels (Fisher 1958), and each of
  /// its levels is divided again in the same way. A level with fewer different values than parts
  /// leaves the last parts without any.
  public init(naturalOf values: [Double], counts: [Int]) {
    precondition(Self.areNested(counts), "\(counts) are not nested")
    precondition(!values.isEmpty, "no values to divide")
    let distinct = DistinctValues(ascending: values)
    var parts = [0..<distinct.count]
    var known = 1
    for count in counts {
      parts = parts.flatMap { distinct.division(of: $0, into: count / known) }
      known = count
    }
    // A part without values ends where the one before ends.
    var breaks: [Double] = []
    for part in parts.dropLast() {
      breaks.append(
        part.isEmpty ? breaks.last ?? distinct.values[0] : distinct.values[part.upperBound - 1])
    }
    self.init(counts: counts, breaks: breaks)
  }

  /// The level, from 1, of a value in the division into `count` levels.
  public func level(of value: Double, count: Int) -> Int {
    let finest = counts.last ?? 1
    precondition(counts.contains(count), "no division into \(count)")
    var low = 0
    var high = breaks.count
    while low < high {
      let middle = (low + high) / 2
      if breaks[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low / (finest / count) + 1
  }
}

/// Ascending values, equal ones counted, with running sums for the spread of any run of them.
private struct DistinctValues {
  private(set) var values: [Double] = []
  private var weights: [Double] = [0]
  private var sums: [Double] = [0]
  private var squares: [Double] = [0]

  init(ascending: [Double]) {
    // Sums of values about the middle one lose the least.
    let center = ascending[ascending.count / 2]
    var counts: [Double] = []
    for value in ascending {
      if value == values.last {
        counts[counts.count - 1] += 1
      } else {
        values.append(value)
        counts.append(1)
      }
    }
    for (value, count) in zip(values, counts) {
      let offset = value - center
      weights.append((weights.last ?? 0) + count)
      sums.append((sums.last ?? 0) + count * offset)
      squares.append((squares.last ?? 0) + count * offset * offset)
    }
  }

  var count: Int { values.count }

  /// The sum of squares about the mean of a run.
  private func spread(_ first: Int, _ end: Int) -> Double {
    let weight = weights[end] - weights[first]
    let sum = sums[end] - sums[first]
    return max(0, squares[end] - squares[first] - sum * sum / weight)
  }

  /// The division of a run with the least sum of spreads, on ties with the earliest begins.
  ///
  /// By dynamic programming (Fisher 1958). Parts beyond the number of values are empty and last.
  func division(of run: Range<Int>, into count: Int) -> [Range<Int>] {
    let parts = min(count, run.count)
    let empty = [Range<Int>](repeating: run.upperBound..<run.upperBound, count: count - parts)
    guard parts > 0 else { return empty }
    let size = run.count
    let first = run.lowerBound
    // The least sum for the first values, by how many there are, in one part more each time.
    var least = (0...size).map { $0 == 0 ? 0 : spread(first, first + $0) }
    var begins: [[Int]] = []
    for part in 1..<max(parts, 1) {
      var next = [Double](repeating: .infinity, count: size + 1)
      var begin = [Int](repeating: 0, count: size + 1)
      for end in part + 1...size {
        for start in part..<end {
          let sum = least[start] + spread(first + start, first + end)
          if sum < next[end] { (next[end], begin[end]) = (sum, start) }
        }
      }
      least = next
      begins.append(begin)
    }
    var ranges: [Range<Int>] = []
    var end = size
    for begin in begins.reversed() {
      ranges.insert(first + begin[end]..<first + end, at: 0)
      end = begin[end]
    }
    return [first..<first + end] + ranges + empty
  }
}
