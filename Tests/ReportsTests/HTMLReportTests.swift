import Reports
import Testing

@Suite struct HTMLReportTests {
  static let report = HTMLReport(
    title: "Survey <1>", summary: "All & everything.",
    facts: [("seed", "7"), ("input", "<a>.tif")],
    sections: [
      HTMLReport.Section(
        "Scores",
        [
          .warning("Blocks overlap."),
          .table(
            HTMLReport.Table(
              "Per fold", columns: ["fold", "AUC", "note"],
              rows: [["1", "0.91", "ok"], ["2", "-0.5 ± 0.1", "<i>"]])),
        ]),
      HTMLReport.Section(
        "Charts", SVGChartTests.charts.map { .chart($0, caption: "What it says") }),
      HTMLReport.Section(
        "Layers",
        [
          .text("Text."),
          .map(
            MapFigure(
              png: [0x89, 0x50], width: 2, height: 1, description: "A \"map\"",
              caption: "Probability")),
        ]),
    ])

  @Test func isOneWellFormedPage() throws {
    let html = Self.report.html
    #expect(html.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">"))
    // The void elements apart, the page is XML as well.
    var xml = html.replacing("<!DOCTYPE html>\n", with: "")
    for end in ["charset=\"utf-8\"", "initial-scale=1\"", "iVA=\""] {
      xml = xml.replacing(end + ">", with: end + "/>")
    }
    let page = try #require(ElementCounter.count(xml))
    #expect(page.counts["h1"] == 1)
    #expect(page.counts["h2"] == 4)
    #expect(page.counts["svg"] == SVGChartTests.charts.count)
    #expect(page.counts["caption"] == 2)
    #expect(page.counts["script"] == nil)
    #expect(page.counts["link"] == nil)
  }

  @Test func aWideTableStandsUpright() {
    let wide = HTMLReport.Table(
      "t", columns: ["Variant", "a", "b", "c"],
      rows: [["v", "1", "2", "3"], ["w", "4", "5", "6"]])
    let upright = wide.upright(corner: "Measure")
    #expect(upright.columns == ["Measure", "v", "w"] && upright.caption == "t")
    #expect(upright.rows == [["a", "1", "4"], ["b", "2", "5"], ["c", "3", "6"]])
    // It is not turned back.
    #expect(upright.upright(corner: "Variant").rows == upright.rows)
  }

  @Test func escapesEveryText() {
    let html = Self.report.html
    #expect(html.contains("<title>Survey &lt;1&gt;</title>"))
    #expect(html.contains("All &amp; everything."))
    #expect(html.contains("<td>&lt;a&gt;.tif</td>"))
    #expect(html.contains("alt=\"A &quot;map&quot;\""))
    #expect(html.contains("<td>&lt;i&gt;</td>"))
  }

  @Test func numbersStandAtTheRight() {
    let html = Self.report.html
    #expect(html.contains("<td class=\"number\">0.91</td>"))
    #expect(html.contains("<td class=\"number\">-0.5 ± 0.1</td>"))
    #expect(html.contains("<td>ok</td>"))
    #expect(html.contains("<th scope=\"row\">1</th>"))
    #expect(html.contains("<th scope=\"col\" class=\"number\">AUC</th>"))
    #expect(html.contains("<th scope=\"col\">note</th>"))
  }

  @Test func aPathHasItsFolderAbove() {
    let table = HTMLReport.Table(
      "t", columns: ["File", "Holds", "Size"],
      rows: [
        ["../survey/a & b/magnetics.tif", "1 band; the rest of the survey is in other files", "2"],
        ["here.tif", "-", "3"],
      ], arePaths: true)
    let html = HTMLReport(title: "", sections: [.init("s", [.table(table)])]).html
    #expect(
      html.contains(
        "<th scope=\"row\"><span class=\"folder\">../<wbr>survey/<wbr>a &amp; b/<wbr></span>"
          + "magnetics.tif</th>"))
    #expect(html.contains("<th scope=\"row\">here.tif</th>"))
    // Columns of sentences are wide enough to be read.
    #expect(html.contains("<th scope=\"col\" class=\"words\">Holds</th>"))
    #expect(html.contains("<th scope=\"col\" class=\"number\">Size</th>"))
  }

  @Test func sentencesAreNoNumbers() {
    let table = HTMLReport.Table(
      "t", columns: ["a", "b", "c"], rows: [["1", "259 points; fields x, y", "5.6 km2"]])
    let html = HTMLReport(title: "", sections: [.init("s", [.table(table)])]).html
    #expect(html.contains("<td>259 points; fields x, y</td>"))
    #expect(html.contains("<td class=\"number\">5.6 km2</td>"))
  }

  @Test func oneWordMakesAColumnOfWords() {
    let table = HTMLReport.Table(
      "t", columns: ["a", "b", "c"], rows: [["1", "2", "-"], ["3", "many", "4 %"]])
    let html = HTMLReport(title: "", sections: [.init("s", [.table(table)])]).html
    #expect(html.contains("<td>2</td>"))
    #expect(html.contains("<td class=\"number\">-</td>"))
    #expect(html.contains("<td class=\"number\">4\u{A0}%</td>"))
  }

  @Test func everyLinkOfTheContentsLeadsSomewhere() {
    let html = Self.report.html
    for section in 1...3 {
      #expect(html.contains("href=\"#section-\(section)\""))
      #expect(html.contains("id=\"section-\(section)\""))
    }
    #expect(!HTMLReport(title: "t").html.contains("<nav"))
  }
}
