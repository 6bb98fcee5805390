import Rasters
import Testing

struct GeoTransformTests {
  @Test func cellsAndMapAreInverse() {
    let transform = GeoTransform(
      originX: 2_553_263.6, columnX: 49.7, rowX: 0.28, originY: 1_223_901.2, columnY: 0.16,
      rowY: -49.9)
    for (column, row) in [(0.0, 0.0), (96.5, 3.25), (-4, 117)] {
      let point = transform.map(column: column, row: row)
      let cell = transform.cell(x: point.x, y: point.y)
      #expect(abs(cell.column - column) < 1e-6 && abs(cell.row - row) < 1e-6)
    }
  }

  @Test func northUpCellsHaveTheirSize() {
    let transform = GeoTransform(left: 100, top: 50, cellWidth: 4, cellHeight: 2)
    #expect(transform.coefficients == [100, 4, 0, 50, 0, -2])
    #expect(transform.cellWidth == 4 && transform.cellHeight == 2 && transform.determinant == -8)
    let corner = transform.map(column: 3, row: 5)
    #expect(corner.x == 112 && corner.y == 40)
  }
}
