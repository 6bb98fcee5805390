import Networks
import Testing

@testable import Explanation

/// Explanations of networks against derivatives and differences taken window by window.
@Suite struct ModelExplanationTests {
  static let window = 6

  static func model(_ kind: ModelArchitecture.Head.Kind = .softmax) throws -> Model {
    try Model(
      architecture: ModelArchitecture(
        bandCount: 2,
        branches: [
          .patch(
            .init(
              window: window,
              layers: [.convolution(filters: 6, kernel: 2), .maxPool(size: 2)], width: 8)),
          .spectral(.init(filters: [4], kernel: 2, pool: 1, width: 6)),
        ], head: .init(kind: kind, hidden: [8], outputs: 3)), seed: 3)
  }

  /// The samples of all cells from bands over chunk and halo.
  static func batch(_ values: [Float], _ input: DenseInput) -> ModelBatch {
    var batch = ModelBatch(count: input.cellCount, windows: [[]])
    for cell in 0..<input.cellCount {
      let (x, y) = (cell % input.width + input.margin, cell / input.width + input.margin)
      for band in 0..<2 {
        let plane = band * input.paddedHeight
        batch.spectra.append(values[(plane + y) * input.paddedWidth + x])
        for row in y - window / 2..<y - window / 2 + window {
          let start = (plane + row) * input.paddedWidth + x - window / 2
          batch.windows[0] += values[start..<start + window]
        }
      }
    }
    return batch
  }

  @Test func gradSHAPEqualsTheDoubleLoopOverWindows() throws {
    let model = try Self.model()
    let field = makeField(
      width: 5, height: 4, margin: 3, mixing: groupedMixing, invalid: [30, 31, 50])
    let baselines: [[Float]] = [[0.2, -0.1, 0.4], [-0.5, 0.3, 0]]
    let output = ExplainedOutput(head: .softmax, index: 2)
    let nodes = 3
    let result = GradSHAP(output: output, baselines: baselines, nodes: nodes)
      .attribute(model, field)
    let rule = GaussLegendre(nodes)
    let padded = field.valid.count
    var expected = [Double](repeating: 0, count: 2 * 20)
    for baseline in baselines {
      let there = groupedMixing.bands(baseline)
      for (node, weight) in zip(rule.nodes, rule.weights) {
        var point = field.input.values
        for i in point.indices where field.valid[i % padded] {
          point[i] = there[i / padded] + Float(node) * (point[i] - there[i / padded])
        }
        let (raw, pass) = model.forward(Self.batch(point, field.input))
        for t in 0..<2 {
          var direction = [Float](repeating: 0, count: point.count)
          for i in direction.indices where field.valid[i % padded] {
            for j in 0..<3 where groupedMixing.featureOfSource[j] == t {
              direction[i] +=
                groupedMixing.matrix[i / padded * 3 + j]
                * (field.sources[j * padded + i % padded] - baseline[j])
            }
          }
          let slopes = model.pushforward(pass, tangent: Self.batch(direction, field.input))
          for cell in 0..<20 {
            var gradient = [0.0, 0, 0]
            _ = output.value((0..<3).map { Double(raw[cell * 3 + $0]) }, gradient: &gradient)
            for k in 0..<3 {
              expected[t * 20 + cell] += weight / 2 * gradient[k] * Double(slopes[cell * 3 + k])
            }
          }
        }
      }
    }
    for i in expected.indices { #expect(abs(Double(result.features[i]) - expected[i]) < 1e-5) }
    #expect(expected.contains { abs($0) > 1e-2 })
  }

  @Test func nodesBringTheResidualDown() throws {
    let model = try Self.model(.sigmoid)
    let field = makeField(width: 12, height: 9, margin: 3, mixing: groupedMixing)
    func residual(_ nodes: Int) -> Double {
      GradSHAP.relativeResidual([
        GradSHAP(
          output: ExplainedOutput(head: .sigmoid, index: 1), baselines: [[0.2, -0.1, 0.4]],
          nodes: nodes
        ).attribute(model, field)
      ])
    }
    // Slopes jump at kinks of ReLUs and maxima, so the error falls only as 1 / nodes.
    #expect(residual(64) < 0.05)
    #expect(residual(64) < residual(1) / 4)
  }

  @Test func shapleyAddsUpAndAgreesWithExactValues() throws {
    let model = try Self.model()
    let field = makeField(width: 5, height: 4, margin: 3, mixing: groupedMixing, invalid: [30])
    let output = ExplainedOutput(head: .softmax, index: 0)
    let baselines: [[Float]] = [[0.2, -0.1, 0.4], [-0.5, 0.3, 0]]
    let exact = Shapley(output: output, baselines: baselines, method: .exact)
      .attribute(model, field)
    // Two features have two permutations: one pair is exact.
    let pair = Shapley(
      output: output, baselines: baselines, method: .permutations(pairs: 1, seed: 1)
    ).attribute(model, field)
    for (a, b) in zip(exact.features, pair.features) { #expect(abs(a - b) < 1e-6) }
    for attribution in [exact, pair] {
      #expect(attribution.residual.allSatisfy { abs($0) < 1e-6 })
    }
  }

  /// Segments take part: quadrature and telescoping add up, and both methods agree where they must.
  @Test func graphBranchesAreExplained() throws {
    let model = try Model(
      architecture: ModelArchitecture(
        bandCount: 2,
        branches: [
          .graph(.init(hops: 2, width: 8, output: 6, dropout: 0)),
          .patch(.init(window: 3, layers: [], width: 6)),
        ], head: .init(kind: .sigmoid, hidden: [], outputs: 2)), seed: 5)
    let field = withGraph(
      makeField(width: 4, height: 3, margin: 1, mixing: groupedMixing, invalid: [8]))
    let output = ExplainedOutput(head: .sigmoid, index: 1)
    let baselines: [[Float]] = [[0.2, -0.1, 0.4]]
    let gradients = GradSHAP(output: output, baselines: baselines, nodes: 64)
      .attribute(model, field)
    let shapley = Shapley(output: output, baselines: baselines, method: .exact)
      .attribute(model, field)
    #expect(shapley.residual.allSatisfy { abs($0) < 1e-6 })
    #expect(gradients.residual.allSatisfy { abs($0) < 0.02 })
    #expect(gradients.base == shapley.base && gradients.output == shapley.output)
    // The first cell belongs to no segment; the others feel theirs: without a graph they differ.
    var alone = field
    alone.input.segmentOfCell = [Int32](repeating: -1, count: 12)
    let without = Shapley(output: output, baselines: baselines, method: .exact)
      .attribute(model, alone)
    #expect(abs(without.features[0] - shapley.features[0]) < 1e-6)
    #expect((1..<12).contains { abs(without.features[$0] - shapley.features[$0]) > 1e-3 })
  }
}
