import Testing

@testable import Reports

@Suite struct MapFigureTests {
  /// Widths with the bar that fits: its length in the same unit, and its label.
  private static let widths: [(across: Double, length: Double, label: String)] = [
    (1000, 200, "200 m"), (5200, 1000, "1 km"), (60_000, 20_000, "20 km"), (30, 10, "10 m"),
    (0.3, 0.1, "100 mm"), (1e9, 2e8, "200000 km"),
  ]

  @Test(arguments: widths)
  func barsAreRound(across: Double, length: Double, label: String) throws {
    let bar = try #require(ScaleBar(across: across, isMetric: true))
    #expect(abs(bar.share - length / across) < 1e-12 && bar.label == label)
  }

  @Test func lengthsWithoutMetresAreMapUnits() {
    #expect(ScaleBar(across: 1434, isMetric: false)?.label == "500 map units")
  }

  /// Whatever the width, the bar is neither too long nor so short that it says nothing.
  @Test func barsFit() throws {
    for step in 0..<400 {
      let across = 1e-3 * (Double(step) * 0.05).exponential
      let bar = try #require(ScaleBar(across: across, isMetric: true))
      #expect(bar.share <= 0.35 * (1 + 1e-12) && bar.share >= 0.35 / 2.5 * (1 - 1e-9))
    }
    for nothing in [0, -1, Double.nan, .infinity] {
      #expect(ScaleBar(across: nothing, isMetric: true) == nil)
    }
  }

  private static func map(
    _ legend: MapFigure.Legend, north: Double? = 0, across: Double = 100
  ) -> String {
    HTMLReport(
      title: "t",
      sections: [
        .init(
          "s",
          [
            .map(
              MapFigure(
                png: [1], width: 64, height: 32, description: "d", caption: "c", legend: legend,
                scaleBar: ScaleBar(across: across, isMetric: true), north: north))
          ])
      ]
    ).html
  }

  @Test func rampsHaveTheirTicksInPlace() {
    let html = Self.map(.ramp(.cividis, title: "p < 1", ticks: ["0", "0.5", "1"]))
    #expect(html.contains("<p>p &lt; 1</p>"))
    #expect(html.contains("<li class=\"first\" style=\"left:0%\">0</li>"))
    #expect(html.contains("<li style=\"left:50%\">0.5</li>"))
    #expect(html.contains("<li class=\"last\" style=\"left:100%\">1</li>"))
    #expect(html.contains("linear-gradient(to right,#00204d,") || html.contains("#00204D,"))
  }

  /// Ticks that would touch are left out, but for the ends and the middle.
  @Test func crowdedTicksAreLeftOut() {
    let html = Self.map(
      .ramp(.cividis, title: "a", ticks: ["-1.44", "-0.7", "0", "+0.7", "+1.44"]))
    #expect(["-1.44", "0", "+1.44"].allSatisfy { html.contains(">\($0)</li>") })
    #expect(!html.contains("0.7</li>"))
  }

  @Test func scaleAndNorthStandBelow() {
    let html = Self.map(.none)
    #expect(html.contains("width:20%") && html.contains("<span>20 m</span>"))
    #expect(html.contains("aria-label=\"North is up\"") && !html.contains("rotate("))
    #expect(html.contains("width=\"64\" height=\"32\"") && html.contains("aspect-ratio:64/32"))
    let turned = Self.map(.none, north: -30.5)
    #expect(turned.contains("rotate(-30.5 12 15)"))
    #expect(turned.contains("North is -30.5 degrees clockwise from up"))
    let bare = Self.map(.none, north: nil, across: 0)
    #expect(!bare.contains("class=\"ground\""))
  }

  @Test func listingsKeepTheirLines() {
    let html = HTMLReport(
      title: "t", sections: [.init("s", [.listing("a <b>\n  \"c\"", title: "The file")])]
    ).html
    #expect(html.contains("<code>a &lt;b&gt;\n  &quot;c&quot;</code></pre>"))
    #expect(html.contains("<figcaption>The file</figcaption>"))
  }
}

extension Double {
  /// e to this power by its series, which is exact enough here.
  fileprivate var exponential: Double {
    var (sum, term) = (1.0, 1.0)
    for index in 1..<120 {
      term *= self / Double(index)
      sum += term
    }
    return sum
  }
}
