import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// What `write` leaves in the folder, for every kind of product.
struct WriteTests {
  private func run(_ sample: SampleRun, _ write: String, out: String = "out") throws {
    let path = try sample.ground("write", labels: "", then: write)
    #expect(sample.run(path, out: out) == .done)
  }

  @Test func rastersKeepNamesUnitsAndNodata() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let metals = """
      { type: "grid-points", tag: "metals", file: "${data}/points.gpkg", fields: ["Cu", "Zn"],
        unit: "mg/kg", radius: 300 },
      """
    try run(sample, metals + "{ type: \"write\", inputs: [\"metals\"] }")
    let (info, cube) = try sample.raster("out", "metals.tif")
    #expect(info.bands.map(\.name) == ["Cu", "Zn"])
    #expect(info.bands.map(\.unit) == ["mg/kg", "mg/kg"])
    #expect(info.bands.allSatisfy { $0.nodata == -9999 })
    #expect(cube.values.contains { $0.isNaN } && cube.values.contains { $0.isFinite })
    #expect(try sample.names("out") == ["metals.qml", "metals.tif", "run.json", "write.qgz"])
    try run(
      sample, metals + "{ type: \"write\", inputs: [\"metals\"], nodata: \"nan\" }", out: "nan")
    let other = try sample.raster("nan", "metals.tif")
    #expect(other.info.bands.allSatisfy { $0.nodata?.isNaN == true })
    for (a, b) in zip(cube.values, other.cube.values) { #expect(a == b || (a.isNaN && b.isNaN)) }
  }

  @Test func segmentsAreWholeNumbers() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    try run(
      sample,
      """
      { type: "superpixels", tag: "segments", inputs: ["cube"], size: 200 },
      { type: "write", inputs: ["segments"] },
      """)
    let info = try RasterInfo(path: sample.folder + "/out/segments.tif")
    #expect(info.bands.map(\.name) == ["segment"])
    #expect(info.bands[0].typeName == "UInt32")
    let style = String(decoding: try #require(sample.bytes("out", "segments.qml")), as: UTF8.self)
    #expect(style.contains("paletteEntry") || style.contains("coloured at random"))
  }

  @Test func changedOptionsReplaceAndNothingStale() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    try run(sample, "{ type: \"write\", inputs: [\"cube\"] }")
    let first = try #require(sample.bytes("out", "cube.tif"))
    // What QGIS or GDAL may have left beside the raster belongs to the earlier one.
    try Data("<PAMDataset/>".utf8).write(
      to: URL(fileURLWithPath: sample.folder + "/out/cube.tif.aux.xml"))
    try run(sample, "{ type: \"write\", inputs: [\"cube\"], nodata: -1 }")
    #expect(sample.bytes("out", "cube.tif") != first)
    #expect(try sample.names("out") == ["cube.qml", "cube.tif", "run.json", "write.qgz"])
  }

  @Test func classesAndOwnStyles() throws {
    let run = try StageRun()
    try run.raster("p.tif", ["no", "yes"]) { band, column, _ in
      Float(band == 0 ? 35 - column : column) / 35
    }
    let read = "{ type: \"read-cube\", tag: \"p\", files: [\"p.tif\"] },"
    func pipeline(_ options: String) throws -> String {
      try run.pipeline(
        read + "{ type: \"classify\", tag: \"kind\", inputs: [\"p\"] },"
          + "{ type: \"write\", inputs: [\"p\", \"kind\"], \(options) },", name: "map",
        grid: StageRun.gridText)
    }
    func text(_ name: String) throws -> String {
      String(decoding: try #require(run.files.bytes("out", name)), as: UTF8.self)
    }
    try run.text("<qgis>\n<pipe/><!-- mine --></qgis>\n", "mine.qml")
    let path = try pipeline("style: { p: \"mine.qml\" }")
    #expect(run.files.run(path, out: "out") == .done)
    #expect(try text("p.qml") == "<qgis>\n<pipe/><!-- mine --></qgis>\n")
    // A changed style is an output that is new; what has no style of one's own stays.
    let classes = try RasterInfo(path: run.files.folder + "/out/kind-class.tif")
    #expect(classes.bands[0].categories == [1: "no", 2: "yes"])
    #expect(classes.bands[0].colorInterpretation == "Palette")
    #expect(try text("kind-class.tif.aux.xml").contains("<Category>yes</Category>"))
    #expect(try text("kind-entropy.qml").contains("label=\"1 all classes alike\""))
    try run.text("<qgis><pipe/></qgis>", "mine.qml")
    #expect(run.files.run(path, out: "out") == .done)
    #expect(try text("p.qml") == "<qgis><pipe/></qgis>")
    #expect(run.files.run(try pipeline("nodata: -9999"), out: "out") == .done)
    #expect(try text("p.qml").contains("<minMaxOrigin>"))
    // The names of classes come back when they are lost.
    try FileManager.default.removeItem(atPath: run.files.folder + "/out/kind-class.tif.aux.xml")
    #expect(run.files.run(try pipeline("nodata: -9999"), out: "out") == .done)
    #expect(try text("kind-class.tif.aux.xml").contains("<Category>yes</Category>"))
  }

  @Test func stylesThatAreNoneAreRefusedWhereTheyStand() throws {
    let run = try StageRun()
    try run.raster("p.tif", ["a"]) { _, column, _ in Float(column) }
    try run.text("<qgis><pipe></qgis>", "bad.qml")
    try run.text("<sld/>", "other.qml")
    func problem(_ options: String) throws -> Problem? {
      try run.problem(
        "{ type: \"read-cube\", tag: \"p\", files: [\"p.tif\"] },\n"
          + "{ type: \"write\", inputs: [\"p\"],\n\(options) },", grid: StageRun.gridText)
    }
    let bad = try #require(try problem("style: { p: \"bad.qml\" }"))
    #expect(bad.place.line == 4 && bad.key == "style.p" && bad.message.contains("'pipe' is open"))
    let other = try #require(try problem("style: { p: \"other.qml\" }"))
    #expect(other.message.contains("the root is 'sld'; expected 'qgis'"))
    let missing = try #require(try problem("style: { p: \"none.qml\" }"))
    #expect(missing.message.contains("no such file"))
    let unknown = try #require(try problem("style: { q: \"bad.qml\" }"))
    #expect(unknown.place.line == 4 && unknown.message.contains("no raster 'q' is written"))
    let unordered = try #require(try problem("classes: [0.5, 0.25]"))
    #expect(unordered.key == "classes" && unordered.message.contains("ascending"))
    #expect(try problem("classes: [0, 0.5]")?.key == "classes")
  }
}
