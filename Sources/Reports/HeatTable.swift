import Glibc

extension SVGChart {
  /// How often each class was taken for which: rows are the truth, columns the prediction.
  ///
  /// Cells show counts; their colour is the share of the row, so that rare classes can be judged.
  public static func confusion(
    title: String, description: String, classes: [String], counts: [[Int]]
  ) -> SVGChart {
    precondition(
      counts.count == classes.count && counts.allSatisfy { $0.count == classes.count },
      "\(counts.count) rows for \(classes.count) classes")
    let shares = counts.map { row in
      let total = Double(row.reduce(0, +))
      return row.map { total > 0 ? Double($0) / total : 0 }
    }
    return heatTable(
      title: title, description: description, rowTitle: "True class",
      columnTitle: "Predicted class", rows: classes, columns: classes, values: shares,
      labels: counts.map { $0.map(String.init) },
      ramp: ColorRamp([Color(0xFFFFFF), Color(0x08519C)]),
      range: 0...1)
  }

  /// A table of coloured cells, such as correlations; values that are not finite stay grey.
  public static func heatTable(
    title: String, description: String, rowTitle: String = "", columnTitle: String = "",
    rows: [String], columns: [String], values: [[Double]], labels: [[String]]? = nil,
    ramp: ColorRamp, range: ClosedRange<Double>
  ) -> SVGChart {
    let layout = HeatLayout(rows, columns, rowTitle: rowTitle)
    var drawing = Drawing(width: layout.width, height: layout.height)
    drawing.text(
      Drawing.fitted(title, width: layout.width - 32, size: 15), at: (16, 26), size: 15,
      isBold: true)
    drawing.text(
      columnTitle, at: (layout.left + layout.tableWidth / 2, layout.height - 12), .middle)
    drawing.text(rowTitle, at: (layout.left - 8, layout.top - 8), .end)
    layout.drawNames(rows, columns, &drawing)
    let decimals = Self.decimals(values)
    for (row, line) in values.enumerated() {
      for (column, value) in line.enumerated() {
        let share = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
        let color = value.isFinite ? ramp.color(at: share) : Drawing.gridLine
        let text = labels?[row][column] ?? NumberText.fixed(value, decimals: decimals)
        layout.drawCell(
          row, column, color, text, hint: "\(rows[row]), \(columns[column]): \(text)", &drawing)
      }
    }
    return SVGChart(title: title, description: description, drawing)
  }
}

extension SVGChart {
  /// As many decimals as the largest number needs for two digits: the cells of a table are compared
  /// with one another.
  fileprivate static func decimals(_ values: [[Double]]) -> Int {
    let largest = values.joined().lazy.filter(\.isFinite).map(abs).max() ?? 0
    return largest > 0 ? min(max(1 - Int(log10(largest).rounded(.down)), 0), 6) : 0
  }
}

/// Where the cells of a table stand.
private struct HeatLayout {
  let left: Double
  let top: Double
  let cellWidth: Double
  let cellHeight = 34.0
  let columnNames: Double
  let rowCount: Int
  let columnCount: Int

  init(_ rows: [String], _ columns: [String], rowTitle: String) {
    rowCount = rows.count
    columnCount = columns.count
    top = rowTitle.isEmpty ? 44 : 66
    let names = rows.map { min(Drawing.width(of: $0), 180) } + [Drawing.width(of: rowTitle)]
    left = 28 + (names.max() ?? 0)
    cellWidth = min(84, max(34, (SVGChart.width - left) / Double(max(columns.count, 1))))
    let longest = columns.map { Drawing.width(of: $0, size: 12) }.max() ?? 0
    columnNames = longest <= cellWidth ? 22 : min(longest, 140) + 12
  }

  var tableWidth: Double { cellWidth * Double(columnCount) }
  var tableHeight: Double { cellHeight * Double(rowCount) }
  var width: Double { max(left + tableWidth + 16, 280) }
  var height: Double { top + tableHeight + columnNames + 28 }

  func drawNames(_ rows: [String], _ columns: [String], _ drawing: inout Drawing) {
    for (row, name) in rows.enumerated() {
      let y = top + cellHeight * (Double(row) + 0.5) + 4.5
      drawing.text(Drawing.fitted(name, width: left - 24), at: (left - 8, y), .end)
    }
    for (column, name) in columns.enumerated() {
      let x = left + cellWidth * (Double(column) + 0.5)
      let bottom = top + tableHeight
      if columnNames <= 22 {
        drawing.text(name, at: (x, bottom + 17), .middle, size: 12)
      } else {
        let fitted = Drawing.fitted(name, width: columnNames - 12, size: 12)
        drawing.text(fitted, at: (x + 4, bottom + 8), .end, size: 12, isVertical: true)
      }
    }
  }

  func drawCell(
    _ row: Int, _ column: Int, _ color: Color, _ text: String, hint: String,
    _ drawing: inout Drawing
  ) {
    let x = left + cellWidth * Double(column)
    let y = top + cellHeight * Double(row)
    drawing.rectangle(
      x: x + 0.5, y: y + 0.5, width: cellWidth - 1, height: cellHeight - 1, color, hint: hint)
    let size = Drawing.width(of: text, size: 13) > cellWidth - 6 ? 11.0 : 13
    drawing.text(
      text, at: (x + cellWidth / 2, y + cellHeight / 2 + 4.5), .middle, size: size,
      color: color.readableText)
  }
}
