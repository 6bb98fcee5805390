import Foundation
import Rasters
import Testing

@testable import Segmentation

struct EdgeWeightingTests {
  private let settings = Superpixels(size: 20, compactness: 1, iterations: 4)

  private func scene(_ transform: GeoTransform) -> (Grid, DataCube, SegmentRaster) {
    let grid = Grid(width: 130, height: 110, transform: transform, crs: "")
    let cube = testCube(grid.window, bands: 3, holes: 5)
    return (grid, cube, settings.segment(cube: cube, grid: grid))
  }

  /// The formula by its words, from the table of segments.
  private func naive(
    _ weighting: EdgeWeighting, _ a: SegmentTable.Row, _ b: SegmentTable.Row, _ grid: Grid
  ) -> Double {
    let squares = zip(a.means, b.means).map { pow(Double($0) - Double($1), 2) }
    let distance = squares.reduce(0, +) / Double(squares.count)
    let similarity = exp(-distance / pow(weighting.sigma, 2))
    guard let tau = weighting.tau else { return similarity }
    let from = grid.transform.map(column: a.column, row: a.row)
    let to = grid.transform.map(column: b.column, row: b.row)
    let bearing = atan2(to.x - from.x, to.y - from.y)
    let factors = [a, b].map { row -> Double in
      let angle = bearing - row.strike * .pi / 180
      let square = row.elongation * row.elongation
      return exp(-(square - 1) / (square + 1) * pow(sin(angle), 2) / tau)
    }
    return similarity * (factors[0] + factors[1]) / 2
  }

  @Test(arguments: [nil, 0.5, 0.1], [0.4, 1.0])
  func weightsFollowTheFormula(tau: Double?, sigma: Double) throws {
    // Cells that are not square, turned by 30 degrees.
    let (grid, cube, segments) = scene(
      GeoTransform(
        originX: 0, columnX: 2 * cos(0.5), rowX: 3 * sin(0.5), originY: 0,
        columnY: 2 * sin(0.5), rowY: -3 * cos(0.5)))
    let lattice = settings.lattice(on: grid)
    let table = SegmentTable(
      cube: cube, segments: segments, lattice: lattice, cells: lattice.allCells, grid: grid)
    let weighting = EdgeWeighting(sigma: sigma, tau: tau)
    let builder = SegmentGraphBuilder(segments)
    let weights = builder.weights(weighting, cube: cube, transform: grid.transform)
    let adjacency = builder.adjacency
    #expect(weights.count == adjacency.neighbors.count)
    var ends: [SIMD2<UInt32>: Float] = [:]
    for segment in 0..<adjacency.segmentCount {
      let row = try #require(table[adjacency.ids[segment]])
      for edge in adjacency.range(ofNeighborsOf: segment) {
        let other = try #require(table[adjacency.ids[Int(adjacency.neighbors[edge])]])
        #expect(abs(Double(weights[edge]) - naive(weighting, row, other, grid)) < 1e-5)
        ends[SIMD2(row.id, other.id)] = weights[edge]
      }
    }
    for (pair, weight) in ends { #expect(ends[SIMD2(pair.y, pair.x)] == weight) }
    #expect(weights.contains { $0 > 0.7 } && weights.contains { $0 < 0.2 })
  }

  /// Two bars in line and two side by side, all of one colour: only direction tells them apart.
  @Test func edgesAlongTheStrikeCount() {
    let window = Window(x: 0, y: 0, width: 18, height: 4)
    var segments = SegmentRaster(window: window)
    for row in 0..<4 {
      for column in 0..<18 {
        segments.ids[row * 18 + column] = UInt32(1 + column / 9 + 2 * (row / 2))
      }
    }
    let cube = DataCube(window: window, bandCount: 2, filledWith: 1)
    let transform = GeoTransform(left: 0, top: 0, cellWidth: 1, cellHeight: 1)
    let builder = SegmentGraphBuilder(segments)
    // Neighbours of the first: the one in line, the one beside it, the one across the corner.
    let weights = builder.weights(EdgeWeighting(tau: 0.5), cube: cube, transform: transform)
    #expect(weights[0] == 1)
    #expect(weights[1] < 0.2 && weights[2] > 0.8 && weights[2] < 1)
    #expect(
      builder.weights(EdgeWeighting(), cube: cube, transform: transform).allSatisfy { $0 == 1 })
    // A round segment has no direction.
    var squares = SegmentRaster(window: Window(x: 0, y: 0, width: 4, height: 4))
    for cell in 0..<16 { squares.ids[cell] = UInt32(1 + cell % 4 / 2 + 2 * (cell / 8)) }
    let round = SegmentGraphBuilder(squares).weights(
      EdgeWeighting(tau: 0.01), cube: cube.cropped(to: squares.window), transform: transform)
    #expect(round.allSatisfy { $0 == 1 })
  }

  @Test(arguments: [nil, 0.5], [40, 77])
  func chunksSeeTheSameWeights(tau: Double?, edge: Int) {
    let (grid, cube, segments) = scene(
      GeoTransform(left: 5_003, top: 7_777, cellWidth: 1, cellHeight: 1))
    let lattice = settings.lattice(on: grid)
    let weighting = EdgeWeighting(sigma: 0.8, tau: tau)
    let whole = SegmentGraphBuilder(segments)
    let all = whole.weights(weighting, cube: cube, transform: grid.transform)
    for origin in [(0, 0), (edge, edge), (edge, 0)] {
      let chunk = Window(x: origin.0, y: origin.1, width: edge, height: edge)
        .intersection(grid.window)
      let around = chunk.expanded(by: lattice.haloOfGraph(hops: 3)).intersection(grid.window)
      var part = SegmentRaster(window: around)
      part.paste(segments)
      let builder = SegmentGraphBuilder(part)
      let weights = builder.weights(
        weighting, cube: cube.cropped(to: around), transform: grid.transform)
      let expected = whole.neighborhood(of: whole.ids(in: chunk), weights: all)
      let graph = builder.neighborhood(of: builder.ids(in: chunk), weights: weights)
      #expect(graph.ids == expected.ids && graph.neighbors == expected.neighbors)
      #expect(graph.weights == expected.weights)
      #expect(graph.degrees == expected.degrees)
      #expect(graph.weights.count == graph.neighbors.count)
      // Some neighbours of the outermost ring are not at hand, and count nonetheless.
      for segment in 0..<graph.ringEnds[1] {
        let range = graph.neighborStart[segment]..<graph.neighborStart[segment + 1]
        #expect(abs(graph.degrees[segment] - graph.weights[range].reduce(0, +)) < 1e-5)
      }
    }
  }
}
