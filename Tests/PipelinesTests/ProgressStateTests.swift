import Testing

@testable import Pipelines

/// Clock readings are made up, so that nothing depends on how long a test takes.
@Suite struct ProgressStateTests {
  private func planned() -> ProgressState {
    var state = ProgressState()
    state.plan([(stage: "cube", total: 4), (stage: "model", total: 1), (stage: "map", total: 5)])
    return state
  }

  @Test func hasNothingToShowBeforeAnythingHappened() {
    #expect(ProgressState().view(at: 0) == nil)
    #expect(planned().view(at: 0) == nil)
  }

  @Test func ratesAStageByItsOwnWork() throws {
    var state = planned()
    let isFirst = [state.begin("cube/counts1", at: 100), state.begin("cube", at: 100)]
    #expect(isFirst == [true, false])
    state.advance("cube/counts1", made: true)
    state.advance("cube", made: true)
    // Half a second says nothing yet.
    #expect(state.view(at: 100.5)?.rate == nil && state.view(at: 100.5)?.left == nil)
    #expect(
      state.view(at: 104)
        == ProgressState.View(
          stage: "cube", done: 2, total: 4, rate: 0.5, left: 4, fraction: 0.2))
    // What is found in the store is done, but says nothing about the rate.
    state.advance("cube", made: false)
    let view = try #require(state.view(at: 104))
    #expect(view.done == 3 && view.rate == 0.5 && view.left == 2)
  }

  @Test func staysWithAStageUntilItIsDone() {
    var state = planned()
    _ = state.begin("cube", at: 0)
    _ = state.begin("map", at: 1)
    #expect(state.view(at: 2)?.stage == "cube")
    state.advance("map", made: true)
    #expect(state.view(at: 2)?.stage == "cube")
    _ = state.begin("model", at: 3)
    state.advance("cube", made: true)
    #expect(state.view(at: 4)?.stage == "model")
    // A stage that is shown again is rated anew: it did not work in between.
    state.advance("model", made: true)
    _ = state.begin("map", at: 10)
    state.advance("map", made: true)
    #expect(state.view(at: 12)?.rate == 0.5)
  }

  @Test func followsOneTrainingOfSeveral() throws {
    var state = planned()
    _ = state.begin("model@0", at: 0)
    _ = state.begin("model@1", at: 0)
    state.epoch("model@0", done: 1, limit: 200, at: 5)
    state.epoch("model@1", done: 1, limit: 200, at: 6)
    state.epoch("model@0", done: 21, limit: 200, at: 15)
    state.epoch("model@1", done: 30, limit: 200, at: 15)
    var view = try #require(state.view(at: 15))
    #expect(view.epoch == 21 && view.epochLimit == 200 && view.rate == 2 && view.left == 89.5)
    // The next training of the same node begins with its own first epoch.
    state.epoch("model@0", done: 1, limit: 50, at: 16)
    view = try #require(state.view(at: 16))
    #expect(view.epoch == 1 && view.epochLimit == 50 && view.rate == nil)
    state.advance("model@0", made: true)
    #expect(state.view(at: 17)?.epoch == nil)
    state.epoch("model@1", done: 40, limit: 200, at: 17)
    #expect(state.view(at: 17)?.epoch == 40)
  }

  /// Lazily read nodes are not in the plan, and a run may make more than was planned.
  @Test func livesWithoutAPlan() {
    var state = ProgressState()
    _ = state.begin("shap/nodes8", at: 0)
    state.advance("shap/nodes8", made: true)
    #expect(
      state.view(at: 2)
        == ProgressState.View(stage: "shap", done: 1, total: 0, rate: 0.5, fraction: nil))
    var over = planned()
    for _ in 0..<3 {
      _ = over.begin("model", at: 0)
      over.advance("model", made: true)
    }
    #expect(over.counts(of: "model").total == 3)
    #expect(over.view(at: 0.5)?.fraction == 0.1)
  }

  @Test func aNewPlanBeginsAnew() {
    var state = planned()
    _ = state.begin("cube", at: 0)
    state.advance("cube", made: true)
    state.plan([(stage: "cube", total: 2), (stage: "cube", total: 1)])
    #expect(state.view(at: 1) == nil && state.plannedTotal == 3)
    #expect(state.counts(of: "cube").done == 0)
  }
}
