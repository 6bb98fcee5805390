import Foundation
import Rasters
import Testing

@testable import Features

struct TrendSurfaceTests {
  private func scene(_ count: Int = 60) -> (x: [Double], y: [Double], values: [Float]) {
    var numbers = TestNumbers(11)
    let x = (0..<count).map { _ in 2_600_000 + numbers.next() * 4_000 }
    let y = (0..<count).map { _ in 1_200_000 + numbers.next() * 9_000 }
    return (x, y, (0..<count).map { _ in Float(numbers.next() * 10) })
  }

  /// The normal equations, solved by elimination in extended coordinates.
  private func naive(
    _ x: [Double], _ y: [Double], _ values: [Float], degree: Int, at place: (Double, Double)
  ) -> Double {
    func terms(_ x: Double, _ y: Double) -> [Double] {
      let u = (x - 2_602_000) / 2_000
      let v = (y - 1_204_500) / 4_500
      return (0...degree).flatMap { total in
        (0...total).map { pow(u, Double(total - $0)) * pow(v, Double($0)) }
      }
    }
    let count = TrendSurface.termCount(degree: degree)
    var rows = [[Double]](repeating: [Double](repeating: 0, count: count + 1), count: count)
    for point in x.indices {
      let own = terms(x[point], y[point])
      for i in 0..<count {
        for j in 0..<count { rows[i][j] += own[i] * own[j] }
        rows[i][count] += own[i] * Double(values[point])
      }
    }
    for i in 0..<count {
      for j in 0..<count where j != i {
        let factor = rows[j][i] / rows[i][i]
        for k in i...count { rows[j][k] -= factor * rows[i][k] }
      }
    }
    return zip(terms(place.0, place.1), 0..<count).reduce(0) {
      $0 + $1.0 * rows[$1.1][count] / rows[$1.1][$1.1]
    }
  }

  @Test(arguments: 1...3)
  func equalsTheNormalEquations(degree: Int) throws {
    let (x, y, values) = scene()
    let surface = try #require(TrendSurface(x: x, y: y, values: values, degree: degree))
    for place in [(2_600_100.0, 1_200_500.0), (2_603_000, 1_208_000), (2_605_000, 1_212_000)] {
      let expected = naive(x, y, values, degree: degree, at: place)
      #expect(abs(surface.value(x: place.0, y: place.1) - expected) < 1e-8)
    }
  }

  @Test func aPolynomialIsFoundAgain() throws {
    let (x, y, _) = scene()
    let truth = { (x: Double, y: Double) in
      let (u, v) = ((x - 2_600_000) / 1_000, (y - 1_200_000) / 1_000)
      return 3 + u - 2 * v + u * u * v / 4 - v * v * v / 16
    }
    let values = zip(x, y).map { Float(truth($0, $1)) }
    let cubic = try #require(TrendSurface(x: x, y: y, values: values, degree: 3))
    #expect(abs(cubic.value(x: 2_601_500, y: 1_204_000) - truth(2_601_500, 1_204_000)) < 1e-5)
    let square = try #require(TrendSurface(x: x, y: y, values: values, degree: 2))
    #expect(abs(square.value(x: 2_601_500, y: 1_204_000) - truth(2_601_500, 1_204_000)) > 0.02)
  }

  @Test(arguments: 1...3)
  func leaveOneOutIsRefitting(degree: Int) throws {
    var (x, y, values) = scene(24)
    // Three points at one place.
    for point in [7, 19] { (x[point], y[point]) = (x[2], y[2]) }
    values[5] = .nan
    let surface = try #require(TrendSurface(x: x, y: y, values: values, degree: degree))
    let found = surface.leaveOneOut(Array(x.indices), x: x, y: y)
    for point in x.indices {
      let here = Set(x.indices.filter { x[$0] == x[point] && y[$0] == y[point] })
      let refitted = surface.estimates(x: [x[point]], y: [y[point]], excluding: here)
      let rest = x.indices.filter { !here.contains($0) && $0 != 5 }
      let expected = naive(
        rest.map { x[$0] }, rest.map { y[$0] }, rest.map { values[$0] }, degree: degree,
        at: (x[point], y[point]))
      #expect(abs(Double(refitted[0][0]) - expected) < 1e-4)
      #expect(abs(Double(found[0][point]) - expected) < 1e-4)
    }
  }

  @Test func whatPointsDoNotDetermineIsNoSurface() {
    let line = (0..<20).map { Double($0) }
    let values = line.map { Float($0) }
    for degree in 1...3 {
      #expect(
        TrendSurface(x: line, y: line.map { 3 * $0 + 7 }, values: values, degree: degree) == nil)
      #expect(TrendSurface(x: line, y: line.map { _ in 5 }, values: values, degree: degree) == nil)
    }
    // A circle determines a plane, not a surface of the second degree.
    let angles = line.map { $0 / 20 * 2 * Double.pi }
    let (x, y) = (angles.map { 500 + 30 * cos($0) }, angles.map { 900 + 30 * sin($0) })
    #expect(TrendSurface(x: x, y: y, values: values, degree: 1) != nil)
    #expect(TrendSurface(x: x, y: y, values: values, degree: 2) == nil)
    #expect(TrendSurface(x: [0, 1], y: [0, 1], values: [1, 2], degree: 1) == nil)
    #expect(TrendSurface(x: [], y: [], values: [], degree: 1) == nil)
  }

  @Test func aPointThatHoldsTheSurfaceCannotBeLeftOut() throws {
    let x = [0.0, 1, 2, 3, 1]
    let y = [0.0, 0, 0, 0, 1]
    let surface = try #require(
      TrendSurface(x: x, y: y, values: [1, 2, 3, 4, 5], degree: 1))
    let found = surface.leaveOneOut([0, 4], x: x, y: y)[0]
    #expect(abs(found[0] - 1) < 1e-5 && found[1].isNaN)
    let grid = Grid(
      width: 2, height: 2,
      transform: GeoTransform(left: 0, top: 2, cellWidth: 1, cellHeight: 1), crs: "")
    let without = surface.cube(window: grid.window, grid: grid, excluding: [4])
    #expect(without.values.allSatisfy { $0.isNaN })
    #expect(surface.cube(window: grid.window, grid: grid).values.allSatisfy { $0.isFinite })
  }
}
