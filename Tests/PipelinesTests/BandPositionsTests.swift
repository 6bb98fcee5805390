import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Wavelengths and wavenumbers of bands: read, given, kept and written.
struct BandPositionsTests {
  private func run(_ names: [String] = ["a", "b", "c"]) throws -> StageRun {
    let run = try StageRun()
    try run.raster("a.tif", names) { StageRun.noise($0, $1, $2) + 0.1 }
    return run
  }

  private static func reader(_ options: String, _ file: String = "a.tif") -> String {
    "{ type: \"read-cube\", tag: \"read\", files: \"\(file)\""
      + (options.isEmpty ? "" : ", ") + options + " }"
  }

  @Test func aChartsAxisIsThePositionsWhereAllHaveOne() {
    func axis(_ positions: [BandPosition?]) -> (String, [Double], BandPosition.Unit?) {
      positions.map { Band(name: "b", position: $0) }.spectralAxis
    }
    let (nanometres, wavenumbers) = (
      BandPosition(400, .nanometres), BandPosition(800, .reciprocalCentimetres)
    )
    #expect(axis([nanometres, nanometres]) == ("wavelength, nm", [400, 400], .nanometres))
    #expect(axis([wavenumbers]) == ("wavenumber, cm-1", [800], .reciprocalCentimetres))
    for mixed in [[nanometres, nil], [nanometres, wavenumbers], [nil, nil]] {
      #expect(axis(mixed) == ("band", [1, 2], nil))
    }
  }

  private func positions(_ run: StageRun, _ stages: String, of tag: String = "read") throws
    -> [String?]
  {
    try run.planned(stages).rasterProduct(tag).bands.map { $0.position?.description }
  }

  @Test(
    arguments: [
      (
        "wavelengths: [1, 2.5, 3], \"wavelength-unit\": \"cm-1\"", ["1 cm-1", "2.5 cm-1", "3 cm-1"]
      ),
      (
        "wavelengths: [0.4, 0.5551, 2], \"wavelength-unit\": \"um\"",
        ["400 nm", "555.1 nm", "2000 nm"]
      ),
      ("", [nil, nil, nil]),
    ] as [(String, [String?])])
  func numbersAreGiven(options: String, expected: [String?]) throws {
    #expect(try positions(run(), Self.reader(options)) == expected)
  }

  @Test func namesEndWithPositions() throws {
    let run = try run(["717.42 cm-1", "band 2 725.13 cm-1", "b 733 Wavenumber"])
    let expected = ["717.42 cm-1", "725.13 cm-1", "733 cm-1"]
    #expect(try positions(run, Self.reader("wavelengths: \"names\"")) == expected)
    // Another name in the pipeline does not change what the file says.
    #expect(
      try positions(
        run, Self.reader("wavelengths: \"names\", names: [\"x\", \"y\", \"z\"]")) == expected)
    try run.raster("plain.tif", ["400", "x 410.5"]) { _, _, _ in 1 }
    #expect(
      try positions(
        run, Self.reader("wavelengths: \"names\", \"wavelength-unit\": \"nm\"", "plain.tif"))
        == ["400 nm", "410.5 nm"])
  }

  @Test(arguments: [
    ("wavelengths: [1, 2, 3]", "wavelengths", "needs 'wavelength-unit'"),
    ("wavelengths: [1, 2], \"wavelength-unit\": \"nm\"", "wavelengths", "none for the band 'c'"),
    ("wavelengths: [1, 2, 3, 4], \"wavelength-unit\": \"nm\"", "wavelengths", "no band left for 4"),
    ("wavelengths: \"names\"", "wavelengths", "'a' does not end with a number"),
    ("wavelengths: [1, 0, 3], \"wavelength-unit\": \"nm\"", "wavelengths[1]", "above 0"),
  ])
  func mistakesAreNamed(options: String, key: String, says: String) throws {
    let problem = try run().problem(Self.reader(options))
    #expect(problem?.key == key && problem?.message.contains(says) == true, "\(problem as Any)")
  }

  /// What GDAL makes of an ENVI header, of metadata of the domain IMAGERY, and of neither.
  @Test func filesSayWhereBandsAre() throws {
    let run = try StageRun()
    let folder = run.files.folder
    func envi(_ name: String, _ unit: String) throws {
      let bytes = (0..<12).map { Float($0) }.withUnsafeBytes { Data($0) }
      try bytes.write(to: URL(fileURLWithPath: "\(folder)/\(name).dat"))
      try run.text(
        "ENVI\nsamples = 2\nlines = 2\nbands = 3\nheader offset = 0\ndata type = 4\n"
          + "interleave = bsq\nbyte order = 0\n\(unit)wavelength = { 0.45, 0.55, 0.65 }\n",
        "\(name).hdr")
    }
    try envi("micro", "wavelength units = Micrometers\n")
    try envi("index", "wavelength units = Index\n")
    try envi("none", "")
    let lengths = ["450 nm", "550 nm", "650 nm"]
    let none: [String?] = [nil, nil, nil]
    let unit = "\"wavelength-unit\": \"um\""
    #expect(try positions(run, Self.reader("", "micro.dat")) == lengths)
    #expect(
      try positions(run, Self.reader("\"wavelength-unit\": \"cm-1\"", "micro.dat")) == lengths)
    #expect(try positions(run, Self.reader("", "index.dat")) == none)
    #expect(try positions(run, Self.reader("", "none.dat")) == none)
    #expect(try positions(run, Self.reader(unit, "none.dat")) == lengths)
    #expect(try positions(run, Self.reader("wavelengths: \"names\"", "micro.dat")) == lengths)
    try run.text(
      """
      <VRTDataset rasterXSize="2" rasterYSize="2"><VRTRasterBand dataType="Float32" band="1">
      <Metadata domain="IMAGERY"><MDI key="CENTRAL_WAVELENGTH_UM">0.665</MDI></Metadata>
      <SimpleSource><SourceFilename relativeToVRT="1">none.dat</SourceFilename>
      <SourceBand>2</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>
      """, "imagery.vrt")
    #expect(try positions(run, Self.reader("", "imagery.vrt")) == ["665 nm"])
  }

  /// A file keeps the positions of its bands, beside their groups.
  @Test(arguments: ["cog", "tiles", "netcdf"]) func filesKeepPositions(format: String) throws {
    let run = try run()
    let path = try run.pipeline(
      Self.reader("group: \"lab\", wavelengths: [717.42, 900, 1e3], \"wavelength-unit\": \"cm-1\"")
        + ", { type: \"write\", format: \"\(format)\" }")
    try #require(run.files.run(path, out: "out") == .done)
    let file = ["cog": "out/read.tif", "tiles": "out/read.vrt"][format]
    let info =
      try file.map { try RasterInfo(path: "\(run.files.folder)/\($0)").bands }
      ?? ["a", "b", "c"].flatMap {
        try RasterInfo(path: "NETCDF:\"\(run.files.folder)/out/read.nc\":\($0)").bands
      }
    #expect(info.map { $0.metadata["wavelength"] } == ["717.42", "900", "1000"])
    #expect(
      info.map { $0.metadata["wavelength_units"] } == .init(repeating: "Wavenumber", count: 3))
    #expect(info.map { $0.metadata["GROUP"] } == ["lab", "lab", "lab"])
    guard let file else { return }
    let facts = try FileDescription("\(run.files.folder)/\(file)").text(isJSON: false)
    #expect(facts.contains("a (Float32, nodata -9999.0, 717.42 cm-1)"))
    #expect(try positions(run, Self.reader("", file)) == ["717.42 cm-1", "900 cm-1", "1000 cm-1"])
  }

  /// Bands that pass through a stage stay where they are; those that it makes are nowhere.
  @Test(
    arguments: [
      ("{ type: \"clip\", tag: \"x\", maximum: 0.5 }", ["1 nm", "2 nm", "3 nm"]),
      ("{ type: \"standardize\", tag: \"x\" }", ["1 nm", "2 nm", "3 nm"]),
      ("{ type: \"log-ratio\", tag: \"x\" }", ["1 nm", "2 nm", "3 nm"]),
      (
        "{ type: \"log-ratio\", tag: \"x\", method: \"ilr\", bands: [\"b\", \"c\"] }",
        ["1 nm", nil]
      ),
      (
        "{ type: \"impute\", tag: \"x\", indicator: true, bands: \"b\" }",
        ["1 nm", "2 nm", "3 nm", nil]
      ),
      (
        "{ type: \"order-bands\", tag: \"x\", method: \"given\", order: [\"c\", \"a\", \"b\"] }",
        ["3 nm", "1 nm", "2 nm"]
      ),
      (
        "{ type: \"principal-components\", tag: \"x\", bands: [\"a\", \"b\"] }", [nil, nil, "3 nm"]
      ),
      ("{ type: \"focal\", tag: \"x\", window: 3 }", [nil, nil, nil]),
      ("{ type: \"stack\", tag: \"x\", inputs: [\"read\"] }", ["1 nm", "2 nm", "3 nm"]),
    ] as [(String, [String?])])
  func bandsThatPassStay(stage: String, expected: [String?]) throws {
    let reader = Self.reader("wavelengths: [1, 2, 3], \"wavelength-unit\": \"nm\"")
    #expect(try positions(run(), reader + "," + stage, of: "x") == expected)
  }
}
