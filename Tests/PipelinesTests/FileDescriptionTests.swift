import Foundation
import Rasters
import Testing

@testable import Pipelines

/// What `gossan info` says of rasters, models, stores and what is none of them.
struct FileDescriptionTests {
  private func facts(_ path: String) throws -> [String: String] {
    let json = try FileDescription(path).text(isJSON: true)
    return try JSONDecoder().decode([String: String].self, from: Data(json.utf8))
  }

  @Test func rastersAreDescribed() throws {
    let path = SampleRun.root + "/sample-rasters/jura/landuse_rock.tif"
    let facts = try facts(path)
    #expect(facts["raster"] == path && facts["format"] == "GTiff" && facts["crs"] == "EPSG:2056")
    #expect(facts["band 1"]?.hasPrefix("landuse (Byte, nodata 0") == true)
    #expect(facts["band 2"]?.hasPrefix("rock (Byte") == true && facts["band 3"] == nil)
    let run = try StageRun()
    try run.raster("a.tif", ["copper"]) { _, _, _ in 1 }
    let own = try self.facts(run.files.folder + "/a.tif")
    #expect(own["size"] == "36 x 28 cells" && own["band 1"]?.hasPrefix("copper (Float32") == true)
    #expect(own["geotransform"] == "[1030.0, 10.0, 0.0, 2070.0, 0.0, -10.0]")
    let text = try FileDescription(run.files.folder + "/a.tif").text(isJSON: false)
    let lines = text.split(separator: "\n")
    #expect(lines.count == own.count && lines[2].hasSuffix("  36 x 28 cells"))
  }

  @Test func modelsAndStoresAreDescribed() throws {
    let run = try StageRun()
    try run.raster("a.tif", ["copper", "zinc"]) { StageRun.noise($0, $1, $2) }
    let rows = (0..<30).map {
      "\(1_035 + 10 * ($0 % 30)),\(1_800 + 7 * $0),\(["no", "yes"][$0 % 2])"
    }
    try run.text("x,y,ore\n" + rows.joined(separator: "\n"), "points.csv")
    let path = try run.pipeline(
      """
      { type: "read-cube", tag: "raw", files: "a.tif" },
      { type: "standardize", tag: "cube" },
      { type: "labels", tag: "ore", file: "points.csv", field: "ore" },
      { type: "train", tag: "model", inputs: { cube: "cube", samples: "ore" }, epochs: 2,
        background: 5, branches: [{ type: "spectral-cnn", filters: [2], kernel: 1, width: 4 }] },
      { type: "write", inputs: ["model"] }
      """)
    #expect(run.files.run(path, out: "out") == .done)
    let model = try facts(run.files.folder + "/out/model.safetensors")
    #expect(model["bands"] == "copper, zinc" && model["outputs"] == "no, yes")
    #expect(model["head"] == "softmax" && model["branches"] == "1")
    #expect(model["preparation"]?.hasPrefix("raw -> standardize") == true)
    #expect(model["background"] == "5 samples")
    #expect(model["method"] == "network")
    #expect(model["size"]?.wholeMatch(of: /\d{2,} parameters/) != nil)

    let store = run.files.folder + "/out/.gossan"
    let said = try facts(store)
    #expect((Int(said["records"] ?? "") ?? 0) > 3)
    var bytes = 0
    let objects = try #require(FileManager.default.enumerator(atPath: store + "/objects"))
    for case let file as String in objects {
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(store)/objects/\(file)")
      if attributes[.type] as? FileAttributeType == .typeRegular {
        bytes += attributes[.size] as? Int ?? 0
      }
    }
    #expect(said["size"] == "\(bytes) bytes" && bytes > 1000)
  }

  @Test func otherFilesAreRefused() throws {
    let run = try StageRun()
    try run.text("nothing", "a.tif")
    try run.text("nothing", "a.safetensors")
    for name in ["a.tif", "a.safetensors", "missing.tif", ""] {
      #expect(throws: (any Error).self) { try FileDescription("\(run.files.folder)/\(name)") }
    }
    var info: Command { .info(.init(file: run.files.folder + "/missing.tif")) }
    #expect(Tool.perform(info) == .failed)
  }
}
