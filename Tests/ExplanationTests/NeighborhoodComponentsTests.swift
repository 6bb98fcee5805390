import Foundation
import Tensors
import Testing

@testable import Explanation

@Suite struct NeighborhoodComponentsTests {
  /// Value and gradient at a map that both sides make.
  @Test(arguments: EmbeddingFixture.names) func objectiveAgreesWithScikitLearn(name: String) throws
  {
    let fixture = try EmbeddingFixture.load(name)
    let known = fixture.components
    let map = (0..<known.rows * fixture.dimensions).map { 0.1 * cos(Double($0)) }
    let (value, gradient) = NeighborhoodComponents.objective(map, fixture.points, fixture.classes)
    #expect(abs(value - known.value) < 1e-9 * known.value)
    #expect(largestDifference(gradient, known.gradient) < 1e-8 * largest(known.gradient))
  }

  /// The sum over pairs as it is defined, and its differences.
  @Test func gradientIsThatOfTheSum() throws {
    let fixture = try EmbeddingFixture.load("iris")
    let points = fixture.points.selecting(Array(stride(from: 0, to: 150, by: 5)))
    let classes = stride(from: 0, to: 150, by: 5).map { fixture.classes[$0] }
    func naive(_ map: [Double]) -> Double {
      let places = (0..<points.count).map { point in
        (0..<2).map { row in
          (0..<4).reduce(0.0) { $0 + map[row * 4 + $1] * points.values[point * 4 + $1] }
        }
      }
      return places.indices.reduce(0.0) { total, i in
        let weights = places.indices.map { j in
          i == j ? 0 : exp(-zip(places[i], places[j]).reduce(0.0) { $0 + pow($1.0 - $1.1, 2) })
        }
        let own = places.indices.filter { classes[$0] == classes[i] }.reduce(0.0) {
          $0 + weights[$1]
        }
        return total + own / weights.reduce(0, +)
      }
    }
    let map = (0..<8).map { 0.1 * sin(Double($0)) }
    let (value, gradient) = NeighborhoodComponents.objective(map, points, classes)
    #expect(abs(value - naive(map)) < 1e-9)
    for index in map.indices {
      var (above, below) = (map, map)
      above[index] += 1e-6
      below[index] -= 1e-6
      let slope = (naive(above) - naive(below)) / 2e-6
      #expect(abs(slope - gradient[index]) < 1e-5 * max(1, abs(slope)))
    }
  }

  @Test(arguments: EmbeddingFixture.names) func fitsAreAsGoodAsThoseOfScikitLearn(name: String)
    throws
  {
    let fixture = try EmbeddingFixture.load(name)
    let known = fixture.components
    let found = try NeighborhoodComponents(
      fixture.points, classes: fixture.classes, components: known.rows)
    print("NCA \(name): \(found.start) to \(found.end) (\(known.reached))")
    #expect(found.end > found.start && found.end > known.reached - 0.02)
    // The map is for features as they were given.
    let (value, _) = NeighborhoodComponents.objective(found.map, fixture.points, fixture.classes)
    #expect(abs(value / Double(fixture.points.count) - found.end) < 1e-6)
    let again = try Parallel.with(jobs: 1) {
      try NeighborhoodComponents(
        fixture.points, classes: fixture.classes, components: known.rows)
    }
    #expect(again == found)
  }

  /// Rosenbrock's valley and a quadratic form.
  @Test func quasiNewtonFindsTheMinimum() throws {
    let valley = try LimitedMemoryBFGS(iterations: 200, tolerance: 1e-9).minimize([-1.2, 1]) { p in
      let (a, b) = (1 - p[0], p[1] - p[0] * p[0])
      return (a * a + 100 * b * b, [-2 * a - 400 * p[0] * b, 200 * b])
    }
    #expect(largestDifference(valley.point, [1, 1]) < 1e-6)
    let bowl = try LimitedMemoryBFGS(memory: 5, iterations: 200, tolerance: 1e-10)
      .minimize([Double](repeating: 1, count: 6)) { p in
        let scales = p.indices.map { pow(4, Double($0)) }
        return (
          zip(p, scales).reduce(0) { $0 + $1.0 * $1.0 * $1.1 / 2 }, zip(p, scales).map { $0 * $1 }
        )
      }
    #expect(largest(bowl.point) < 1e-8)
  }
}
