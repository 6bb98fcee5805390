import Networks
import Testing

@testable import Explanation

@Suite struct GradSHAPTests {
  static let value = ExplainedOutput(head: .linear, index: 0)

  /// The formula of integrated gradients, averaged over baselines, for one cell and one feature at
  /// a time by the midpoint rule with many steps: nothing is shared with the implementation.
  private func twin(
    _ model: WindowModel, _ field: ExplanationField, _ baselines: [[Float]], feature: Int,
    x: Int, y: Int, steps: Int = 400
  ) -> Double {
    let mixing = field.mixing
    let area = (2 * model.margin + 1) * (2 * model.margin + 1)
    let z = model.window(field.input.values, mixing.bandCount, field.input, x, y)
    let u = model.window(field.sources, mixing.sourceCount, field.input, x, y)
    let valid = model.window(field.valid.map { $0 ? 1 : 0 }, 1, field.input, x, y)
    var total = 0.0
    for baseline in baselines {
      let there = mixing.bands(baseline)
      var start = z
      var direction = [Double](repeating: 0, count: z.count)
      for band in 0..<mixing.bandCount {
        for i in 0..<area where valid[i] == 1 {
          start[band * area + i] = Double(there[band])
          for j in 0..<mixing.sourceCount where mixing.featureOfSource[j] == feature {
            direction[band * area + i] +=
              Double(mixing.matrix[band * mixing.sourceCount + j])
              * (u[j * area + i] - Double(baseline[j]))
          }
        }
      }
      for step in 0..<steps {
        let share = (Double(step) + 0.5) / Double(steps)
        let point = zip(start, z).map { $0 + share * ($1 - $0) }
        total += model.derivative(point, direction)[0] / Double(steps * baselines.count)
      }
    }
    return total
  }

  @Test func linearModelsHaveAClosedForm() {
    let model = WindowModel.linear(windowWeights(1, 2 * 9, 3), margin: 1)
    let field = makeField(width: 4, height: 3, margin: 2, mixing: groupedMixing)
    let baseline: [Float] = [0.2, -0.1, 0.4]
    let result = GradSHAP(output: Self.value, baselines: [baseline], nodes: 1)
      .attribute(model, field)
    for t in 0..<2 {
      for y in 0..<3 {
        for x in 0..<4 {
          let u = model.window(field.sources, 3, field.input, x, y)
          var direction = [Double](repeating: 0, count: 18)
          for band in 0..<2 {
            for j in 0..<3 where groupedMixing.featureOfSource[j] == t {
              for i in 0..<9 {
                direction[band * 9 + i] +=
                  Double(groupedMixing.matrix[band * 3 + j]) * (u[j * 9 + i] - Double(baseline[j]))
              }
            }
          }
          let expected = model.function(direction)[0]
          #expect(abs(Double(result.features[t * 12 + y * 4 + x]) - expected) < 1e-5)
        }
      }
    }
    #expect(result.residual.allSatisfy { abs($0) < 1e-5 })
  }

  @Test func equalsTheFormulaPerWindow() {
    let model = WindowModel.curved(windowWeights(2, 2 * 9, 11), margin: 1)
    let field = makeField(
      width: 5, height: 4, margin: 2, mixing: groupedMixing, invalid: [20, 21, 40])
    let baselines: [[Float]] = [[0.2, -0.1, 0.4], [-0.5, 0.3, 0], [0, 0, 0]]
    let result = GradSHAP(output: Self.value, baselines: baselines, nodes: 6)
      .attribute(model, field)
    for t in 0..<2 {
      for cell in 0..<20 {
        let expected = twin(model, field, baselines, feature: t, x: cell % 5, y: cell / 5)
        #expect(abs(Double(result.features[t * 20 + cell]) - expected) < 2e-5)
      }
    }
  }

  @Test func featuresAndBaseAddUpToTheOutput() {
    var model = WindowModel.curved(windowWeights(3, 2, 5, scale: 0.9), margin: 0)
    model.headKind = .softmax
    let field = makeField(width: 6, height: 5, margin: 0, mixing: groupedMixing)
    let output = ExplainedOutput(head: .softmax, index: 2, scale: .probability)
    let result = GradSHAP(output: output, baselines: [[0, 0, 0], [1, -1, 0.5]], nodes: 10)
      .attribute(model, field)
    for cell in 0..<30 {
      let sum = result.base[cell] + result.features[cell] + result.features[30 + cell]
      #expect(abs(sum - result.output[cell]) < 1e-5)
      #expect(abs(result.output[cell] - sum - result.residual[cell]) < 1e-6)
    }
    #expect(GradSHAP.relativeResidual([result]) < 1e-4)
  }

  /// f = a b has the gradient (b, a): along the path from 0 both halves are a b / 2.
  @Test func quadraticFunctionsHaveAKnownIntegral() {
    let model = WindowModel(
      outputCount: 1, margin: 0, function: { [$0[0] * $0[1]] },
      derivative: { z, v in [z[1] * v[0] + z[0] * v[1]] })
    let field = makeField(width: 3, height: 1, margin: 0, mixing: .identity(["a", "b"]))
    let result = GradSHAP(output: Self.value, baselines: [[0, 0]], nodes: 1)
      .attribute(model, field)
    for cell in 0..<3 {
      let expected = field.sources[cell] * field.sources[3 + cell] / 2
      #expect(abs(result.features[cell] - expected) < 1e-6)
      #expect(abs(result.features[3 + cell] - expected) < 1e-6)
    }
  }

  @Test func aFeatureWithoutInfluenceGetsNothing() {
    var weights = windowWeights(2, 3 * 9, 21)
    for k in 0..<2 { for i in 9..<18 { weights[k][i] = 0 } }
    let model = WindowModel.curved(weights, margin: 1)
    let field = makeField(width: 4, height: 4, margin: 1, mixing: .identity(["a", "b", "c"]))
    let result = GradSHAP(output: Self.value, baselines: [[0.1, 0.2, 0.3]]).attribute(model, field)
    #expect(result.features[16..<32].allSatisfy { $0 == 0 })
    #expect(result.features[0..<16].contains { abs($0) > 1e-3 })
  }

  @Test func segmentsTakePartThroughPropagatedPixels() {
    let model = WindowModel.curved(windowWeights(2, 2 + 2, 31), margin: 0)
    let field = withGraph(makeField(width: 4, height: 2, margin: 0, mixing: groupedMixing))
    let baselines: [[Float]] = [[0.2, -0.1, 0.4], [-0.5, 0.3, 0]]
    let result = GradSHAP(output: Self.value, baselines: baselines, nodes: 8)
      .attribute(model, field)
    #expect(result.residual.allSatisfy { abs($0) < 1e-5 })
    // Sums of ones differ between segments, so the same baseline has another output in each.
    #expect(abs(result.base[1] - result.base[2]) > 1e-4)
    #expect(result.base[1] == result.base[3])
  }

  @Test func cellsWithoutDataKeepTheirFillInTheBaseline() {
    let model = WindowModel.linear([[1]], margin: 0)
    let field = makeField(
      width: 3, height: 1, margin: 0, mixing: .identity(["a"]), invalid: [1])
    let result = GradSHAP(output: Self.value, baselines: [[0.5]]).attribute(model, field)
    #expect(result.base == [0.5, 0.25, 0.5])
    #expect(result.features[1] == 0)
    #expect(result.output[1] == 0.25)
  }

  @Test func wantedCellsAloneAreExplained() {
    let model = WindowModel.curved(windowWeights(2, 2 * 9, 11), margin: 1)
    let field = makeField(width: 7, height: 20, margin: 2, mixing: groupedMixing)
    let method = GradSHAP(output: Self.value, baselines: [[0.2, -0.1, 0.4]])
    let all = method.attribute(model, field)
    let wanted = (0..<140).map { [9, 11, 18, 123].contains($0) }
    let some = method.attribute(model, field, where: wanted)
    for cell in 0..<140 {
      if wanted[cell] {
        #expect(some.features[cell] == all.features[cell])
        #expect(some.features[140 + cell] == all.features[140 + cell])
        #expect(some.base[cell] == all.base[cell] && some.output[cell] == all.output[cell])
      } else {
        #expect(some.features[cell].isNaN && some.output[cell].isNaN && some.residual[cell].isNaN)
      }
    }
    let none = method.attribute(model, field, where: [Bool](repeating: false, count: 140))
    #expect(none.base.allSatisfy { $0.isNaN })
  }

  @Test func nodesDoubleUntilTheResidualIsSmall() {
    let model = WindowModel.curved(windowWeights(1, 2, 5, scale: 4), margin: 0)
    let field = makeField(width: 8, height: 8, margin: 0, mixing: groupedMixing)
    let coarse = GradSHAP(output: Self.value, baselines: [[0, 0, 0]], nodes: 1)
    let before = GradSHAP.relativeResidual([coarse.attribute(model, field)])
    let (fine, residual) = coarse.refined(for: [field], model, tolerance: 1e-3)
    #expect(before > 1e-3 && residual <= 1e-3 && fine.nodes > 1)
    #expect(coarse.refined(for: [field], model, tolerance: 0, cap: 4).explanation.nodes == 4)
  }
}
