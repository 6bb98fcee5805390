import RasterFiles
import Testing

@Suite struct GDALTests {
  @Test func versionsAreNumbers() {
    for version in [GDAL.version, GDAL.projVersion] {
      let parts = version.split(separator: ".").map { Int($0) }
      #expect(parts.count == 3 && parts.allSatisfy { $0 != nil })
    }
    #expect(GDAL.version.hasPrefix("3."))
  }

  @Test func projKnowsItsCodes() { #expect(GDAL.projDataIsFound) }
}
