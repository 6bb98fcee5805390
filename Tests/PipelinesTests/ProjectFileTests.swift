import Foundation
import RasterFiles
import Rasters
import Reports
import Testing

@testable import Pipelines

/// The project that `write` leaves beside its rasters.
struct ProjectFileTests {
  private static let stages = """
    { type: "labels", tag: "sites", file: "sites.csv", field: "kind",
      classes: { u: "barren", v: "ore" } },
    { type: "read-cube", tag: "cube", files: ["cube.tif"] },
    { type: "write", inputs: ["cube", "sites"] },
    """

  /// A run's folder with a raster and points; the pipeline's name is "map".
  private func scene() throws -> (run: StageRun, pipeline: String) {
    let run = try StageRun()
    try run.raster("cube.tif", ["a", "b"], unit: "ppm") { band, column, row in
      Float(band + column + row)
    }
    try run.text("x,y,kind\n1035,2065,u\n1205,1905,v\n1305,1805,u\n", "sites.csv")
    return (run, try run.pipeline(Self.stages, name: "map", grid: StageRun.gridText))
  }

  private func text(_ run: StageRun, _ out: String) throws -> String {
    let archive = [UInt8](try #require(run.files.bytes(out, "map.qgz")))
    return String(decoding: try ZIPArchive.decode(archive, named: "map.qgs"), as: UTF8.self)
  }

  @Test func layersStandInGroupsByRelativePaths() throws {
    let (run, pipeline) = try scene()
    #expect(run.files.run(pipeline, out: "deep/out") == .done)
    #expect(
      try run.files.names("deep/out")
        == ["cube.qml", "cube.tif", "map.qgz", "run.json", "sites.gpkg"])
    let xml = try text(run, "deep/out")
    let groups = xml.components(separatedBy: "<layer-tree-group ").dropFirst().map {
      String($0.split(separator: "\"")[1])
    }
    #expect(groups == ["samples and deposits", "result", "inputs"])
    for source in [
      "./cube.tif", "./sites.gpkg|layername=sites", "../../cube.tif",
      "../../sites.csv|option:X_POSSIBLE_NAMES=x|option:Y_POSSIBLE_NAMES=y",
    ] {
      #expect(xml.contains("<datasource>\(source)</datasource>"), "\(source)")
    }
    #expect(!xml.contains(run.files.folder))
    // Labelled points have the names that the pipeline gives them.
    #expect(xml.contains("label=\"ore\"") && xml.contains("value=\"v\""))
    // The style beside the raster is that of the layer.
    let style = try QMLDocument(
      bytes: [UInt8](try #require(run.files.bytes("deep/out", "cube.qml"))))
    #expect(xml.contains(style.content.trimmingCharacters(in: .whitespacesAndNewlines)))
    #expect(xml.contains("the pipeline &#39;map&#39;"))
    // The grid has no coordinate system; the project has one nevertheless.
    #expect(xml.contains("<projectCrs><spatialrefsys><wkt>ENGCRS["))
    #expect(xml.contains("<xmin>1030.0</xmin><ymin>1790.0</ymin><xmax>1390.0</xmax>"))
  }

  @Test func inputsAreDrawnByWhatTheyHold() throws {
    let (run, _) = try scene()
    try run.raster("cube.tif", ["a"], unit: "ppm") { _, column, row in
      column == 3 && row == 4 ? 9000 : Float(column) + 0.5
    }
    try run.raster("area.tif", ["inside"]) { _, column, _ in column < 30 ? 1 : 0 }
    let pipeline = try run.pipeline(
      Self.stages.replacingOccurrences(
        of: "{ type: \"write\"",
        with: "{ type: \"mask\", tag: \"kept\", file: \"area.tif\", keep: \"inside\", "
          + "inputs: [\"cube\"] }, { type: \"write\""), name: "map", grid: StageRun.gridText)
    #expect(run.files.run(pipeline, out: "out") == .done)
    let layers = try text(run, "out").components(separatedBy: "<maplayer ")
    let cube = try #require(layers.first { $0.contains("<datasource>../cube.tif<") })
    // One cell does not make all others alike.
    #expect(cube.contains("label=\"\u{2265} 35.5 ppm\"") && !cube.contains("9000"))
    let area = try #require(layers.first { $0.contains("<datasource>../area.tif<") })
    #expect(
      area.contains("type=\"paletted\"")
        && area.components(separatedBy: "<paletteEntry ").count == 3)
  }

  @Test func theSameRunGivesTheSameBytesAndNothingIsWrittenTwice() throws {
    let (run, pipeline) = try scene()
    #expect(run.files.run(pipeline, out: "one") == .done)
    #expect(run.files.run(pipeline, out: "two", jobs: 1) == .done)
    let first = try #require(run.files.bytes("one", "map.qgz"))
    #expect(run.files.bytes("two", "map.qgz") == first)
    let path = run.files.folder + "/one/map.qgz"
    let before = try RasterTimes.modified(path)
    #expect(run.files.run(pipeline, out: "one") == .done)
    #expect(try RasterTimes.modified(path) == before)
    // What is new about a layer is new about the project.
    try run.raster("cube.tif", ["c", "b"], unit: "ppm") { _, column, _ in Float(column) }
    #expect(run.files.run(pipeline, out: "one") == .done)
    #expect(run.files.bytes("one", "map.qgz") != first)
    #expect(try text(run, "one").contains("cube: c"))
  }

  @Test func whatSomebodySavedIsTheirs() throws {
    let (run, pipeline) = try scene()
    #expect(run.files.run(pipeline, out: "out") == .done)
    let path = run.files.folder + "/out/map.qgz"
    var saved = try #require(run.files.bytes("out", "map.qgz"))
    // QGIS writes the time of saving where ours is always the same.
    saved.replaceSubrange(10..<14, with: [0x20, 0x61, 0x75, 0x5D])
    try saved.write(to: URL(fileURLWithPath: path))
    try run.raster("cube.tif", ["c", "b"]) { _, column, _ in Float(column) }
    #expect(run.files.run(pipeline, out: "out") == .done)
    #expect(run.files.bytes("out", "map.qgz") == saved)
    try FileManager.default.removeItem(atPath: path)
    #expect(run.files.run(pipeline, out: "out") == .done)
    #expect(try text(run, "out").contains("cube: c"))
  }

  @Test func pathsLeadFromOneFolderToAnother() throws {
    let run = try StageRun()
    let folder = run.files.folder
    try FileManager.default.createDirectory(
      atPath: folder + "/a/b", withIntermediateDirectories: true)
    try run.text("", "c.txt")
    #expect(RelativePath.from(folder + "/a/b", to: folder + "/c.txt") == "../../c.txt")
    #expect(RelativePath.from(folder + "/a/b/../b", to: folder + "/a/b/d.txt") == "./d.txt")
    #expect(RelativePath.from(folder, to: folder + "/a/b") == "./a/b")
    // A link is followed, since the file is where it leads.
    try FileManager.default.createSymbolicLink(
      atPath: folder + "/link", withDestinationPath: folder + "/a/b")
    #expect(RelativePath.from(folder + "/link", to: folder + "/c.txt") == "../../c.txt")
  }

  /// Inputs are shown as they are read: by the pipeline's names, codes by those that it gives them.
  @Test func inputsHaveThePipelinesNames() throws {
    let run = try StageRun()
    try run.raster("in.tif", ["a", "b", "c"]) { band, column, _ in
      Float(band == 1 ? 1 + column % 2 : column)
    }
    try run.text("station,lon,lat,ore\ns,1035,2065,1\nt,1205,1905,0\n", "sites.csv")
    let pipeline = try run.pipeline(
      """
      { type: "labels", tag: "sites", file: "sites.csv", field: "ore", x: "lon", y: "lat",
        classes: { "0": "barren", "1": "rich" } },
      { type: "read-cube", tag: "cube", files: ["in.tif"], bands: [3, "b"],
        names: ["depth", "rock"], categorical: { rock: { "1": "granite", "2": "gneiss" } } },
      { type: "write", inputs: ["cube", "sites"] },
      """, name: "map", grid: StageRun.gridText)
    try #require(run.files.run(pipeline, out: "out") == .done)
    let xml = try text(run, "out")
    for expected in [
      "<layername>in: depth</layername>", "<layername>in: rock</layername>", "label=\"gneiss\"",
      "../sites.csv|option:X_POSSIBLE_NAMES=lon|option:Y_POSSIBLE_NAMES=lat", "label=\"rich\"",
    ] {
      #expect(xml.contains(expected), "\(expected)")
    }
    #expect(!xml.contains("<layername>in: a</layername>"))
  }
}

private enum RasterTimes {
  static func modified(_ path: String) throws -> Date? {
    try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
  }
}
