import Foundation
import Learning
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Samples and folds as points to look at.
struct SampleLayerTests {
  private static let points = """
    x,y,kind,Weight,fold,cu
    1035,2065,ore,heavy,a,1.5
    1135,2005,barren,,b,
    1235,1905,ore,light,a,3
    1335,1805,barren,light,b,4
    """

  private func run(_ stages: String, chunk: Int = 512) throws -> (StageRun, String) {
    let run = try StageRun()
    try run.text(Self.points, "points.csv")
    let path = try run.pipeline(stages, name: "layers", grid: StageRun.gridText, chunk: chunk)
    try #require(run.files.run(path, out: "out") == .done)
    return (run, run.files.folder + "/out")
  }

  @Test func classesAndFoldsComeBack() throws {
    let stages = """
      { type: "labels", tag: "places", file: "points.csv", x: "x", y: "y", field: "kind" },
      { type: "split", tag: "parts", inputs: { samples: "places" }, method: "field",
        field: "fold" },
      { type: "write", inputs: ["places", "parts"] }
      """
    let (run, out) = try run(stages)
    let names = try VectorInfo(path: out + "/places.gpkg").layers[0].fields.map(\.name)
    #expect(
      names == [
        "sample", "class", "weight", "Weight_2", "cu", "fold", "kind", "x", "y",
      ])
    let places = try PointTable.read(path: out + "/places.gpkg", crs: "")
    #expect(places.x == [1035, 1135, 1235, 1335] && places.y == [2065, 2005, 1905, 1805])
    #expect(places.columns["class"]?.texts == ["ore", "barren", "ore", "barren"])
    #expect(places.columns["weight"]?.numbers == [1, 1, 1, 1])
    #expect(places.columns["Weight_2"]?.texts[0] == "heavy")
    #expect(places.columns["sample"]?.numbers == [0, 1, 2, 3])
    let parts = try PointTable.read(path: out + "/parts.gpkg", crs: "")
    #expect(parts.columns["fold"]?.texts == ["a", "b", "a", "b"])
    #expect(parts.columns["fold_2"]?.texts == ["a", "b", "a", "b"])
    // The style that QGIS finds in the file tells the folds apart.
    let bytes = try #require(FileManager.default.contents(atPath: out + "/parts.gpkg"))
    #expect(String(decoding: bytes, as: UTF8.self).contains(#"attr="fold""#))
    // The same file for any chunks; what is current is left alone.
    let (second, other) = try self.run(stages, chunk: 16)
    #expect(FileManager.default.contents(atPath: other + "/parts.gpkg") == bytes)
    withExtendedLifetime(second) {}
    let before = try FileManager.default.attributesOfItem(atPath: out + "/parts.gpkg")
    #expect(run.files.run(run.files.folder + "/layers.json5", out: "out") == .done)
    let after = try FileManager.default.attributesOfItem(atPath: out + "/parts.gpkg")
    #expect(before[.systemFileNumber] as? Int == after[.systemFileNumber] as? Int)
  }

  @Test func valuesThatAreNotKnownAreMissing() throws {
    let (run, out) = try run(
      """
      { type: "labels", tag: "copper", file: "points.csv", x: "x", y: "y", target: "values",
        fields: ["cu"] },
      { type: "write", inputs: ["copper"] }
      """)
    defer { withExtendedLifetime(run) {} }
    let table = try PointTable.read(path: out + "/copper.gpkg", crs: "")
    #expect(table.columns["cu"]?.numbers == [1.5, 3, 4])
    #expect(table.columns["cu_2"]?.texts == ["1.5", "3", "4"])
  }

  @Test func twoOutputsOfOneNameAreRefused() throws {
    let run = try StageRun()
    try run.text(Self.points, "points.csv")
    try run.raster("ground.tif", ["a"]) { _, column, _ in Float(column) }
    let problem = try run.problem(
      """
      { type: "read-cube", tag: "ground", files: "ground.tif" },
      { type: "superpixels", tag: "segments", size: 50 },
      { type: "labels", tag: "segments-1", file: "points.csv", x: "x", y: "y", field: "kind" },
      { type: "write", inputs: ["segments-1", "segments-1"] }
      """)
    #expect(problem != nil)
  }
}
