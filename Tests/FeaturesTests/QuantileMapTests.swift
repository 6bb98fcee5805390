import Foundation
import Rasters
import Testing

@testable import Features

struct QuantileMapTests {
  @Test func ranksAreLinearBetweenQuantiles() {
    let map = QuantileMap(quantiles: [0, 1, 3, 7, 8], distribution: .uniform)
    #expect(
      [0, 1, 2, 3, 5, 7.5, 8].map { map.rank($0) } == [0, 0.25, 0.375, 0.5, 0.625, 0.875, 1])
    #expect(map.rank(-5) == 0 && map.rank(100) == 1)
    #expect(map.apply(.nan).isNaN)
  }

  @Test func equalValuesHaveTheMiddleOfTheirRanks() {
    let map = QuantileMap(quantiles: [0, 0, 0, 2, 4], distribution: .uniform)
    #expect(map.rank(0) == 0.25 && map.rank(1) == 0.625 && map.rank(-1) == 0)
    let flat = QuantileMap(quantiles: [3, 3, 3], distribution: .normal)
    #expect(flat.apply(3) == 0)
    let single = QuantileMap(quantiles: [3], distribution: .uniform)
    #expect(single.rank(2) == 0 && single.rank(4) == 1)
  }

  @Test func isMonotone() {
    let map = QuantileMap(quantiles: [-2, -1, -1, 0.5, 0.6, 9], distribution: .normal)
    let results = stride(from: Float(-3), to: 10, by: 0.01).map(map.apply)
    #expect(zip(results, results.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(results[0] < -5.19 && results[results.count - 1] > 5.19)
  }

  /// The distribution function undoes the quantile function.
  @Test func normalDeviatesBelongToTheirRanks() {
    for rank in stride(from: 0.0005, to: 1, by: 0.0005) {
      let deviate = QuantileMap.normal(rank)
      #expect(abs(0.5 * erfc(-deviate / 2.0.squareRoot()) - rank) < 1e-14)
    }
  }

  @Test func otherBandsPass() {
    let cube = DataCube(
      window: Window(x: 0, y: 0, width: 3, height: 1), bandCount: 2, values: [1, 2, .nan, 4, 5, 6])
    let maps = QuantileMaps(
      bands: [0], maps: [QuantileMap(quantiles: [1, 3], distribution: .uniform)])
    let result = maps.apply(cube)
    #expect(result.values[0] == 0 && result.values[1] == 0.5 && result.values[2].isNaN)
    #expect(result.band(1) == cube.band(1))
  }
}
