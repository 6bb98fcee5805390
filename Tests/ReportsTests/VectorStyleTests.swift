import Reports
import Testing

struct VectorStyleTests {
  @Test func classesCoverEverythingWithoutGaps() {
    let lines = VectorStyle.lines(by: "weight", breaks: [0, 0.5, 1]).xml
    #expect(lines.matches(of: /<range\s/).count == 2)
    #expect(lines.contains(#"lower="0.0" upper="0.5""#))
    #expect(lines.contains(#"lower="0.5" upper="1.0""#))
    #expect(lines.matches(of: /<symbol\s/).count == 2)
    let strikes = VectorStyle.strikes(
      by: "elongation", breaks: [1, 2, 5], angle: "strike", length: 350
    ).xml
    #expect(strikes.contains(#"label="5 and more""#) && strikes.contains(#"label="1 to 2""#))
    #expect(strikes.matches(of: /name="field" value="strike"/).count == 3)
    let named = VectorStyle.strikes(
      by: "e", breaks: [1, 2], angle: "s", length: 1, quantity: "elongation"
    ).xml
    #expect(named.contains(#"label="elongation 1 to 2""#))
    #expect(named.contains(#"label="elongation 2 and more""#))
    let likeness = VectorStyle.lines(by: "weight", breaks: [0, 0.5, 1], quantity: "likeness").xml
    #expect(likeness.contains(#"label="likeness 0.5 to 1""#))
    #expect(strikes.contains(#"name="size" value="350.0""#))
  }

  @Test func classesHaveColoursAndShapes() {
    let xml = VectorStyle.points(by: "class", classes: ["barren", "a<b"]).xml
    #expect(xml.contains(#"<renderer-v2 type="categorizedSymbol" attr="class""#))
    #expect(xml.matches(of: /<category\s/).count == 2 && xml.matches(of: /<symbol\s/).count == 2)
    #expect(xml.contains(#"value="a&lt;b""#) && xml.contains(#"value="barren""#))
    #expect(xml.contains(#"name="name" value="circle""#))
    #expect(xml.contains(#"name="name" value="square""#))
    // Later classes are drawn on top: of deposits and background those are the deposits.
    #expect(xml.contains("symbollevels=\"1\"") && xml.contains("pass=\"0\""))
    #expect(xml.contains("pass=\"1\""))
    let named = VectorStyle.points(by: "class", classes: ["0", "1"], labels: ["none", "ore"]).xml
    #expect(named.contains(#"label="ore""#) && named.contains(#"value="1""#))
  }

  @Test func namesAreEscaped() {
    let xml = VectorStyle.strikes(by: "a<b", breaks: [0], angle: "\"x\"", length: 1).xml
    #expect(xml.contains("attr=\"a&lt;b\"") && xml.contains("&quot;x&quot;"))
  }

  @Test func areasShowWhatLiesBelowAndPointsHaveTheirNumber() {
    let areas = VectorStyle.areas(by: "mean", breaks: [0, 0.5, 1]).xml
    #expect(areas.matches(of: /<range\s/).count == 2 && areas.contains(#"type="fill""#))
    #expect(areas.contains(#"class="SimpleFill""#) && areas.contains(",150\""))
    #expect(!areas.contains("labeling"))
    let points = VectorStyle.numberedPoints(label: "a<b").xml
    #expect(points.contains(#"<renderer-v2 type="singleSymbol""#))
    #expect(points.contains(#"labelsEnabled="1""#) && points.contains(#"fieldName="a&lt;b""#))
  }
}
