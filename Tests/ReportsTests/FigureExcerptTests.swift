import Testing

@testable import Reports

@Suite struct FigureExcerptTests {
  private static func caption(_ figure: Figure) throws -> (svg: String, caption: String) {
    guard case .chart(let chart, let caption) = figure.block else { throw NoChart() }
    return (chart.svg, caption)
  }

  private struct NoChart: Error {}

  /// The longest in the middle, one of them negative, one unknown.
  private static func bars(_ count: Int, series: Int = 1) -> Figure {
    let labels: [String] = (0..<count).map { "name\($0)." }
    let values: [Double] = (0..<count).map { index in
      if index == 1 { return Double.nan }
      return index == 30 ? -1000 : Double(index % 50)
    }
    let spread = [Double](repeating: 0.1, count: count)
    let columns = (0..<series).map { Figure.Column("s\($0)", values, spread: spread) }
    return Figure(
      name: "bars", title: "t", description: "d", caption: "What.",
      content: .bars(axis: "x", labels: labels, columns))
  }

  @Test func fewBarsAreAllShown() throws {
    let (svg, caption) = try Self.caption(Self.bars(20))
    #expect(caption == "What." && svg == Self.bars(20).chart.svg)
  }

  @Test(arguments: [(1, 35), (2, 21)])
  func ofManyBarsTheLongestAreShown(series: Int, most: Int) throws {
    let figure = Self.bars(60, series: series)
    let (svg, caption) = try Self.caption(figure)
    #expect(caption == "What. Shown are the \(most) of 60 with the longest bars; the CSV has all.")
    #expect(svg.contains("name30.") && svg.contains("name49.") && !svg.contains("name1."))
    #expect((0..<60).count { svg.contains("name\($0).") } == most)
    // The numbers are whole.
    #expect(figure.csv.split(separator: "\n").count == 61)
  }

  private static func heat(_ rows: Int, _ columns: Int) -> Figure {
    let rowNames: [String] = (0..<rows).map { "row\($0)." }
    let columnNames: [String] = (0..<columns).map { "column\($0)." }
    var values: [[Double]] = []
    for row in 0..<rows {
      let line: [Double] = (0..<columns).map { column in
        let size = Double(row * 10 + column)
        return column % 2 == 0 ? size : -size
      }
      values.append(line)
    }
    return Figure(
      name: "heat", title: "t", description: "d", caption: "What.",
      content: .heat(rows: rowNames, columns: columnNames, values: values))
  }

  @Test func smallTablesStayAsTheyAre() throws {
    let (svg, caption) = try Self.caption(Self.heat(4, 10))
    #expect(caption == "What." && svg == Self.heat(4, 10).chart.svg)
  }

  @Test func wideTablesStandUpright() throws {
    let (svg, caption) = try Self.caption(Self.heat(6, 20))
    #expect(caption == "What.")
    guard case .heat(let rows, let columns, let values) = Self.heat(6, 20).content else {
      throw NoChart()
    }
    let turned = Figure(
      name: "heat", title: "t", description: "d", caption: "",
      content: .heat(
        rows: columns, columns: rows,
        values: columns.indices.map { column in values.map { $0[column] } }))
    #expect(svg == turned.chart.svg)
  }

  @Test func largeTablesShowTheirLargestNumbers() throws {
    let (svg, caption) = try Self.caption(Self.heat(16, 44))
    #expect(
      caption == "What. Shown are 24 of 44 rows and 14 of 16 columns, those with the largest "
        + "numbers; the CSV has all.")
    for shown in ["column43.", "column20.", "row15.", "row2."] { #expect(svg.contains(shown)) }
    for hidden in ["column19.", "row1.", "row0."] { #expect(!svg.contains(hidden)) }
  }
}
