import Foundation
import Testing

@testable import Tensors

struct ExactCovarianceTests {
  /// Three variables of `count` observations, one of them far from zero.
  private func values(_ count: Int) -> [Float] {
    var state: UInt64 = 9
    func next() -> Float {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(state >> 40) / 16_777_216
    }
    let first = (0..<count).map { _ in next() - 0.5 }
    let second = first.map { 5_000_000 + (($0 * 8).rounded() / 2) }
    let third = first.map { $0 * 1e-20 * (next() - 0.5) }
    return first + second + third
  }

  @Test func equalsTheDefinition() {
    let count = 40_000
    let values = values(count)
    var covariance = ExactCovariance(variableCount: 3)
    covariance.add(values.span)
    let means = (0..<3).map { variable in
      values[variable * count..<(variable + 1) * count].reduce(0.0) { $0 + Double($1) }
        / Double(count)
    }
    for row in 0..<3 {
      #expect(abs(covariance.means[row] - means[row]) <= 1e-9 * abs(means[row]) + 1e-30)
      for column in 0..<3 {
        var sum = 0.0
        var size = 0.0
        for index in 0..<count {
          let product =
            (Double(values[row * count + index]) - means[row])
            * (Double(values[column * count + index]) - means[column])
          sum += product
          size += abs(product)
        }
        #expect(abs(covariance.scatter[row * 3 + column] - sum) <= 1e-9 * size)
      }
    }
  }

  @Test func varianceIsThatOfTheMoments() {
    let values = values(1000)
    var covariance = ExactCovariance(variableCount: 3)
    covariance.add(values.span)
    for variable in 0..<3 {
      let moments = ExactMoments(Array(values[variable * 1000..<(variable + 1) * 1000]))
      #expect(covariance.means[variable] == moments.mean)
      #expect(
        abs(covariance.scatter[variable * 4] / 1000 - moments.variance)
          <= 1e-15 * moments.variance)
    }
  }

  @Test func sameBitsForAnyDivision() throws {
    let count = 500
    let values = values(count)
    var whole = ExactCovariance(variableCount: 3)
    whole.add(values.span)
    var merged = ExactCovariance(variableCount: 3)
    for start in stride(from: 0, to: count, by: 37).reversed() {
      var part = ExactCovariance(variableCount: 3)
      let end = min(count, start + 37)
      let chunk = (0..<3).flatMap { values[$0 * count + start..<$0 * count + end] }
      part.add(chunk.span)
      merged.merge(
        try JSONDecoder().decode(ExactCovariance.self, from: JSONEncoder().encode(part)))
    }
    #expect(merged == whole && merged.scatter == whole.scatter)
  }

  @Test func nothingSeen() {
    let empty = ExactCovariance(variableCount: 2)
    #expect(empty.count == 0 && empty.means.allSatisfy(\.isNaN))
    #expect(empty.scatter == [0, 0, 0, 0])
  }
}
