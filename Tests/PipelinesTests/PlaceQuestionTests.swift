import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// What `gossan explain` says of places on finished maps.
struct PlaceQuestionTests {
  /// A map of ore with everything that a place can be asked for.
  private static let write = """
    { type: "superpixels", tag: "segments", inputs: ["cube"], size: 30 },
    { type: "predict", tag: "p", inputs: { model: "model", cube: "cube" } },
    { type: "classify", tag: "kind", inputs: ["p"], outputs: ["class", "entropy"] },
    { type: "explain", tag: "shap", inputs: { model: "model", cube: "cube" }, method: "shapley" },
    { type: "targets", tag: "spots", inputs: { map: "p" }, quantile: 0.8, simplify: 0 },
    { type: "write", inputs: ["p", "kind", "shap", "segments", "spots", "raw"] },
    """

  /// Runs the scene in several chunks.
  private func scene(_ write: String = Self.write, chunk: Int = 16) throws -> StageRun {
    let run = try OreScene.make()
    let path = try run.pipeline(OreScene.stages() + write, chunk: chunk)
    try #require(run.files.run(path, out: "out") == .done)
    return run
  }

  private func report(_ run: StageRun, _ x: Double, _ y: Double) throws -> PlaceReport {
    try PlaceQuestion(folder: run.files.folder + "/out").answer(x: x, y: y, crs: nil)
  }

  @Test func everyLayerIsReadAtTheCell() throws {
    let run = try scene()
    let p = try run.files.raster("out", "p.tif").cube
    let shap = try run.files.raster("out", "shap.tif").cube
    let raw = try run.files.raster("out", "raw.tif").cube
    let kind = try run.files.raster("out", "kind-class.tif").cube
    let ranks = try Shapes.rasterize(
      path: run.files.folder + "/out/spots.gpkg", layer: "targets", field: "rank",
      grid: StageRun.grid, window: StageRun.grid.window)
    let best = try #require(
      (0..<1008).filter { p.values[1008 + $0].isFinite }
        .max { p.values[1008 + $0] < p.values[1008 + $1] })
    var inside = 0
    for (column, row) in [(0, 0), (7, 20), (best % 36, best / 36), (35, 27), (20, 16)] {
      // Off the centre, in each direction.
      let (x, y) = (1_030 + 10 * Double(column) + 7.5, 2_070 - 10 * Double(row) - 2.5)
      let found = try report(run, x, y)
      #expect(found.cell.column == column && found.cell.row == row && found.place.x == x)
      #expect(found.cell.x == 1_035 + 10 * Double(column))
      let index = row * 36 + column
      let map = try #require(found.maps.first)
      #expect(found.maps.count == 1 && map.tag == "p" && map.isProbability)
      #expect(map.values.map(\.name) == ["0", "1"])
      #expect(map.values.map(\.value) == (0..<2).map { Double(p.values[$0 * 1008 + index]) })
      let class1 = try #require(found.classes.first)
      #expect(class1.tag == "kind-class" && class1.value == Int(kind.values[index]))
      #expect(class1.name == ["0", "1"][(class1.value ?? 0) - 1])
      #expect(found.layers.map(\.tag) == ["kind-entropy", "raw"])
      #expect(
        found.layers[1].values.map(\.value) == (0..<2).map { Double(raw.values[$0 * 1008 + index]) }
      )
      #expect(found.flags.map(\.of) == ["p"] && found.notes.isEmpty, "\(found.notes)")
      // The explanation, the inputs in the unit of the source, and the sum.
      let why = try #require(found.explanations.first)
      #expect(why.className == "1" && why.output == "log-odds" && why.method == "shapley")
      #expect(why.base == Double(shap.values[2 * 1008 + index]))
      for (band, name) in ["copper", "zinc"].enumerated() {
        let feature = try #require(why.features.first { $0.name == name })
        #expect(feature.attribution == Double(shap.values[band * 1008 + index]))
        #expect(feature.value == Double(raw.values[band * 1008 + index]))
      }
      #expect(abs(why.features[0].attribution) >= abs(why.features[1].attribution))
      let sum = try #require(why.sum)
      #expect(abs(sum - (why.base ?? 0) - why.features.reduce(0) { $0 + $1.attribution }) < 1e-12)
      #expect(why.check == "p" && abs(sum - (why.explained ?? 0)) < 1e-3)
      // The target, where the cell is in one.
      let target = try #require(found.targets.first)
      #expect(target.rank == (ranks[index].isNaN ? nil : Int(ranks[index])))
      inside += target.rank == nil ? 0 : 1
      #expect(target.why?.hasPrefix("Rank ") ?? true)
    }
    #expect(inside > 0 && inside < 5)
  }

  @Test func segmentsAreThoseOfTheGraph() throws {
    let run = try scene()
    let ids = try PlaceReader.values(
      path: run.files.folder + "/out/segments.tif", cell: Cell(column: 12, row: 12))
    let id = try #require(ids[0])
    let all = try (0..<28).flatMap { row in
      try (0..<36).map { column in
        try PlaceReader.values(
          path: run.files.folder + "/out/segments.tif", cell: Cell(column: column, row: row))[0]
      }
    }
    let found = try #require(try report(run, 1_155, 1_945).segments.first)
    #expect(found.id == Int(id) && found.cells == all.count { $0 == id })
    #expect(found.means.map(\.name) == ["copper", "zinc"])
    let cube = try run.planned(OreScene.stages() + Self.write, chunk: 16, out: "out").cube("cube")
    let copper = all.indices.filter { all[$0] == id }.map { Double(cube.values[$0]) }
    let mean = copper.reduce(0, +) / Double(copper.count)
    #expect(abs((found.means[0].value ?? .nan) - mean) < 1e-5)
  }

  @Test func missingCellsAndPlacesOutsideAreSaid() throws {
    let run = try scene()
    // No copper in the upper right corner.
    let missing = try report(run, 1_385, 2_065)
    #expect(missing.maps[0].values.allSatisfy { $0.value == nil })
    #expect(missing.flags[0].bits & 1 == 1)
    #expect(missing.flags[0].meanings.contains { $0.contains("a band is missing") })
    #expect(missing.explanations[0].sum == nil && missing.classes[0].value == nil)
    #expect(missing.segments[0].id == nil)
    #expect(missing.text.contains("no value: the cell is not explained"))
    let question = try PlaceQuestion(folder: run.files.folder + "/out")
    for (x, y) in [(1_029.9, 2_000.0), (1_390.0, 2_000.0), (1_100.0, 2_070.1), (1e300, 0.0)] {
      #expect {
        try question.answer(x: x, y: y, crs: nil)
      } throws: { "\($0)".contains("outside the map, which has x from 1030 to 1390") }
    }
    // Exchanged coordinates are recognized.
    #expect {
      try question.answer(x: 2_000, y: 1_200, crs: nil)
    } throws: { "\($0)".contains("outside") }
    #expect {
      try question.answer(x: 1_100, y: 2_000, crs: "EPSG:4326")
    } throws: { "\($0)".contains("the map has no coordinate system") }
    func status(_ x: Double, _ crs: String? = nil) -> Runner.Status {
      var command = Command.Explain(folder: run.files.folder + "/out/", x: x, y: 2_000)
      command.crs = crs
      return Tool.perform(.explain(command))
    }
    #expect(status(0) == .failed && status(1_100, "EPSG:4326") == .invalid)
  }

  @Test func whatWasNotWrittenIsSaid() throws {
    let run = try scene(
      """
      { type: "predict", tag: "p", inputs: { model: "model", cube: "cube" } },
      { type: "classify", tag: "kind", inputs: ["p"] },
      { type: "write", inputs: ["p"] },
      """)
    let found = try report(run, 1_155, 1_945)
    #expect(
      found.notes == [
        "no SHAP raster was written: add a stage 'explain' to the pipeline and to 'write'",
        "no class of 'kind' was written: add 'kind' to 'write'",
      ])
    #expect(found.text.contains("not known\n  no SHAP raster was written"))
    let folder = run.files.folder + "/out"
    try FileManager.default.removeItem(atPath: folder + "/p.tif")
    let less = try report(run, 1_155, 1_945)
    #expect(less.maps.isEmpty && less.flags.count == 1)
    #expect(less.text.contains("\n\np-flags\n  "))
    #expect(less.notes.first?.hasPrefix("p.tif is not there any more") == true)
    // A record of an earlier version is made anew, though nothing else is.
    let record = try #require(run.files.bytes("out", "run.json"))
    var json = try #require(JSONSerialization.jsonObject(with: record) as? [String: Any])
    json["outputs"] = nil
    try JSONSerialization.data(withJSONObject: json).write(
      to: URL(fileURLWithPath: folder + "/run.json"))
    #expect {
      try PlaceQuestion(folder: folder)
    } throws: { "\($0)".contains("of an earlier version") }
    #expect(run.files.run(run.files.folder + "/pipeline.json5", out: "out") == .done)
    #expect(try report(run, 1_155, 1_945).maps.count == 1)
    for folder in [run.files.folder, folder + "/.gossan", "/nowhere"] {
      #expect { try PlaceQuestion(folder: folder) } throws: { "\($0)".contains("no run.json") }
    }
    try run.text("{", "out/run.json")
    #expect { try PlaceQuestion(folder: folder) } throws: { "\($0)".contains("is damaged") }
  }

  /// Points that are gridded, categories and parts of a composition have their own values.
  @Test func inputsComeFromTheStore() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.pipeline(
      "inputs", replacing: [("    { type: \"report\" },\n", "")])
    try #require(sample.run(path, out: "out") == .done)
    let question = try PlaceQuestion(folder: sample.folder + "/out")
    let lines = try #require(
      try? PointTable.read(
        path: SampleRun.root + "/sample-rasters/jura/points.gpkg", crs: question.grid.crs))
    // A place with a measurement: gridding by inverse distance comes near to it.
    let cobalt = try #require(lines.columns["Co"]?.numbers)
    let report = try question.answer(x: lines.x[10], y: lines.y[10], crs: nil)
    let why = try #require(report.explanations.first)
    #expect(
      Set(why.features.map(\.name)) == ["Co", "Cr", "Cu", "Ni", "Pb", "Zn", "landuse", "rock"])
    let value = try #require(why.features.first { $0.name == "Co" })
    #expect(abs((value.value ?? .nan) - cobalt[10]) < 0.5 * cobalt[10] && value.unit == "mg/kg")
    let rock = try #require(why.features.first { $0.name == "rock" })
    let names = ["Argovian", "Kimmeridgian", "Sequanian", "Portlandian", "Quaternary"]
    let codes = try PlaceReader.values(
      path: SampleRun.root + "/sample-rasters/jura/landuse_rock.tif",
      cell: Cell(column: report.cell.column, row: report.cell.row))
    let code = try #require(codes[1])
    #expect(rock.value == nil && rock.category == names[Int(code) - 1])
    // In another system, and as a program reads it.
    let degrees = try CRS.transform(
      x: [lines.x[10]], y: [lines.y[10]], from: question.grid.crs, to: "EPSG:4326")
    let same = try question.answer(x: degrees.x[0], y: degrees.y[0], crs: "EPSG:4326")
    #expect(same.cell == report.cell && same.asked?.crs == "EPSG:4326")
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(try same.json.utf8)) as? [String: Any])
    #expect((json["explanations"] as? [[String: Any]])?.count == 1)
    #expect {
      try question.answer(x: degrees.y[0], y: degrees.x[0], crs: "EPSG:4326")
    } throws: { "\($0)".contains("x, or the longitude, comes first") }
    #expect {
      try question.answer(x: 47, y: 300, crs: "EPSG:4326")
    } throws: { "\($0)".contains("has no coordinates") || "\($0)".contains("outside the map") }
    #expect {
      try question.answer(x: degrees.x[0], y: degrees.y[0], crs: nil)
    } throws: { "\($0)".contains("add --crs EPSG:4326") }
    #expect {
      try question.answer(x: 0, y: 0, crs: "EPSG:nonsense")
    } throws: { "\($0)".contains("is not a coordinate system") }
    // Without the store the values are not known, and the rest is.
    try FileManager.default.removeItem(atPath: sample.folder + "/out/.gossan/objects")
    let poorer = try question.answer(x: lines.x[10], y: lines.y[10], crs: nil)
    let less = try #require(poorer.explanations.first)
    #expect(less.features.map(\.attribution) == why.features.map(\.attribution))
    #expect(less.features.allSatisfy { $0.value == nil && $0.category == nil })
    #expect(poorer.notes.contains { $0.hasPrefix("the values of 'metals' are not known") })
  }
}
