import Foundation
import Rasters
import Testing

@testable import Features

struct OrdinaryKrigingTests {
  private typealias Fixture = KrigingFixture

  private struct Case {
    var model: VariogramModel
    var all: [Double]
    var allVariance: [Double]
    var near: [Double]
    var nearVariance: [Double]
  }

  private static let cases = [
    Case(
      model: VariogramModel(.spherical, nugget: 0.5, partialSill: 9, range: 45),
      all: Fixture.sphericalAll, allVariance: Fixture.sphericalAllVariance,
      near: Fixture.sphericalNear, nearVariance: Fixture.sphericalNearVariance),
    Case(
      model: VariogramModel(.exponential, nugget: 0.25, partialSill: 12, range: 80),
      all: Fixture.exponentialAll, allVariance: Fixture.exponentialAllVariance,
      near: Fixture.exponentialNear, nearVariance: Fixture.exponentialNearVariance),
    Case(
      model: VariogramModel(.gaussian, nugget: 0.125, partialSill: 10, range: 40),
      all: Fixture.gaussianAll, allVariance: Fixture.gaussianAllVariance,
      near: Fixture.gaussianNear, nearVariance: Fixture.gaussianNearVariance),
    Case(
      model: VariogramModel(.spherical, nugget: 0, partialSill: 10, range: 30),
      all: Fixture.smoothAll, allVariance: Fixture.smoothAllVariance,
      near: Fixture.smoothNear, nearVariance: Fixture.smoothNearVariance),
  ]

  private func kriging(
    _ model: VariogramModel, neighbors: Int, radius: Double = 0, hasVariance: Bool = false
  ) -> OrdinaryKriging {
    OrdinaryKriging(
      x: Fixture.x, y: Fixture.y, values: Fixture.z.map { Float($0) }, variogram: model,
      neighbors: neighbors, radius: radius, hasVariance: hasVariance)
  }

  @Test(arguments: Self.cases.indices, [0, 10])
  func agreesWithPyKrige(index: Int, neighbors: Int) {
    let known = Self.cases[index]
    let found = kriging(known.model, neighbors: neighbors)
    for place in Fixture.placeX.indices {
      let estimate = found.estimate(x: Fixture.placeX[place], y: Fixture.placeY[place])
      let value = neighbors == 0 ? known.all[place] : known.near[place]
      let variance = neighbors == 0 ? known.allVariance[place] : known.nearVariance[place]
      #expect(abs(estimate.value - value) < 1e-9)
      #expect(abs(estimate.variance - variance) < 1e-9)
    }
  }

  private static let grid = Grid(
    width: 24, height: 18,
    transform: GeoTransform(left: -4, top: 86, cellWidth: 4.5, cellHeight: 5.5), crs: "")

  @Test(arguments: [0, 7])
  func windowsDoNotMatter(neighbors: Int) {
    let surface = kriging(Self.cases[0].model, neighbors: neighbors, hasVariance: true)
    let whole = surface.cube(window: Self.grid.window, grid: Self.grid)
    for row in stride(from: 0, to: 18, by: 5) {
      for column in stride(from: 0, to: 24, by: 7) {
        let window = Window(
          x: column, y: row, width: min(7, 24 - column), height: min(5, 18 - row))
        let part = surface.cube(window: window, grid: Self.grid)
        #expect(part.values == whole.cropped(to: window).values)
      }
    }
    let place = Self.grid.center(of: Cell(column: 11, row: 8))
    let single = surface.estimate(x: place.x, y: place.y)
    let found = whole.spectrum(column: 11, row: 8)
    #expect(found == [Float(single.value), Float(single.variance)])
  }

  @Test func excludedPointsMightAsWellNotBeThere() {
    let excluded: Set = [3, 4, 17, 30]
    let rest = Fixture.x.indices.filter { !excluded.contains($0) }
    let model = Self.cases[1].model
    let less = OrdinaryKriging(
      x: rest.map { Fixture.x[$0] }, y: rest.map { Fixture.y[$0] },
      values: rest.map { Float(Fixture.z[$0]) }, variogram: model, neighbors: 9)
    let all = kriging(model, neighbors: 9)
    for place in Fixture.placeX.indices {
      let (x, y) = (Fixture.placeX[place], Fixture.placeY[place])
      let without = all.estimate(x: x, y: y, excluding: excluded)
      #expect(without == less.estimate(x: x, y: y))
    }
    #expect(all.estimate(x: Fixture.x[3], y: Fixture.y[3]).value == Fixture.z[3])
    #expect(all.estimate(x: Fixture.x[3], y: Fixture.y[3], excluding: [3]).value != Fixture.z[3])
  }

  @Test func leaveOneOutLeavesAllPointsOfAPlaceOut() {
    let x = [0.0, 10, 0, 10, 5, 5]
    let y = [0.0, 0, 10, 10, 5, 5]
    let values: [Float] = [1, 2, 4, 9, 100, 300]
    let model = VariogramModel(.spherical, nugget: 0.1, partialSill: 1, range: 30)
    let surface = OrdinaryKriging(x: x, y: y, values: values, variogram: model)
    #expect(surface.placeCount == 5)
    #expect(surface.estimate(x: 5, y: 5).value == 200)
    #expect(surface.estimate(x: 5, y: 5, excluding: [4]).value == 300)
    let found = surface.leaveOneOut([4, 5], x: x, y: y)
    #expect(found == [[4, 4]])
  }

  @Test(arguments: Self.cases.indices, [0, 10])
  func leaveOneOutIsEstimatingWithout(index: Int, neighbors: Int) {
    let surface = kriging(Self.cases[index].model, neighbors: neighbors)
    let points = Array(Fixture.x.indices)
    let found = surface.leaveOneOut(points, x: Fixture.x, y: Fixture.y)
    for point in points {
      let expected = surface.estimate(
        x: Fixture.x[point], y: Fixture.y[point], excluding: [point])
      #expect(abs(Double(found[0][point]) - expected.value) < 1e-5)
    }
  }

  @Test func degenerateInputsGiveFiniteValues() {
    let flat = VariogramModel(.gaussian, nugget: 0, partialSill: 0, range: 1)
    let equal = OrdinaryKriging(
      x: Fixture.x, y: Fixture.y, values: Fixture.x.map { _ in 3 }, variogram: flat)
    #expect(equal.estimate(x: 50, y: 40) == .init(value: 3, variance: 0))
    let model = VariogramModel(.spherical, nugget: 1, partialSill: 2, range: 10)
    let one = OrdinaryKriging(x: [5, .nan], y: [5, 1], values: [7, 8], variogram: model)
    #expect(one.estimate(x: 100, y: 5) == .init(value: 7, variance: 6))
    let none = OrdinaryKriging(x: [1], y: [1], values: [.nan], variogram: model)
    #expect(none.estimate(x: 1, y: 1).value.isNaN)
    // Points so close that a smooth model cannot tell them apart.
    let smooth = VariogramModel(.gaussian, nugget: 0, partialSill: 1, range: 1e6)
    let dense = OrdinaryKriging(
      x: (0..<12).map { Double($0 % 4) }, y: (0..<12).map { Double($0 / 4) },
      values: (0..<12).map { Float($0) }, variogram: smooth)
    let middle = dense.estimate(x: 1.5, y: 1.25)
    #expect(middle.value > 0 && middle.value < 11 && middle.variance >= 0)
  }

  @Test func beyondTheRadiusThereIsNothing() {
    let surface = kriging(Self.cases[0].model, neighbors: 5, radius: 20)
    #expect(surface.estimate(x: 500, y: 500).value.isNaN)
    #expect(surface.estimate(x: 50, y: 40).value.isFinite)
  }
}
