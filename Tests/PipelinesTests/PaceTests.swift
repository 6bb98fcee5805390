import Testing

@testable import Pipelines

/// Clock readings are made up, so that nothing depends on how long a test takes.
@Suite struct PaceTests {
  private func near(_ a: Double?, _ b: Double) -> Bool { abs((a ?? .infinity) - b) < 1e-9 }

  @Test func evenWorkHasItsRate() {
    var pace = Pace(from: 10)
    #expect(pace.rate(at: 12) == nil)
    for done in 1...50 {
      pace.add(1, at: 10 + 0.5 * Double(done))
      #expect(near(pace.rate(at: 10 + 0.5 * Double(done)), 2))
    }
    // Several at once were done one after another.
    pace.add(64, at: 67)
    #expect(near(pace.rate(at: 67), 2))
  }

  @Test func oneSlowChunkIsForgotten() {
    var pace = Pace(from: 0)
    pace.add(1, at: 60)
    #expect(near(pace.rate(at: 60), 1 / 60))
    for second in 1...20 { pace.add(1, at: 60 + Double(second)) }
    let rate = pace.rate(at: 80) ?? 0
    // The mean of all would be 21 / 80; what was done lately is 1.
    #expect(rate > 0.4 && rate < 1)
    for second in 21...60 { pace.add(1, at: 60 + Double(second)) }
    #expect((pace.rate(at: 120) ?? 0) > 0.9)
  }

  @Test func waitingCountsOnceItIsLongerThanUsual() {
    var pace = Pace(from: 0)
    for second in 1...30 { pace.add(1, at: Double(second)) }
    #expect(near(pace.rate(at: 30.9), 1) && near(pace.rate(at: 31), 1))
    let (later, muchLater) = (pace.rate(at: 33) ?? 0, pace.rate(at: 90) ?? 0)
    #expect(later < 1 && later > 0.7 && muchLater < later && muchLater > 0)
  }

  @Test func aClockThatStandsStillOrGoesBackDoesNoHarm() {
    var pace = Pace(from: 5)
    pace.add(3, at: 5)
    #expect(pace.rate(at: 5) == nil)
    pace.add(1, at: 4)
    pace.add(0, at: 9)
    #expect(pace.rate(at: 4) == nil)
    pace.add(1, at: 6)
    #expect((pace.rate(at: 6) ?? 0) > 1)
  }
}
