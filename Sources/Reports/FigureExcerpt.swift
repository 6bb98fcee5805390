extension Figure {
  /// The figure as a page shows it: of many rows those that say most, so that it fits on paper.
  ///
  /// The caption tells how many were left out; the figure's own numbers are whole.
  public var block: HTMLReport.Block {
    let (shown, note) = excerpt
    return .chart(shown.chart, caption: note.isEmpty ? caption : "\(caption) \(note)")
  }

  private var excerpt: (figure: Figure, note: String) {
    switch content {
    case .bars(let axis, let labels, let columns): excerpt(axis, labels, columns)
    case .heat(let rows, let columns, let values): excerpt(rows, columns, values)
    case .lines, .confusion, .swarm, .points, .paths, .intervals, .groups: (self, "")
    }
  }

  /// The height of a page of paper for bars.
  private static let pageHeight = 840.0

  private func excerpt(
    _ axis: String, _ labels: [String], _ columns: [Column]
  ) -> (figure: Figure, note: String) {
    let most = Int(Self.pageHeight / BarLayout.groupHeight(columns.count))
    guard labels.count > most else { return (self, "") }
    let kept = Self.largest(
      labels.indices.map { label in columns.map { $0.values[label] } }, most)
    var figure = self
    figure.content = .bars(
      axis: axis, labels: kept.map { labels[$0] },
      columns.map { $0.part(kept) })
    return (
      figure, "Shown are the \(most) of \(labels.count) with the longest bars; the CSV has all."
    )
  }

  /// The most rows and columns of a table that can still be read.
  private static let mostRows = 24
  private static let mostColumns = 14

  private func excerpt(
    _ rows: [String], _ columns: [String], _ values: [[Double]]
  ) -> (figure: Figure, note: String) {
    var (rows, columns, values) = (rows, columns, values)
    // Many names are better read below one another.
    if columns.count > Self.mostColumns, columns.count > rows.count {
      values = columns.indices.map { column in values.map { $0[column] } }
      (rows, columns) = (columns, rows)
    }
    let whole = (rows: rows.count, columns: columns.count)
    let keptRows = Self.largest(values, Self.mostRows)
    let keptColumns = Self.largest(
      columns.indices.map { column in values.map { $0[column] } }, Self.mostColumns)
    var figure = self
    figure.content = .heat(
      rows: keptRows.map { rows[$0] }, columns: keptColumns.map { columns[$0] },
      values: keptRows.map { row in keptColumns.map { values[row][$0] } })
    let isWhole = keptRows.count == whole.rows && keptColumns.count == whole.columns
    return (
      figure,
      isWhole
        ? ""
        : "Shown are \(keptRows.count) of \(whole.rows) rows and \(keptColumns.count) of "
          + "\(whole.columns) columns, those with the largest numbers; the CSV has all."
    )
  }

  /// The positions of the rows with the largest magnitudes, in their order; all of a few.
  private static func largest(_ rows: [[Double]], _ most: Int) -> [Int] {
    guard rows.count > most else { return Array(rows.indices) }
    let sizes = rows.map { row in row.lazy.filter(\.isFinite).map(abs).max() ?? -1 }
    return rows.indices.sorted { (sizes[$1], $0) < (sizes[$0], $1) }.prefix(most).sorted()
  }
}
