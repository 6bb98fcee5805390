extension SVGChart {
  /// The values of one series of bars, one for each label.
  public struct Bars: Sendable, Hashable {
    /// The name in the legend.
    public var name: String
    /// The lengths of the bars; NaN for none.
    public var values: [Double]
    /// Where the whiskers begin and end, nil for none; empty where no bar has one.
    public var whiskers: [ClosedRange<Double>?]

    /// Makes a series of bars, whose whiskers reach as far as `spread` to both sides.
    public init(_ name: String, _ values: [Double], spread: [Double] = []) {
      precondition(spread.isEmpty || spread.count == values.count, "\(spread.count) spreads")
      self.name = name
      self.values = values
      whiskers = zip(values, spread).map { value, spread in
        value.isFinite && spread.isFinite ? value - abs(spread)...value + abs(spread) : nil
      }
    }

    /// The whisker of a bar; nil for none.
    func whisker(_ index: Int) -> ClosedRange<Double>? {
      whiskers.isEmpty ? nil : whiskers[index]
    }
  }

  /// Horizontal bars from zero, so that long names can be read; several series stand in groups.
  public static func bars(
    title: String, description: String, axisTitle: String, labels: [String], series: [Bars]
  ) -> SVGChart {
    for bars in series {
      precondition(
        bars.values.count == labels.count, "\(bars.values.count) bars for \(labels.count) labels")
    }
    let layout = BarLayout(axisTitle, labels, series)
    var drawing = Drawing(width: width, height: layout.height)
    drawing.text(
      Drawing.fitted(title, width: width - 32, size: 15), at: (16, 26), size: 15, isBold: true)
    let entries = series.enumerated().map {
      LegendEntry(name: $1.name, color: Palette.mark($0), mark: .bar(texture: $0))
    }
    _ = entries.draw(&drawing, top: 38)
    layout.drawAxis(&drawing)
    for index in labels.indices { layout.drawGroup(index, &drawing) }
    return SVGChart(title: title, description: description, drawing)
  }
}

/// Where the bars of a chart stand.
struct BarLayout {
  private static let barHeight = 15.0
  private static let gap = 9.0

  let axis: Axis
  let labels: [String]
  let series: [SVGChart.Bars]
  let left: Double
  let top: Double
  let right = SVGChart.width - 52
  let groupHeight: Double

  init(_ axisTitle: String, _ labels: [String], _ series: [SVGChart.Bars]) {
    self.labels = labels
    self.series = series
    var ends = [0.0]
    for bars in series {
      for (index, value) in bars.values.enumerated() {
        ends.append(value)
        if let whisker = bars.whisker(index) { ends += [whisker.lowerBound, whisker.upperBound] }
      }
    }
    axis = Axis(axisTitle, covering: ends)
    let longest = labels.map { Drawing.width(of: $0) }.max() ?? 0
    left = 28 + min(longest, SVGChart.width * 0.36)
    var scratch = Drawing(width: SVGChart.width, height: 0)
    let entries = series.map { LegendEntry(name: $0.name, color: Drawing.ink) }
    top = entries.draw(&scratch, top: 38) + 12
    groupHeight = Self.groupHeight(series.count)
  }

  /// What the bars of a label take of the height, one for each of some series.
  static func groupHeight(_ series: Int) -> Double { barHeight * Double(max(series, 1)) + gap }

  var bottom: Double { top + groupHeight * Double(labels.count) }
  var height: Double { bottom + 52 }

  func place(_ value: Double) -> Double { left + axis.position(value) * (right - left) }

  func drawAxis(_ drawing: inout Drawing) {
    for tick in axis.ticks {
      let x = place(tick)
      drawing.line((x, top), (x, bottom), Drawing.gridLine)
      drawing.text(axis.label(tick), at: (x, bottom + 17), .middle, size: 12, color: Drawing.faint)
    }
    if axis.range.lowerBound < 0 {
      drawing.line((place(0), top), (place(0), bottom), Drawing.faint)
    }
    drawing.text(axis.title, at: ((left + right) / 2, bottom + 38), .middle)
  }

  func drawGroup(_ index: Int, _ drawing: inout Drawing) {
    let start = top + groupHeight * Double(index) + Self.gap / 2
    let middle = start + (groupHeight - Self.gap) / 2
    drawing.text(
      Drawing.fitted(labels[index], width: left - 24), at: (left - 8, middle + 4.5), .end)
    for (number, bars) in series.enumerated() where bars.values[index].isFinite {
      let value = bars.values[index]
      let y = start + Self.barHeight * Double(number)
      let (from, to) = (place(min(value, 0)), place(max(value, 0)))
      let text = NumberText.short(value, significant: 3)
      drawing.bar(
        x: from, y: y + 1, width: to - from, height: Self.barHeight - 2, Palette.mark(number),
        texture: number, hint: "\(labels[index]), \(bars.name): \(text)")
      var end = to
      if let whisker = bars.whisker(index) {
        let (low, high) = (place(whisker.lowerBound), place(whisker.upperBound))
        end = max(end, high)
        let center = y + Self.barHeight / 2
        drawing.line((low, center), (high, center), Drawing.ink, width: 1.5)
      }
      drawing.text(text, at: (end + 5, y + Self.barHeight - 4), size: 11, color: Drawing.faint)
    }
  }
}
