import Networks
import Rasters
import Testing

@testable import Learning

struct SampleClustersTests {
  private func set(_ places: [(x: Double, y: Double)]) throws -> SampleSet {
    try SampleSet(
      kind: .softmax,
      categories: [.init(code: "0", name: "barren"), .init(code: "1", name: "deposit")],
      samples: places.enumerated().map { number, place in
        Sample(
          id: number, x: place.x, y: place.y,
          cell: Cell(column: Int(place.x / 10), row: Int(place.y / 10)),
          target: .category(number % 2))
      })
  }

  @Test func clustersAreChainsOfNearSamples() throws {
    let set = try set([(5, 5), (95, 5), (25, 5), (45, 5), (96, 24), (45, 95)])
    #expect(set.clusters(within: 20) == [0, 1, 0, 0, 1, 5])
    #expect(set.clusters(within: 19) == [0, 1, 2, 3, 4, 5])
    #expect(set.clusters(within: 0, names: ["a", "b", "a", "", "", "b"]) == [0, 1, 0, 3, 4, 1])
    // Samples of one cell stay together whatever their distance.
    let shared = try self.set([(1, 1), (9, 9), (50, 50)])
    #expect(shared.clusters(within: 0) == [0, 0, 2])
  }

  @Test func depositsStayTogether() throws {
    let set = try scatteredSamples(200, seed: 5) { x, y in .category(x + y > 130 ? 1 : 0) }
    let first = set.clusters(within: 4)
    let folds = try Folds.deposits(set, distance: 4, folds: 4, seed: 2)
    #expect(folds.method == .deposit && folds.count == 4)
    for (position, fold) in folds.foldOfSample.enumerated() {
      #expect(folds.foldOfSample[first[position]] == fold)
    }
    #expect((0..<4).allSatisfy { folds.testSamples($0).count > 30 })
    #expect(Set(first).count < 190 && Set(first).count > 60)
    // A test place is a cell: nothing else is hidden.
    for fold in 0..<4 {
      #expect(folds.testSamples(fold).count + folds.trainingSamples(fold).count == 200)
    }
    #expect(throws: SampleError.self) {
      try Folds.deposits(set, distance: 1000, folds: 2, seed: 1)
    }
  }

  @Test func overlapIsThatOfSquareWindows() throws {
    let set = try set([(5, 5), (35, 5), (65, 65), (5, 45)])
    #expect(set.overlapping([0], [1, 2, 3], window: 3) == 0)
    #expect(set.overlapping([0], [1, 2, 3], window: 4) == 1)
    #expect(set.overlapping([0, 2], [1, 3], window: 5) == 1)
    #expect(set.overlapping([0, 2], [1, 3], window: 7) == 2)
    #expect(set.overlapping([0, 2], [1, 3], window: 0) == 0)
  }
}
