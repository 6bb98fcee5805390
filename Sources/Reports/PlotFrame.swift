/// The frame of a chart with two axes: margins, grid lines, ticks, titles and legend.
struct PlotFrame {
  let x: Axis
  let y: Axis
  let left: Double
  let top: Double
  let width: Double
  let height: Double

  /// The position of two numbers in the drawing.
  func point(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
    (left + self.x.position(x) * width, top + (1 - self.y.position(y)) * height)
  }

  var right: Double { left + width }
  var bottom: Double { top + height }

  /// Draws title and legend, then the axes; `drawing` must be fresh.
  init(
    _ drawing: inout Drawing, title: String, x: Axis, y: Axis, legend: [LegendEntry],
    isSquare: Bool = false
  ) {
    self.x = x
    self.y = y
    drawing.text(
      Drawing.fitted(title, width: drawing.width - 32, size: 15), at: (16, 26), size: 15,
      isBold: true)
    let legendBottom = legend.draw(&drawing, top: 38)
    let labels = y.ticks.map { Drawing.width(of: y.label($0), size: 12) }
    left = 34 + (labels.max() ?? 0) + (y.title.isEmpty ? 0 : 12)
    top = legendBottom + 10
    let available = drawing.width - left - 20
    height = drawing.height - top - 52
    width = isSquare ? min(available, height) : available
    drawAxes(&drawing)
  }

  private func drawAxes(_ drawing: inout Drawing) {
    for tick in y.ticks {
      let height = point(x.range.lowerBound, tick).y
      drawing.line((left, height), (right, height), Drawing.gridLine)
      drawing.text(
        y.label(tick), at: (left - 7, height + 4), .end, size: 12, color: Drawing.faint)
    }
    for tick in x.ticks {
      let place = point(tick, y.range.lowerBound).x
      drawing.line((place, bottom), (place, bottom + 5), Drawing.faint)
      drawing.text(
        x.label(tick), at: (place, bottom + 19), .middle, size: 12, color: Drawing.faint)
    }
    drawing.line((left, bottom), (right, bottom), Drawing.faint)
    drawing.text(x.title, at: (left + width / 2, bottom + 40), .middle)
    drawing.text(y.title, at: (18, top + height / 2), .middle, isVertical: true)
  }
}

/// One line of a legend.
struct LegendEntry {
  let name: String
  let color: Color
  var dashes = ""
  var isLine = false
}

extension [LegendEntry] {
  /// Draws the entries from left to right, on as many lines as needed; the y below the last.
  func draw(_ drawing: inout Drawing, top: Double) -> Double {
    guard count > 1 else { return top }
    var x = 16.0
    var y = top + 10
    for entry in self {
      let name = Drawing.fitted(entry.name, width: drawing.width - 80, size: 12)
      let width = 40 + Drawing.width(of: name, size: 12)
      if x > 16, x + width > drawing.width - 16 {
        x = 16
        y += 18
      }
      if entry.isLine {
        drawing.line((x, y - 4), (x + 22, y - 4), entry.color, width: 2.5, dashes: entry.dashes)
      } else {
        drawing.rectangle(x: x + 6, y: y - 10, width: 12, height: 12, entry.color)
      }
      drawing.text(name, at: (x + 28, y), size: 12)
      x += width
    }
    return y + 4
  }
}
