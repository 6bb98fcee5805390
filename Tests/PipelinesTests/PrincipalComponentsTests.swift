import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

@Suite(.serialized) struct PrincipalComponentsTests {
  @Test(arguments: [false, true]) func componentsOfAnyChunk(correlation: Bool) throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    let (info, cube) = try scene.raster(
      "{ type: \"principal-components\", tag: \"cube\", bands: [\"Fe\", \"Pb\", \"Zn\"], "
        + "correlation: \(correlation) }")
    #expect(info.bands.map(\.name) == ["Cu", "PC1", "PC2", "PC3", "As"])
    let cells = (0..<3500).filter { index in
      (1...3).allSatisfy { !cube.values[$0 * 3500 + index].isNaN }
    }
    #expect(cells.count > 2000)
    let scores = (1...3).map { band in cells.map { Double(cube.values[band * 3500 + $0]) } }
    var variances: [Double] = []
    for (row, first) in scores.enumerated() {
      #expect(abs(first.reduce(0, +) / Double(cells.count)) < 1e-3)
      variances.append(first.reduce(0) { $0 + $1 * $1 } / Double(cells.count))
      for second in scores[..<row] {
        let product = zip(first, second).reduce(0) { $0 + $1.0 * $1.1 } / Double(cells.count)
        #expect(abs(product) < 1e-5 * variances[0])
      }
    }
    #expect(variances[0] > variances[1] && variances[1] > variances[2])
    if correlation { #expect(abs(variances.reduce(0, +) - 3) < 1e-4) }
    for index in 0..<3500 {
      let cell = Cell(column: index % 70, row: index / 70)
      let isMissing = [4, 1, 2].contains { CompositionalScene.value(cell, $0).isNaN }
      #expect(cube.values[3500 + index].isNaN == isMissing)
      let copper = CompositionalScene.value(cell, 0)
      #expect(cube.values[index] == copper || copper.isNaN)
    }
  }

  @Test func aShareOfTheVariance() throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    let (info, cube) = try scene.raster(
      "{ type: \"principal-components\", tag: \"cube\", variance: 0.8 }")
    #expect(info.bands.count == 5)
    let isZero = (0..<5).map { cube.band($0).allSatisfy { $0 == 0 || $0.isNaN } }
    #expect(!isZero[0] && isZero[4])
    #expect(isZero == isZero.sorted { !$0 && $1 })
  }

  @Test func partsAreExplainedAndReported() throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    let (info, cube) = try scene.replayed(
      "{ type: \"log-ratio\", method: \"ilr\", zeros: 1 }, "
        + "{ type: \"principal-components\", tag: \"axes\", count: 3 }, "
        + "{ type: \"standardize\", tag: \"cube\" }")
    #expect(
      info.bands.map(\.name)
        == CompositionalScene.names + ["explained output", "base value"])
    #expect(cube.band(2).contains { !$0.isNaN && $0 != 0 })
    let page = String(
      decoding: try #require(scene.sample.bytes("first", "report.html")), as: UTF8.self)
    #expect(page.contains("Components: axes") && page.contains("Explained variance"))
    #expect(page.contains("ilr 4, PC3: "))
    let table = String(
      decoding: try #require(scene.sample.bytes("first", "axes-loadings.csv")), as: UTF8.self)
    let lines = table.split(separator: "\n")
    #expect(lines.first == "name,PC1,PC2,PC3" && lines.last?.hasPrefix("ilr 4,") == true)
  }

  /// The loadings of many bands are lines over their wavelengths; the table has all of them.
  @Test func loadingsOfManyBandsAreSpectra() throws {
    let run = try StageRun()
    let names = (0..<25).map { "b\($0)" }
    try run.raster("many.tif", names) { band, column, row in
      StageRun.noise(band, column, row) + Float(column * band) / 100
    }
    let positions = (0..<25).map { "\(400 + 20 * $0)" }.joined(separator: ", ")
    let path = try run.pipeline(
      """
      { type: "read-cube", tag: "raw", files: "many.tif", wavelengths: [\(positions)],
        "wavelength-unit": "nm" },
      { type: "principal-components", tag: "axes", count: 6 }, { type: "write" },
      { type: "report" }
      """, grid: StageRun.gridText)
    try #require(run.files.run(path, out: "out") == .done)
    let page = String(decoding: try #require(run.files.bytes("out", "report.html")), as: UTF8.self)
    #expect(page.contains(">wavelength, nm</text>") && page.contains("Bands above 0 raise"))
    #expect(page.contains(">PC4</text>") && !page.contains(">PC5</text>"))
    let table = String(
      decoding: try #require(run.files.bytes("out", "axes-loadings.csv")), as: UTF8.self)
    let lines = table.split(separator: "\n")
    #expect(lines.count == 26 && lines[0] == "name,PC1,PC2,PC3,PC4,PC5,PC6")
  }

  @Test func nothingLeaks() throws {
    try CompositionalScene.expectNoLeak(
      "{ type: \"principal-components\", tag: \"cube\", count: 2 }")
  }

  @Test func tooFewCellsAreSaid() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let output = RasterOutput(
      path: sample.folder + "/gaps.tif", grid: CompositionalScene.grid,
      bands: [OutputBand(name: "a"), OutputBand(name: "b")])
    try output.write { window in
      var values: [Float] = []
      for band in 0..<2 {
        // The bands meet in the first cell only.
        for cell in 0..<window.cellCount { values.append(cell == 0 || cell % 2 == band ? 5 : .nan) }
      }
      return .float32(values)
    }
    let path = sample.folder + "/gaps.json5"
    try """
    { stages: [ { type: "read-cube", files: ["gaps.tif"] },
      { type: "principal-components", tag: "cube" }, { type: "write" } ] }
    """.write(toFile: path, atomically: true, encoding: .utf8)
    #expect(sample.run(path, out: "out") == .failed)
    #expect(try sample.names("out").isEmpty)
  }

  @Test(arguments: ["keptCount", "loadings"]) func aDamagedFitIsRefused(key: String) throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    _ = try scene.replayed(
      "{ type: \"log-ratio\", method: \"ilr\", zeros: 1 }, "
        + "{ type: \"principal-components\", tag: \"cube\" }")
    let path = scene.sample.folder + "/first/model.safetensors"
    let bytes = try #require(FileManager.default.contents(atPath: path))
    let damaged = bytes.replacing(Data("\(key)".utf8), with: Data("\(key.uppercased())".utf8))
    #expect(damaged != bytes)
    try damaged.write(to: URL(fileURLWithPath: path))
    try scene.expectProblem(
      "{ type: \"predict\", model: \"first/model.safetensors\", inputs: { cube: [\"raw\"] } }",
      "model", "damaged")
  }

  @Test func mistakesAreNamed() throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    func check(_ options: String, _ key: String, _ says: String) throws {
      try scene.expectProblem("{ type: \"principal-components\", \(options) }", key, says)
    }
    try check("count: 6", "count", "5 bands, so no 6 components")
    try check("bands: [\"Cu\"]", "bands", "two bands or more")
    try check("bands: [\"Cu\", \"Cu\"]", "bands", "names band 'Cu' twice")
    try check("bands: [\"Cu\", \"Xx\"]", "bands", "no band 'Xx'")
    try check("variance: 1.5", "variance", "at most 1")
    try check("count: 0", "count", "from 1")
    try scene.expectProblem(
      "{ type: \"principal-components\", bands: [\"Cu\", \"Pb\"] }, "
        + "{ type: \"principal-components\", bands: [\"Zn\", \"As\"] }", "bands",
      "two bands would be named 'PC1'")
  }
}
