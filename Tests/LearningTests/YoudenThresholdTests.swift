import Testing

@testable import Learning

struct YoudenThresholdTests {
  /// J of a threshold by its definition.
  private func index(_ threshold: Double, _ scores: [Float], _ isPositive: [Bool]) -> Double {
    func share(_ wanted: Bool) -> Double {
      let own = scores.indices.filter { isPositive[$0] == wanted }
      return Double(own.count { Double(scores[$0]) > threshold }) / Double(own.count)
    }
    return share(true) - share(false)
  }

  @Test func noOtherThresholdIsBetter() throws {
    for count in [2, 5, 17, 200] {
      // Few different scores, so that there are ties.
      let scores = (0..<count).map { Float(($0 * 37 + 11) % 23) / 23 }
      let isPositive = (0..<count).map { ($0 * 37 + 11) % 23 + ($0 * 7) % 13 > 18 || $0 == 1 }
      guard isPositive.contains(false) else { continue }
      let found = try #require(YoudenThreshold(scores: scores, isPositive: isPositive))
      let best = ([-1] + scores.map(Double.init)).map { index($0, scores, isPositive) }.max()
      #expect(abs(found.index - (best ?? 0)) < 1e-12)
      #expect(abs(found.index - index(found.value, scores, isPositive)) < 1e-12)
    }
  }

  @Test func halfwayBetweenScores() {
    let found = YoudenThreshold(
      scores: [0.1, 0.4, 0.2, 0.9], isPositive: [false, true, false, true])
    #expect(found?.index == 1)
    #expect(abs((found?.value ?? 0) - 0.3) < 1e-7)
  }

  @Test func scoresThatSayNothing() {
    #expect(YoudenThreshold(scores: [0.1, 0.2], isPositive: [true, true]) == nil)
    let equal = YoudenThreshold(scores: [0.5, 0.5], isPositive: [true, false])
    #expect(equal?.value == 0.5 && equal?.index == 0)
    let wrong = YoudenThreshold(scores: [0.1, 0.8], isPositive: [true, false])
    #expect(wrong?.index == 0 && index(wrong?.value ?? 0, [0.1, 0.8], [true, false]) == 0)
  }
}
