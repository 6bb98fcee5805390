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
