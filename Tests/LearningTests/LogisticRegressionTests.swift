import Foundation
import Networks
import Tensors
import Testing

@testable import Learning

/// Expected coefficients come from scikit-learn by `make_forest_fixtures.py`.
struct LogisticRegressionTests {
  private struct Fixture: Decodable {
    let inversePenalty: Double
    let coefficients, intercepts: [Double]
    let probabilities: [Float]
  }

  private func fit(
    _ table: ForestTable, _ name: String, _ change: (inout LogisticRegression.Options) -> Void
  ) throws -> LogisticRegression {
    var options = LogisticRegression.Options()
    options.classWeights = name.hasSuffix("Balanced") ? .balanced : .none
    change(&options)
    let isTwo = name.hasPrefix("two")
    return try LogisticRegression(
      rows: table.trainingRows, classes: Array((isTwo ? table.two : table.three)[..<table.trained]),
      classCount: isTwo ? 2 : 3, options: options)
  }

  @Test(arguments: ["two", "twoBalanced", "three", "threeBalanced"])
  func coefficientsAgreeWithScikitLearn(name: String) throws {
    let fixtures: [String: Fixture] = try ForestTable.fixture("logistic")
    let fixture = try #require(fixtures[name])
    let table = try ForestTable.load()
    let model = try fit(table, name) { $0.inversePenalty = fixture.inversePenalty }
    #expect(model.isConverged)
    #expect(model.coefficients.count == fixture.coefficients.count)
    #expect(zip(model.coefficients, fixture.coefficients).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(zip(model.intercepts, fixture.intercepts).allSatisfy { abs($0 - $1) < 1e-6 })
    let predicted = model.probabilities(table.testRows, count: table.testCount)
    #expect(zip(predicted, fixture.probabilities).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  /// The gradient of what is minimised, by its definition in the features as given.
  private func gradient(
    _ model: LogisticRegression, _ rows: [Float], _ classes: [Int], _ penalty: Double
  ) -> [Double] {
    let (features, vectors) = (model.featureCount, model.intercepts.count)
    var gradient =
      model.coefficients.map { $0 * penalty }
      + [Double](repeating: 0, count: vectors)
    for (sample, truth) in classes.enumerated() {
      let row = rows[sample * features..<(sample + 1) * features].map { Double($0) }
      let scores = (0..<vectors).map { vector in
        zip(row, model.coefficients[vector * features..<(vector + 1) * features])
          .reduce(model.intercepts[vector]) { $0 + $1.0 * $1.1 }
      }
      let powers = (vectors == 1 ? [0] + scores : scores).map { exp($0) }
      for vector in 0..<vectors {
        let index = vectors == 1 ? 1 : vector
        let slope = powers[index] / powers.reduce(0, +) - (truth == index ? 1 : 0)
        for feature in 0..<features {
          gradient[vector * features + feature] += slope * row[feature]
        }
        gradient[vectors * features + vector] += slope
      }
    }
    return gradient
  }

  @Test(arguments: [2, 3]) func theGradientVanishesWhateverTheUnits(classCount: Int) throws {
    let random = Randomness(seed: 3)
    let units: [Float] = [1e-4, 1, 3000, 1, 1]
    let count = 5000
    let rows = (0..<count * 5).map { place -> Float in
      // Two features are nearly the same.
      let source = place % 5 == 4 ? place - 1 : place
      let value = random.normal(UInt64(source)) + 2 + 0.01 * random.derived(5).normal(UInt64(place))
      return value * units[place % 5]
    }
    let classes = (0..<count).map { sample -> Int in
      let score = rows[5 * sample + 1] + rows[5 * sample + 3] - rows[5 * sample + 2] / 3000 - 2
      return max(0, min(classCount - 1, Int(score + random.derived(1).normal(UInt64(sample)) + 1)))
    }
    var options = LogisticRegression.Options()
    options.classWeights = .none
    func fit(_ jobs: Int) throws -> LogisticRegression {
      try LogisticRegression(
        rows: rows, classes: classes, classCount: classCount, options: options, jobs: jobs)
    }
    let model = try fit(1)
    #expect(model.isConverged)
    #expect(try fit(3) == model)
    let slopes = gradient(model, rows, classes, 1)
    for (place, slope) in slopes.enumerated() {
      let unit = place < model.coefficients.count ? Double(units[place % 5]) : 1
      #expect(abs(slope) < 1e-3 * unit, "\(place)")
    }
  }

  @Test func separateClassesAndAbsentOnes() throws {
    let rows: [Float] = [1, 2, 3, 11, 12, 13]
    let two = try LogisticRegression(
      rows: rows, classes: [0, 0, 0, 2, 2, 2], classCount: 4)
    #expect(two.isConverged && two.classes == [0, 2] && two.coefficients.count == 1)
    let p = two.probabilities(rows, count: 6)
    #expect((0..<6).allSatisfy { p[4 * $0 + 1] == 0 && p[4 * $0 + 3] == 0 })
    #expect(p[0] > 0.9 && p[20 + 2] > 0.9 && abs(p[0] + p[2] - 1) < 1e-6)
    let one = try LogisticRegression(rows: [1, 2], classes: [1, 1], classCount: 2)
    #expect(one.probabilities([5], count: 1) == [0, 1] && one.isConverged)
    for model in [two, one] {
      let file = try Safetensors(Safetensors(tensors: model.tensors).encoded())
      #expect(try LogisticRegression(tensors: file.tensors) == model)
    }
  }

  @Test func filesKeepRegressions() throws {
    let model = try fit(ForestTable.load(), "three") { _ in }
    let file = try Safetensors(Safetensors(tensors: model.tensors).encoded())
    #expect(try LogisticRegression(tensors: file.tensors) == model)
    for index in model.tensors.indices {
      var tensors = model.tensors
      tensors[index].values[0] = .nan
      #expect(throws: ModelFileError.self) { try LogisticRegression(tensors: tensors) }
      tensors.remove(at: index)
      #expect(throws: ModelFileError.self) { try LogisticRegression(tensors: tensors) }
    }
  }

  @Test func cellsAreSamples() throws {
    let table = try ForestTable.load()
    let model = try fit(table, "three") { _ in }
    let cells = 4 * table.testCount
    var rows = (0..<4).flatMap { _ in table.testRows }
    rows[2 * table.features] = .nan
    let planes = (0..<rows.count).map { rows[$0 % cells * table.features + $0 / cells] }
    let expected = model.probabilities(rows, count: cells, jobs: 1)
    let dense = model.dense(planes, cells: cells, jobs: 3)
    #expect(
      dense.map(\.bitPattern)
        == dense.indices.map { expected[$0 % cells * 3 + $0 / cells].bitPattern })
    #expect(expected[6..<9].allSatisfy { $0.isNaN } && !expected[9].isNaN)
  }

  @Test func weightsCountLikeRepeatedSamples() throws {
    let table = try ForestTable.load()
    let classes = Array(table.three[..<table.trained])
    let features = table.features
    var options = LogisticRegression.Options()
    options.classWeights = .none
    let weighted = try LogisticRegression(
      rows: table.trainingRows, classes: classes, classCount: 3,
      weights: classes.indices.map { Float($0 % 3) }, options: options)
    let repeated = classes.indices.flatMap { [Int](repeating: $0, count: $0 % 3) }
    let longer = try LogisticRegression(
      rows: repeated.flatMap { table.rows[$0 * features..<($0 + 1) * features] },
      classes: repeated.map { classes[$0] }, classCount: 3, options: options)
    #expect(
      zip(weighted.coefficients, longer.coefficients).allSatisfy { abs($0 - $1) < 1e-7 })
  }

  @Test func badSamplesAreRefused() {
    func refused(_ rows: [Float], _ classes: [Int], _ weights: [Float]? = nil) {
      #expect(throws: SampleError.self) {
        try LogisticRegression(rows: rows, classes: classes, classCount: 2, weights: weights)
      }
    }
    refused([1, .nan], [0, 1])
    refused([1, 2, 3], [0, 1])
    refused([1, 2], [0, 2])
    refused([1, 2], [0, 1], [0, 0])
    refused([], [])
    var options = LogisticRegression.Options()
    options.inversePenalty = 0
    #expect(throws: SampleError.self) {
      try LogisticRegression(rows: [1, 2], classes: [0, 1], classCount: 2, options: options)
    }
  }
}
