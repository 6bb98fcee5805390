extension SVGChart {
  /// Rows of points along one axis, heaped where they are many: attributions by feature.
  ///
  /// The colour of a point is a share from 0, low, to 1, high; grey where it is not finite.
  static func swarm(
    title: String, description: String, axisTitle: String, colorTitle: String, rows: [Figure.Row]
  ) -> SVGChart {
    let layout = SwarmLayout(axisTitle, rows)
    var drawing = Drawing(width: width, height: layout.height)
    drawing.text(
      Drawing.fitted(title, width: width - 32, size: 15), at: (16, 26), size: 15, isBold: true)
    drawShares(colorTitle, &drawing, top: 36)
    layout.drawAxis(&drawing)
    for index in rows.indices { layout.draw(index, &drawing) }
    return SVGChart(title: title, description: description, drawing)
  }

  /// Points over two axes, coloured by a share.
  static func points(
    title: String, description: String, x: Axis, y: Axis, colorTitle: String,
    points: [Figure.Point]
  ) -> SVGChart {
    var drawing = Drawing(width: width, height: height)
    let frame = PlotFrame(&drawing, title: title, x: x, y: y, legend: [])
    drawShares(colorTitle, &drawing, top: 30)
    for point in points where point.x.isFinite && point.y.isFinite {
      drawing.dot(frame.point(point.x, point.y), radius: 2.5, color(ofShare: point.share))
    }
    return SVGChart(title: title, description: description, drawing)
  }

  /// What the colours of shares mean: a strip from low to high, at the right.
  private static func drawShares(_ title: String, _ drawing: inout Drawing, top: Double) {
    guard !title.isEmpty else { return }
    let (steps, size) = (20, 6.0)
    let left = drawing.width - 60 - Double(steps) * size
    for step in 0..<steps {
      drawing.rectangle(
        x: left + Double(step) * size, y: top, width: size, height: 8,
        color(ofShare: Double(step) / Double(steps - 1)))
    }
    drawing.text("\(title): low", at: (left - 6, top + 9), .end, size: 12)
    drawing.text("high", at: (left + Double(steps) * size + 6, top + 9), size: 12)
  }

  fileprivate static func color(ofShare share: Double) -> Color {
    share.isFinite ? ColorRamp.viridis.color(at: share) : Drawing.faint
  }
}

/// Where the rows of a swarm stand.
private struct SwarmLayout {
  static let rowHeight = 30.0

  let axis: Axis
  let rows: [Figure.Row]
  let left: Double
  let top = 60.0
  let right = SVGChart.width - 20

  init(_ axisTitle: String, _ rows: [Figure.Row]) {
    self.rows = rows
    axis = Axis(axisTitle, covering: [0] + rows.flatMap(\.values))
    left = 24 + min(220, rows.map { Drawing.width(of: $0.name, size: 12) }.max() ?? 0)
  }

  var bottom: Double { top + Double(rows.count) * Self.rowHeight }
  var height: Double { bottom + 52 }

  private func place(_ value: Double) -> Double { left + axis.position(value) * (right - left) }

  func drawAxis(_ drawing: inout Drawing) {
    for tick in axis.ticks {
      drawing.line((place(tick), top), (place(tick), bottom), Drawing.gridLine)
      drawing.text(
        axis.label(tick), at: (place(tick), bottom + 18), .middle, size: 12, color: Drawing.faint)
    }
    drawing.line((place(0), top), (place(0), bottom), Drawing.faint)
    drawing.text(axis.title, at: ((left + right) / 2, bottom + 40), .middle)
  }

  func draw(_ index: Int, _ drawing: inout Drawing) {
    let row = rows[index]
    let middle = top + (Double(index) + 0.5) * Self.rowHeight
    drawing.text(
      Drawing.fitted(row.name, width: left - 16, size: 12), at: (left - 8, middle + 4), .end,
      size: 12)
    // Points of one column of pixels stand above and below the row's middle in turn.
    var heaps: [Int: Int] = [:]
    for (value, share) in zip(row.values, row.shares) where value.isFinite {
      let x = place(value)
      let column = Int((x / 3).rounded())
      let number = heaps[column, default: 0]
      heaps[column] = number + 1
      let side = Double((number + 1) / 2) * (number.isMultiple(of: 2) ? 1 : -1)
      let y = middle + max(-12, min(12, side * 1.6))
      drawing.dot((x, y), radius: 1.8, SVGChart.color(ofShare: share))
    }
  }
}
