import Testing

@testable import Learning

struct ScoreStepsTests {
  @Test func equalScoresAreOneStep() throws {
    let steps = try #require(
      ScoreSteps(
        scores: [0.5, 0.9, 0.5, 0.1, 0.5], isPositive: [true, true, false, false, true]))
    #expect(steps.scores == [0.9, 0.5, 0.1])
    #expect(steps.hits == [1, 3, 3] && steps.alarms == [0, 1, 2])
    #expect(steps.positives == 3 && steps.negatives == 2)
    #expect(ScoreSteps(scores: [0.2, 0.3], isPositive: [false, false]) == nil)
  }
}
