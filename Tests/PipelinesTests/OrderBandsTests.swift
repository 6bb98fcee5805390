import Features
import Foundation
import Learning
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

@Suite(.serialized) struct OrderBandsTests {
  private static let clustered = "{ type: \"order-bands\", tag: \"cube\" }"
  /// The labels are read before the cube is made.
  private static let importance = """
    { type: "labels", tag: "marks", file: "labels.csv", field: "class" },
    { type: "order-bands", tag: "cube", method: "importance",
      inputs: { raster: "raw", samples: "marks" } }
    """

  /// `1 - |r|` over the cells where all parts have a value, by the definition.
  private func distances() -> [Double] {
    let cells = (0..<3500).map { Cell(column: $0 % 70, row: $0 / 70) }
    let rows = cells.map { cell in (0..<5).map { Double(CompositionalScene.value(cell, $0)) } }
      .filter { $0.allSatisfy { !$0.isNaN } }
    let means = (0..<5).map { band in rows.reduce(0) { $0 + $1[band] } / Double(rows.count) }
    func product(_ a: Int, _ b: Int) -> Double {
      rows.reduce(0) { $0 + ($1[a] - means[a]) * ($1[b] - means[b]) }
    }
    return (0..<25).map { place in
      let (a, b) = (place / 5, place % 5)
      return a == b ? 0 : 1 - abs(product(a, b)) / (product(a, a) * product(b, b)).squareRoot()
    }
  }

  @Test(arguments: ["average", "complete", "single"]) func clustersOfAnyChunk(
    linkage: String
  ) throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    let (info, cube) = try scene.raster(
      "{ type: \"order-bands\", tag: \"cube\", linkage: \"\(linkage)\" }")
    #expect(info.bands.map(\.name) == (1...5).map { "ordered \($0)" })
    #expect(info.bands.map(\.unit) == [String](repeating: "ppm", count: 5))
    let tree = HierarchicalClustering(
      distances: distances(), count: 5, linkage: try #require(.init(rawValue: linkage)))
    #expect(tree.leaves != [0, 1, 2, 3, 4])
    for (place, band) in tree.leaves.enumerated() {
      let expected = (0..<3500).map {
        CompositionalScene.value(Cell(column: $0 % 70, row: $0 / 70), band)
      }
      #expect(isSame(cube.band(place), expected))
    }
  }

  /// Some bands are ordered at the place of the first of them; the others keep theirs.
  @Test func otherBandsStay() throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    let (info, _) = try scene.raster(
      "{ type: \"order-bands\", tag: \"cube\", bands: [\"As\", \"Pb\"], optimal: true }")
    #expect(info.bands.map(\.name) == ["Cu", "ordered 1", "ordered 2", "Zn", "Fe"])
  }

  /// A model file makes the same map, and attributions have the names of the bands below.
  @Test(arguments: [
    "{ type: \"order-bands\", tag: \"order\", optimal: true }",
    """
    { type: "order-bands", tag: "order", method: "importance",
      inputs: { raster: "parts", samples: "marks" } }
    """,
    """
    { type: "order-bands", tag: "order", method: "given", rest: "follow",
      order: ["clr Fe", "clr Pb"] }
    """,
  ]) func modelFilesHaveTheOrder(order: String) throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    let order = order.replacingOccurrences(of: "clr ", with: "")
    let (info, _) = try scene.replayed(
      """
      { type: "labels", tag: "marks", file: "labels.csv", field: "class" },
      { type: "log-ratio", tag: "parts", method: "clr", zeros: 1, inputs: ["raw"] }, \(order),
      { type: "standardize", tag: "cube" }
      """)
    #expect(
      info.bands.map(\.name)
        == CompositionalScene.names + ["explained output", "base value"])
    let page = String(
      decoding: try #require(scene.sample.bytes("first", "report.html")), as: UTF8.self)
    #expect(page.contains("Order of bands: order") != order.contains("given"))
  }

  /// What does not depend on the order is the same for any: attributions follow their bands.
  @Test func attributionsFollowTheirBands() throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    func shap(_ name: String, _ order: String) throws -> (names: [String], cube: DataCube) {
      let text = scene.modelling(order + "{ type: \"standardize\", tag: \"cube\" }")
        .replacingOccurrences(
          of: "branches: [{ type: \"spectral-cnn\", filters: [2], kernel: 2, width: 4 }]",
          with: "method: \"logistic-regression\"")
      #expect(scene.sample.run(try scene.pipeline(name, text), out: name) == .done)
      let (info, cube) = try scene.sample.raster(name, "shap.tif")
      return (info.bands.map(\.name), cube)
    }
    let plain = try shap("plain", "")
    let clustered = try shap("clustered", "{ type: \"order-bands\" }, ")
    let given = try shap(
      "given",
      "{ type: \"order-bands\", method: \"given\", order: [\"Zn\", \"Fe\", \"Cu\", \"As\", \"Pb\"] }, "
    )
    #expect(plain.names == clustered.names && plain.names == given.names)
    #expect(isSame(plain.cube.values, clustered.cube.values, tolerance: 1e-3))
    #expect(isSame(plain.cube.values, given.cube.values, tolerance: 1e-3))
    #expect(!isSame(plain.cube.band(0), plain.cube.band(1), tolerance: 1e-2))
  }

  /// Neither values nor labels of test places reach the order of their fold.
  @Test func nothingLeaks() throws {
    try CompositionalScene.expectNoLeak(Self.clustered)
    try CompositionalScene.expectNoLeak(Self.importance)
  }

  /// A sample of other labels that lies in a test place does not count either.
  @Test func labelsOfTestPlacesDoNotCount() throws {
    func orders(_ flipped: Int?) throws -> [String: [UInt8]] {
      let scene = try CompositionalScene()
      defer { scene.remove() }
      let path = scene.sample.folder + "/labels.csv"
      let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
      let changed = lines.map { line -> String in
        var fields = line.split(separator: ",").map(String.init)
        if let flipped, fields[3] == "\(flipped)" { fields[2] = fields[2] == "1" ? "0" : "1" }
        return fields.joined(separator: ",")
      }
      try changed.joined(separator: "\n").write(
        toFile: scene.sample.folder + "/marks.csv", atomically: true, encoding: .utf8)
      return try scene.fits(
        Self.importance.replacingOccurrences(of: "labels.csv", with: "marks.csv"))
    }
    let before = try orders(nil)
    let after = try orders(0)
    #expect(before.count == 4)
    for name in before.keys {
      #expect((before[name] == after[name]) == name.contains("@0/"), "\(name)")
    }
  }

  @Test func importanceIsThatOfTheSamples() throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    let fits = try scene.fits(Self.importance)
    let shipped = try BandOrder.stored(try #require(fits["cube/fit"]))
    let text = try String(contentsOfFile: scene.sample.folder + "/labels.csv", encoding: .utf8)
    let rows = text.split(separator: "\n").dropFirst().map { line -> [Double] in
      let fields = line.split(separator: ",").compactMap { Double($0) }
      guard let cell = CompositionalScene.grid.cell(x: fields[0], y: fields[1]) else {
        return [.nan]
      }
      return (0..<5).map { Double(CompositionalScene.value(cell, $0)) } + [fields[2]]
    }.filter { $0.allSatisfy { !$0.isNaN } }
    func mean(_ column: Int) -> Double { rows.reduce(0) { $0 + $1[column] } / Double(rows.count) }
    func product(_ a: Int, _ b: Int) -> Double {
      rows.reduce(0) { $0 + ($1[a] - mean(a)) * ($1[b] - mean(b)) }
    }
    let strengths = (0..<5).map {
      abs(product($0, 5)) / (product($0, $0) * product(5, 5)).squareRoot()
    }
    #expect(shipped.bands == (0..<5).sorted { strengths[$0] > strengths[$1] })
    #expect(zip(shipped.bands, shipped.scores).allSatisfy { abs(strengths[$0] - $1) < 1e-9 })
  }

  /// Categories move as one, and only where they are named.
  @Test func categoriesStayTogether() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    func bands(_ options: String) throws -> [Band] {
      let path = try sample.ground(
        "grouped", labels: "",
        then: """
          { type: "grid-points", tag: "metals", file: "${data}/points.gpkg",
            fields: ["Cu", "Ni", "Zn"] },
          { type: "stack", inputs: ["ground", "metals"] },
          { type: "order-bands", tag: "order", \(options) },
          """)
      let plan = try Runner.plan(path, overrides: Overrides())
      guard case .raster(let raster) = plan.products.first(where: { $0.tag == "order" })?.product
      else { throw SampleRun.SampleError.missing("order") }
      return raster.bands
    }
    let given = try bands("method: \"given\", order: [\"Zn\", \"rock\", \"Cu\", \"Ni\"]")
    #expect(given[0].name == "Zn" && given[6].name == "Cu" && given[7].name == "Ni")
    #expect(given[1...5].allSatisfy { $0.group == "rock" })
    #expect(given[8...].allSatisfy { $0.group == "landuse" } && given.count == 12)
    let clustered = try bands("")
    #expect(clustered[..<9].allSatisfy { $0.group != nil })
    #expect(clustered[9...].map(\.name) == ["ordered 1", "ordered 2", "ordered 3"])
    for (options, key, says) in [
      ("method: \"given\", order: [\"rock: Argovian\", \"Cu\", \"Ni\", \"Zn\"]", "order", "'rock'"),
      ("bands: [\"rock\", \"Cu\"]", "bands", "method 'given'"),
    ] {
      #expect { _ = try bands(options) } throws: { error in
        guard case .invalid(let problems)? = error as? PipelineError else { return false }
        return problems.contains { $0.key == key && $0.message.contains(says) }
      }
    }
  }

  @Test func mistakesAreNamed() throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    func check(_ options: String, _ key: String, _ says: String) throws {
      try scene.expectProblem("{ type: \"order-bands\", \(options) }", key, says)
    }
    try check("bands: [\"Cu\"]", "bands", "two bands or more")
    try check("bands: [\"Cu\", \"Xx\"]", "bands", "no band 'Xx'")
    try check("linkage: \"ward\"", "linkage", "'average'")
    try check("order: [\"Cu\"]", "order", "'given' only")
    try check("method: \"importance\"", "inputs", "needs 'samples'")
    try check("method: \"importance\", linkage: \"single\"", "linkage", "'clustered' only")
    try check("method: \"given\"", "order", "is missing")
    try check("method: \"given\", order: [\"Cu\", \"Cu\"]", "order", "names band 'Cu' twice")
    try check("method: \"given\", order: [\"Cu\", \"Zm\"]", "order", "no band 'Zm'")
    try check("method: \"given\", order: [\"Cu\", \"Zn\"]", "order", "does not name the band 'Pb'")
    try check("method: \"given\", bands: [\"Cu\"], order: [\"Cu\"]", "bands", "'importance' only")
    try check("method: \"given\", optimal: true, order: [\"Cu\"]", "optimal", "'clustered' only")
    try check("rest: \"follow\"", "rest", "'given' only")
  }

  @Test func aDamagedOrderIsRefused() throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    _ = try scene.replayed(Self.clustered)
    let path = scene.sample.folder + "/first/model.safetensors"
    let bytes = try #require(FileManager.default.contents(atPath: path))
    let damaged = bytes.replacing(Data("scores".utf8), with: Data("SCORES".utf8))
    #expect(damaged != bytes)
    try damaged.write(to: URL(fileURLWithPath: path))
    try scene.expectProblem(
      "{ type: \"predict\", model: \"first/model.safetensors\", inputs: { cube: [\"raw\"] } }",
      "model", "damaged")
  }
}
