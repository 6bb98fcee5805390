import Rasters
import Testing

struct GridTests {
  private func grid(left: Double, top: Double, width: Int = 10, height: Int = 8) -> Grid {
    Grid(
      width: width, height: height,
      transform: GeoTransform(left: left, top: top, cellWidth: 50, cellHeight: 50), crs: "")
  }

  @Test func cellsAreFoundByPosition() {
    let grid = grid(left: 1000, top: 2000)
    #expect(grid.cell(x: 1000, y: 2000) == Cell(column: 0, row: 0))
    #expect(grid.cell(x: 1499, y: 1601) == Cell(column: 9, row: 7))
    #expect(grid.cell(x: 1500, y: 1900) == nil && grid.cell(x: 1100, y: 2001) == nil)
    let center = grid.center(of: Cell(column: 2, row: 1))
    #expect(center.x == 1125 && center.y == 1925)
  }

  /// A survey that grows to the north-west moves its origin; shared cells keep their place.
  @Test func absolutePlacesSurviveGrowth() {
    let old = grid(left: 1000, top: 2000)
    let new = grid(left: 850, top: 2100, width: 13, height: 10)
    let a = old.latticeOrigin
    let b = new.latticeOrigin
    #expect(a.column - b.column == 3 && a.row - b.row == 2)
    #expect(a.column == 20 && a.row == -40)
    // Noise in the last digits of an origin changes nothing.
    let noisy = grid(left: 1000 - 1e-7, top: 2000 + 1e-7)
    #expect(noisy.latticeOrigin == a)
  }

  @Test func extentCoversRotatedGrids() {
    let grid = Grid(
      width: 2, height: 2,
      transform: GeoTransform(
        originX: 0, columnX: 1, rowX: 1, originY: 0, columnY: 1, rowY: -1), crs: "")
    let extent = grid.extent
    #expect(extent.left == 0 && extent.right == 4 && extent.bottom == -2 && extent.top == 2)
  }
}
