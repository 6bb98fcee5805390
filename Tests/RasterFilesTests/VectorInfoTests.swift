import RasterFiles
import Testing

@Suite struct VectorInfoTests {
  @Test func layersAreDescribed() throws {
    let scratch = try Scratch()
    let path = try scratch.write(
      """
      {"type":"FeatureCollection","features":[
       {"type":"Feature","properties":{"v":1,"s":"a"},
        "geometry":{"type":"LineString","coordinates":[[7,46],[8,47]]}}]}
      """, "faults.geojson")
    let info = try VectorInfo(path: path)
    let layer = try #require(info.layers.first)
    #expect(info.driver == "GeoJSON" && info.files == [path])
    #expect(layer.name == "faults" && layer.geometry == .lines && layer.count == 1)
    #expect(layer.fields.map(\.name) == ["v", "s"])
    #expect(layer.fields.map(\.isNumeric) == [true, false])
    #expect(CRS.isGeographic(layer.crs))
  }

  @Test func aTableHasNoGeometry() throws {
    let scratch = try Scratch()
    let info = try VectorInfo(path: try scratch.write("a,b\n1,2\n", "t.csv"))
    #expect(info.layers.map(\.geometry) == [.none])
    #expect(info.layers[0].crs == "")
  }

  @Test func aRasterIsNotAVectorFile() throws {
    let scratch = try Scratch()
    let path = try scratch.write("not a table", "x.tif")
    #expect(throws: GDALError.self) { try VectorInfo(path: path) }
  }
}
