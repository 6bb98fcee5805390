import Rasters
import Testing

@testable import Segmentation

/// Blocks of ids, some cells without, over a window.
func testSegments(_ window: Window, grain: Int, seed: UInt64) -> SegmentRaster {
  var noise = Noise(seed)
  var raster = SegmentRaster(window: window)
  for row in 0..<window.height {
    for column in 0..<window.width where noise.uniform() > 0.05 {
      let shift = noise.uniform() < 0.2 ? 1 : 0
      raster.ids[row * window.width + column] = UInt32(
        1000 + 7 * ((row + shift) / grain * 100 + (column + row % 3) / grain))
    }
  }
  return raster
}

struct RegionAdjacencyTests {
  @Test(arguments: 1..<6)
  func agreesWithANaiveTwin(grain: Int) {
    let raster = testSegments(
      Window(x: 4, y: 9, width: 23, height: 17), grain: grain, seed: UInt64(grain))
    var borders: [[UInt32]: Int32] = [:]
    for y in 0..<17 {
      for x in 0..<23 {
        for (dx, dy) in [(-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)]
        where (0..<23).contains(x + dx) && (0..<17).contains(y + dy) {
          let (a, b) = (raster.ids[y * 23 + x], raster.ids[(y + dy) * 23 + x + dx])
          if a == b || a == 0 || b == 0 { continue }
          borders[[a, b], default: 0] += dx == 0 || dy == 0 ? 1 : 0
        }
      }
    }
    let graph = RegionAdjacency(raster)
    #expect(graph.ids == Set(raster.ids).subtracting([0]).sorted())
    var found: [[UInt32]: Int32] = [:]
    for segment in 0..<graph.segmentCount {
      let range = graph.range(ofNeighborsOf: segment)
      #expect(graph.neighbors[range].elementsEqual(graph.neighbors[range].sorted()))
      for place in range {
        found[[graph.ids[segment], graph.ids[Int(graph.neighbors[place])]]] =
          graph.borderLengths[place]
      }
      #expect(graph.number(of: graph.ids[segment]) == segment)
    }
    #expect(found == borders)
    #expect(found.values.contains(0))
    #expect(graph.number(of: 3) == nil)
  }

  @Test func anEmptyRasterHasNoSegments() {
    let graph = RegionAdjacency(SegmentRaster(window: Window(x: 0, y: 0, width: 3, height: 2)))
    #expect(graph.segmentCount == 0)
    #expect(graph.neighborStart == [0])
  }
}
