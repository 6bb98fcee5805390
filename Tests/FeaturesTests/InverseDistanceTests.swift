import Foundation
import Rasters
import Testing

@testable import Features

/// A repeatable stream of numbers in 0..<1 for test data.
struct TestNumbers {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed &* 2 &+ 1 }
  mutating func next() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 11) / 9_007_199_254_740_992
  }
}

struct InverseDistanceTests {
  /// The definition, point by point, with a full sort.
  private func naive(
    _ place: (x: Double, y: Double), x: [Double], y: [Double], values: [Float],
    options: InverseDistance.Options, excluding: Set<Int> = []
  ) -> Double {
    var points = x.indices.filter { values[$0].isFinite && !excluding.contains($0) }.map {
      (index: $0, distance: hypot(x[$0] - place.x, y[$0] - place.y))
    }
    if options.radius > 0 { points.removeAll { $0.distance > options.radius } }
    points.sort { ($0.distance, $0.index) < ($1.distance, $1.index) }
    let exact = points.filter { $0.distance == 0 }
    if !exact.isEmpty {
      return exact.map { Double(values[$0.index]) }.reduce(0, +) / Double(exact.count)
    }
    if options.neighbors > 0 { points = Array(points.prefix(options.neighbors)) }
    if points.isEmpty { return .nan }
    let weights = points.map { pow($0.distance, -options.power) }
    let sum = zip(points, weights).map { Double(values[$0.index]) * $1 }.reduce(0, +)
    return sum / weights.reduce(0, +)
  }

  private func scene(_ count: Int) -> (x: [Double], y: [Double], columns: [[Float]]) {
    var numbers = TestNumbers(7)
    let x = (0..<count).map { _ in numbers.next() * 100 }
    let y = (0..<count).map { _ in numbers.next() * 80 }
    let full = (0..<count).map { _ in Float(numbers.next()) }
    var gaps = full.map { $0 * 3 - 1 }
    for index in stride(from: 0, to: count, by: 3) { gaps[index] = .nan }
    return (x, y, [full, gaps, full.map { -$0 }])
  }

  private let grid = Grid(
    width: 30, height: 24,
    transform: GeoTransform(left: 0, top: 80, cellWidth: 100.0 / 30, cellHeight: 80.0 / 24),
    crs: "")

  @Test(
    "equals the definition",
    arguments: [
      InverseDistance.Options(), .init(power: 1, neighbors: 3), .init(power: 3.5, neighbors: 0),
      .init(neighbors: 5, radius: 6), .init(neighbors: 0, radius: 9),
    ])
  func definition(options: InverseDistance.Options) {
    let (x, y, columns) = scene(120)
    let surface = InverseDistance(x: x, y: y, columns: columns, options: options)
    let cube = surface.cube(window: grid.window, grid: grid)
    var missing = 0
    for row in 0..<grid.height {
      for column in 0..<grid.width {
        let place = grid.center(of: Cell(column: column, row: row))
        for band in 0..<3 {
          let value = cube.spectrum(column: column, row: row)[band]
          let wanted = naive(place, x: x, y: y, values: columns[band], options: options)
          if wanted.isNaN {
            missing += 1
            #expect(value.isNaN)
          } else {
            #expect(abs(Double(value) - wanted) < 1e-5)
          }
        }
      }
    }
    #expect((missing > 0) == (options.radius > 0))
  }

  @Test func sameBitsForAnyWindows() {
    let (x, y, columns) = scene(200)
    let surface = InverseDistance(x: x, y: y, columns: columns)
    let whole = surface.cube(window: grid.window, grid: grid)
    var parts = DataCube(window: grid.window, bandCount: 3)
    for top in stride(from: 0, to: 24, by: 7) {
      for left in stride(from: 0, to: 30, by: 11) {
        let window = Window(x: left, y: top, width: 11, height: 7).intersection(grid.window)
        parts.paste(surface.cube(window: window, grid: grid))
      }
    }
    #expect(parts.values.map(\.bitPattern) == whole.values.map(\.bitPattern))
  }

  @Test func leavingPointsOutIsLikeNotHavingThem() {
    let (x, y, columns) = scene(90)
    let surface = InverseDistance(x: x, y: y, columns: columns)
    for index in 0..<90 {
      let others = (0..<90).filter { $0 != index }
      let without = InverseDistance(
        x: others.map { x[$0] }, y: others.map { y[$0] },
        columns: columns.map { column in others.map { column[$0] } })
      let own = surface.values(x: x[index], y: y[index], excluding: [index])
      let wanted = without.values(x: x[index], y: y[index])
      #expect(own.map(\.bitPattern) == wanted.map(\.bitPattern))
      #expect(own[0] != columns[0][index])
    }
  }

  @Test func aPointIsHitExactly() {
    let surface = InverseDistance(
      x: [1, 1, 1, 5], y: [2, 2, 2, 5], columns: [[1, 2, 6, 100], [.nan, 4, .nan, 8]],
      options: .init(neighbors: 2))
    #expect(surface.values(x: 1, y: 2) == [3, 4])
    #expect(surface.values(x: 1, y: 2, excluding: [2]) == [1.5, 4])
    let tight = InverseDistance(
      x: [1, .nan], y: [2, 0], columns: [[1, 7]], options: .init(radius: 1))
    #expect(tight.values(x: 1, y: 3) == [1])
    #expect(tight.values(x: 1, y: 3.001)[0].isNaN)
  }

  @Test func equalDistancesGoByIndex() {
    // The four corners of a square are equally far: the first two of the list are taken.
    let surface = InverseDistance(
      x: [1, 0, 1, 0], y: [1, 0, 0, 1], columns: [[1, 2, 30, 40]], options: .init(neighbors: 2))
    #expect(surface.values(x: 0.5, y: 0.5) == [1.5])
  }

  @Test func nearestPointsOfALatticeGoByIndexAcrossTheTree() {
    // Whole distances: every place between lattice points has many neighbours equally far.
    let x = (0..<144).map { Double($0 * 61 % 144 % 12) }
    let y = (0..<144).map { Double($0 * 61 % 144 / 12) }
    let tree = PointTree(x: x, y: y, members: Array(0..<144))
    var found: [PointTree.Neighbor] = []
    for place in 0..<121 {
      let (px, py) = (Double(place % 11) + 0.5, Double(place / 11) + (place % 2 == 0 ? 0.5 : 0))
      let wanted = (0..<144).map { index -> PointTree.Neighbor in
        let (dx, dy) = (x[index] - px, y[index] - py)
        return PointTree.Neighbor(squaredDistance: dx * dx + dy * dy, index: index)
      }.sorted { ($0.squaredDistance, $0.index) < ($1.squaredDistance, $1.index) }
      for limit in [1, 2, 7, 13] {
        tree.nearest(
          x: px, y: py, limit: limit, squaredRadius: .infinity, into: &found,
          isExcluded: { _ in false })
        #expect(found == Array(wanted.prefix(limit)))
      }
    }
  }

  @Test func farPowersStayFinite() {
    let surface = InverseDistance(
      x: [0, 1e6], y: [0, 0], columns: [[1, 3]], options: .init(power: 80))
    #expect(surface.values(x: 499_999, y: 0)[0].isFinite)
    #expect(surface.values(x: 500_000, y: 0) == [2])
  }

  @Test func nothingMeasuredIsMissing() {
    let surface = InverseDistance(x: [], y: [], columns: [[], []])
    #expect(surface.values(x: 0, y: 0).allSatisfy { $0.isNaN })
  }
}
