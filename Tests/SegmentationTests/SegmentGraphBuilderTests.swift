import Rasters
import Testing

@testable import Segmentation

struct SegmentGraphBuilderTests {
  private let window = Window(x: 3, y: 8, width: 21, height: 16)

  /// `S^K X` of one segment with dense matrices in Double.
  static func naivePropagation(_ cells: [Int], width: Int, values: [Double], hops: Int) -> [Double]
  {
    let count = cells.count
    var matrix = [[Double]](repeating: [Double](repeating: 0, count: count), count: count)
    for i in 0..<count {
      for j in 0..<count {
        let (dx, dy) = (cells[i] % width - cells[j] % width, cells[i] / width - cells[j] / width)
        if abs(dx) + abs(dy) <= 1 { matrix[i][j] = 1 }
      }
    }
    let degrees = matrix.map { $0.reduce(0, +) }
    var result = values
    for _ in 0..<hops {
      result = (0..<count).map { i in
        (0..<count).reduce(0) {
          $0 + matrix[i][$1] / (degrees[i] * degrees[$1]).squareRoot() * result[$1]
        }
      }
    }
    return result
  }

  @Test(arguments: [0, 1, 3])
  func propagationAgreesWithDenseMatrices(hops: Int) {
    let segments = testSegments(window, grain: 4, seed: 3)
    let cube = testCube(window, bands: 3)
    let builder = SegmentGraphBuilder(segments)
    let graph = builder.neighborhood(of: Array(builder.adjacency.ids.prefix(9)))
    let propagated = graph.propagated(cube, hops: hops)
    let ones = graph.propagatedOnes(hops: hops)
    #expect(graph.segmentCount > 12)
    for segment in 0..<graph.segmentCount {
      let range = graph.pixelStart[segment]..<graph.pixelStart[segment + 1]
      let cells = graph.cells[range].map(Int.init)
      #expect(cells == segments.ids.indices.filter { segments.ids[$0] == graph.ids[segment] })
      for band in 0..<3 {
        let expected = Self.naivePropagation(
          cells, width: window.width,
          values: cells.map { Double(cube.values[band * window.cellCount + $0]) }, hops: hops)
        for (pixel, value) in zip(range, expected) {
          #expect(abs(Double(propagated[pixel * 3 + band]) - value) < 1e-5)
        }
      }
      let expected = Self.naivePropagation(
        cells, width: window.width, values: cells.map { _ in 1 }, hops: hops)
      for (pixel, value) in zip(range, expected) {
        #expect(abs(Double(ones[pixel]) - value) < 1e-6)
      }
    }
  }

  @Test func neighborhoodsHoldTargetsFirstAndTrueDegrees() throws {
    let segments = testSegments(window, grain: 3, seed: 5)
    let builder = SegmentGraphBuilder(segments)
    let adjacency = builder.adjacency
    let targets = [adjacency.ids[20], adjacency.ids[4], 99_999]
    let graph = builder.neighborhood(of: targets, hops: 2)
    #expect(Array(graph.ids.prefix(2)) == [adjacency.ids[4], adjacency.ids[20]])
    #expect(graph.ringEnds.count == 3 && graph.ringEnds[0] == 2)
    #expect(graph.ringEnds[2] == graph.segmentCount && graph.segmentCount < adjacency.segmentCount)
    #expect(Set(graph.ids).count == graph.segmentCount)
    for segment in 0..<graph.segmentCount {
      let number = try #require(adjacency.number(of: graph.ids[segment]))
      let all = adjacency.range(ofNeighborsOf: number).map {
        adjacency.ids[Int(adjacency.neighbors[$0])]
      }
      let range = graph.neighborStart[segment]..<graph.neighborStart[segment + 1]
      let here = graph.neighbors[range].map { graph.ids[Int($0)] }
      #expect(graph.neighbors[range].elementsEqual(graph.neighbors[range].sorted()))
      #expect(graph.degrees[segment] == Float(all.count))
      #expect(Set(here) == Set(all).intersection(graph.ids))
      // Inside the first ring nobody is missing.
      if segment < graph.ringEnds[1] { #expect(here.count == all.count) }
    }
  }

  @Test func segmentsOfCellsAreKnown() {
    let segments = testSegments(window, grain: 3, seed: 5)
    let builder = SegmentGraphBuilder(segments)
    let part = Window(x: 8, y: 10, width: 7, height: 6)
    let graph = builder.neighborhood(of: builder.ids(in: part), hops: 0)
    let places = graph.segmentOfCell(in: part)
    for row in part.y..<part.maxY {
      for column in part.x..<part.maxX {
        let place = places[part.index(column: column, row: row)]
        let id = segments.id(column: column, row: row)
        #expect((place < 0 ? 0 : graph.ids[Int(place)]) == id)
      }
    }
    #expect(
      builder.ids(in: part) == Set(places).filter { $0 >= 0 }.map { graph.ids[Int($0)] }.sorted())
  }

  @Test(arguments: [40, 77])
  func chunksSeeTheSameGraph(edge: Int) {
    let grid = testGrid(150, 120)
    let settings = Superpixels(size: 16, compactness: 1, iterations: 5)
    let lattice = settings.lattice(on: grid)
    let cube = testCube(grid.window, bands: 2, holes: 4)
    let segments = settings.segment(cube: cube, grid: grid)
    let whole = SegmentGraphBuilder(segments)
    for origin in [(0, 0), (edge, edge), (edge, 0)] {
      let chunk = Window(x: origin.0, y: origin.1, width: edge, height: edge)
        .intersection(grid.window)
      let around = chunk.expanded(by: lattice.haloOfGraph(hops: 2)).intersection(grid.window)
      var part = SegmentRaster(window: around)
      part.paste(segments)
      let builder = SegmentGraphBuilder(part)
      let expected = whole.neighborhood(of: whole.ids(in: chunk))
      let graph = builder.neighborhood(of: builder.ids(in: chunk))
      #expect(graph.ids == expected.ids)
      #expect(graph.ringEnds == expected.ringEnds)
      #expect(graph.pixelStart == expected.pixelStart)
      #expect(graph.neighbors == expected.neighbors)
      #expect(graph.degrees == expected.degrees)
      #expect(
        graph.propagated(cube.cropped(to: around), hops: 3) == expected.propagated(cube, hops: 3))
    }
  }
}
