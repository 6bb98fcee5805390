import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Rasters in the forms that `write` knows, and everything that reads them again.
struct WriteFormatsTests {
  private static let stages = """
    { type: "superpixels", tag: "segments", inputs: ["cube"], size: 30 },
    { type: "predict", tag: "p", inputs: { model: "model", cube: "cube" } },
    { type: "classify", tag: "kind", inputs: ["p"], outputs: ["class"] },
    { type: "explain", tag: "shap", inputs: { model: "model", cube: "cube" }, method: "shapley" },
    { type: "targets", tag: "spots", inputs: { map: "p" }, threshold: 0.6 },
    """

  private func pipeline(_ run: StageRun, _ options: String) throws -> String {
    try run.pipeline(
      OreScene.stages() + Self.stages
        + """
        { type: "write", inputs: ["p", "kind", "shap", "segments", "spots"], \(options) },
        { type: "report" },
        """)
  }

  private func run(_ run: StageRun, _ options: String, out: String) throws {
    try #require(run.files.run(try pipeline(run, options), out: out) == .done)
  }

  private func answers(_ run: StageRun, _ out: String) throws -> [PlaceReport] {
    let question = try PlaceQuestion(folder: "\(run.files.folder)/\(out)")
    return try [(0, 0), (7, 20), (35, 0), (20, 16)].map { column, row in
      var report = try question.answer(
        x: 1_035 + 10 * Double(column), y: 2_065 - 10 * Double(row), crs: nil)
      report.finished = ""
      return report
    }
  }

  /// The files of an output folder with their content, but for the store and the record.
  private func content(_ run: StageRun, _ out: String) throws -> [String: Data] {
    let folder = "\(run.files.folder)/\(out)"
    var result: [String: Data] = [:]
    let files = try #require(FileManager.default.enumerator(atPath: folder))
    for case let file as String in files
    where !file.hasPrefix(".gossan") && file != "run.json" {
      if let data = FileManager.default.contents(atPath: "\(folder)/\(file)") {
        result[file] = data
      }
    }
    return result
  }

  @Test func everyFormHoldsTheSame() throws {
    let scene = try OreScene.make()
    try run(scene, "", out: "cog")
    let expected = try answers(scene, "cog")
    #expect(expected.allSatisfy { $0.notes.isEmpty } && expected[2].maps[0].values[0].value == nil)
    let page = try #require(scene.files.bytes("cog", "report.html"))
    for (form, ending) in [("geotiff", ".tif"), ("tiles", ".vrt"), ("netcdf", ".nc")] {
      try run(scene, "format: \"\(form)\", compression: \"none\"", out: form)
      #expect(try answers(scene, form) == expected)
      let names = try scene.files.names(form)
      for tag in ["p", "p-flags", "kind", "shap", "segments"] {
        #expect(names.contains(tag + ending) && names.contains(tag + ".qml"))
        #expect((form == "tiles") == names.contains(tag))
        #expect(ending == ".tif" || !names.contains(tag + ".tif"))
        let said = try FileDescription("\(scene.files.folder)/\(form)/\(tag)\(ending)")
          .text(isJSON: false)
        #expect(said.contains("36 x 28 cells") && said.contains("METHOD"))
      }
      // The page shows the same pictures; only the options of the pipeline differ.
      let other = String(
        decoding: try #require(scene.files.bytes(form, "report.html")), as: UTF8.self)
      let pictures = String(decoding: page, as: UTF8.self).matches(of: /data:image\/png[^"]+/)
      #expect(pictures.count > 4 && pictures.allSatisfy { other.contains($0.output) })
      let before = try content(scene, form)
      try run(scene, "format: \"\(form)\", compression: \"none\"", out: form)
      #expect(try content(scene, form) == before)
    }
    // Each band of a netCDF file is shown by itself, so its style is of band 1.
    let style = String(decoding: try #require(scene.files.bytes("netcdf", "p.qml")), as: UTF8.self)
    #expect(style.contains("band=\"1\"") && !style.contains("band=\"2\""))
  }

  @Test func anotherFormTakesThePlaceOfTheFirst() throws {
    let scene = try OreScene.make()
    let folder = scene.files.folder + "/out"
    try run(scene, "", out: "out")
    try run(scene, "format: \"tiles\"", out: "out")
    #expect(try scene.files.names("out").filter { $0.hasSuffix(".tif") }.isEmpty)
    let tiles = try FileManager.default.contentsOfDirectory(atPath: folder + "/p")
    #expect(tiles.count == 1)
    // A tile that was removed or changed is written again.
    let before = try content(scene, "out")
    try FileManager.default.removeItem(atPath: "\(folder)/p/\(tiles[0])")
    try run(scene, "format: \"tiles\"", out: "out")
    #expect(try content(scene, "out") == before)
    // What somebody has changed is theirs.
    try scene.text("mine", "out/kind.vrt")
    try run(scene, "format: \"netcdf\"", out: "out")
    let names = try scene.files.names("out")
    #expect(names.contains("kind.vrt") && names.contains("kind") && names.contains("kind.nc"))
    #expect(!names.contains("p.vrt") && !names.contains("p") && names.contains("p.nc"))
    try run(scene, "format: \"cog\"", out: "out")
    #expect(try scene.files.names("out").filter { $0.hasSuffix(".nc") }.isEmpty)
  }

  @Test func mistakesAreNamed() throws {
    let scene = try OreScene.make()
    func key(_ options: String, grid: String? = nil) throws -> String? {
      try scene.problem(
        "{ type: \"read-cube\", tag: \"raw\", files: \"a.tif\" }, "
          + "{ type: \"write\", inputs: [\"raw\"], \(options) }", grid: grid
      )?.key
    }
    #expect(try key("format: \"tiff\"") == "format")
    #expect(try key("format: \"tiles\", tile: 1000") == "tile")
    #expect(try key("format: \"tiles\", tile: 256") == "tile")
    #expect(try key("tile: 1024") == "tile")
    #expect(try key("compression: \"jpeg\"") == "compression")
    #expect(try key("format: \"netcdf\", compression: \"lzw\"") == "compression")
    try scene.raster(
      "turned.tif", ["a"],
      on: Grid(
        width: 36, height: 28,
        transform: GeoTransform(
          originX: 0, columnX: 1, rowX: 0.1, originY: 0, columnY: 0.1, rowY: -1), crs: "")
    ) { _, _, _ in 1 }
    #expect(
      try scene.problem(
        "{ type: \"read-cube\", tag: \"raw\", files: \"turned.tif\" }, "
          + "{ type: \"write\", inputs: [\"raw\"], format: \"netcdf\" }")?.key == "format")
  }
}
