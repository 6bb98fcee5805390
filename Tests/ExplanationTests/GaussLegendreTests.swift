import Explanation
import Testing

@Suite struct GaussLegendreTests {
  @Test(arguments: [1, 2, 3, 4, 7, 16, 64]) func integratesPolynomials(_ count: Int) {
    let rule = GaussLegendre(count)
    for degree in 0...2 * count - 1 {
      var integral = 0.0
      for (x, w) in zip(rule.nodes, rule.weights) {
        integral += w * (0..<degree).reduce(1) { product, _ in product * x }
      }
      #expect(abs(integral - 1 / Double(degree + 1)) < 1e-13)
    }
  }

  @Test func knownRuleOfThreeNodes() {
    let rule = GaussLegendre(3)
    let offset = 0.5 * (0.6).squareRoot()
    for (node, expected) in zip(rule.nodes, [0.5 - offset, 0.5, 0.5 + offset]) {
      #expect(abs(node - expected) < 1e-15)
    }
    for (weight, expected) in zip(rule.weights, [5.0 / 18, 8.0 / 18, 5.0 / 18]) {
      #expect(abs(weight - expected) < 1e-15)
    }
  }

  @Test func nodesAscendInsideTheInterval() {
    let nodes = GaussLegendre(33).nodes
    #expect(zip(nodes, nodes.dropFirst()).allSatisfy { $0 < $1 })
    #expect(nodes.allSatisfy { $0 > 0 && $0 < 1 })
    #expect(nodes[16] == 0.5)
  }
}
