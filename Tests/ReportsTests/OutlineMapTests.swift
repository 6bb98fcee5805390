import Reports
import Testing

struct OutlineMapTests {
  private static func map(_ areas: [SVGChart.Outline], known: [SIMD2<Double>] = []) -> String {
    SVGChart.outlines(
      title: "Targets", description: "d", bounds: (SIMD2(100, 200), SIMD2(200, 250)),
      areas: areas, known: known, knownTitle: "known <deposit>"
    ).svg
  }

  @Test func holesAndRanksAreDrawn() {
    let ring = [SIMD2(110.0, 210), SIMD2(150, 210), SIMD2(150, 240), SIMD2(110, 240)]
    let hole = [SIMD2(120.0, 220), SIMD2(130, 220), SIMD2(130, 230)]
    let svg = Self.map([.init(rings: [ring, hole], share: 1, label: "7", place: SIMD2(115, 215))])
    #expect(svg.contains(#"fill-rule="evenodd""#))
    #expect(svg.contains(">7</text>"))
    // x = 110 is a tenth of the way across 620 pixels, y = 210 four fifths of the way down 310.
    #expect(svg.contains("M72 284L320 284L320 98L72 98"))
    #expect(!svg.contains("known"))
  }

  @Test func knownPlacesHaveALegend() {
    let svg = Self.map([], known: [SIMD2(150, 225)])
    #expect(svg.contains("known &lt;deposit&gt;"))
    #expect(svg.contains("M316.5 187.5L323.5 194.5"))
  }

  /// Points closer than can be seen are left out, so that large outlines stay small.
  @Test func invisiblePointsAreLeftOut() {
    let fine = (0..<10_000).map { index -> SIMD2<Double> in
      SIMD2(110 + Double(index) / 1000, index % 2 == 0 ? 210 : 210.0001)
    }
    let svg = Self.map([.init(rings: [fine], share: 0, place: SIMD2(110, 210))])
    #expect(svg.utf8.count < 10_000)
  }
}
