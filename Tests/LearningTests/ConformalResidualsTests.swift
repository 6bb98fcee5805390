import Foundation
import Tensors
import Testing

@testable import Learning

/// Limits from residuals: ranks, what they need, and how often they hold.
struct ConformalResidualsTests {
  @Test func ranksOfASmallCase() throws {
    // Twenty residuals -10...9: rank ceil(21 x 0.95) = 20 from either side at level 0.9.
    let residuals = ConformalResiduals((0..<20).map { Double((7 * $0) % 20 - 10) })
    #expect(residuals.sorted == (-10...9).map(Double.init))
    #expect(residuals.limits(level: 0.9) == .init(lower: -10, upper: 9))
    // ceil(21 x 0.75) = 16: the 16th from below and from above.
    #expect(residuals.limits(level: 0.5) == .init(lower: -6, upper: 5))
    #expect(residuals.limits(level: 0.95) == nil)
    #expect(ConformalResiduals([3, .nan]).count == 1)
    #expect(ConformalResiduals([]).limits(level: 0.5) == nil)
  }

  /// The smallest residual that enough of all are not above, by counting in whole numbers.
  private func naive(_ residuals: [Double], perMille: Int) -> ConformalResiduals.Limits? {
    func limit(_ values: [Double]) -> Double? {
      values.sorted().first { value in
        2000 * values.count { $0 <= value } >= (1000 + perMille) * (values.count + 1)
      }
    }
    guard let upper = limit(residuals), let lower = limit(residuals.map { -$0 }) else { return nil }
    return .init(lower: -lower, upper: upper)
  }

  @Test func limitsAreThoseOfANaiveCount() {
    let random = Randomness(seed: 5, 1)
    for count in [1, 2, 3, 5, 18, 19, 20, 38, 39, 40, 57] {
      let residuals = (0..<count).map { Double(random.normal(UInt64(100 * count + $0))) }
      let found = ConformalResiduals(residuals)
      for perMille in [500, 600, 700, 800, 900, 950, 990] {
        let level = Double(perMille) / 1000
        #expect(
          found.limits(level: level) == naive(residuals, perMille: perMille), "\(count) \(level)")
        #expect(
          (found.limits(level: level) == nil)
            == (count < ConformalResiduals.leastCount(level: level)))
      }
    }
  }

  @Test func leastCountsAreExact() {
    #expect(ConformalResiduals.leastCount(level: 0.5) == 3)
    #expect(ConformalResiduals.leastCount(level: 0.8) == 9)
    #expect(ConformalResiduals.leastCount(level: 0.9) == 19)
    #expect(ConformalResiduals.leastCount(level: 0.95) == 39)
    #expect(ConformalResiduals.leastCount(level: 0.99) == 199)
  }

  /// With exchangeable residuals, however skewed, new ones are inside as often as the level says and
  /// outside on either side in half of the other cases, within four standard errors.
  @Test(arguments: [0.5, 0.8, 0.9])
  func exchangeableResidualsAreCovered(level: Double) throws {
    let random = Randomness(seed: 11, 2)
    let (trials, count) = (4000, 49)
    var (inside, below, above) = (0, 0, 0)
    for trial in 0..<trials {
      func draw(_ index: Int) -> Double {
        exp(Double(random.normal(UInt64(trial * 64 + index)))) - 1
      }
      let limits = try #require(
        ConformalResiduals((0..<count).map(draw)).limits(level: level))
      let new = draw(count)
      below += new < limits.lower ? 1 : 0
      above += new > limits.upper ? 1 : 0
      inside += limits.lower <= new && new <= limits.upper ? 1 : 0
    }
    // Of ranks 1...50 of the new residual among all, those between both limits, exactly.
    let rank = ((Double(count + 1) * (1 + level) / 2) - 1e-9).rounded(.up)
    let expected = (2 * rank - Double(count + 1)) / Double(count + 1)
    #expect(expected >= level)
    let error = (expected * (1 - expected) / Double(trials)).squareRoot()
    #expect(abs(Double(inside) / Double(trials) - expected) < 4 * error)
    let tail = (1 - expected) / 2
    let tailError = (tail * (1 - tail) / Double(trials)).squareRoot()
    for side in [below, above] {
      #expect(abs(Double(side) / Double(trials) - tail) < 4 * tailError)
    }
  }
}
