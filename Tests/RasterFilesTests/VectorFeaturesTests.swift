import Foundation
import RasterFiles
import Rasters
import Testing

/// Features of layers in map coordinates.
struct VectorFeaturesTests {
  private static func layer(_ scratch: Scratch, _ crs: String = "") throws -> String {
    let stated =
      crs.isEmpty
      ? ""
      : "\"crs\":{\"type\":\"name\",\"properties\":{\"name\":\"urn:ogc:def:crs:EPSG::\(crs)\"}},"
    return try scratch.write(
      """
      {"type":"FeatureCollection",\(stated)"features":[
      {"type":"Feature","properties":{"kind":"fault","size":2.5},
       "geometry":{"type":"MultiLineString","coordinates":[[[1,2],[3,4]],[[5,6],[7,8],[9,1]]]}},
      {"type":"Feature","properties":{"kind":"fold","size":1},
       "geometry":{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,0]],[[1,1],[2,1],[2,2],[1,1]]]}},
      {"type":"Feature","properties":{"kind":"fault","size":null},
       "geometry":{"type":"Point","coordinates":[7,7]}},
      {"type":"Feature","properties":{"kind":"fault","size":4},"geometry":null},
      {"type":"Feature","properties":{"kind":"shaft","size":3},
       "geometry":{"type":"Point","coordinates":[8,6]}}]}
      """, "layer.geojson")
  }

  @Test func partsKeepTheirFeature() throws {
    let scratch = try Scratch()
    let path = try Self.layer(scratch, "2056")
    let crs = try wkt("EPSG:2056")
    let all = try VectorFeatures(path: path, crs: crs).parts
    #expect(all.map(\.geometry) == [.lines, .lines, .polygons, .points, .points])
    #expect(all.map(\.feature) == [0, 0, 1, 2, 3])
    #expect(all[1].paths == [[SIMD2(5, 6), SIMD2(7, 8), SIMD2(9, 1)]] && all[2].paths.count == 2)
    let sized = try VectorFeatures(path: path, field: "size", crs: crs).parts
    #expect(sized.map(\.value) == [2.5, 2.5, 1, 3])
  }

  @Test func emptyGeometriesHaveNoParts() throws {
    let scratch = try Scratch()
    let path = try scratch.write(
      "WKT,v\nPOINT EMPTY,1\nLINESTRING EMPTY,1\nPOLYGON EMPTY,1\nGEOMETRYCOLLECTION EMPTY,1\n"
        + "\"MULTIPOINT (3 4)\",1\n", "empty.csv")
    let parts = try VectorFeatures(path: path, crs: "").parts
    #expect(parts.map(\.paths) == [[[SIMD2(3, 4)]]] && parts.first?.feature == 4)
  }

  @Test func conditionsChoose() throws {
    let scratch = try Scratch()
    let path = try Self.layer(scratch, "2056")
    let crs = try wkt("EPSG:2056")
    let faults = try VectorFeatures(path: path, where: "kind = 'fault' AND size > 1", crs: crs)
    #expect(faults.parts.count == 2)
    #expect(try VectorFeatures.count(path: path) == 5)
    #expect(try VectorFeatures.count(path: path, where: "kind = 'fault'") == 3)
    #expect(try VectorFeatures.count(path: path, where: "size > 100") == 0)
    for wrong in ["kind =", "colour = 'red'", "1 +"] {
      let error = #expect(throws: GDALError.self) {
        try VectorFeatures.count(path: path, where: wrong)
      }
      #expect(error?.description.contains(path) == true, "\(error as Any)")
    }
  }

  /// Conditions are refused in every format, whenever it looks at them.
  @Test func conditionsOfPackagesAreChecked() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../sample-rasters/tungsten-belt/structures.gpkg").path
    #expect(try VectorFeatures.count(path: file, layer: "faults") > 0)
    #expect(throws: GDALError.self) {
      try VectorFeatures.count(path: file, layer: "faults", where: "no_such_column = 1")
    }
  }

  @Test func coordinatesAreTransformed() throws {
    let scratch = try Scratch()
    let path = try Self.layer(scratch, "4326")
    let found = try VectorFeatures(path: path, where: "kind = 'shaft'", crs: try wkt("EPSG:3857"))
    let place = try #require(found.parts.first?.paths.first?.first)
    #expect(abs(place.x - 890_555.926) < 0.01 && abs(place.y - 669_141.057) < 0.01)
    #expect(throws: GDALError.self) { try VectorFeatures(path: path, crs: "") }
  }
}
