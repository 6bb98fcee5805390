import Rasters
import Testing

struct SegmentRasterTests {
  @Test func pastingKeepsOtherCells() {
    var raster = SegmentRaster(window: Window(x: 0, y: 0, width: 3, height: 2))
    #expect(raster.ids.allSatisfy { $0 == SegmentRaster.none })
    raster.paste(SegmentRaster(window: Window(x: 1, y: 1, width: 3, height: 1), ids: [7, 8, 9]))
    #expect(raster.ids == [0, 0, 0, 0, 7, 8])
    #expect(raster.id(column: 2, row: 1) == 8)
  }
}
