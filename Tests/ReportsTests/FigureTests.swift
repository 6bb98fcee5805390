import Foundation
import Reports
import Testing

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
  }

  @Test func faintLinesAreNotInTheLegend() {
    let svg = Self.figure(Self.contents[0]).chart.svg
    #expect(svg.contains(">b<") && !svg.contains(">a<"))
    #expect(svg.contains("stroke-width=\"0.7\""))
  }

  @Test func everyPointOfASwarmIsDrawn() {
    let counts = ElementCounter.count(Self.figure(Self.contents[3]).chart.svg)?.counts
    #expect(counts?["circle"] == 3)
  }
}
