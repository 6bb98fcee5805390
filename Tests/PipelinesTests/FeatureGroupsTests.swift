import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Groups of features: given, inherited, written and read again.
struct FeatureGroupsTests {
  private static let readers = """
    { type: "read-cube", tag: "image", files: "image.tif", group: "remote sensing" },
    { type: "read-cube", tag: "soil", files: "soil.tif", group: "field" },
    """

  private func run() throws -> StageRun {
    let run = try StageRun()
    try run.raster("image.tif", ["nir", "red"]) { StageRun.noise($0, $1, $2) + 0.1 }
    try run.raster("soil.tif", ["Cu"]) { StageRun.noise(7, $1, $2) + 0.1 }
    return run
  }

  private func groups(_ stages: String, of tag: String) throws -> [String?] {
    try run().planned(Self.readers + stages).rasterProduct(tag).bands.map(\.featureGroup)
  }

  @Test(
    arguments: [
      (
        "{ type: \"expression\", tag: \"x\", inputs: [\"image\", \"soil\"], "
          + "bands: { a: \"nir - red\", b: \"Cu\", c: \"Cu * nir\", d: \"1\" } }",
        ["remote sensing", "field", nil, nil]
      ),
      (
        "{ type: \"expression\", tag: \"x\", inputs: [\"image\"], group: \"indices\", "
          + "bands: { a: \"nir - red\" } }", ["indices"]
      ),
      (
        "{ type: \"focal\", tag: \"x\", inputs: [\"image\"], window: 3, "
          + "statistics: [\"mean\", \"deviation\"] }",
        [String?](repeating: "remote sensing", count: 4)
      ),
      ("{ type: \"regionalize\", tag: \"x\", inputs: [\"soil\"], levels: [2] }", ["field"]),
      (
        "{ type: \"regionalize\", tag: \"x\", inputs: [\"soil\"], levels: [2], group: \"spatial\" }",
        ["spatial"]
      ),
      (
        "{ type: \"terrain\", tag: \"x\", inputs: [\"soil\"], measures: [\"aspect\"] }",
        ["field", "field"]
      ),
      ("{ type: \"standardize\", tag: \"x\", inputs: [\"soil\"] }", ["field"]),
      (
        "{ type: \"principal-components\", tag: \"x\", inputs: [\"image\"] }",
        ["remote sensing", "remote sensing"]
      ),
      (
        "{ type: \"log-ratio\", tag: \"x\", inputs: [\"image\"], method: \"ilr\" }",
        ["remote sensing"]
      ),
      (
        "{ type: \"impute\", tag: \"x\", inputs: [\"soil\"], method: \"median\", indicator: true }",
        ["field", "field"]
      ),
    ] as [(String, [String?])])
  func groupsAreInherited(stage: String, expected: [String?]) throws {
    #expect(try groups(stage, of: "x") == expected)
  }

  /// A file keeps the groups of its bands, and whoever reads it may say another.
  @Test func filesKeepGroups() throws {
    let run = try run()
    let stages =
      Self.readers
      + "{ type: \"stack\", tag: \"both\", inputs: [\"image\", \"soil\"] }, { type: \"write\" }"
    let (info, _, _) = try run.output(stages, "both")
    #expect(
      info.bands.map { $0.metadata["GROUP"] } == ["remote sensing", "remote sensing", "field"])
    let path = "chunk512/both.tif"
    let read = try run.planned(
      "{ type: \"read-cube\", tag: \"again\", files: \"\(path)\" },"
        + "{ type: \"read-cube\", tag: \"other\", files: \"\(path)\", group: \"all\" }")
    #expect(
      try read.rasterProduct("again").bands.map(\.featureGroup) == [
        "remote sensing", "remote sensing", "field",
      ])
    #expect(
      try read.rasterProduct("other").bands.map(\.featureGroup) == ["all", "all", "all"])
  }
}
