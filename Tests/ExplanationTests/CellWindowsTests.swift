import Explanation
import Networks
import Testing

/// Single cells are explained as they are among all cells of their chunk.
@Suite struct CellWindowsTests {
  private static let baselines: [[Float]] = [[0.2, -0.1, 0.4], [-0.5, 0.3, 0.1]]

  @Test(arguments: [0, 1, 2], [false, true])
  func cellsAreExplainedAsAmongAll(margin: Int, hasGraph: Bool) {
    var field = makeField(
      width: 7, height: 5, margin: margin, mixing: groupedMixing, invalid: [0, 9, 17, 30])
    if hasGraph { field = withGraph(field) }
    let area = (2 * margin + 1) * (2 * margin + 1) + (hasGraph ? 1 : 0)
    let model = WindowModel.curved(windowWeights(2, 2 * area, 3), margin: margin)
    let output = ExplainedOutput(head: .linear, index: 1)
    let cells = [34, 0, 12, 6, 13, 28]
    let gradshap = GradSHAP(output: output, baselines: Self.baselines, nodes: 3)
    let shapley = Shapley(output: output, baselines: Self.baselines, method: .exact)
    for explain in [
      { gradshap.attribute(model, $0) }, { shapley.attribute(model, $0) },
    ] as [(ExplanationField) -> Attribution] {
      let whole = explain(field)
      let found = field.explained(at: cells, explain)
      #expect(found.cellCount == 6 && found.featureCount == 2)
      for (index, cell) in cells.enumerated() {
        #expect(abs(found.base[index] - whole.base[cell]) < 1e-5)
        #expect(abs(found.output[index] - whole.output[cell]) < 1e-5)
        #expect(abs(found.residual[index] - whole.residual[cell]) < 1e-5)
        for t in 0..<2 {
          #expect(abs(found.features[t * 6 + index] - whole.features[t * 35 + cell]) < 1e-5)
        }
      }
    }
  }

  /// More cells than stand in one row, some of them twice.
  @Test func manyCellsAreTakenInParts() {
    let field = makeField(width: 30, height: 20, margin: 1, mixing: groupedMixing)
    let model = WindowModel.curved(windowWeights(1, 18, 3), margin: 1)
    let shapley = Shapley(
      output: ExplainedOutput(head: .linear, index: 0), baselines: Self.baselines,
      method: .exact)
    let cells = (0..<600).map { $0 * 7 % 600 } + [3]
    let whole = shapley.attribute(model, field)
    let found = field.explained(at: cells) { shapley.attribute(model, $0) }
    for (index, cell) in cells.enumerated() {
      #expect(abs(found.features[601 + index] - whole.features[600 + cell]) < 1e-5)
    }
    #expect(field.explained(at: []) { shapley.attribute(model, $0) }.cellCount == 0)
  }
}
