import RasterFiles
import Testing

@Suite struct CRSTests {
  @Test func systemsAreReadFromManyForms() throws {
    let swiss = try CRS.wkt(from: "EPSG:2056")
    #expect(swiss.hasPrefix("PROJCRS[\"CH1903+ / LV95\""))
    #expect(!swiss.contains("\n"))
    #expect(try CRS.wkt(from: swiss) == swiss)
    #expect(try CRS.wkt(from: "") == "")
    #expect(CRS.isSame(try CRS.wkt(from: "+proj=longlat +datum=WGS84"), "EPSG:4326"))
    #expect(!CRS.isSame(swiss, "EPSG:21781"))
    #expect(CRS.isSame("", ""))
    #expect(!CRS.isSame(swiss, ""))
  }

  @Test func whatIsKnownOfASystem() throws {
    let swiss = try CRS.wkt(from: "EPSG:2056")
    let world = try CRS.wkt(from: "EPSG:4326")
    #expect(CRS.isProjected(swiss) && !CRS.isProjected(world) && !CRS.isProjected(""))
    #expect(CRS.isGeographic(world) && !CRS.isGeographic(swiss))
    #expect(CRS.name(swiss) == "CH1903+ / LV95")
    #expect(CRS.code(swiss) == "EPSG:2056")
    #expect(CRS.unitName(swiss) == "metre" && CRS.unitSize(swiss) == 1)
    #expect(CRS.unitName(world) == "degree")
    #expect(abs(CRS.unitSize(try CRS.wkt(from: "EPSG:2263")) - 1200.0 / 3937) < 1e-12)
  }

  @Test func nonsenseIsRefused() throws {
    let error = #expect(throws: GDALError.self) { try CRS.wkt(from: "EPSG:1") }
    #expect(error?.description.contains("EPSG:1") == true)
    #expect(throws: GDALError.self) { try CRS.wkt(from: "no system at all") }
  }

  @Test func pointsAreTransformedWithLongitudeFirst() throws {
    let swiss = try CRS.wkt(from: "EPSG:2056")
    let world = try CRS.wkt(from: "EPSG:4326")
    // The old observatory of Bern is the origin of the Swiss grid.
    let bern = try CRS.transform(x: [2_600_000, .nan], y: [1_200_000, 0], from: swiss, to: world)
    #expect(abs(bern.x[0] - 7.43863) < 1e-4)
    #expect(abs(bern.y[0] - 46.95108) < 1e-4)
    #expect(bern.x[1].isNaN && bern.y[1].isNaN)
    let back = try CRS.transform(x: [bern.x[0]], y: [bern.y[0]], from: world, to: swiss)
    #expect(abs(back.x[0] - 2_600_000) < 1e-3)
  }

  @Test func aPointDoesNotDependOnItsCompany() throws {
    // Several operations of different areas lead from NAD27 to WGS 84.
    let old = try CRS.wkt(from: "EPSG:4267")
    let world = try CRS.wkt(from: "EPSG:4326")
    let x = stride(from: -150.0, through: -60, by: 3.7).map { $0 }
    let y = x.map { 45 + 20 * ($0 + 105) / 45 }
    let together = try CRS.transform(x: x, y: y, from: old, to: world)
    for index in x.indices {
      let alone = try CRS.transform(x: [x[index]], y: [y[index]], from: old, to: world)
      #expect(alone.x[0] == together.x[index] && alone.y[0] == together.y[index])
    }
  }
}
