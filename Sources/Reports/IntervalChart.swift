extension SVGChart {
  /// Measured against predicted values, each with its interval as an upright line; those outside
  /// stand out, and on the diagonal both are the same.
  static func intervals(
    title: String, description: String, x: String, y: String, intervals: [Figure.Interval]
  ) -> SVGChart {
    let shown = intervals.filter { $0.x.isFinite && $0.y.isFinite }
    let measured = shown.map(\.y)
    // Some limits may be far beyond all that was measured: the axis ends before, and lines with it.
    let highest = (measured + shown.map(\.x)).max() ?? 1
    let lowest = (measured + shown.map(\.x)).min() ?? 0
    let reach = 1.5 * max(highest - lowest, 1e-12)
    let ends = shown.flatMap { [$0.lower, $0.upper] }.filter(\.isFinite)
      .map { min(max($0, lowest - reach), highest + reach) }
    var drawing = Drawing(width: width, height: 460)
    let frame = PlotFrame(
      &drawing, title: title, x: Axis(x, covering: shown.map(\.x)),
      y: Axis(y, covering: measured + ends),
      legend: [
        LegendEntry(name: "inside its interval", color: Palette.mark(0)),
        LegendEntry(name: "outside", color: Palette.mark(1)),
        LegendEntry(name: "as predicted", color: Drawing.faint, mark: .line(dashes: "3 3")),
      ])
    for interval in shown where interval.lower.isFinite && interval.upper.isFinite {
      let pale = Palette.mark(interval.isInside ? 0 : 1).mixed(with: Color(0xFFFFFF), share: 0.6)
      drawing.line(
        frame.point(interval.x, interval.lower), frame.point(interval.x, interval.upper), pale)
    }
    let low = max(frame.x.range.lowerBound, frame.y.range.lowerBound)
    let high = min(frame.x.range.upperBound, frame.y.range.upperBound)
    if low < high {
      drawing.line(frame.point(low, low), frame.point(high, high), Drawing.faint, dashes: "3 3")
    }
    for isInside in [true, false] {
      for interval in shown where interval.isInside == isInside {
        drawing.dot(
          frame.point(interval.x, interval.y), radius: isInside ? 2.5 : 3.5,
          Palette.mark(isInside ? 0 : 1))
      }
    }
    return SVGChart(title: title, description: description, drawing)
  }
}

extension Figure {
  /// A predicted and a measured value with the limits of the prediction.
  public struct Interval: Sendable, Hashable, Codable {
    /// The predicted value.
    public var x: Double
    /// The measured value.
    public var y: Double
    /// The lower limit.
    public var lower: Double
    /// The upper limit.
    public var upper: Double

    /// Gathers an interval.
    public init(x: Double, y: Double, lower: Double, upper: Double) {
      self.x = x
      self.y = y
      self.lower = lower
      self.upper = upper
    }

    /// Whether the measured value is neither below nor above the limits.
    public var isInside: Bool { lower <= y && y <= upper }
  }
}
