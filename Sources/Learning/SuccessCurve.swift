import Foundation

/// How often values in 0...1 occur, in bins of equal width; the counts of chunks add up exactly.
public struct ProbabilityHistogram: Sendable, Hashable {
  /// The number of bins; a ten-thousandth of the range each.
  public static let binCount = 10_000
  /// The number of values of each bin, from 0 up; a bin holds its lower end, the last one both.
  public private(set) var counts = [Int](repeating: 0, count: binCount)

  /// Nothing counted.
  public init() {}

  /// The bin of a value; values outside 0...1 belong to the nearest, NaN to none.
  public static func bin(of value: Float) -> Int? {
    guard !value.isNaN else { return nil }
    return Int(min(max(Double(value) * Double(binCount), 0), Double(binCount - 1)))
  }

  /// Counts values; NaN is not counted.
  public mutating func add(_ values: some Sequence<Float>) {
    for value in values {
      if let bin = Self.bin(of: value) { counts[bin] += 1 }
    }
  }

  /// Adds the counts of another.
  public mutating func merge(_ other: ProbabilityHistogram) {
    for bin in counts.indices { counts[bin] += other.counts[bin] }
  }

  /// The number of values.
  public var total: Int { counts.reduce(0, +) }
}

/// How much of the known deposits the best part of a map holds.
///
/// For every threshold: the share of known deposits, and the share of the map's area, with a
/// probability of at least the threshold. Deposits share against area share is the success-rate
/// curve (Chung & Fabbri 1999), or the prediction-rate curve if the map has not seen the deposits;
/// both shares against the threshold are the prediction-area plot (Yousefi & Carranza 2015).
public struct SuccessCurve: Sendable, Hashable {
  /// The thresholds, descending; the lower ends of bins that hold anything.
  ///
  /// Empty for ranks on several maps, whose probabilities are not on one scale.
  public let thresholds: [Double]
  /// The share of the area at or above each threshold, ascending to 1.
  public let areaShares: [Double]
  /// The share of the deposits there, ascending to 1.
  public let depositShares: [Double]

  /// Compares deposits with a map; nil where either is empty; NaN does not count.
  public init?(area: ProbabilityHistogram, deposits: [Float]) {
    var known = ProbabilityHistogram()
    known.add(deposits)
    let (cells, places) = (area.total, known.total)
    guard cells > 0, places > 0 else { return nil }
    var (thresholds, areaShares, depositShares): ([Double], [Double], [Double]) = ([], [], [])
    var (cellSum, placeSum) = (0, 0)
    for bin in (0..<ProbabilityHistogram.binCount).reversed()
    where area.counts[bin] > 0 || known.counts[bin] > 0 {
      cellSum += area.counts[bin]
      placeSum += known.counts[bin]
      thresholds.append(Double(bin) / Double(ProbabilityHistogram.binCount))
      areaShares.append(Double(cellSum) / Double(cells))
      depositShares.append(Double(placeSum) / Double(places))
    }
    self.thresholds = thresholds
    self.areaShares = areaShares
    self.depositShares = depositShares
  }

  /// Pools the ranks of deposits, each on a map of its own; nil without any.
  ///
  /// Cells as probable as a deposit hold it evenly, as between two thresholds of one map.
  public init?(ranks: [PlaceRank]) {
    guard !ranks.isEmpty else { return nil }
    let intervals = ranks.map { SIMD2($0.areaAbove, $0.areaAtOrAbove) }
    // In one order, so that sums have the same bits in every run.
    let groups = Dictionary(grouping: intervals) { $0 }
      .map { (from: $0.key.x, to: $0.key.y, count: Double($0.value.count)) }
      .sorted { ($0.from, $0.to) < ($1.from, $1.to) }
    areaShares = Set(intervals.flatMap { [$0.x, $0.y] } + [1]).subtracting([0]).sorted()
    depositShares = areaShares.map { area in
      let held = groups.reduce(0.0) { sum, group in
        sum + group.count * min(max((area - group.from) / (group.to - group.from), 0), 1)
      }
      return held / Double(ranks.count)
    }
    thresholds = []
  }

  /// The area under the success-rate curve, with straight lines between thresholds: 0.5 for a map
  /// that knows nothing, 1 for deposits that fill no area.
  public var areaUnderCurve: Double {
    var sum = 0.0
    var (x, y) = (0.0, 0.0)
    for (area, deposits) in zip(areaShares, depositShares) {
      sum += (area - x) * (deposits + y) / 2
      (x, y) = (area, deposits)
    }
    return sum
  }

  /// The share of the deposits in the best part of the map, a share of its area, with straight lines
  /// between thresholds.
  public func depositShare(atArea share: Double) -> Double {
    var (x, y) = (0.0, 0.0)
    for (area, deposits) in zip(areaShares, depositShares) {
      if area >= share {
        return area > x ? y + (deposits - y) * (share - x) / (area - x) : deposits
      }
      (x, y) = (area, deposits)
    }
    return 1
  }

  /// Where the two curves of a prediction-area plot cross.
  public struct Crossing: Sendable, Hashable {
    /// The threshold; nil for ranks on several maps.
    public let threshold: Double?
    /// The share of the deposits at or above it, the prediction rate.
    public let depositShare: Double
    /// The share of the area at or above it: one minus the prediction rate.
    public var areaShare: Double { 1 - depositShare }
    /// Deposits by area: prediction rate over area share; above 1 the map beats chance.
    public var normalizedDensity: Double { depositShare / areaShare }
    /// The natural logarithm of the normalized density, the weight of the map as evidence.
    public var weight: Double { log(normalizedDensity) }
  }

  /// Where prediction rate and area, drawn from the top, cross: deposit share + area share = 1.
  ///
  /// Between the two thresholds beside it all three are interpolated linearly.
  public var crossing: Crossing {
    // Before the highest threshold nothing is selected.
    var (t, a, d) = (1.0, 0.0, 0.0)
    for index in areaShares.indices {
      let (nextA, nextD) = (areaShares[index], depositShares[index])
      let nextT = thresholds.isEmpty ? 0 : thresholds[index]
      if nextA + nextD >= 1 {
        let share = (1 - a - d) / (nextA + nextD - a - d)
        return Crossing(
          threshold: thresholds.isEmpty ? nil : t + (nextT - t) * share,
          depositShare: d + (nextD - d) * share)
      }
      (t, a, d) = (nextT, nextA, nextD)
    }
    return Crossing(threshold: thresholds.isEmpty ? nil : 0, depositShare: 1)
  }
}
