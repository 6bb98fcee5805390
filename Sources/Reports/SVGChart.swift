/// A chart as SVG: no scripts, no fonts of its own, the same bytes for the same numbers.
///
/// Colours are those of Okabe & Ito, which people with any kind of colour vision tell apart, dark
/// enough to be seen on white; lines also differ in their dashes, bars in their textures, points of
/// groups in their shapes.
public struct SVGChart: Sendable, Hashable {
  /// What the chart shows, in a few words.
  public let title: String
  /// What can be seen in it, for those who cannot see it.
  public let description: String
  /// The drawing, an `<svg>` element.
  public let svg: String

  init(title: String, description: String, _ drawing: Drawing) {
    self.title = title
    self.description = description
    svg = drawing.svg(title: title, description: description)
  }

  static let width = 640.0
  static let height = 400.0
  static let dashes = ["", "7 4", "2 3", "10 3 2 3", "15 5", "7 3 2 3 2 3", "2 7", "4 7"]

  /// Points that belong together.
  public struct Series: Sendable, Hashable {
    /// The name in the legend.
    public var name: String
    /// The horizontal positions.
    public var x: [Double]
    /// The vertical positions, one for each horizontal; NaN interrupts the line.
    public var y: [Double]
    /// How far the shaded band reaches up and down from the line; empty for none.
    public var spread: [Double]
    /// The place of its colour in the palette; nil for its place among the series.
    public var color: Int?
    /// Whether the line is one of many of a kind: thin, pale and not in the legend.
    public var isFaint = false
    /// Whether it is no line: the ground between its least and its greatest `x` is shaded.
    public var isSpan = false

    /// Makes a series of points.
    public init(_ name: String, x: [Double], y: [Double], spread: [Double] = []) {
      precondition(x.count == y.count, "\(x.count) positions for \(y.count) values")
      precondition(spread.isEmpty || spread.count == y.count, "\(spread.count) spreads")
      self.name = name
      self.x = x
      self.y = y
      self.spread = spread
    }

    /// A series of values at 1, 2, 3, ...
    public init(_ name: String, _ y: [Double]) {
      self.init(name, x: y.indices.map { Double($0 + 1) }, y: y)
    }
  }
}

// Lines.
extension SVGChart {
  /// Lines over a numeric axis: training histories, response curves, spectra, variograms.
  public static func lines(
    title: String, description: String, x: Axis, y: Axis, series: [Series]
  ) -> SVGChart {
    var drawing = Drawing(width: width, height: height)
    let frame = PlotFrame(&drawing, title: title, x: x, y: y, legend: legend(series))
    for span in series where span.isSpan { drawSpan(span, frame, &drawing) }
    for (index, line) in series.enumerated() where !line.isSpan {
      draw(line, index, frame, &drawing)
    }
    return SVGChart(title: title, description: description, drawing)
  }

  /// Shades the ground, with an edge on both sides that neighbouring spans share.
  private static func drawSpan(
    _ span: Series, _ frame: PlotFrame, _ drawing: inout Drawing
  ) {
    guard let lower = span.x.min(), let upper = span.x.max() else { return }
    let (left, right) = (frame.point(lower, 0).x, frame.point(upper, 0).x)
    var ground = PathText()
    ground.move((left, frame.top))
    for corner in [(right, frame.top), (right, frame.bottom), (left, frame.bottom)] {
      ground.line(corner)
    }
    drawing.fill(ground, Drawing.faint, opacity: 0.14, hint: span.name)
    for x in [left, right] { drawing.line((x, frame.top), (x, frame.bottom), Drawing.faint) }
  }

  /// Receiver operating characteristics; `areas` stand in the legend behind the names.
  public static func rocCurves(
    title: String, description: String, curves: [Series], areas: [Double] = []
  ) -> SVGChart {
    var drawing = Drawing(width: 480, height: 500)
    var named = curves
    for (index, area) in areas.prefix(curves.count).enumerated() {
      named[index].name += " (\(NumberText.fixed(area, decimals: 3)))"
    }
    let frame = PlotFrame(
      &drawing, title: title, x: Axis("False positive rate", exactly: 0...1),
      y: Axis("True positive rate", exactly: 0...1), legend: legend(named), isSquare: true)
    drawing.line(frame.point(0, 0), frame.point(1, 1), Drawing.faint, dashes: "3 3")
    if let only = named.first, named.count == 1 {
      drawing.text(
        only.name, at: (frame.right - 8, frame.bottom - 10), .end, size: 12)
    }
    for (index, line) in named.enumerated() { draw(line, index, frame, &drawing) }
    return SVGChart(title: title, description: description, drawing)
  }

  private static func legend(_ series: [Series]) -> [LegendEntry] {
    series.enumerated().filter { !$1.isFaint }.map { index, line in
      let style = line.color ?? index
      return LegendEntry(
        name: line.name, color: Palette.mark(style),
        mark: .line(dashes: dashes[style % dashes.count]))
    }
  }

  private static func draw(
    _ series: Series, _ index: Int, _ frame: PlotFrame, _ drawing: inout Drawing
  ) {
    let style = series.color ?? index
    var color = Palette.mark(style)
    if series.isFaint { color = color.mixed(with: Color(0xFFFFFF), share: 0.6) }
    drawBand(series, color, frame, &drawing)
    var path = PathText()
    var isOpen = false
    for (x, y) in zip(series.x, series.y) {
      guard x.isFinite, y.isFinite else {
        isOpen = false
        continue
      }
      if isOpen { path.line(frame.point(x, y)) } else { path.move(frame.point(x, y)) }
      isOpen = true
      if 3...24 ~= series.x.count, !series.isFaint {
        drawing.dot(frame.point(x, y), radius: 3, color)
      }
    }
    drawing.stroke(
      path, color, width: series.isFaint ? 0.7 : 2, dashes: dashes[style % dashes.count])
  }

  private static func drawBand(
    _ series: Series, _ color: Color, _ frame: PlotFrame, _ drawing: inout Drawing
  ) {
    let valid = series.spread.indices.filter {
      series.x[$0].isFinite && series.y[$0].isFinite && series.spread[$0].isFinite
    }
    var band = PathText()
    for (place, index) in valid.enumerated() {
      let point = frame.point(series.x[index], series.y[index] + series.spread[index])
      if place == 0 { band.move(point) } else { band.line(point) }
    }
    for index in valid.reversed() {
      band.line(frame.point(series.x[index], series.y[index] - series.spread[index]))
    }
    drawing.fill(band, color, opacity: 0.18)
  }
}

// Histograms.
extension SVGChart {
  /// Counts between edges, one more edge than counts; several series are drawn as outlines.
  public static func histogram(
    title: String, description: String, axisTitle: String, edges: [Double],
    series: [(name: String, counts: [Double])]
  ) -> SVGChart {
    let counts = series.flatMap(\.counts)
    for (name, counts) in series {
      precondition(edges.count == counts.count + 1, "\(edges.count) edges for '\(name)'")
    }
    var drawing = Drawing(width: width, height: height)
    let entries = series.enumerated().map {
      LegendEntry(
        name: $1.name, color: Palette.mark($0),
        mark: .line(dashes: dashes[$0 % dashes.count]))
    }
    let lower = edges.first ?? 0
    let frame = PlotFrame(
      &drawing, title: title, x: Axis(axisTitle, exactly: lower...max(edges.last ?? 1, lower)),
      y: Axis("Count", covering: counts + [0]), legend: entries)
    for (index, (_, counts)) in series.enumerated() {
      if series.count == 1 {
        drawBins(edges, counts, frame, &drawing)
      } else {
        var path = PathText()
        path.move(frame.point(lower, 0))
        for (bin, count) in counts.enumerated() {
          path.line(frame.point(edges[bin], count))
          path.line(frame.point(edges[bin + 1], count))
        }
        path.line(frame.point(edges.last ?? 1, 0))
        drawing.stroke(
          path, Palette.mark(index), width: 2, dashes: dashes[index % dashes.count])
      }
    }
    return SVGChart(title: title, description: description, drawing)
  }

  private static func drawBins(
    _ edges: [Double], _ counts: [Double], _ frame: PlotFrame, _ drawing: inout Drawing
  ) {
    for (bin, count) in counts.enumerated() where count.isFinite {
      let (left, top) = frame.point(edges[bin], count)
      let right = frame.point(edges[bin + 1], 0).x
      let hint =
        "\(NumberText.short(edges[bin])) to \(NumberText.short(edges[bin + 1])): "
        + NumberText.short(count, significant: 9)
      drawing.rectangle(
        x: left + 0.5, y: top, width: right - left - 1, height: frame.bottom - top,
        Palette.mark(0), hint: hint)
    }
  }
}
