import Glibc

/// One axis of a chart: its title, its range and where it is marked.
public struct Axis: Sendable, Hashable {
  /// The title, with the unit; empty for none.
  public var title: String
  /// The numbers at the two ends.
  public var range: ClosedRange<Double>
  /// The marked numbers, ascending.
  public var ticks: [Double]

  /// An axis from exactly the lower to the upper bound.
  public init(_ title: String, exactly range: ClosedRange<Double>, count: Int = 5) {
    let range = Self.usable(range)
    self.title = title
    self.range = range
    let step = Self.niceStep(range, count)
    ticks = Self.multiples(of: step, in: range)
  }

  /// An axis that covers all finite numbers and ends at round ones: multiples of one of `parts`
  /// equal parts between two ticks.
  public init(_ title: String, covering values: [Double], count: Int = 5, parts: Int = 1) {
    let finite = values.filter(\.isFinite)
    let data = Self.usable((finite.min() ?? 0)...(finite.max() ?? 1))
    let step = Self.niceStep(data, count) / Double(parts)
    let lower = (data.lowerBound / step + 1e-9).rounded(.down) * step
    let upper = (data.upperBound / step - 1e-9).rounded(.up) * step
    self.init(title, exactly: lower...max(upper, lower + step), count: count)
  }

  /// Where a number lies between the ends, 0...1; outside numbers take the nearer end.
  func position(_ value: Double) -> Double {
    let share = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
    return share.isNaN ? 0 : min(max(share, 0), 1)
  }

  /// The text at a tick: as many decimals as the distance of ticks needs.
  func label(_ tick: Double) -> String {
    guard ticks.count > 1 else { return NumberText.short(tick) }
    let step = ticks[1] - ticks[0]
    let magnitude = Int(floor(log10(step) + 1e-9))
    if magnitude < -6 || magnitude > 6 { return NumberText.short(tick, significant: 3) }
    var decimals = max(0, -magnitude)
    // A step of 2.5 has one decimal more than its order of magnitude.
    let scaled = step * pow(10, Double(decimals))
    if abs(scaled - scaled.rounded()) > 1e-6 { decimals += 1 }
    return NumberText.fixed(tick, decimals: decimals)
  }

  /// The round step (1, 2, 2.5 or 5 times a power of ten) that makes about `count` intervals.
  static func niceStep(_ range: ClosedRange<Double>, _ count: Int) -> Double {
    let rough = (range.upperBound - range.lowerBound) / Double(max(count, 1))
    let unit = pow(10, floor(log10(rough)))
    let candidates = [1, 2, 2.5, 5, 10].map { $0 * unit }
    return candidates.first { $0 >= rough * 0.999 } ?? 10 * unit
  }

  private static func multiples(of step: Double, in range: ClosedRange<Double>) -> [Double] {
    let first = (range.lowerBound / step - 1e-9).rounded(.up)
    let last = (range.upperBound / step + 1e-9).rounded(.down)
    guard last >= first, last - first < 100 else { return [range.lowerBound, range.upperBound] }
    return (0...Int(last - first)).map { (first + Double($0)) * step }
  }

  /// A range of some length: charts of one number, or of none, have axes too.
  private static func usable(_ range: ClosedRange<Double>) -> ClosedRange<Double> {
    let lower = min(max(range.lowerBound, -1e300), 1e300)
    let upper = min(max(range.upperBound, -1e300), 1e300)
    let length = upper - lower
    if length > 1e-290, length > max(abs(lower), abs(upper)) * 1e-9 { return lower...upper }
    let margin = lower == 0 ? 0.5 : abs(lower) * 0.1
    return (lower - margin)...(lower + margin)
  }
}
