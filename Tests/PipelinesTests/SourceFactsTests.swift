import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// What the report says of files.
struct SourceFactsTests {
  private static func raster(
    _ transform: GeoTransform, nodata: Double = -9999
  ) throws -> (SourceFacts, Grid) {
    let run = try StageRun()
    let crs = try CRS.wkt(from: "EPSG:2056")
    let path = run.files.folder + "/in.tif"
    let own = Grid(width: 8, height: 6, transform: transform, crs: crs)
    var output = RasterOutput(
      path: path, grid: own, bands: [OutputBand(name: "Cu"), OutputBand(name: "Zn")])
    output.nodata = nodata
    try output.write { window in
      .float32([Float](repeating: 1, count: 2 * window.cellCount))
    }
    let grid = Grid(
      width: 100, height: 100,
      transform: GeoTransform(left: 2_600_000, top: 1_200_000, cellWidth: 50, cellHeight: 50),
      crs: crs)
    let facts = SourceFacts(
      try RasterInfo(path: path), bands: [1, 2], names: ["copper", "Zn"], .bilinear, grid: grid)
    return (facts, grid)
  }

  @Test func sharedCellsAreRead() throws {
    // Three cells to the right and two rows down.
    let (facts, _) = try Self.raster(
      GeoTransform(left: 2_600_150, top: 1_199_900, cellWidth: 50, cellHeight: 50))
    #expect(facts.treatment == "cell by cell: it has the grid's cells")
    #expect(
      facts.content == "2 bands copper, Zn; 8 x 6 cells of 50 x 50 m, CH1903+ / LV95 (EPSG:2056); "
        + "Float32; nodata -9999")
  }

  /// NaN is no value that equals itself.
  @Test func missingCellsAreToldOnce() throws {
    let (facts, _) = try Self.raster(
      GeoTransform(left: 2_600_150, top: 1_199_900, cellWidth: 50, cellHeight: 50), nodata: .nan)
    #expect(facts.content.hasSuffix("Float32; nodata NaN"))
  }

  @Test(arguments: [(160.0, 50.0), (150, 25), (150, 100)])
  func othersAreWarped(left: Double, size: Double) throws {
    let (facts, _) = try Self.raster(
      GeoTransform(
        left: 2_600_000 + left, top: 1_200_000, cellWidth: size, cellHeight: size))
    #expect(facts.treatment == "warped to the grid: bilinear")
  }

  @Test func wordsOfACommandAreQuoted() {
    #expect(ReportPage.quoted("a/b.json5") == "a/b.json5")
    #expect(ReportPage.quoted("data=my survey") == "'data=my survey'")
    #expect(ReportPage.quoted("it's") == "'it'\\''s'")
    #expect(ReportPage.quoted("") == "''")
  }

  @Test func thePageTellsOfInputsAndHowToRepeat() throws {
    let run = try StageRun()
    try run.raster("p.tif", ["ore"]) { _, column, row in StageRun.noise(3, column, row) }
    let path = try run.pipeline(
      """
      { type: "read-cube", tag: "p", files: ["p.tif"] },
      { type: "standardize", tag: "scaled", method: "robust" },
      { type: "write", inputs: ["scaled"] }, { type: "report" }
      """, name: "page", grid: StageRun.gridText)
    try #require(run.files.run(path, out: "out") == .done)
    let page = String(decoding: try #require(run.files.bytes("out", "report.html")), as: UTF8.self)
    let text = page.replacing("&quot;", with: "\"").replacing("&#39;", with: "'")
    for expected in [
      "p.tif</th><td>band ore; ", "<td>standardize 'scaled'</td>", "method: \"robust\"",
      "gossan run \(path)", "type: \"standardize\", tag: \"scaled\"", "Every map shows",
      "class=\"colors\"", "Nothing was validated",
    ] {
      #expect(text.contains(expected), "\(expected)")
    }
  }
}
