import RasterFiles
import Rasters
import Testing

@Suite struct RasterInfoTests {
  private static let grid = Grid(
    width: 40, height: 30,
    transform: GeoTransform(left: 10, top: 20, cellWidth: 2, cellHeight: 3), crs: "")

  /// A virtual raster over another file of the same directory.
  private static func vrt(_ member: String) -> String {
    """
    <VRTDataset rasterXSize="40" rasterYSize="30"><GeoTransform>10,2,0,20,0,-3</GeoTransform>
      <VRTRasterBand dataType="Float32" band="1"><Description>copper</Description>
        <UnitType>mg/kg</UnitType><Scale>0.1</Scale><Offset>5</Offset>
        <CategoryNames><Category>none</Category><Category></Category>
          <Category>much</Category></CategoryNames>
        <Metadata><MDI key="LAB">A1</MDI></Metadata>
        <SimpleSource><SourceFilename relativeToVRT="1">\(member)</SourceFilename>
          <SourceBand>1</SourceBand></SimpleSource>
      </VRTRasterBand>
    </VRTDataset>
    """
  }

  @Test func bandsAreDescribed() throws {
    let scratch = try Scratch()
    _ = try scratch.raster("member.tif", Self.grid, noise)
    let info = try RasterInfo(path: try scratch.write(Self.vrt("member.tif"), "a.vrt"))
    #expect(info.driver == "VRT")
    #expect((info.width, info.height) == (40, 30))
    #expect(info.georeference == .transform)
    #expect(info.grid == Self.grid)
    let band = try #require(info.bands.first)
    #expect(band.name == "copper" && band.unit == "mg/kg")
    #expect(band.scale == 0.1 && band.offset == 5)
    #expect(band.nodata == nil && band.mask == .allValid)
    #expect(band.categories == [0: "none", 2: "much"])
    #expect(band.metadata == ["LAB": "A1"])
    #expect(band.typeName == "Float32")
    let member = try RasterInfo(path: scratch.file("member.tif")).bands[0]
    #expect(member.nodata == -9999 && member.mask == .nodata)
  }

  @Test func filesIncludeMembersOfMembersAndTheirSidecars() throws {
    let scratch = try Scratch()
    _ = try scratch.raster("member.tif", Self.grid, noise)
    _ = try scratch.write("<PAMDataset></PAMDataset>", "member.tif.aux.xml")
    _ = try scratch.write(Self.vrt("member.tif"), "inner.vrt")
    let outer = try scratch.write(Self.vrt("inner.vrt"), "outer.vrt")
    let names = try RasterInfo(path: outer).files.map { $0.split(separator: "/").last ?? "" }
    #expect(names == ["outer.vrt", "inner.vrt", "member.tif", "member.tif.aux.xml"])
  }

  @Test func controlPointsAreRefusedWithASentence() throws {
    let scratch = try Scratch()
    _ = try scratch.raster("member.tif", Self.grid, noise)
    let text = Self.vrt("member.tif").replacing(
      "<GeoTransform>10,2,0,20,0,-3</GeoTransform>",
      with: """
        <GCPList><GCP Id="1" Pixel="0" Line="0" X="1" Y="1"/><GCP Id="2" Pixel="9" Line="0" X="2"
         Y="1"/><GCP Id="3" Pixel="0" Line="9" X="1" Y="2"/></GCPList>
        """)
    let path = try scratch.write(text, "gcp.vrt")
    let info = try RasterInfo(path: path)
    #expect(info.grid == nil && info.georeference == .controlPoints)
    let error = #expect(throws: GDALError.self) {
      try RasterSource(path: path, grid: Self.grid, resampling: .nearest)
    }
    #expect(error?.message.contains("ground control points") == true)
  }
}
