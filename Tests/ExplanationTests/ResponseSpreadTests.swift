import Testing

@testable import Explanation

/// What curves say in single numbers, by hand.
@Suite struct ResponseSpreadTests {
  private static let curves = ResponseCurves(
    positions: [0, 1, 3], values: [[0, 0.2, 0.6], [0.4, 0.6, 1]],
    slopes: [[1, 2, 3], [3, 2, -1]], own: [0, 1])

  @Test func spreadsAreOverTheSpan() {
    let curves = Self.curves
    #expect(curves.span == 3 && curves.slopeSpread == [1, 0, 2])
    #expect(curves.slopeSpread(of: [0]) == [0, 0, 0])
    #expect(curves.meanSlopeSpread() == 3)
    // The means are .2, .4 and .8.
    #expect(curves.meanSlopeSpread(beyond: 0.5) == 6)
    #expect(curves.meanSlopeSpread(beyond: 0.3) == 3)
    #expect(curves.meanSlopeSpread(beyond: 0.9) == nil)
    var without = curves
    without.slopes = []
    #expect(without.meanSlopeSpread() == nil && without.slopeSpread == [])
  }

  @Test func gapsAndCrossingsAreThoseOfTheMeans() throws {
    let curves = Self.curves
    let gap = try #require(curves.meanGap([0], [1]))
    #expect(abs(gap - 0.4) < 1e-12)
    #expect(curves.meanGap([], [1]) == nil && curves.meanGap([0], []) == nil)
    // From .2 at 1 to .6 at 3; from .4 at 0 to .6 at 1; the mean from .4 at 1 to .8 at 3.
    let crossings = try [[0], [1], [0, 1]].map { try #require(curves.crossing(of: 0.5, $0)) }
    for (found, expected) in zip(crossings, [2.5, 0.5, 1.5]) {
      #expect(abs(found - expected) < 1e-9)
    }
    #expect(curves.crossing(of: 2, [0]) == nil && curves.crossing(of: 0.5, []) == nil)
    // The first of two crossings counts, downwards as upwards.
    let hill = ResponseCurves(
      positions: [0, 1, 2], values: [[0, 1, 0]], slopes: [], own: [0])
    #expect(hill.crossing(of: 0.25, [0]) == 0.25)
    let valley = ResponseCurves(
      positions: [0, 1, 2], values: [[1, 0, 1]], slopes: [], own: [0])
    #expect(valley.crossing(of: 0.25, [0]) == 0.75)
  }
}
