import Testing

@testable import Learning

/// Scores and probabilities that scikit-learn reached; `make_forest_fixtures.py` made them.
struct ForestFixtureTests {
  private struct Fixture: Decodable {
    let score, outOfBag: Summary
    let importances, predictions: [Float]
  }

  private struct Summary: Decodable {
    let mean, deviation: Double

    /// Whether a mean over as many seeds agrees with this one.
    func agrees(with values: [Double]) -> Bool {
      let mean = values.reduce(0, +) / Double(values.count)
      return abs(mean - self.mean) <= max(0.01, 2 * deviation)
    }
  }

  /// Five forests against the case of a name.
  private func check(
    _ name: String, _ target: RandomForest.Target, _ score: ([Float]) -> Double?,
    _ change: (inout RandomForest.Options) -> Void = { _ in }
  ) throws {
    let fixtures: [String: Fixture] = try ForestTable.fixture("forest")
    let fixture = try #require(fixtures[name])
    let table = try ForestTable.load()
    var (scores, bags) = ([Double](), [Double]())
    var predictions = [Float](repeating: 0, count: fixture.predictions.count)
    var importances = [Float](repeating: 0, count: table.features)
    for seed in 0..<5 {
      var options = RandomForest.Options()
      options.trees = 200
      options.seed = UInt64(seed)
      change(&options)
      let forest = try RandomForest(rows: table.trainingRows, target: target, options: options)
      let predicted = forest.probabilities(table.testRows, count: table.testCount)
      scores.append(score(predicted) ?? .nan)
      bags.append(Double(forest.outOfBagScore ?? .nan))
      for index in predictions.indices { predictions[index] += predicted[index] / 5 }
      for index in importances.indices { importances[index] += forest.importances[index] / 5 }
    }
    #expect(fixture.score.agrees(with: scores), "\(scores)")
    #expect(fixture.outOfBag.agrees(with: bags), "\(bags)")
    let tolerance: Float = name == "values" ? 0.25 : 0.06
    #expect(zip(predictions, fixture.predictions).allSatisfy { abs($0 - $1) < tolerance })
    #expect(zip(importances, fixture.importances).allSatisfy { abs($0 - $1) < 0.02 })
  }

  private func area(_ truth: [Int], _ classCount: Int) -> ([Float]) -> Double? {
    { ClassMetrics(probabilities: $0, classes: truth, classCount: classCount).rocAUC }
  }

  @Test func twoClassesAgreeWithScikitLearn() throws {
    let table = try ForestTable.load()
    let classes = Array(table.two[..<table.trained])
    let score = area(Array(table.two[table.trained...]), 2)
    try check("two", .classes(classes, count: 2), score)
    try check("twoUnweighted", .classes(classes, count: 2), score) {
      $0.classWeights = .none
      $0.minimumLeaf = 5
      $0.maximumDepth = 4
    }
    try check("twoInImpurity", .classes(classes, count: 2), score) { $0.weighting = .impurity }
  }

  @Test func threeClassesAgreeWithScikitLearn() throws {
    let table = try ForestTable.load()
    try check(
      "three", .classes(Array(table.three[..<table.trained]), count: 3),
      area(Array(table.three[table.trained...]), 3)
    ) {
      $0.minimumLeaf = 3
      $0.featuresPerSplit = 4
    }
  }

  @Test func valuesAgreeWithScikitLearn() throws {
    let table = try ForestTable.load()
    let truth = Array(table.values[table.trained...])
    try check(
      "values", .values(Array(table.values[..<table.trained])),
      { ValueMetrics(predicted: $0, measured: truth).r2 }, { $0.minimumLeaf = 2 })
  }
}
