import Explanation
import Testing

/// Paths, their order and spread against sums by hand and naive twins.
@Suite struct DecisionPathsTests {
  private static func attributions(_ samples: Int, _ features: Int) -> [[Double]] {
    let values = pseudorandom(samples * features, 11).map(Double.init)
    return (0..<samples).map { sample in
      (0..<features).map { Double($0 + 1) * values[sample * features + $0] }
    }
  }

  @Test func pathsGoFromTheBaseOverTheLeastFeatures() {
    let paths = DecisionPaths([[1, -4, 2], [-1, 0, 4]], base: [0.5, 1])
    // Mean absolute attributions 1, 2, 3.
    #expect(DecisionPaths.strengths([[1, -4, 2], [-1, 0, 4]]) == [1, 2, 3])
    #expect(DecisionPaths.leading([[1, -4, 2], [-1, 0, 4]]) == [2, 1, 0])
    #expect(paths.order == [0, 1, 2])
    #expect(paths.values == [[0.5, 1.5, -2.5, -0.5], [1, 0, 0, 4]])
    #expect(paths.spread(of: [0, 1]) == [0.25, 0.75, 1.25, 2.25])
    #expect(abs(paths.meanSpread(of: [0, 1]) - 4.25 / 3) < 1e-12)
    #expect(paths.spread(of: [1]) == [0, 0, 0, 0])
    // Equal features stay in their order.
    #expect(DecisionPaths.leading([[1, -1, 2]]) == [2, 0, 1])
  }

  /// The standard deviation as the root of half the mean squared distance of all pairs.
  @Test func theSpreadIsThatOfAllPairs() {
    let attributions = Self.attributions(23, 6)
    let base = pseudorandom(23, 5).map(Double.init)
    let paths = DecisionPaths(attributions, base: base)
    let chosen = [0, 3, 4, 9, 22]
    let found = paths.spread(of: chosen)
    for place in 0...6 {
      func value(_ sample: Int) -> Double {
        var sum = base[sample]
        for feature in paths.order.prefix(place) { sum += attributions[sample][feature] }
        return sum
      }
      var squares = 0.0
      for a in chosen {
        for b in chosen { squares += (value(a) - value(b)) * (value(a) - value(b)) }
      }
      #expect(abs(found[place] - (squares / 50).squareRoot()) < 1e-9)
    }
    // The last point is the base with everything added.
    for sample in base.indices {
      let whole = attributions[sample].reduce(base[sample], +)
      #expect(abs((paths.values[sample].last ?? 0) - whole) < 1e-9)
    }
  }

  @Test func whatChangesAnAttributionInteracts() {
    let count = 120
    let x = pseudorandom(count, 1).map(Double.init)
    let others = (2..<5).map { pseudorandom(count, UInt64($0)).map(Double.init) }
    let added = x.indices.map { x[$0] * 0.1 + others[1][$0] * (1 + abs(x[$0])) }
    let found = interactionStrengths(of: added, along: x, with: others)
    #expect(found[1] > 2 * found[0] && found[1] > 2 * found[2])
    for (index, other) in others.enumerated() {
      #expect(abs(found[index] - Self.twin(added, x, other, length: 12)) < 1e-9)
    }
    #expect(interactionStrengths(of: added, along: x, with: [x.map { _ in .nan }]) == [0])
    #expect(interactionStrengths(of: [], along: [], with: [[]]) == [0])
  }

  /// Sums over runs of sorted samples, each correlation from pairs of samples.
  private static func twin(_ a: [Double], _ x: [Double], _ b: [Double], length: Int) -> Double {
    let order = x.indices.sorted { x[$0] < x[$1] }
    var sum = 0.0
    for start in stride(from: 0, to: order.count, by: length) {
      let run = order[start..<min(order.count, start + length)]
      var (ab, aa, bb) = (0.0, 0.0, 0.0)
      for i in run {
        for j in run {
          ab += (a[i] - a[j]) * (b[i] - b[j])
          aa += (a[i] - a[j]) * (a[i] - a[j])
          bb += (b[i] - b[j]) * (b[i] - b[j])
        }
      }
      sum += abs(ab) / (aa * bb).squareRoot()
    }
    return sum
  }
}
