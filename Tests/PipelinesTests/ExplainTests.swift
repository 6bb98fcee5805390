import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Attribution rasters: classes, scales, features and how far they add up.
@Suite(.serialized) struct ExplainTests {
  private static let rock = """
    { type: "labels", tag: "labels", file: "${data}/points.gpkg", field: "Rock",
      classes: { "1": "Argovian", "2": "Kimmeridgian", "5": "Quaternary" } },
    """
  private static let train = """
    { type: "train", tag: "model", inputs: { cube: "cube", samples: "labels" }, epochs: 3,
      background: 3, branches: [{ type: "spectral-cnn", filters: [3], kernel: 3, width: 4 },
        { type: "patch-cnn", window: 3, width: 4 }], head: { type: "softmax", hidden: [4] } },
    """

  private func run(_ sample: SampleRun, _ explain: String) throws -> Runner.Status {
    let path = try sample.ground(
      "explain", labels: Self.rock,
      then: Self.train + """
        { type: "predict", tag: "probability", inputs: { model: "model", cube: "cube" } },
        { type: "explain", tag: "shap", inputs: { model: "model", cube: "cube" }, \(explain) },
        { type: "write", inputs: ["probability", "shap"] },
        """)
    return sample.run(path, out: "out")
  }

  /// The largest difference between features + base and the explained output, and its range.
  private func residual(_ cube: DataCube) -> (worst: Float, range: Float) {
    let cells = cube.window.cellCount
    let features = cube.bandCount - 2
    var worst: Float = 0
    var outputs: [Float] = []
    for (cell, isValid) in cube.completeCells.enumerated() where isValid {
      let parts = (0..<cube.bandCount).map { cube.values[$0 * cells + cell] }
      worst = max(worst, abs(parts[..<features].reduce(parts[features + 1], +) - parts[features]))
      outputs.append(parts[features])
    }
    return (worst, (outputs.max() ?? 0) - (outputs.min() ?? 0))
  }

  @Test func everyClassHasAFileOfItsOwn() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    #expect(try run(sample, "method: \"shapley\", output: true, background: 2") == .done)
    let names = try sample.names("out").filter { $0.hasPrefix("shap") && $0.hasSuffix(".tif") }
    #expect(names == ["shap-argovian.tif", "shap-kimmeridgian.tif", "shap-quaternary.tif"])
    let probability = try sample.raster("out", "probability.tif").cube
    let cells = probability.window.cellCount
    for (index, name) in names.enumerated() {
      let (info, cube) = try sample.raster("out", name)
      #expect(info.metadata["METHOD"] == "shapley" && info.metadata["OUTPUT"] == "log-odds")
      let (worst, range) = residual(cube)
      #expect(range > 0 && worst <= 1e-4 * range, "\(name)")
      // Softmax: the class against the rest.
      for (cell, isValid) in probability.completeCells.enumerated() where isValid {
        let p = Double(probability.values[index * cells + cell])
        #expect(abs(log(p / (1 - p)) - Double(cube.values[2 * cells + cell])) < 1e-3)
      }
    }
  }

  @Test func probabilitiesCanBeExplained() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let options = """
      method: "shapley", output: true, background: 2, classes: ["Quaternary"],
      "output-scale": "probability"
      """
    #expect(try run(sample, options) == .done)
    let (info, cube) = try sample.raster("out", "shap.tif")
    #expect(info.metadata["CLASS"] == "Quaternary" && info.metadata["OUTPUT"] == "probability")
    let probability = try sample.raster("out", "probability.tif").cube
    let cells = cube.window.cellCount
    for (cell, isValid) in probability.completeCells.enumerated() where isValid {
      let output = cube.values[2 * cells + cell]
      #expect(abs(output - probability.values[2 * cells + cell]) < 1e-5)
    }
    let (worst, range) = residual(cube)
    #expect(worst <= 1e-4 * range)
  }

  @Test func gradshapSaysHowFarItAddsUp() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let options = """
      output: true, background: 3, classes: ["Argovian"], features: "model", nodes: 8
      """
    #expect(try run(sample, options) == .done)
    let (info, cube) = try sample.raster("out", "shap.tif")
    // The model's own bands: the categories of a group are still one feature.
    #expect(info.bands.map(\.name) == ["landuse", "rock", "explained output", "base value"])
    let cells = cube.window.cellCount
    var residuals: [Float] = []
    var bases = 0.0
    for (cell, isValid) in cube.completeCells.enumerated() where isValid {
      let parts = (0..<4).map { Double(cube.values[$0 * cells + cell]) }
      residuals.append(Float(abs(parts[0] + parts[1] + parts[3] - parts[2])))
      bases += parts[3]
    }
    residuals.sort()
    let percentile = residuals[Int((Double(residuals.count - 1) * 0.99).rounded(.up))]
    let said = try #require(info.metadata["RESIDUAL_P99"].flatMap { Float($0) })
    // Told to a two-thousandth.
    #expect(abs(said - percentile) <= 1e-6 + percentile / 2048)
    let base = try #require(info.metadata["BASE_VALUE"].flatMap { Double($0) })
    #expect(abs(base - bases / Double(residuals.count)) < 1e-5)
    let share = try #require(info.metadata["RESIDUAL_P99_OF_RANGE"].flatMap { Double($0) })
    #expect(share <= 0.05)
  }

  /// One cell of each block is explained, as it would be among all, by windows or densely.
  @Test(arguments: [2, 8]) func explanationsCanTakeSteps(step: Int) throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let shared = """
      classes: ["Argovian"], background: 2, output: true, nodes: 2, "most-nodes": 2,
      inputs: { model: "model", cube: "cube" }
      """
    let stages = { (step: Int) in
      Self.train + """
        { type: "explain", tag: "all", \(shared) },
        { type: "explain", tag: "some", step: \(step), \(shared) },
        { type: "write", inputs: ["all", "some"] },
        """
    }
    let path = try sample.ground("steps", labels: Self.rock, then: stages(step))
    #expect(sample.run(path, out: "out") == .done)
    let (all, some) = (
      try sample.raster("out", "all.tif").cube, try sample.raster("out", "some.tif")
    )
    #expect(some.info.metadata["STEP"] == "\(step)")
    let lattice = ChunkLattice(grid: some.info.gridOfCells, size: 512)
    let blocks = StepBlocks(
      all.completeCells, window: lattice.absolute(all.window), step: step)
    #expect(blocks.cells.count < all.completeCells.count(where: \.self) / 2)
    let cells = all.window.cellCount
    for band in 0..<all.bandCount {
      let expected = blocks.positions.map {
        $0 < 0 ? Float.nan : all.values[band * cells + blocks.cells[$0]]
      }
      #expect(isSame(some.cube.band(band), expected, tolerance: 1e-4))
    }
    let wrong = try sample.ground("wrong", labels: Self.rock, then: stages(7))
    let problems = Runner.problems(wrong, overrides: Overrides())
    #expect(problems.map(\.key) == ["step"])
  }

  /// Only probable cells are explained, and they as they would be among all.
  @Test func explanationsCanBeLimited() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.ground(
      "limited", labels: Self.rock,
      then: Self.train + """
        { type: "predict", tag: "probability", inputs: { model: "model", cube: "cube" } },
        { type: "explain", tag: "all", method: "shapley", classes: ["Argovian"], background: 2,
          inputs: { model: "model", cube: "cube" } },
        { type: "explain", tag: "some", method: "shapley", classes: ["Argovian"], background: 2,
          "where-band": "Argovian", above: 0.3,
          inputs: { model: "model", cube: "cube", where: "probability" } },
        { type: "write", inputs: ["probability", "all", "some"] },
        """)
    #expect(sample.run(path, out: "out") == .done)
    let probability = try sample.raster("out", "probability.tif").cube
    let all = try sample.raster("out", "all.tif").cube
    let some = try sample.raster("out", "some.tif").cube
    let cells = all.window.cellCount
    var counts = (chosen: 0, valid: 0)
    for cell in 0..<cells {
      let isChosen = probability.values[cell] > 0.3
      counts.valid += all.values[cell].isNaN ? 0 : 1
      counts.chosen += isChosen ? 1 : 0
      for band in 0..<all.bandCount {
        let value = some.values[band * cells + cell]
        #expect(isChosen ? value == all.values[band * cells + cell] : value.isNaN)
      }
    }
    #expect(counts.chosen > 0 && counts.chosen < counts.valid)
  }

  /// The sums over groups are those of the features, and add up as these do.
  @Test func attributionsAreSummedByGroups() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.ground(
      "groups", labels: Self.rock,
      then: """
        { type: "expression", tag: "more", inputs: ["ground"], group: "made",
          bands: { a: "'landuse: Forest' + 2 * 'rock: Argovian'", b: "'landuse: Meadow'" } },
        { type: "stack", tag: "layers", inputs: ["ground", "more"] },
        { type: "train", tag: "model", inputs: { cube: "layers", samples: "labels" }, epochs: 3,
          background: 3, branches: [{ type: "spectral-cnn", filters: [3], kernel: 3, width: 4 }],
          head: { type: "softmax", hidden: [4] } },
        { type: "explain", tag: "shap", method: "shapley", classes: ["Argovian"], background: 2,
          inputs: { model: "model", cube: "layers" } },
        { type: "attributions", tag: "why", class: "Argovian", inputs: ["model"] },
        { type: "write", inputs: ["shap", "why"] },
        { type: "report" },
        """)
    #expect(sample.run(path, out: "out") == .done)
    let (features, groups) = (
      try sample.raster("out", "shap.tif"), try sample.raster("out", "shap-groups.tif")
    )
    #expect(features.info.bands.map(\.name) == ["landuse", "rock", "a", "b", "base value"])
    #expect(features.info.bands.map { $0.metadata["GROUP"] } == [nil, nil, "made", "made", nil])
    #expect(groups.info.bands.map(\.name) == ["made", "other", "base value"])
    #expect(groups.info.metadata["FEATURES"] == "groups")
    let cells = groups.cube.window.cellCount
    var largest: Float = 0
    for cell in 0..<cells {
      let added = (0..<5).map { features.cube.values[$0 * cells + cell] }
      let expected = [added[2] + added[3], added[0] + added[1], added[4]]
      let found = (0..<3).map { groups.cube.values[$0 * cells + cell] }
      #expect(isSame(found, expected, tolerance: 1e-6))
      if found[0].isFinite { largest = max(largest, abs(found[0])) }
    }
    #expect(largest > 0)
    for name in ["why-groups.csv", "shap-groups-features.csv"] {
      let table = String(decoding: try #require(sample.bytes("out", name)), as: UTF8.self)
      #expect(table.contains("made") && table.contains("other"), "\(name)")
    }
  }

  @Test func groupsThatAreNotThereAreSaid() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.ground(
      "groups", labels: Self.rock,
      then: Self.train + """
        { type: "explain", tag: "shap", groups: true, inputs: { model: "model", cube: "cube" } },
        """)
    #expect(Runner.problems(path, overrides: Overrides()).map(\.key) == ["groups"])
  }

  @Test func unknownClassesAreSaid() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.ground(
      "unknown", labels: Self.rock,
      then: Self.train + """
        { type: "explain", tag: "shap", inputs: { model: "model", cube: "cube" },
          classes: ["Argovien"] },
        """)
    let problems = Runner.problems(path, overrides: Overrides())
    #expect(problems.count == 1)
    #expect(problems.first?.key == "classes" && problems.first?.stage == "shap")
    #expect(problems.first?.message.contains("did you mean 'Argovian'") == true)
  }
}
