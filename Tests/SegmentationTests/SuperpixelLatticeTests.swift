import Rasters
import Testing

@testable import Segmentation

struct SuperpixelLatticeTests {
  @Test(arguments: [1.0, 2.3, 50, 100, 12345.6])
  func latticeCellsTileTheGrid(size: Double) {
    let grid = testGrid(230, 150, left: -77, top: 31)
    let lattice = SuperpixelLattice(grid: grid, size: size)
    var covered = [Int](repeating: 0, count: grid.cellCount)
    let all = lattice.allCells
    for latticeRow in all.y..<all.maxY {
      for latticeColumn in all.x..<all.maxX {
        let window = lattice.window(
          of: Window(x: latticeColumn, y: latticeRow, width: 1, height: 1))
        #expect(!window.isEmpty)
        for row in window.y..<window.maxY {
          for column in window.x..<window.maxX {
            covered[row * 230 + column] += 1
            #expect(lattice.latticeColumn(ofColumn: column) == latticeColumn)
            #expect(lattice.latticeRow(ofRow: row) == latticeRow)
          }
        }
      }
    }
    #expect(covered.allSatisfy { $0 == 1 })
  }

  @Test(arguments: [1.0, 7, 50, 400])
  func everyLatticeCellHasOneHome(size: Double) {
    let grid = testGrid(100, 90)
    let lattice = SuperpixelLattice(grid: grid, size: size)
    let all = lattice.allCells
    for edge in [5, 16, 33, 200] {
      var homes = [Int](repeating: 0, count: all.cellCount)
      for y in stride(from: 0, to: 90, by: edge) {
        for x in stride(from: 0, to: 100, by: edge) {
          let window = Window(x: x, y: y, width: edge, height: edge)
          let cells = lattice.cells(homeIn: window)
          for row in cells.y..<cells.maxY {
            for column in cells.x..<cells.maxX { homes[all.index(column: column, row: row)] += 1 }
          }
          let around = lattice.window(of: cells.expanded(by: 1).intersection(all))
          #expect(cells.isEmpty || window.expanded(by: lattice.haloOfUpdate).contains(around))
        }
      }
      #expect(homes.allSatisfy { $0 == 1 })
    }
  }

  @Test func idsComeBackAndAreNeverNone() {
    let grid = testGrid(400, 300, left: -40 * 32768 * 3 - 150, top: 32767 * 3)
    let lattice = SuperpixelLattice(grid: grid, size: 9)
    let all = lattice.allCells
    var seen: Set<UInt32> = []
    for row in all.y..<all.maxY {
      for column in all.x..<all.maxX {
        for rank in 0..<4 {
          let id = lattice.id(latticeColumn: column, latticeRow: row, rank: rank)
          #expect(id != SegmentRaster.none)
          #expect(seen.insert(id).inserted)
          #expect(lattice.latticeCell(of: id) == Cell(column: column, row: row))
          #expect(SuperpixelLattice.rank(of: id) == rank)
        }
      }
    }
  }

  @Test func gridsThatAreTooLargeAreKnown() {
    #expect(!SuperpixelLattice(grid: testGrid(32_000, 10), size: 1).exceedsIDs)
    #expect(SuperpixelLattice(grid: testGrid(40_000, 10), size: 1).exceedsIDs)
    #expect(SuperpixelLattice(grid: testGrid(10, 32_768), size: 1).exceedsIDs)
    #expect(!SuperpixelLattice(grid: testGrid(100_000, 100_000), size: 25).exceedsIDs)
  }
}
