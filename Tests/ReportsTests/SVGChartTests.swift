import Foundation
import Reports
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Parses XML and counts its elements.
final class ElementCounter: NSObject, XMLParserDelegate {
  private(set) var counts: [String: Int] = [:]
  private(set) var attributes: [String] = []

  static func count(_ xml: String) -> (counts: [String: Int], attributes: [String])? {
    let counter = ElementCounter()
    let parser = XMLParser(data: Data(xml.utf8))
    parser.delegate = counter
    return parser.parse() ? (counter.counts, counter.attributes) : nil
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String]
  ) {
    counts[name, default: 0] += 1
    self.attributes += attributes.keys
  }
}

@Suite struct SVGChartTests {
  static let odd = "A <b> & \"c\" with a rather long name that goes on"

  static let charts: [SVGChart] = [
    .lines(
      title: odd, description: "d", x: Axis("x", covering: [0, 3]),
      y: Axis("y", covering: [-1, 4]),
      series: [
        SVGChart.Series(odd, [1, .nan, 3, 4]),
        SVGChart.Series("b", x: [0, 1, 2], y: [0, 1, .infinity], spread: [1, 1, 1]),
      ]),
    .rocCurves(
      title: "ROC", description: "d",
      curves: [SVGChart.Series("a", x: [0, 0.2, 1], y: [0, 0.8, 1])],
      areas: [0.8]),
    .bars(
      title: "Bars", description: "d", axisTitle: "mean |SHAP|", labels: ["Cu", odd, "Zn"],
      series: [
        SVGChart.Bars("a", [1, -2, .nan], spread: [0.1, 0.2, .nan]), SVGChart.Bars("b", [1, 2, 3]),
      ]),
    .confusion(
      title: "Confusion", description: "d", classes: ["yes", odd], counts: [[10, 2], [0, 0]]),
    .histogram(
      title: "Histogram", description: "d", axisTitle: "p", edges: [0, 0.5, 1],
      series: [(name: "a", counts: [3, 4])]),
    .histogram(
      title: "Two", description: "d", axisTitle: "p", edges: [0, 0.5, 1],
      series: [(name: "a", counts: [3, 4]), (name: "b", counts: [1, 0])]),
    .lines(
      title: "Empty", description: "", x: Axis("", covering: []), y: Axis("", covering: []),
      series: []),
    .bars(title: "None", description: "", axisTitle: "", labels: [], series: []),
    .heatTable(
      title: "Correlation", description: "d", rows: ["a"], columns: ["b", "c"],
      values: [[0.5, .nan]], ramp: .diverging, range: -1...1),
  ]

  @Test(arguments: charts)
  func isWellFormedAndAccessible(chart: SVGChart) throws {
    let (counts, attributes) = try #require(ElementCounter.count(chart.svg))
    #expect(counts["svg"] == 1)
    #expect(counts["desc"] == 1)
    #expect(counts["title", default: 0] >= 1)
    #expect(counts["script"] == nil)
    #expect(!attributes.contains { $0.hasPrefix("on") })
    #expect(!chart.svg.contains("nan"))
    #expect(!chart.svg.contains("inf"))
  }

  @Test func drawsEveryNumber() throws {
    let bars = try #require(ElementCounter.count(Self.charts[2].svg))
    // Background, two legend squares, five bars that are numbers.
    #expect(bars.counts["rect"] == 8)
    let confusion = Self.charts[3].svg
    #expect(confusion.contains(">10<") && confusion.contains(">2<"))
    // The line is interrupted at the missing value.
    #expect(Self.charts[0].svg.components(separatedBy: "M").count > 3)
  }

  /// The values of an attribute, in their order.
  private func values(_ attribute: String, _ svg: some StringProtocol) -> [String] {
    svg.components(separatedBy: " \(attribute)=\"").dropFirst()
      .map { String($0.prefix { $0 != "\"" }) }
  }

  @Test(arguments: charts)
  func noTextIsSmallerThanElevenPixels(chart: SVGChart) {
    #expect(values("font-size", chart.svg).compactMap(Double.init).allSatisfy { $0 >= 11 })
  }

  @Test func linesDifferInTheirDashes() {
    let series = (0..<8).map { SVGChart.Series("s\($0)", [1, 2, Double($0)]) }
    let chart = SVGChart.lines(
      title: "", description: "", x: Axis("x", covering: [1, 3]), y: Axis("y", covering: [0, 8]),
      series: series)
    // Once in the legend and once in the chart; the first is not dashed.
    let dashes = values("stroke-dasharray", chart.svg)
    #expect(dashes.count == 14 && Set(dashes).count == 7)
    #expect(Array(dashes.prefix(7)) == Array(dashes.suffix(7)))
    let outlines = SVGChart.histogram(
      title: "", description: "", axisTitle: "", edges: [0, 1],
      series: [(name: "a", counts: [1]), (name: "b", counts: [2])])
    #expect(values("stroke-dasharray", outlines.svg) == ["7 4", "7 4"])
  }

  @Test func barsDifferInTheirTextures() {
    let chart = SVGChart.bars(
      title: "", description: "", axisTitle: "", labels: ["a"],
      series: (0..<8).map { SVGChart.Bars("s\($0)", [10]) })
    let textures = keys(of: chart).map { values("d", $0).first ?? "" }
    // Three lines across, one along, four slanting ones, together.
    #expect(textures.map { text in text.count { $0 == "M" } } == [0, 3, 1, 4, 4, 7, 5, 8])
    let slanting = textures[4].split { "ML".contains($0) }.map { point in
      point.split { ", ".contains($0) }.compactMap { Double($0) }
    }
    #expect(slanting.count == 8)
    for line in stride(from: 0, to: 8, by: 2) {
      let (from, to) = (slanting[line], slanting[line + 1])
      #expect(to[0] > from[0] && abs(to[0] - from[0] + to[1] - from[1]) < 0.011)
    }
  }

  /// The marks of the legend.
  private func keys(of chart: SVGChart) -> [String] {
    chart.svg.components(separatedBy: "<g class=\"key\">").dropFirst()
      .map { $0.components(separatedBy: "</g>")[0] }
  }

  @Test func aLongTitleOfAnAxisStaysInTheDrawing() throws {
    let chart = SVGChart.lines(
      title: "", description: "", x: Axis("", covering: []),
      y: Axis(String(repeating: "long ", count: 11) + "end", covering: []), series: [])
    let title = try #require(
      chart.svg.split(separator: "\n").first { $0.contains("rotate") && $0.contains("long") })
    let y = try #require(values("y", title).first.flatMap(Double.init))
    let half = 58 * 13 * 0.56 / 2
    #expect(title.contains("…") || (y - half >= 0 && y + half <= 400))
  }

  @Test func cellsOfATableHaveTheSameDecimals() {
    let chart = SVGChart.heatTable(
      title: "", description: "", rows: ["a"], columns: ["b", "c", "d", "e"],
      values: [[0.612, -0.00015, 0.3, .nan]], ramp: .diverging, range: -1...1)
    for text in [">0.61<", ">0.00<", ">0.30<", ">n/a<"] { #expect(chart.svg.contains(text)) }
  }

  @Test func placesPointsByTheirAxes() {
    let chart = SVGChart.rocCurves(
      title: "", description: "", curves: [SVGChart.Series("a", x: [0, 1], y: [0, 1])])
    let paths = chart.svg.split(separator: "\n").filter { $0.contains("<path") }
    let diagonal = paths.first { $0.contains("stroke-dasharray=\"3 3\"") }
    let curve = paths.last
    let path = { (line: Substring?) in line?.split(separator: "\"")[1] }
    #expect(path(diagonal) == path(curve))
  }
}
