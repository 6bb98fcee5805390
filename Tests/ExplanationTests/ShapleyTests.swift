import Networks
import Testing

@testable import Explanation

@Suite struct ShapleyTests {
  static let value = ExplainedOutput(head: .linear, index: 0)
  static let names = ["a", "b", "c", "d"]

  private func shapley(_ method: Shapley.Method, _ baselines: [[Float]]) -> Shapley {
    Shapley(output: Self.value, baselines: baselines, method: method)
  }

  @Test func exactEqualsTheMeanOverAllPermutations() {
    let model = WindowModel.curved(windowWeights(2, 3, 5, scale: 1), margin: 0)
    let field = makeField(width: 3, height: 2, margin: 0, mixing: .identity(["a", "b", "c"]))
    let baseline: [Float] = [0.3, -0.2, 0.1]
    let result = shapley(.exact, [baseline]).attribute(model, field)
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
    for cell in 0..<6 {
      var expected = [0.0, 0, 0]
      for order in orders {
        var point = baseline.map(Double.init)
        for feature in order {
          let before = model.function(point)[0]
          point[feature] = Double(field.sources[feature * 6 + cell])
          expected[feature] += (model.function(point)[0] - before) / 6
        }
      }
      for t in 0..<3 { #expect(abs(Double(result.features[t * 6 + cell]) - expected[t]) < 1e-6) }
    }
  }

  @Test func permutationsApproachTheExactValues() {
    let model = WindowModel.curved(windowWeights(2, 4 * 9, 5, scale: 0.5), margin: 1)
    let field = makeField(width: 4, height: 3, margin: 1, mixing: .identity(Self.names))
    let baselines: [[Float]] = [[0.3, -0.2, 0.1, 0], [0, 0.5, -0.5, 0.2]]
    let exact = shapley(.exact, baselines).attribute(model, field)
    func error(_ pairs: Int) -> Float {
      let sampled = shapley(.permutations(pairs: pairs, seed: 4), baselines)
        .attribute(model, field)
      #expect(sampled.residual.allSatisfy { abs($0) < 1e-6 })
      return zip(exact.features, sampled.features).reduce(0) { max($0, abs($1.0 - $1.1)) }
    }
    let (few, many) = (error(2), error(200))
    #expect(few > 1e-4)
    #expect(many < few / 3)
    #expect(exact.residual.allSatisfy { abs($0) < 1e-6 })
  }

  @Test(arguments: [Shapley.Method.exact, .permutations(pairs: 3, seed: 1)])
  func sumsAreExactWithMixedSources(_ method: Shapley.Method) {
    let model = WindowModel.curved(windowWeights(2, 2 * 9 + 2, 8), margin: 1)
    let field = withGraph(
      makeField(width: 4, height: 3, margin: 2, mixing: groupedMixing, invalid: [17, 30]))
    let result = shapley(method, [[0.3, -0.2, 0.1], [1, 1, 0]]).attribute(model, field)
    for cell in 0..<12 {
      let sum = result.base[cell] + result.features[cell] + result.features[12 + cell]
      #expect(abs(sum - result.output[cell]) < 2e-6)
    }
    #expect(result.features.contains { abs($0) > 1e-2 })
  }

  @Test func oneHotGroupsAreOnePlayer() {
    // One feature of two sources: with a second feature that does nothing it takes the whole
    // change.
    let mixing = SourceMixing(
      bandCount: 3, matrix: [1, 0, 0, 0, 1, 0, 0, 0, 1], offset: [0, 0, 0],
      featureOfSource: [0, 0, 1], featureNames: ["rock", "other"])
    let model = WindowModel(
      outputCount: 1, margin: 0, function: { [3 * $0[0] - 2 * $0[1] + 5 * $0[0] * $0[1]] },
      derivative: { z, v in [(3 + 5 * z[1]) * v[0] + (5 * z[0] - 2) * v[1]] })
    let field = makeField(width: 2, height: 2, margin: 0, mixing: mixing)
    let result = shapley(.permutations(pairs: 1, seed: 2), [[1, 0, 0]]).attribute(model, field)
    for cell in 0..<4 {
      #expect(abs(result.features[cell] - (result.output[cell] - 3)) < 1e-5)
      #expect(result.features[4 + cell] == 0)
    }
  }

  @Test func equalFeaturesShareEquallyAndIdleOnesGetNothing() {
    let model = WindowModel(
      outputCount: 1, margin: 0, function: { [$0[0] * $0[1] + ($0[0] + $0[1]) * $0[3]] },
      derivative: { _, _ in [0] })
    var field = makeField(width: 2, height: 1, margin: 0, mixing: .identity(Self.names))
    for cell in 0..<2 {
      field.sources[2 + cell] = field.sources[cell]
      field.input.values[2 + cell] = field.input.values[cell]
    }
    let result = shapley(.exact, [[0, 0, 0, 0]]).attribute(model, field)
    for cell in 0..<2 {
      #expect(abs(result.features[cell] - result.features[2 + cell]) < 1e-6)
      #expect(abs(result.features[4 + cell]) < 1e-7)
      #expect(abs(result.features[cell]) > 1e-3)
    }
  }

  /// For a function of second degree every antithetic pair gives the exact values.
  @Test func antitheticPairsAreExactForPairwiseInteractions() {
    let model = WindowModel(
      outputCount: 1, margin: 0,
      function: { [$0[0] * $0[1] - 2 * $0[1] * $0[2] + $0[3] * $0[0] + $0[2]] },
      derivative: { _, _ in [0] })
    let field = makeField(width: 3, height: 3, margin: 0, mixing: .identity(Self.names))
    let exact = shapley(.exact, [[0.1, 0.2, 0.3, 0.4]]).attribute(model, field)
    let pair = shapley(.permutations(pairs: 1, seed: 9), [[0.1, 0.2, 0.3, 0.4]])
      .attribute(model, field)
    for (a, b) in zip(exact.features, pair.features) { #expect(abs(a - b) < 1e-6) }
  }

  /// The same permutations serve every cell: explaining a part gives the same numbers.
  @Test func cellsDoNotDependOnTheChunkAroundThem() {
    let model = WindowModel.curved(windowWeights(2, 4 * 9, 5, scale: 0.5), margin: 1)
    let field = makeField(width: 5, height: 6, margin: 1, mixing: .identity(Self.names))
    let method = shapley(.permutations(pairs: 2, seed: 3), [[0.3, -0.2, 0.1, 0]])
    let all = method.attribute(model, field)
    let some = method.attribute(model, field, where: (0..<30).map { $0 == 17 })
    let other = shapley(.permutations(pairs: 2, seed: 4), [[0.3, -0.2, 0.1, 0]])
      .attribute(model, field)
    for t in 0..<4 { #expect(some.features[t * 30 + 17] == all.features[t * 30 + 17]) }
    #expect(all.features != other.features)
  }

  @Test func passesAreCounted() {
    #expect(shapley(.exact, [[0], [1]]).passCount(featureCount: 3) == 15)
    #expect(
      shapley(.permutations(pairs: 2, seed: 0), [[0]]).passCount(featureCount: 3) == 10)
  }
}
