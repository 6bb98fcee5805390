import RasterFiles
import Testing

@Suite struct PointTableTests {
  private static let csv = """
    id,E,N,Cd,rock,note
    a,2600000,1200000,1.5,3,"x, y"
    b,2600100,1200100,NA,4,
    c,,,7,5,lost
    d,2600200.5,1200200,<0.1,6,z

    """

  @Test func columnsOfNumbersAndText() throws {
    let scratch = try Scratch()
    let path = try scratch.write(Self.csv, "p.csv")
    let table = try PointTable.read(path: path, crs: "")
    #expect(table.count == 3 && table.unplacedCount == 1)
    #expect(table.x == [2_600_000, 2_600_100, 2_600_200.5])
    #expect(table.names == ["id", "E", "N", "Cd", "rock", "note"])
    #expect(table.columns["rock"] == .number([3, 4, 6]))
    #expect(table.columns["Cd"] == .text(["1.5", "NA", "<0.1"]))
    #expect(table.columns["note"] == .text(["x, y", "", "z"]))
    #expect(table.columns["rock"]?.texts == ["3", "4", "6"])
  }

  @Test func missingNumbersAreNaN() throws {
    let scratch = try Scratch()
    let path = try scratch.write("x,y,v\n1,2,3\n4,5,NA\n6,7,\n", "p.csv")
    let values = try PointTable.read(path: path, fields: ["v"], crs: "").columns["v"]?.numbers
    #expect(values?[0] == 3 && values?[1].isNaN == true && values?[2].isNaN == true)
  }

  @Test func aTableIsTakenToBeInTheGridsSystemUnlessTold() throws {
    let scratch = try Scratch()
    let swiss = try CRS.wkt(from: "EPSG:2056")
    let world = try CRS.wkt(from: "EPSG:4326")
    let path = try scratch.write(Self.csv, "p.csv")
    #expect(try PointTable.read(path: path, crs: swiss).x[0] == 2_600_000)
    let degrees = try PointTable.read(path: path, crs: world, sourceCRS: "EPSG:2056")
    #expect(abs(degrees.x[0] - 7.43863) < 1e-4 && abs(degrees.y[0] - 46.95108) < 1e-4)
    let named = try PointTable.read(path: path, crs: swiss, xField: "Cd", yField: "rock")
    #expect(named.x == [1.5, 7] && named.unplacedCount == 2)
  }

  @Test func anglesOnAPlaneAreAnError() throws {
    let scratch = try Scratch()
    let path = try scratch.write("Lon,Lat\n7.4,46.9\n", "p.csv")
    let error = #expect(throws: GDALError.self) {
      try PointTable.read(path: path, crs: try CRS.wkt(from: "EPSG:2056"))
    }
    #expect(error?.message.contains("longitude") == true)
  }

  @Test func missingNamesAreErrorsThatListTheOthers() throws {
    let scratch = try Scratch()
    let path = try scratch.write(Self.csv, "p.csv")
    let field = #expect(throws: GDALError.self) {
      try PointTable.read(path: path, fields: ["Cx"], crs: "")
    }
    #expect(field?.candidates == ["id", "E", "N", "Cd", "rock", "note"])
    let layer = #expect(throws: GDALError.self) {
      try PointTable.read(path: path, layer: "q", crs: "")
    }
    #expect(layer?.candidates == ["p"])
    let bare = try scratch.write("a,b\n1,2\n", "bare.csv")
    let places = #expect(throws: GDALError.self) { try PointTable.read(path: bare, crs: "") }
    #expect(places?.candidates == ["a", "b"])
    #expect(throws: GDALError.self) { try PointTable.read(path: "/nowhere.csv", crs: "") }
  }

  @Test func geometriesAreReprojected() throws {
    let scratch = try Scratch()
    let path = try scratch.write(
      """
      {"type":"FeatureCollection","features":[
       {"type":"Feature","properties":{"v":1,"s":"a"},
        "geometry":{"type":"Point","coordinates":[7.438632,46.951083]}},
       {"type":"Feature","properties":{"v":null,"s":null},
        "geometry":{"type":"MultiPoint","coordinates":[[8,47]]}},
       {"type":"Feature","properties":{"v":3,"s":"c"},"geometry":null}]}
      """, "p.geojson")
    let table = try PointTable.read(path: path, crs: try CRS.wkt(from: "EPSG:2056"))
    #expect(table.count == 2 && table.unplacedCount == 1)
    #expect(abs(table.x[0] - 2_600_000) < 1 && abs(table.y[0] - 1_200_000) < 1)
    #expect(table.columns["s"] == .text(["a", ""]))
    #expect(table.columns["v"]?.numbers?[1].isNaN == true)
    #expect(throws: GDALError.self) { try PointTable.read(path: path, crs: "") }
  }

  @Test func polygonsAreNotPoints() throws {
    let scratch = try Scratch()
    let path = try scratch.write(
      """
      {"type":"Feature","properties":{},"geometry":
       {"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}}
      """, "p.geojson")
    let error = #expect(throws: GDALError.self) {
      try PointTable.read(path: path, crs: try CRS.wkt(from: "EPSG:4326"))
    }
    #expect(error?.message.contains("POLYGON") == true)
  }

  @Test(.enabled("needs GOSSAN_DATA") { realData != nil }) func realPoints() throws {
    let data = try #require(realData)
    let jura = "\(data)/jura_soil/jura_points"
    let info = try VectorInfo(path: jura + ".gpkg")
    let crs = try #require(info.layers.first?.crs)
    let points = try PointTable.read(path: jura + ".gpkg", crs: crs)
    let table = try PointTable.read(path: jura + ".csv", crs: crs)
    let compressed = "\(data)/wa_sed1_au/samples.csv.gz"
    #expect(try VectorInfo(path: compressed).files == [compressed])
    #expect(try PointTable.read(path: compressed, crs: "").count == 1392)
    #expect(points.count == 259 && table.count == 259)
    #expect(zip(points.x, table.x).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(points.columns["Cd"] == table.columns["Cd"])
  }
}
