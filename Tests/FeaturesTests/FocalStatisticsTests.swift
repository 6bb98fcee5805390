import Foundation
import Rasters
import Testing

@testable import Features

/// Statistics of windows, against scipy and against the definition written out.
struct FocalStatisticsTests {
  private static let grid = Window(
    x: 0, y: 0, width: FocalFixture.width, height: FocalFixture.height)

  /// The fixture's values over a window and `radius` cells around; NaN beyond the grid.
  private static func source(_ window: Window, _ radius: Int) -> [Float] {
    let cube = DataCube(window: grid, bandCount: 1, values: FocalFixture.values)
    return cube.cropped(to: window.expanded(by: radius)).values
  }

  private static func isNear(_ a: [Float], _ b: [Float]) -> Bool {
    a.count == b.count
      && zip(a, b).allSatisfy { $0.isNaN ? $1.isNaN : abs($0 - $1) <= 2e-6 * max(1, abs($1)) }
  }

  @Test(arguments: [FocalStatistics.Shape.square, .circle])
  func valuesAreThoseOfScipy(shape: FocalStatistics.Shape) {
    let focal = FocalStatistics(
      side: shape == .square ? 3 : 7, shape: shape, missing: 1, fills: true)
    let found = focal.apply(
      [.mean, .deviation], to: Self.source(Self.grid, focal.radius), of: Self.grid, in: Self.grid)
    let mean = shape == .square ? FocalFixture.squareMean : FocalFixture.circleMean
    let deviation = shape == .square ? FocalFixture.squareDeviation : FocalFixture.circleDeviation
    #expect(Self.isNear(found[0], mean))
    #expect(Self.isNear(found[1], deviation))
    #expect(FocalFixture.values.contains { $0.isNaN } && mean.contains { !$0.isNaN })
  }

  @Test(arguments: [(1, 1), (4, 5), (13, 2)]) func divisionsDoNotMatter(width: Int, height: Int) {
    let focal = FocalStatistics(side: 5, shape: .circle, missing: 0.4, fills: false)
    func values(_ window: Window) -> [[Float]] {
      focal.apply(
        [.mean, .deviation], to: Self.source(window, focal.radius), of: window, in: Self.grid)
    }
    let whole = values(Self.grid)
    for y in stride(from: 0, to: Self.grid.height, by: height) {
      for x in stride(from: 0, to: Self.grid.width, by: width) {
        let part = Window(x: x, y: y, width: width, height: height).intersection(Self.grid)
        let found = values(part)
        for (band, expected) in whole.enumerated() {
          let all = DataCube(window: Self.grid, bandCount: 1, values: expected)
          #expect(
            found[band].map(\.bitPattern) == all.cropped(to: part).values.map(\.bitPattern))
        }
      }
    }
  }

  @Test func deviationsOfLargeNumbersAreExact() {
    let window = Window(x: 0, y: 0, width: 1, height: 1)
    let focal = FocalStatistics(side: 3, shape: .square, missing: 0, fills: false)
    // Steps of the size of the last bit.
    let values = (0..<9).map { Float(4_000_000) + Float($0 % 3) * 0.5 }
    let found = focal.apply(
      [.mean, .deviation], to: values, of: window, in: window.expanded(by: 1))
    #expect(found[0] == [4_000_000.5])
    #expect(abs(Double(found[1][0]) - (1.0 / 6).squareRoot()) < 1e-7)
    let constant = focal.apply(
      [.mean, .deviation], to: [Float](repeating: 0.1, count: 9), of: window,
      in: window.expanded(by: 1))
    #expect(constant == [[0.1], [0]])
  }

  /// Cells beyond the grid are neither values nor missing; others are counted.
  @Test func missingCellsAreCounted() {
    let window = Window(x: 0, y: 0, width: 2, height: 1)
    let values: [Float] = [.nan, .nan, .nan, .nan, .nan, 1, .nan, .nan, .nan, .nan, .nan, .nan]
    func mean(_ missing: Double, fills: Bool) -> [Float] {
      FocalStatistics(side: 3, shape: .square, missing: missing, fills: fills)
        .apply([.mean], to: values, of: window, in: window)[0]
    }
    #expect(Self.isNear(mean(0.5, fills: false), [1, .nan]))
    #expect(Self.isNear(mean(0.5, fills: true), [1, 1]))
    #expect(Self.isNear(mean(0.4, fills: true), [.nan, .nan]))
    let single = FocalStatistics(side: 1, shape: .circle, missing: 0, fills: false)
    #expect(
      Self.isNear(single.apply([.mean], to: [1, .nan], of: window, in: window)[0], [1, .nan]))
  }
}
