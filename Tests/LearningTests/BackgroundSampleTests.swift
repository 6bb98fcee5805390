import Testing

@testable import Learning

struct BackgroundSampleTests {
  @Test func classesKeepTheirProportions() throws {
    let set = try scatteredSamples(400, seed: 8) { x, _ in .category(x > 75 ? 1 : 0) }
    let positions = Array(stride(from: 0, to: 400, by: 2))
    let chosen = BackgroundSample.choose(from: set, positions: positions, seed: 3)
    #expect(chosen.count == 50 && Set(chosen).count == 50)
    #expect(Set(chosen).isSubset(of: positions) && chosen == chosen.sorted())
    let all = set.counts(of: positions)
    let counts = set.counts(of: chosen)
    #expect(abs(counts[1] - all[1] * 50 / 200) <= 1)
    #expect(BackgroundSample.choose(from: set, positions: positions, seed: 4) != chosen)
    // The order of the positions does not matter.
    #expect(BackgroundSample.choose(from: set, positions: positions.reversed(), seed: 3) == chosen)
  }

  @Test func rareClassesAreThereAndFewSamplesAreAllTaken() throws {
    let set = try scatteredSamples(400, seed: 8) { x, _ in .category(x > 99 ? 1 : 0) }
    #expect(set.counts[1] > 0 && set.counts[1] < 9)
    let chosen = BackgroundSample.choose(from: set, positions: Array(0..<400), count: 5, seed: 3)
    #expect(set.counts(of: chosen) == [4, 1])
    #expect(BackgroundSample.choose(from: set, positions: [7, 3], seed: 0) == [3, 7])
  }
}
