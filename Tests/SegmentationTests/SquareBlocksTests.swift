import Rasters
import Testing

@testable import Segmentation

struct SquareBlocksTests {
  /// What a pipeline makes of squares: labels, then connectivity, chunk by chunk.
  private func segments(
    _ cube: DataCube, _ lattice: SuperpixelLattice, chunk: Int
  ) -> SegmentRaster {
    let grid = lattice.gridWindow
    var labels = SegmentRaster(window: grid)
    var result = labels
    let chunks = stride(from: 0, to: grid.height, by: chunk).flatMap { y in
      stride(from: 0, to: grid.width, by: chunk).map { x in
        Window(x: x, y: y, width: chunk, height: chunk).intersection(grid)
      }
    }
    for window in chunks {
      labels.paste(lattice.squares(cube: cube.cropped(to: window), window: window))
    }
    for window in chunks {
      var part = SegmentRaster(
        window: window.expanded(by: lattice.haloOfConnectivity).intersection(grid))
      part.paste(labels)
      result.paste(lattice.connect(part, target: window))
    }
    return result
  }

  @Test func squaresAreLatticeCells() {
    let grid = testGrid(57, 40, left: 1_003)
    let lattice = SuperpixelLattice(grid: grid, size: 25)
    let cube = DataCube(window: grid.window, bandCount: 2, filledWith: 1)
    let labels = lattice.squares(cube: cube, window: grid.window)
    let origin = grid.latticeOrigin
    for row in 0..<grid.height {
      for column in 0..<grid.width {
        // Blocks of five by five whose borders are multiples of five on the map.
        let cell = lattice.latticeCell(of: labels.id(column: column, row: row))
        #expect(cell.column == Int((Double(column + origin.column) / 5).rounded(.down)))
        #expect(cell.row == Int((Double(row + origin.row) / 5).rounded(.down)))
      }
    }
  }

  @Test(arguments: [1.0, 30, 49])
  func chunksDoNotMatterAndGapsBelongToNone(size: Double) {
    let grid = testGrid(131, 120)
    let cube = testCube(grid.window, bands: 3, holes: 9)
    let lattice = SuperpixelLattice(grid: grid, size: size)
    let whole = segments(cube, lattice, chunk: 131)
    #expect(segments(cube, lattice, chunk: 17) == whole)
    for index in whole.ids.indices {
      #expect((whole.ids[index] == SegmentRaster.none) == cube.values[index].isNaN)
    }
    #expect(whole.ids.contains(SegmentRaster.none))
    // Small rests at gaps and at the border have joined a neighbour, where there is a large one.
    var counts: [UInt32: Int] = [:]
    for id in whole.ids where id != SegmentRaster.none { counts[id, default: 0] += 1 }
    #expect(counts.values.count { Double($0) < size / 2 } <= counts.count / 40)
  }

  @Test func aCellIsASegmentOfThePixelGraph() throws {
    let grid = testGrid(23, 19)
    let cube = testCube(grid.window, bands: 1, holes: 2)
    let lattice = SuperpixelLattice(grid: grid, size: 1)
    let segments = segments(cube, lattice, chunk: 8)
    let adjacency = RegionAdjacency(segments)
    #expect(adjacency.segmentCount == cube.values.count { !$0.isNaN })
    for row in 1..<grid.height - 1 {
      for column in 1..<grid.width - 1 {
        let id = segments.id(column: column, row: row)
        guard id != SegmentRaster.none else { continue }
        let around = (row - 1...row + 1).flatMap { y in
          (column - 1...column + 1).map { segments.id(column: $0, row: y) }
        }.filter { $0 != id && $0 != SegmentRaster.none }
        let number = try #require(adjacency.number(of: id))
        #expect(adjacency.range(ofNeighborsOf: number).count == around.count)
      }
    }
    #expect(lattice.haloOfConnectivity == 4 && lattice.haloOfGraph(hops: 2) == 16)
  }
}
