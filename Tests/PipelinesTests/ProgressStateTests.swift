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
    state.advance("cube/counts1", made: true, at: 100.25)
    // Half a second says nothing yet.
    #expect(state.view(at: 100.5)?.rate == nil && state.view(at: 100.5)?.left == nil)
    var view = try #require(state.view(at: 102))
    #expect(view.stage == "cube" && view.done == 1 && view.total == 4 && view.fraction == 0.1)
    state.advance("cube", made: true, at: 104)
    view = try #require(state.view(at: 104))
    #expect(view.done == 2 && view.fraction == 0.2)
    let rate = try #require(view.rate)
    #expect(abs(rate - 1.9 / (0.9 * 0.25 + 3.75)) < 1e-9 && view.left == 2 / rate)
    // What is found in the store is done, but says nothing about the rate.
    state.advance("cube", made: false, at: 104)
    view = try #require(state.view(at: 104))
    #expect(view.done == 3 && view.rate == rate && view.left == 1 / rate)
  }

  @Test func staysWithAStageUntilItIsDone() {
    var state = planned()
    _ = state.begin("cube", at: 0)
    _ = state.begin("map", at: 1)
    #expect(state.view(at: 2)?.stage == "cube")
    state.advance("map", made: true, at: 2)
    #expect(state.view(at: 2)?.stage == "cube")
    _ = state.begin("model", at: 3)
    state.advance("cube", made: true, at: 3)
    #expect(state.view(at: 4)?.stage == "model")
    // A stage that is shown again is rated anew: it did not work in between.
    state.advance("model", made: true, at: 5)
    _ = state.begin("map", at: 10)
    state.advance("map", made: true, at: 12)
    #expect(state.view(at: 12)?.rate == 0.5)
  }

  private func step(
    _ kind: TrainingStep.Kind, _ done: Int, of limit: Int = 200
  ) -> TrainingStep {
    TrainingStep(kind: kind, done: done, limit: limit)
  }

  @Test func followsOneTrainingOfSeveral() throws {
    var state = planned()
    _ = state.begin("model@0", at: 0)
    _ = state.begin("model@1", at: 0)
    state.step("model@0", step(.epoch, 1), at: 5)
    state.step("model@1", step(.epoch, 1), at: 6)
    state.step("model@0", step(.epoch, 21), at: 15)
    state.step("model@1", step(.epoch, 30), at: 15)
    var view = try #require(state.view(at: 15))
    #expect(view.step == step(.epoch, 21))
    #expect(abs((view.rate ?? 0) - 2) < 1e-9 && abs((view.left ?? 0) - 89.5) < 1e-6)
    // The next training of the same node begins with its own first epoch.
    state.step("model@0", step(.epoch, 1, of: 50), at: 16)
    view = try #require(state.view(at: 16))
    #expect(view.step == step(.epoch, 1, of: 50) && view.rate == nil)
    // So does one that counts something else, however far the one before was.
    state.step("model@0", step(.tree, 64, of: 50), at: 20)
    view = try #require(state.view(at: 22))
    #expect(view.step == step(.tree, 64, of: 50) && view.rate == nil)
    state.advance("model@0", made: true, at: 23)
    #expect(state.view(at: 23)?.step == nil)
    state.step("model@1", step(.candidate, 1, of: 6), at: 23)
    #expect(state.view(at: 23)?.step == step(.candidate, 1, of: 6))
  }

  /// Lazily read nodes are not in the plan, and a run may make more than was planned.
  @Test func livesWithoutAPlan() {
    var state = ProgressState()
    _ = state.begin("shap/nodes8", at: 0)
    state.advance("shap/nodes8", made: true, at: 2)
    #expect(
      state.view(at: 2)
        == ProgressState.View(stage: "shap", done: 1, total: 0, rate: 0.5, fraction: nil))
    var over = planned()
    for _ in 0..<3 {
      _ = over.begin("model", at: 0)
      over.advance("model", made: true, at: 0)
    }
    #expect(over.counts(of: "model").total == 3)
    #expect(over.view(at: 0.5)?.fraction == 0.1)
  }

  @Test func aNewPlanBeginsAnew() {
    var state = planned()
    _ = state.begin("cube", at: 0)
    state.advance("cube", made: true, at: 0)
    state.plan([(stage: "cube", total: 2), (stage: "cube", total: 1)])
    #expect(state.view(at: 1) == nil && state.plannedTotal == 3)
    #expect(state.counts(of: "cube").done == 0)
  }
}
