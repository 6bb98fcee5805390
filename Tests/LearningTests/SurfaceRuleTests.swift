import Learning
import Networks
import Testing

/// Bands that predict by themselves.
struct SurfaceRuleTests {
  @Test func aValueIsThatOfItsBand() {
    let rule = SurfaceRule([.init(band: 1), .init(band: 0)], featureCount: 2, hasOpposite: false)
    #expect(rule.probabilities([1, 2, 3, 4], count: 2) == [2, 1, 4, 3])
    #expect(rule.dense([1, 3, 2, 4], cells: 2) == [2, 4, 1, 3])
  }

  @Test func withoutAVarianceALimitIsAStep() {
    let rule = SurfaceRule([.init(band: 0, limit: 2)], featureCount: 1, hasOpposite: true)
    let found = rule.probabilities([1, 2, 2.5, .nan], count: 4)
    #expect(Array(found[..<6]) == [1, 0, 1, 0, 0, 1])
    #expect(found[6].isNaN && found[7].isNaN)
  }

  /// The normal distribution function at 0, 1, -2 and 1.96 deviations (Abramowitz and Stegun 1964,
  /// table 26.1).
  @Test(arguments: [
    (Float(5), Float(4), 0.5), (7, 4, 0.841_344_746), (1, 4, 0.022_750_132),
    (5.98, 0.25, 0.975_002_105),
  ])
  func aVarianceGivesTheChanceToBeAbove(value: Float, variance: Float, expected: Double) throws {
    let rule = SurfaceRule(
      [.init(band: 0, limit: 5, variance: 1)], featureCount: 2, hasOpposite: false)
    let found = try #require(rule.probabilities([value, variance], count: 1).first)
    #expect(abs(Double(found) - expected) < 1e-6)
  }

  @Test func withoutErrorOrVarianceThereIsNoChance() {
    let rule = SurfaceRule(
      [.init(band: 0, limit: 5, variance: 1)], featureCount: 2, hasOpposite: false)
    let found = rule.probabilities([6, 0, 4, 0, 6, .nan, .nan, 1], count: 4)
    #expect(found[0] == 1 && found[1] == 0 && found[2].isNaN && found[3].isNaN)
  }

  @Test func aFileKeepsTheRule() throws {
    let rules = [
      SurfaceRule([.init(band: 3)], featureCount: 4, hasOpposite: false),
      SurfaceRule([.init(band: 3, limit: 0.8)], featureCount: 4, hasOpposite: true),
      SurfaceRule(
        [.init(band: 1, limit: -2, variance: 0), .init(band: 2, limit: 7, variance: 3)],
        featureCount: 4, hasOpposite: false),
    ]
    for rule in rules { #expect(try SurfaceRule(tensors: rule.tensors) == rule) }
    func changed(_ name: String, _ values: [Float]) -> [NamedTensor] {
      rules[2].tensors.map { tensor in
        tensor.name == "surface.\(name)"
          ? NamedTensor(name: tensor.name, shape: [values.count], values: values) : tensor
      }
    }
    let wrong = [
      changed("band", [1, 4]), changed("band", []), changed("limit", [1]),
      changed("variance", [0]), changed("variance", [0, 9]), changed("form", [4, 1]),
      Array(rules[2].tensors.dropLast()),
    ]
    for tensors in wrong {
      #expect(throws: ModelFileError.self) { try SurfaceRule(tensors: tensors) }
    }
  }
}
