import Foundation
import Testing

@testable import Learning

/// Transforms of measured values: powers are those of scipy, and inverses give values back.
struct ValueTransformTests {
  struct Case: Decodable {
    let name: String
    let values: [Double]
    let lambda: Double
    let transformed: [Double]
  }

  static func cases() throws -> [Case] { try ForestTable.fixture("boxcox") }

  @Test func powersAreThoseOfScipy() throws {
    for one in try Self.cases() {
      let found = ValueTransform(ValueForm(transform: .boxCox), fittedTo: one.values)
      #expect(abs(found.lambda - one.lambda) < 1e-6, "\(one.name): \(found.lambda)")
      // Dividing by the geometric mean is a linear map on the scale of the powers.
      let factor = pow(found.scale, one.lambda)
      for (value, expected) in zip(one.values, one.transformed) {
        let own = factor * found.forward(value) + (factor - 1) / one.lambda
        #expect(abs(own - expected) < 1e-4 * max(1, abs(expected)), "\(one.name)")
      }
    }
  }

  /// The likelihood straight from its definition is nowhere greater.
  @Test func theLikelihoodIsGreatest() throws {
    func logLikelihood(_ values: [Double], _ lambda: Double) -> Double {
      let powers = values.map { lambda == 0 ? log($0) : (pow($0, lambda) - 1) / lambda }
      let center = powers.reduce(0, +) / Double(powers.count)
      let variance =
        powers.reduce(0) { $0 + ($1 - center) * ($1 - center) } / Double(powers.count)
      return (lambda - 1) * values.reduce(0) { $0 + log($1) }
        - Double(values.count) / 2 * log(variance)
    }
    for one in try Self.cases() {
      let lambda = ValueTransform(ValueForm(transform: .boxCox), fittedTo: one.values).lambda
      for other in [lambda - 1, lambda - 0.01, lambda + 0.01, lambda + 1, 0, 1] {
        #expect(logLikelihood(one.values, other) < logLikelihood(one.values, lambda))
      }
    }
  }

  @Test func orderAndUnitDoNotCount() throws {
    let values = try #require(try Self.cases().first).values
    let form = ValueForm(transform: .boxCox)
    let found = ValueTransform(form, fittedTo: values)
    #expect(ValueTransform(form, fittedTo: values.reversed() + [.nan]) == found)
    let thousandfold = ValueTransform(form, fittedTo: values.map { 1000 * $0 })
    #expect(abs(thousandfold.lambda - found.lambda) < 1e-9)
    #expect(abs(thousandfold.scale / found.scale - 1000) < 1e-9)
    for value in values {
      #expect(abs(thousandfold.forward(1000 * value) - found.forward(value)) < 1e-9)
    }
  }

  @Test(arguments: [
    ValueTransform.identity, ValueTransform(kind: .log),
    ValueTransform(kind: .log, offset: 0.05), ValueTransform(kind: .boxCox, lambda: 0, scale: 3),
    ValueTransform(kind: .boxCox, lambda: 1e-9, scale: 3),
    ValueTransform(kind: .boxCox, lambda: 0.4, scale: 20),
    ValueTransform(kind: .boxCox, offset: 0.5, lambda: -0.8, scale: 2),
    ValueTransform(kind: .boxCox, lambda: 2.5, scale: 80),
  ])
  func inversesGiveValuesBack(transform: ValueTransform) {
    var last = -Double.infinity
    for value in [0.01, 0.3, 1, 2.5, 40, 900] {
      let number = transform.forward(value)
      #expect(number > last)
      last = number
      #expect(abs(transform.inverse(number) - value) < 1e-9 * max(1, value))
    }
  }

  /// The power 0 is the logarithm, and powers near it are near it.
  @Test func powersNearZeroAreLogarithms() {
    let zero = ValueTransform(kind: .boxCox, lambda: 0)
    for value in [0.001, 0.7, 12, 5000] {
      #expect(zero.forward(value) == log(value))
      for lambda in [1e-7, -1e-7] {
        let near = ValueTransform(kind: .boxCox, lambda: lambda)
        #expect(abs(near.forward(value) - log(value)) < 1e-5)
      }
    }
  }

  @Test func whatNoValueHasIsSaid() {
    let negative = ValueTransform(kind: .boxCox, lambda: -0.5, scale: 10)
    #expect(negative.bound == 2)
    #expect(negative.inverse(2) == ValueTransform.largest && negative.inverse(7) >= 1e38)
    #expect(negative.inverse(1.9) < 1e6)
    // What cannot be given back keeps its place on the scale.
    #expect(abs(negative.forward(ValueTransform.largest) - 2) < 1e-6)
    let positive = ValueTransform(kind: .boxCox, offset: 0.5, lambda: 0.5, scale: 10)
    #expect(positive.bound == nil && positive.inverse(-3) == -0.5)
    #expect(abs(positive.forward(-0.5) + 2) < 1e-9)
    #expect(ValueTransform(kind: .log).inverse(1000) == ValueTransform.largest)
  }

  @Test func equalValuesHaveNoPower() {
    let form = ValueForm(transform: .boxCox)
    #expect(ValueTransform(form, fittedTo: [3, 3, 3]).lambda == 1)
    #expect(ValueTransform(form, fittedTo: []).lambda == 1)
    let two = ValueTransform(form, fittedTo: [3, 5, 3, 5])
    #expect(two.lambda.isFinite && abs(two.lambda) <= 5)
  }
}
