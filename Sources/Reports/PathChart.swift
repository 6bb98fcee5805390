extension SVGChart {
  /// Paths from a base value to an output, one feature added after another from below, with the
  /// standard deviation of the paths beside them: a decision plot.
  static func paths(
    title: String, description: String, axisTitle: String, rows: [String], paths: [Figure.Path],
    spread: [Double]
  ) -> SVGChart {
    let layout = PathLayout(axisTitle, rows, paths, spread)
    var drawing = Drawing(width: width, height: layout.height)
    drawing.text(
      Drawing.fitted(title, width: width - 32, size: 15), at: (16, 26), size: 15, isBold: true)
    _ = layout.legend.draw(&drawing, top: 38)
    layout.drawFrame(&drawing)
    layout.drawPaths(&drawing)
    layout.drawSpread(&drawing)
    return SVGChart(title: title, description: description, drawing)
  }
}

/// Where the paths of a decision plot run.
private struct PathLayout {
  static let rowHeight = 24.0
  /// With more features the least are one step.
  static let mostRows = 20
  static let panel = 96.0

  let axis: Axis
  let spreadAxis: Axis
  let rows: [String]
  let paths: [Figure.Path]
  let spread: [Double]
  let left: Double
  let top: Double
  let right = SVGChart.width - 20 - PathLayout.panel - 24
  let panelLeft = SVGChart.width - 20 - PathLayout.panel
  let legend: [LegendEntry]

  init(_ axisTitle: String, _ rows: [String], _ paths: [Figure.Path], _ spread: [Double]) {
    let hidden = max(0, rows.count - Self.mostRows + 1)
    let lumped = hidden > 1
    self.rows = lumped ? ["\(hidden) other features"] + rows.dropFirst(hidden) : rows
    func shown(_ values: [Double]) -> [Double] {
      lumped ? [values[0]] + values.dropFirst(hidden) : values
    }
    self.paths = paths.map { path in
      var path = path
      path.values = shown(path.values)
      return path
    }
    self.spread = spread.isEmpty ? [] : shown(spread)
    axis = Axis(axisTitle, covering: paths.flatMap(\.values))
    spreadAxis = Axis("standard deviation", covering: [0] + spread, count: 2)
    left = 24 + min(200, self.rows.map { Drawing.width(of: $0, size: 12) }.max() ?? 0)
    var names: [Int: String] = [:]
    for path in paths { names[path.group] = path.name }
    legend = names.sorted { $0.key < $1.key }.map { group, name in
      LegendEntry(
        name: name, color: Palette.mark(group),
        mark: .line(dashes: SVGChart.dashes[group % SVGChart.dashes.count]))
    }
    var scratch = Drawing(width: SVGChart.width, height: 0)
    top = legend.draw(&scratch, top: 38) + 12
  }

  var bottom: Double { top + Double(rows.count) * Self.rowHeight }
  var height: Double { bottom + 52 }

  private func place(_ value: Double) -> Double { left + axis.position(value) * (right - left) }
  private func level(_ step: Int) -> Double { bottom - Double(step) * Self.rowHeight }
  private func width(_ spread: Double) -> Double {
    panelLeft + spreadAxis.position(spread) * Self.panel
  }

  func drawFrame(_ drawing: inout Drawing) {
    for (ticks, place, name) in [
      (axis.ticks, place, axis.label), (spreadAxis.ticks, width, spreadAxis.label),
    ] {
      for tick in ticks {
        drawing.line((place(tick), top), (place(tick), bottom), Drawing.gridLine)
        drawing.text(
          name(tick), at: (place(tick), bottom + 18), .middle, size: 12, color: Drawing.faint)
      }
    }
    for step in 0...rows.count {
      for (from, to) in [(left, right), (panelLeft, panelLeft + Self.panel)] {
        drawing.line((from, level(step)), (to, level(step)), Drawing.gridLine)
      }
    }
    for (index, row) in rows.enumerated() {
      drawing.text(
        Drawing.fitted(row, width: left - 16, size: 12),
        at: (left - 8, (level(index) + level(index + 1)) / 2 + 4), .end, size: 12)
    }
    drawing.text(axis.title, at: ((left + right) / 2, bottom + 40), .middle)
    drawing.text(
      spreadAxis.title, at: (panelLeft + Self.panel / 2, bottom + 40), .middle, size: 12)
  }

  /// Single paths, those of small groups above the others, then the mean of each group.
  func drawPaths(_ drawing: inout Drawing) {
    let groups = Dictionary(grouping: paths, by: \.group)
      .sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
    for (group, members) in groups {
      let color = Palette.mark(group).mixed(with: Color(0xFFFFFF), share: 0.5)
      for path in members {
        drawing.stroke(
          line(path.values.map(place)), color, width: 0.7,
          dashes: SVGChart.dashes[group % SVGChart.dashes.count])
      }
    }
    for (group, members) in groups {
      let means = (0...rows.count).map { step in
        members.reduce(0) { $0 + $1.values[step] } / Double(members.count)
      }
      drawing.stroke(line(means.map(place)), Color(0xFFFFFF), width: 4.5)
      drawing.stroke(
        line(means.map(place)), Palette.mark(group), width: 2.5,
        dashes: SVGChart.dashes[group % SVGChart.dashes.count])
    }
  }

  func drawSpread(_ drawing: inout Drawing) {
    guard !spread.isEmpty else { return }
    var area = PathText()
    area.move((panelLeft, level(0)))
    for (step, value) in spread.enumerated() { area.line((width(value), level(step))) }
    area.line((panelLeft, level(rows.count)))
    drawing.fill(area, Drawing.ink, opacity: 0.18)
    drawing.stroke(line(spread.map(width)), Drawing.ink, width: 2)
  }

  private func line(_ places: [Double]) -> PathText {
    var text = PathText()
    for (step, x) in places.enumerated() {
      if step == 0 { text.move((x, level(step))) } else { text.line((x, level(step))) }
    }
    return text
  }
}
