import Foundation
import Networks
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Rasters with smaller cells than the grid, from reading to branches that read them alone.
struct SubcellCubeTests {
  private static let fine = StageRun.grid.divided(by: 3)

  /// A coarse raster of two bands and one with cells of a third of the size.
  private func scene() throws -> StageRun {
    let run = try StageRun()
    try run.raster("coarse.tif", ["a", "b"]) { band, column, row in
      StageRun.noise(band, column, row)
    }
    try run.raster("fine.tif", ["red", "green"], on: Self.fine) { band, column, row in
      Float(band * 100_000 + row * 100 + column)
    }
    return run
  }

  private static let coarse = "{ type: \"read-cube\", tag: \"coarse\", files: \"coarse.tif\" }"
  private static let photo =
    "{ type: \"read-cube\", tag: \"photo\", files: \"fine.tif\", cells: 3 }"

  @Test(arguments: [16, 512]) func smallerCellsAreThoseOfTheFile(chunk: Int) throws {
    let run = try scene()
    let plan = try run.planned(
      Self.photo, grid: StageRun.gridText, chunk: chunk, out: "chunk\(chunk)")
    let product = try plan.rasterProduct("photo")
    #expect(
      product.bands.map(\.feature) == Array(repeating: "red", count: 9)
        + Array(repeating: "green", count: 9))
    let cube = try plan.cube("photo")
    for cell in StageRun.cells(cube.window) {
      let values = cube.spectrum(column: cell.column, row: cell.row)
      for (band, value) in values.enumerated() {
        let (part, fineBand) = (band % 9, band / 9)
        let (row, column) = (cell.row * 3 + part / 3, cell.column * 3 + part % 3)
        #expect(value == Float(fineBand * 100_000 + row * 100 + column))
      }
    }
  }

  /// All cells of a band have one mean and one deviation, whatever the method.
  @Test(arguments: ["z-score", "robust", "min-max"])
  func smallerCellsAreScaledAlike(method: String) throws {
    let run = try scene()
    let plan = try run.planned(
      Self.photo + ", { type: \"standardize\", method: \"\(method)\" }", grid: StageRun.gridText)
    let (raw, scaled) = (try plan.cube("photo"), try plan.cube("standardize"))
    for band in 0..<2 {
      let range = band * 9..<(band + 1) * 9
      let (x, y) = (raw.bands(range).map(Double.init), scaled.bands(range).map(Double.init))
      let (first, last) = (
        try #require(x.indices.min { x[$0] < x[$1] }),
        try #require(x.indices.max { x[$0] < x[$1] })
      )
      let slope = (y[last] - y[first]) / (x[last] - x[first])
      let worst = zip(x, y).map { abs($1 - y[first] - slope * ($0 - x[first])) }.max() ?? 1
      #expect(worst < 1e-4, "band \(band): \(worst)")
    }
    if method == "z-score" {
      let values = scaled.bands(0..<9).map(Double.init)
      let mean = values.reduce(0, +) / Double(values.count)
      let square = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
      #expect(abs(mean) < 1e-5 && abs(square - 1) < 1e-4)
    }
  }

  /// What a branch reads of the cubes that a training is given.
  private func branches(_ options: String) throws -> Result<ModelArchitecture, Problem> {
    let run = try scene()
    try run.text("x,y,class\n1035,2065,u\n1055,2045,v\n1105,2005,u\n1205,1905,v\n", "points.csv")
    let stages = """
      { type: "labels", tag: "places", file: "points.csv", field: "class" },
      \(Self.coarse), \(Self.photo),
      { type: "train", tag: "model", inputs: { cube: ["photo", "coarse"], samples: "places" },
        \(options) }
      """
    let path = try run.pipeline(stages, grid: StageRun.gridText)
    if let problem = Runner.problems(path, overrides: Overrides()).first {
      return .failure(problem)
    }
    let plan = try Runner.plan(path, overrides: Overrides())
    guard case .model(let model) = try plan.planner.product("model", fold: nil) else {
      throw SampleRun.SampleError.missing("model")
    }
    return .success(model.architecture)
  }

  @Test func branchesReadTheCubesThatTheyName() throws {
    let both = try branches(
      """
      branches: [{ type: "patch-cnn", input: "photo", window: 7 },
        { type: "spectral-cnn", input: "coarse", filters: [2], kernel: 2 }]
      """)
    let architecture = try both.get()
    #expect(architecture.bandCount == 20)
    guard case .patch(let patch) = architecture.branches[0],
      case .spectral(let spectral) = architecture.branches[1]
    else {
      Issue.record("other branches")
      return
    }
    #expect(patch.bands == 0..<18 && patch.refinement == 3)
    #expect(spectral.bands == 18..<20)
  }

  @Test(arguments: [
    ("{ type: \"patch-cnn\" }", "cells of one size"),
    ("{ type: \"spectral-cnn\" }", "reads spectra, not smaller cells"),
    ("{ type: \"spectral-cnn\", input: \"photo\" }", "reads spectra, not smaller cells"),
    ("{ type: \"patch-cnn\", input: \"phot\" }", "did you mean 'photo'"),
  ])
  func branchesThatCannotReadAreRefused(branch: String, says: String) throws {
    guard case .failure(let problem) = try branches("branches: [\(branch)]") else {
      Issue.record("it was taken")
      return
    }
    #expect(problem.key == "branches" && problem.message.contains(says), "\(problem)")
  }

  /// A network of both cubes learns, maps and explains; the attributions of smaller cells are those
  /// of their band, and add up.
  @Test func bothResolutionsAreMappedAndExplained() throws {
    let run = try scene()
    let lines = (0..<40).map { index in
      let (column, row) = (index * 7 % 34 + 1, index * 11 % 26 + 1)
      let isHigh = StageRun.noise(0, column, row) > 0.5
      return "\(1030 + 10 * column + 5),\(2070 - 10 * row - 5),\(isHigh ? "v" : "u")"
    }
    try run.text("x,y,class\n" + lines.joined(separator: "\n") + "\n", "points.csv")
    let stages = """
      { type: "labels", tag: "places", file: "points.csv", field: "class" },
      { type: "split", tag: "folds", inputs: { samples: "places" }, folds: 2, size: 120 },
      \(Self.coarse), { type: "standardize", tag: "spectra" },
      \(Self.photo), { type: "standardize", tag: "image" },
      { type: "train", tag: "model", inputs: { cube: ["image", "spectra"], samples: "places" },
        branches: [{ type: "patch-cnn", input: "image", window: 5, width: 3,
            layers: [{ type: "convolution", filters: 2, kernel: 3 }] },
          { type: "spectral-cnn", input: "spectra", filters: [2], kernel: 2, width: 3 }],
        head: { type: "softmax", hidden: [4] }, epochs: 3, background: 4 },
      { type: "validate", tag: "scores", inputs: { model: "model", folds: "folds" } },
      { type: "predict", tag: "probability",
        inputs: { model: "model", cube: ["image", "spectra"] } },
      { type: "explain", tag: "shap", method: "shapley", permutations: 2,
        inputs: { model: "model", cube: ["image", "spectra"] } },
      { type: "write", inputs: ["probability", "shap", "model", "scores"] }
      """
    let path = try run.pipeline(stages, name: "both", grid: StageRun.gridText)
    try #require(run.files.run(path, out: "both") == .done)
    let (info, shap) = try run.files.raster("both", "shap.tif")
    #expect(info.bands.prefix(4).map(\.name) == ["red", "green", "a", "b"])
    let (_, probability) = try run.files.raster("both", "probability.tif")
    #expect(probability.values.allSatisfy { $0 > 0 && $0 < 1 })
    #expect(shap.band(0).contains { $0 != 0 } && shap.band(2).contains { $0 != 0 })

    let again = try run.pipeline(
      """
      \(Self.coarse), \(Self.photo),
      { type: "predict", tag: "probability", model: "both/model.safetensors",
        inputs: { cube: ["photo", "coarse"] } },
      { type: "write", inputs: ["probability"] }
      """, name: "again", grid: StageRun.gridText)
    try #require(run.files.run(again, out: "again") == .done)
    #expect(
      try run.files.raster("again", "probability.tif").cube.values == probability.values)
  }
}
