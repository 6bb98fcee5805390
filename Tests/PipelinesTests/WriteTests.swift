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
    #expect(try sample.names("out") == ["metals.qml", "metals.tif", "run.json"])
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
    #expect(try sample.names("out") == ["cube.qml", "cube.tif", "run.json"])
  }
}
