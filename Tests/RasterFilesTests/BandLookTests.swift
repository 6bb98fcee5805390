import RasterFiles
import Rasters
import Testing

@Suite struct BandLookTests {
  private func grid(_ width: Int, _ height: Int) -> Grid {
    Grid(
      width: width, height: height,
      transform: GeoTransform(left: 0, top: 0, cellWidth: 1, cellHeight: 1), crs: "")
  }

  private func look(
    _ scratch: Scratch, _ grid: Grid, band: Int = 1, _ value: (Int, Int) -> Float
  ) throws -> BandLook? {
    let path = try scratch.raster("a.tif", grid, value, bandCount: band)
    return try RasterInfo(path: path).look(ofBand: band)
  }

  @Test func aFewExtremeValuesDoNotMoveTheMiddle() throws {
    let scratch = try Scratch()
    let found = try #require(
      try look(scratch, grid(50, 40)) { column, row in
        column == 7 && row == 9 ? 6000 : column == 3 && row < 3 ? .nan : noise(column, row)
      })
    #expect(found.range.upperBound == 6000 && found.range.lowerBound >= 0)
    #expect(found.middle.lowerBound > 0.01 && found.middle.lowerBound < 0.03)
    #expect(found.middle.upperBound > 0.97 && found.middle.upperBound < 0.99)
    #expect(found.classes == nil)
    #expect(scratch.names == ["a.tif"])
  }

  @Test func fewWholeValuesAreClasses() throws {
    let scratch = try Scratch()
    let mask = try look(scratch, grid(40, 40), band: 2) { column, _ in column < 39 ? 0 : 1 }
    #expect(mask?.classes == [1000, 1001])
    // One cell of another class is one.
    let kinds = try look(scratch, grid(600, 500)) { column, row in
      column == 11 && row == 13 ? -4 : 2
    }
    #expect(kinds?.classes == [-4, 2] && kinds?.middle == 2...2)
    #expect(try look(scratch, grid(40, 40)) { column, _ in Float(column) }?.classes == nil)
    #expect(try look(scratch, grid(40, 40)) { column, _ in Float(column % 2) / 2 }?.classes == nil)
  }

  @Test func nothingIsSaidOfNothing() throws {
    let scratch = try Scratch()
    #expect(try look(scratch, grid(20, 20)) { _, _ in .nan } == nil)
  }

  /// A raster of many cells without overviews, most of them made up by the virtual raster.
  @Test func largeRastersAreLookedAtInParts() throws {
    let scratch = try Scratch()
    let path = try scratch.raster("member.tif", grid(64, 64)) { column, row in
      Float(column + row) / 126
    }
    let vrt = """
      <VRTDataset rasterXSize="64000" rasterYSize="64000">
        <GeoTransform>0,1,0,0,0,-1</GeoTransform>
        <VRTRasterBand dataType="Float32" band="1">
          <SimpleSource><SourceFilename>\(path)</SourceFilename><SourceBand>1</SourceBand>
            <SrcRect xOff="0" yOff="0" xSize="64" ySize="64"/>
            <DstRect xOff="0" yOff="0" xSize="64000" ySize="64000"/></SimpleSource>
        </VRTRasterBand>
      </VRTDataset>
      """
    let info = try RasterInfo(path: try scratch.write(vrt, "large.vrt"))
    let found = try #require(try info.look(ofBand: 1))
    #expect(found.range.lowerBound < 0.1 && found.range.upperBound > 0.8)
    #expect(found.range.contains(found.middle.lowerBound) && found.classes == nil)
  }
}
