/// The connected regions of a mask, numbered from 0 in the row order of their first cells.
///
/// Runs of neighbouring rows that touch are joined (union-find over runs, after Wu, Otoo & Suzuki
/// 2009), so nothing depends on how the map was divided.
public struct MaskRegions: Sendable {
  /// Which cells are neighbours.
  public enum Connectivity: Int, Sendable {
    /// Those with a common edge.
    case four = 4
    /// Those with a common edge or corner.
    case eight = 8
  }

  /// Cells of one row that belong to a region.
  public struct Run: Sendable, Hashable {
    /// The row.
    public var row: Int
    /// The columns.
    public var columns: Range<Int>
    /// The region.
    public var region: Int

    /// Makes a run.
    public init(row: Int, columns: Range<Int>, region: Int) {
      self.row = row
      self.columns = columns
      self.region = region
    }
  }

  /// All runs by row, then column.
  public private(set) var runs: [Run] = []
  /// The number of cells of every region.
  public private(set) var cellCounts: [Int] = []
  /// The position of the first run of every row, and the number of runs.
  private var starts: [Int] = [0]

  /// Finds the regions of a mask.
  public init(_ mask: MaskRuns, _ connectivity: Connectivity) {
    var groups = Groups()
    for (row, ranges) in mask.rows.enumerated() {
      let above = row == 0 ? 0..<0 : starts[row - 1]..<starts[row]
      for columns in ranges {
        runs.append(Run(row: row, columns: columns, region: groups.add()))
      }
      starts.append(runs.count)
      join(above, starts[row]..<runs.count, reach: connectivity == .eight ? 1 : 0, &groups)
    }
    var numbers = [Int](repeating: -1, count: runs.count)
    for index in runs.indices {
      let root = groups.root(index)
      if numbers[root] < 0 {
        numbers[root] = cellCounts.count
        cellCounts.append(0)
      }
      runs[index].region = numbers[root]
      cellCounts[numbers[root]] += runs[index].columns.count
    }
  }

  /// The number of regions.
  public var count: Int { cellCounts.count }

  /// The runs of some rows, by row, then column.
  public func runs(rows: Range<Int>) -> ArraySlice<Run> {
    runs[starts[rows.lowerBound]..<starts[rows.upperBound]]
  }

  /// The region of a cell, or nil where the mask is not set.
  public func region(column: Int, row: Int) -> Int? {
    guard row >= 0, row + 1 < starts.count else { return nil }
    var (low, high) = (starts[row], starts[row + 1])
    while low < high {
      let middle = (low + high) / 2
      let run = runs[middle]
      if run.columns.contains(column) { return run.region }
      if column < run.columns.lowerBound { high = middle } else { low = middle + 1 }
    }
    return nil
  }

  private func join(
    _ above: Range<Int>, _ below: Range<Int>, reach: Int, _ groups: inout Groups
  ) {
    var (upper, lower) = (above.lowerBound, below.lowerBound)
    while upper < above.upperBound, lower < below.upperBound {
      let (a, b) = (runs[upper].columns, runs[lower].columns)
      if a.lowerBound < b.upperBound + reach, b.lowerBound < a.upperBound + reach {
        groups.join(upper, lower)
      }
      // Runs of a row do not touch, so the one that ends first cannot reach what follows the other.
      if a.upperBound < b.upperBound { upper += 1 } else { lower += 1 }
    }
  }

  /// Disjoint sets of runs; the root of each is its first run.
  private struct Groups {
    private var parents: [Int] = []

    mutating func add() -> Int {
      parents.append(parents.count)
      return parents.count - 1
    }

    mutating func root(_ member: Int) -> Int {
      var member = member
      while parents[member] != member {
        parents[member] = parents[parents[member]]
        member = parents[member]
      }
      return member
    }

    mutating func join(_ a: Int, _ b: Int) {
      let (first, second) = (root(a), root(b))
      parents[max(first, second)] = min(first, second)
    }
  }
}
