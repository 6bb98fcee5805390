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
    // The last tick may stand at the very end: its text reaches over it.
    let last = x.ticks.last.map { Drawing.width(of: x.label($0), size: 12) / 2 + 6 } ?? 0
    let available = drawing.width - left - max(20, last)
    height = drawing.height - top - 52
    width = isSquare ? min(available, height) : available
    drawAxes(&drawing)
  }

  private func drawAxes(_ drawing: inout Drawing) {
    for tick in y.ticks {
      let height = point(x.range.lowerBound, tick).y
      // Where numbers have both signs, it matters on which side of zero they are.
      let isZero = tick == 0 && y.range.lowerBound < 0
      drawing.line((left, height), (right, height), isZero ? Drawing.faint : Drawing.gridLine)
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
    drawing.text(
      Drawing.fitted(x.title, width: drawing.width - 32), at: (left + width / 2, bottom + 40),
      .middle)
    drawVerticalTitle(&drawing)
  }

  /// Beside the axis, moved up or down where it is longer than the axis.
  private func drawVerticalTitle(_ drawing: inout Drawing) {
    let title = Drawing.fitted(y.title, width: drawing.height - 16)
    let half = Drawing.width(of: title) / 2
    let middle = min(max(top + height / 2, 8 + half), drawing.height - 8 - half)
    drawing.text(title, at: (18, middle), .middle, isVertical: true)
  }
}

/// One line of a legend.
struct LegendEntry {
  let name: String
  let color: Color
  var mark = Mark.bar(texture: 0)

  /// What stands before the name.
  enum Mark {
    case bar(texture: Int)
    case line(dashes: String)
    case shape(PointShape)
  }

  /// How wide the mark is: a line is long enough for two periods of its dashes.
  var width: Double {
    switch mark {
    case .bar: 20
    case .line: 38
    case .shape: 12
    }
  }

  /// Draws the mark before a text with the baseline `y`.
  func draw(_ drawing: inout Drawing, x: Double, y: Double) {
    switch mark {
    case .bar(let texture):
      drawing.bar(x: x, y: y - 11, width: width, height: 13, color, texture: texture)
    case .line(let dashes):
      drawing.line((x, y - 4), (x + width, y - 4), color, width: 2, dashes: dashes)
    case .shape(let shape):
      drawing.shape(shape, at: (x + width / 2, y - 4), radius: 5, color)
    }
  }
}

extension [LegendEntry] {
  /// Draws the entries from left to right, on as many lines as needed; the y below the last.
  func draw(_ drawing: inout Drawing, top: Double) -> Double {
    guard count > 1 else { return top }
    var x = 16.0
    var y = top + 10
    for entry in self {
      let name = Drawing.fitted(entry.name, width: drawing.width - 80, size: 12)
      let width = entry.width + 18 + Drawing.width(of: name, size: 12)
      if x > 16, x + width > drawing.width - 16 {
        x = 16
        y += 18
      }
      drawing.key { entry.draw(&$0, x: x, y: y) }
      drawing.text(name, at: (x + entry.width + 6, y), size: 12)
      x += width
    }
    return y + 4
  }
}
