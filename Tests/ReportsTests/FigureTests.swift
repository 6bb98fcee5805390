import Foundation
import Testing

@testable import Reports

@Suite struct FigureTests {
  private static let contents: [Figure.Content] = [
    .lines(
      x: "W, mg/kg", y: "p",
      [
        Figure.Line("a", x: [1, 2], y: [0.5, .nan], isFaint: true),
        Figure.Line("b", x: [1, 2], y: [0.25, 1], spread: [0.5, 0.25], group: 1),
        Figure.Line("c", x: [1, 2], y: [0, 0]),
      ]),
    .bars(
      axis: "gap", labels: ["smote", "no, \"none\""],
      [Figure.Column("train", [1, 2], spread: [0.5, 0]), Figure.Column("test", [3, -1])]),
    .heat(rows: ["f1"], columns: ["W", "Mn"], values: [[0.5, -2]]),
    .swarm(
      axis: "SHAP", color: "value", [Figure.Row("W", values: [1, -1, 1], shares: [0, 1, .nan])]),
    .confusion(classes: ["no", "yes"], counts: [[3, 1], [0, 2]]),
    .points(x: "W", y: "SHAP", color: "Mn", [Figure.Point(x: 1, y: 2, share: 0.5)]),
    .paths(
      axis: "log-odds", rows: ["Mn", "W, ppm"], spread: [0, 0.5, 1],
      [
        Figure.Path("no", values: [0, -1, -2.5]), Figure.Path("yes", values: [0, 1, 2], group: 1),
      ]),
    .intervals(
      x: "predicted, mg/kg", y: "measured",
      [
        Figure.Interval(x: 1, y: 1.5, lower: 0.5, upper: 2),
        Figure.Interval(x: 2, y: 4, lower: 1, upper: 3.5),
        Figure.Interval(x: 3, y: 2, lower: 1.5, upper: .infinity),
      ]),
    .groups(
      x: "first", y: "second",
      [
        Figure.Group("no, trained on", x: [1, 2], y: [-1, 4], color: 0, isPale: true),
        Figure.Group("no, held out", x: [1.5, .nan], y: [0, 2], color: 0),
        Figure.Group("yes, held out", x: [], y: [], color: 1),
      ]),
  ]

  private static func figure(_ content: Figure.Content) -> Figure {
    Figure(
      name: "one", title: "A <title>", description: "d", caption: "c", content: content)
  }

  @Test(arguments: contents) func figuresAreWellFormedAndKeepTheirNumbers(content: Figure.Content)
    throws
  {
    let figure = Self.figure(content)
    let parsed = ElementCounter.count(figure.chart.svg)
    #expect((parsed?.counts["svg"] ?? 0) == 1 && (parsed?.counts["title"] ?? 0) >= 1)
    #expect(figure.chart == Self.figure(content).chart)
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let again = try decoder.decode(Figure.self, from: encoder.encode(figure))
    #expect(again.csv == figure.csv && again.chart == figure.chart)
  }

  @Test func numbersStandInTables() {
    let tables = Self.contents.map { Self.figure($0).csv }
    #expect(
      tables[0]
        == "line,\"W, mg/kg\",p,spread\na,1.0,0.5,\na,2.0,,\nb,1.0,0.25,0.5\nb,2.0,1.0,0.25\nc,1.0,0.0,\nc,2.0,0.0,\n"
    )
    #expect(
      tables[1] == "name,train,spread,test\nsmote,1.0,0.5,3.0\n\"no, \"\"none\"\"\",2.0,0.0,-1.0\n")
    #expect(tables[2] == "name,W,Mn\nf1,0.5,-2.0\n")
    #expect(tables[3] == "name,SHAP,value\nW,1.0,0.0\nW,-1.0,1.0\nW,1.0,\n")
    #expect(tables[4] == "true class,no,yes\nno,3,1\nyes,0,2\n")
    #expect(tables[5] == "W,SHAP,Mn\n1.0,2.0,0.5\n")
    #expect(
      tables[6]
        == "path,group,after,log-odds\n1,no,start,0.0\n1,no,Mn,-1.0\n1,no,\"W, ppm\",-2.5\n"
        + "2,yes,start,0.0\n2,yes,Mn,1.0\n2,yes,\"W, ppm\",2.0\n"
        + ",standard deviation,start,0.0\n,standard deviation,Mn,0.5\n"
        + ",standard deviation,\"W, ppm\",1.0\n")
    #expect(
      tables[7]
        == "\"predicted, mg/kg\",measured,lower,upper\n1.0,1.5,0.5,2.0\n2.0,4.0,1.0,3.5\n"
        + "3.0,2.0,1.5,\n")
    // Where colours stand for numbers, those are kept and not the colours.
    let swarm = Figure.Row("W", values: [1], shares: [0.25], numbers: [120])
    let point = Figure.Point(x: 1, y: 2, share: 0.5, number: 7)
    #expect(
      Self.figure(.swarm(axis: "SHAP", color: "value", [swarm])).csv
        == "name,SHAP,value\nW,1.0,120.0\n")
    #expect(
      Self.figure(.points(x: "W", y: "SHAP", color: "Mn", [point])).csv
        == "W,SHAP,Mn\n1.0,2.0,7.0\n")
  }

  @Test func faintLinesAreNotInTheLegend() {
    let svg = Self.figure(Self.contents[0]).chart.svg
    #expect(svg.contains(">b<") && !svg.contains(">a<"))
    #expect(svg.contains("stroke-width=\"0.7\""))
  }

  /// A thin line for each path, a thick one with a halo for each group, and that of the spread.
  @Test func everyPathIsDrawn() throws {
    func strokes(_ svg: String, _ width: String) -> Int {
      svg.components(separatedBy: "stroke-width=\"\(width)\"").count - 1
    }
    let svg = Self.figure(Self.contents[6]).chart.svg
    #expect(strokes(svg, "0.7") == 2 && strokes(svg, "4.5") == 2 && svg.contains(">yes<"))
    #expect(svg.contains(">standard deviation<") && svg.contains(">W, ppm<"))
    // Of many features the least are one step, and the table keeps them all.
    let many = Figure.Content.paths(
      axis: "p", rows: (1...30).map { "f\($0)" }, spread: [Double](repeating: 1, count: 31),
      [Figure.Path("all", values: (0...30).map(Double.init))])
    let long = Self.figure(many)
    #expect(long.chart.svg.contains(">11 other features<") && !long.chart.svg.contains(">f11<"))
    #expect(long.chart.svg.contains(">f12<") && long.csv.contains("1,all,f3,3.0"))
  }

  /// A dot for each sample, those outside in another colour, and lines that are not endless.
  @Test func intervalsAreDrawn() {
    let svg = Self.figure(Self.contents[7]).chart.svg
    #expect(ElementCounter.count(svg)?.counts["circle"] == 3)
    #expect(svg.contains(">outside<") && svg.contains(">inside its interval<"))
    #expect(!svg.contains("inf") && !svg.contains("nan"))
    let inside = Figure.Interval(x: 1, y: 2, lower: 2, upper: 3)
    #expect(inside.isInside && !Figure.Interval(x: 1, y: 1.9, lower: 2, upper: 3).isInside)
  }

  /// A dot for each point with a place and for each name in the legend; what is pale and what stands
  /// out have colours of their own.
  @Test func groupsAreDrawn() {
    let svg = Self.figure(Self.contents[8]).chart.svg
    #expect(ElementCounter.count(svg)?.counts["circle"] == 5)
    #expect(svg.contains(">no, trained on<") && !svg.contains(">yes, held out<"))
    #expect(svg.contains(Palette.mark(0).hex))
  }

  /// Without any colour, groups differ by their shapes.
  @Test func groupsHaveShapesOfTheirOwn() {
    let groups = (0..<9).map { Figure.Group("g\($0)", x: [Double($0)], y: [0], color: $0) }
    let svg = Self.figure(.groups(x: "x", y: "y", groups)).chart.svg
    // The first and the ninth are discs, in the legend and in the drawing.
    #expect(ElementCounter.count(svg)?.counts["circle"] == 4)
    let filled = svg.components(separatedBy: "fill-opacity=\"1\"").count - 1
    #expect(filled == 2 * 7)
  }

  /// The ground of a span is shaded behind the lines; it has no entry in the legend but rows in the
  /// table.
  @Test func spansAreShaded() throws {
    let line = Figure.Line("a", x: [0, 10], y: [0, 1])
    let other = Figure.Line("b", x: [0, 10], y: [1, 0], group: 1)
    let span = Figure.Line.span("C=O", 2...4, height: 1)
    let figure = Self.figure(.lines(x: "x", y: "y", [line, other, span]))
    let svg = figure.chart.svg
    #expect(!svg.contains(">C=O</text>") && svg.contains("<title>C=O</title>"))
    #expect(svg.components(separatedBy: "class=\"key\"").count == 3)
    let ground = try #require(svg.range(of: "fill-opacity=\"0.14\""))
    let first = try #require(
      svg.range(of: "stroke-width=\"2\"", range: ground.upperBound..<svg.endIndex))
    #expect(ground.lowerBound < first.lowerBound)
    #expect(figure.csv.hasSuffix("C=O,2.0,1.0\nC=O,4.0,1.0\n"))
    let data = try JSONEncoder().encode(figure)
    #expect(try JSONDecoder().decode(Figure.self, from: data) == figure)
    // Figures without one are stored as they were before there were any.
    #expect(!String(decoding: try JSONEncoder().encode(line), as: UTF8.self).contains("span"))
  }

  @Test func whiskersMayReachUnlikeFar() {
    let column = Figure.Column("share", [0, 0.8], intervals: [0...0.2, 0.55...0.93])
    let figure = Self.figure(.bars(axis: "share", labels: ["a", "b"], [column]))
    #expect(figure.csv == "name,share,lower,upper\na,0.0,0.0,0.2\nb,0.8,0.55,0.93\n")
    // An axis from 0 to 1: no whisker goes below, and each is drawn from its lower to its upper end.
    let svg = figure.chart.svg
    #expect(svg.contains(">0.0<") && svg.contains(">1.0<") && !svg.contains(">-0"))
    let lengths = svg.components(separatedBy: "<path d=\"").compactMap { part -> Double? in
      let points = part.prefix { $0 != "\"" }.split { "ML".contains($0) }
        .map { $0.split(separator: " ").compactMap { Double($0) } }
      guard points.count == 2, points[0].count == 2, points[1].count == 2,
        points[0][1] == points[1][1], part.contains(Drawing.ink.hex)
      else { return nil }
      return points[1][0] - points[0][0]
    }
    #expect(lengths.count == 2 && abs(lengths[1] / lengths[0] - 0.38 / 0.2) < 0.01, "\(lengths)")
  }

  @Test func aSpectrumFillsItsAxis() {
    let line = Figure.Line("a", x: [410, 2450], y: [0, 1])
    let svg = Self.figure(.lines(x: "nm", y: "y", [line])).chart.svg
    #expect(svg.contains(">500<") && svg.contains(">2000<") && !svg.contains(">0<"))
  }

  @Test func everyPointOfASwarmIsDrawn() {
    let counts = ElementCounter.count(Self.figure(Self.contents[3]).chart.svg)?.counts
    #expect(counts?["circle"] == 3)
  }
}
