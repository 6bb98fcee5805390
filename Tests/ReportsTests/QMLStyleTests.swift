import Foundation
import Testing

@testable import Reports

@Suite struct QMLStyleTests {
  private static let names = ["low <5", "high & \"rich\""]

  @Test(arguments: [
    QMLStyle.probability(), .probability(thresholds: [0.5]),
    .share(ramp: .cividis, low: "<", high: "&"), .attribution(limit: 2.5),
    .continuous(range: -3...8, unit: "mg/kg"),
    .continuous(range: 5...5), .attribution(limit: .nan), .classes(names: names),
    .segments(ids: [5, 3, 0, 3]), .segments(from: 1, to: 100_000), .segments(from: 0, to: .max),
    .segments(ids: []),
  ])
  func isWellFormedAndKeepsItsLimits(style: QMLStyle) throws {
    let (counts, _) = try #require(ElementCounter.count(style.xml))
    #expect(counts["rasterrenderer"] == 1)
    #expect(style.xml.contains("<limits>None</limits>"))
    #expect(!style.xml.contains("nan"))
    #expect(counts["item", default: 0] <= QMLStyle.maximumStops)
  }

  private func values(_ style: QMLStyle, _ name: String) -> [String] {
    style.xml.split(separator: "\n").filter { $0.hasPrefix("<\(name) ") }.map { line in
      String(line.split(separator: "\"")[1])
    }
  }

  @Test func probabilitiesAreFromZeroToOne() {
    let style = QMLStyle.probability(band: 2)
    #expect(
      values(style, "item")
        == ["0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1"])
    #expect(style.xml.contains("band=\"2\""))
    #expect(style.xml.contains(":0.5;247,144,58,255:"))
    #expect(style.xml.contains("classificationMin=\"0\" classificationMax=\"1\""))
    #expect(style.xml.contains("colorRampType=\"INTERPOLATED\""))
    #expect(style.xml.contains("useContinuousLegend=\"0\""))
  }

  @Test func probabilitiesInClassesCoverEverything() {
    let style = QMLStyle.probability(band: 2, thresholds: [0.25, 0.5, 0.75])
    // What is above a last bound that is a number would be transparent.
    #expect(values(style, "item") == ["0.25", "0.5", "0.75", "inf"])
    for label in ["0 to 0.25", "0.25 to 0.5", "0.5 to 0.75", "0.75 to 1"] {
      #expect(style.xml.contains("label=\"\(label)\""))
    }
    #expect(style.xml.contains("colorRampType=\"DISCRETE\""))
    #expect(style.xml.contains("color=\"#ffffcc\"") && style.xml.contains("color=\"#811a2f\""))
    #expect(values(.probability(thresholds: [0.5]), "item") == ["0.5", "inf"])
  }

  @Test func endsSayWhereNumbersGoOn() {
    let style = QMLStyle.continuous(range: 2...10, of: 0...4000, unit: "ppm")
    #expect(style.xml.contains("label=\"\u{2264} 2 ppm\""))
    #expect(
      style.xml.contains("label=\"\u{2265} 10 ppm\"") && style.xml.contains("label=\"4 ppm\""))
    #expect(values(style, "item").first == "2" && values(style, "item").last == "10")
    let upper = QMLStyle.continuous(range: 0...10, of: 0...4000)
    #expect(!upper.xml.contains("\u{2264}") && upper.xml.contains("label=\"\u{2265} 10\""))
    #expect(!QMLStyle.continuous(range: 0...10, of: 0...10).xml.contains("\u{2265}"))
  }

  @Test func sharesSayWhatTheirEndsMean() {
    let style = QMLStyle.share(ramp: .cividis, low: "certain", high: "open")
    #expect(style.xml.contains("label=\"0 certain\"") && style.xml.contains("label=\"1 open\""))
    #expect(style.xml.contains("label=\"0.5\""))
    #expect(style.xml.contains("classificationMin=\"0\" classificationMax=\"1\""))
  }

  @Test func attributionsAreSymmetricAboutZero() {
    let numbers = values(.attribution(limit: 0.3), "item").compactMap(Double.init)
    #expect(numbers.count == 9)
    for (low, high) in zip(numbers, numbers.reversed()) { #expect(low == -high) }
    #expect(numbers[4] == 0 && numbers[8] == 0.3)
    #expect(QMLStyle.attribution(limit: 0.3).xml.contains("label=\"+0.3\""))
    let clipped = QMLStyle.attribution(limit: 0.3, isClipped: true).xml
    #expect(
      clipped.contains("label=\"\u{2265} +0.3\"") && clipped.contains("label=\"\u{2264} -0.3\""))
  }

  @Test func continuousLegendsListRoundNumbers() {
    #expect(
      values(.continuous(range: -3...8.1, unit: "m"), "item")
        == ["-3", "-2", "0", "2", "4", "6", "8.1"])
    #expect(QMLStyle.continuous(range: 0...1, unit: "m").xml.contains("label=\"0.2 m\""))
  }

  @Test func classesHaveNames() {
    let style = QMLStyle.classes(names: Self.names, first: 1)
    #expect(values(style, "paletteEntry") == ["1", "2"])
    #expect(style.xml.contains("label=\"high &amp; &quot;rich&quot;\""))
    #expect(style.xml.contains("color=\"#0072b2\""))
  }

  @Test func segmentsAreListedWhileTheyAreFew() {
    #expect(values(.segments(ids: [5, 3, 0, 3]), "paletteEntry") == ["3", "5"])
    #expect(values(.segments(from: 1, to: 3), "paletteEntry") == ["1", "2", "3"])
    let many = QMLStyle.segments(ids: Array(1...1000))
    #expect(values(many, "item").count == 1000)
    #expect(many.xml.contains("useContinuousLegend=\"1\""))
    #expect(
      many.xml.contains("<item value=\"7\" label=\"7\" color=\"\(Palette.identifier(7).hex)\""))
    let huge = values(.segments(ids: (1...10_000).map { $0 * 3 }), "item")
    #expect(huge.count == 3334)
  }

  @Test func theSameArgumentsGiveTheSameBytes() {
    #expect(QMLStyle.segments(ids: [9, 1, 4]).xml == QMLStyle.segments(ids: [4, 9, 1, 9]).xml)
  }
}
