import RasterFiles
import Testing

@Suite struct GDALErrorTests {
  @Test func theSentenceSaysWhatAndWhere() {
    let error = GDALError(
      call: "choosing a field", path: "a.gpkg", place: "layer jura",
      message: "has no field \"Cx\"", candidates: ["Cd", "Cu"])
    #expect(
      error.description
        == "a.gpkg, layer jura: has no field \"Cx\"; there are: Cd, Cu (choosing a field)")
    let plain = GDALError(call: "GDALOpenEx", path: "b.tif", message: "is missing")
    #expect(plain.description == "b.tif: is missing (GDALOpenEx)")
  }

  @Test func aMissingFileIsSaidToBeMissing() {
    let error = #expect(throws: GDALError.self) { try RasterInfo(path: "/nowhere/at-all.tif") }
    #expect(error?.path == "/nowhere/at-all.tif")
    #expect(error?.message.contains("No such file") == true)
  }
}
