import Features
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Joining rasters band after band.
struct StackTests {
  private func read(_ name: String, _ more: String = "") -> String {
    "{ type: \"read-cube\", tag: \"\(name)\", files: \"\(name).tif\"\(more) }"
  }

  @Test func bandsComeInTheOrderOfTheInputs() throws {
    let run = try StageRun()
    try run.raster("one.tif", ["a", "b"], unit: "m") { band, _, _ in Float(band) }
    try run.raster("two.tif", ["c"]) { _, column, row in Float(10 + column * row) }
    let stages =
      read("one") + "," + read("two")
      + ", { type: \"stack\", tag: \"both\", inputs: [\"two\", \"one\"] }, { type: \"write\" }"
    let (info, cube, bytes) = try run.output(stages, "both", chunk: 16)
    #expect(info.bands.map(\.name) == ["c", "a", "b"])
    #expect(info.bands.map(\.unit) == ["", "m", "m"])
    for cell in StageRun.cells(cube.window) {
      let expected: [Float] = [Float(10 + cell.column * cell.row), 0, 1]
      #expect(cube.spectrum(column: cell.column, row: cell.row) == expected)
    }
    #expect(try run.output(stages, "both", chunk: 512).bytes == bytes)
  }

  @Test func whatIsMissingInOnePartIsMissingOnlyThere() throws {
    let run = try StageRun()
    try run.raster("one.tif", ["a"]) { _, column, _ in column < 9 ? .nan : 1 }
    try run.raster("two.tif", ["b"]) { _, _, row in row > 20 ? .nan : 2 }
    let plan = try run.planned(
      read("one") + "," + read("two")
        + ", { type: \"stack\", tag: \"both\", inputs: [\"one\", \"two\"] }")
    let cube = try plan.cube("both")
    for cell in StageRun.cells(cube.window) {
      let expected: [Float] = [cell.column < 9 ? .nan : 1, cell.row > 20 ? .nan : 2]
      #expect(isSame(cube.spectrum(column: cell.column, row: cell.row), expected))
    }
  }

  @Test func equalNamesAreAProblem() throws {
    let run = try StageRun()
    try run.raster("one.tif", ["a", "b"]) { _, _, _ in 1 }
    try run.raster("two.tif", ["b"]) { _, _, _ in 2 }
    let problem = try run.problem(
      read("one") + "," + read("two")
        + ", { type: \"stack\", tag: \"both\", inputs: [\"one\", \"two\"] }")
    #expect(problem?.stage == "both" && problem?.key == "inputs")
    #expect(problem?.message.contains("two bands are named 'b'") == true)
  }

  // MARK: Groups of features

  /// Two rasters of one group each, and one of both.
  private func grouped() throws -> StageRun {
    let run = try StageRun()
    try run.raster("one.tif", ["a", "b"]) { StageRun.noise($0, $1, $2) }
    try run.raster("two.tif", ["c"]) { StageRun.noise(5, $1, $2) }
    try run.raster("three.tif", ["d"]) { StageRun.noise(6, $1, $2) }
    return run
  }

  private func layers(_ without: String) -> String {
    read("one", ", group: \"field\"") + "," + read("two", ", group: \"web\"") + "," + read("three")
      + ", { type: \"standardize\", tag: \"scaled\", inputs: \"two\" }"
      + ", { type: \"stack\", tag: \"mixed\", inputs: [\"scaled\", \"three\"] }"
      + ", { type: \"stack\", tag: \"both\", inputs: [\"one\", \"mixed\"]\(without) }"
  }

  @Test(arguments: [
    ("", ["a", "b", "c", "d"]), ("field", ["c", "d"]), ("web", ["a", "b", "d"]),
    ("web\", \"field", ["d"]),
  ])
  func groupsCanBeLeftOut(without: String, names: [String]) throws {
    let option = without.isEmpty ? "" : ", without: [\"\(without)\"]"
    let plan = try grouped().planned(layers(option))
    let product = try plan.rasterProduct("both")
    #expect(product.bands.map(\.name) == names)
    let all = try plan.rasterProduct("mixed").bands.map(\.featureGroup)
    #expect(all == ["web", nil])
    // What is left is still a linear function of what was read.
    let values = try product.view.values.map { try plan.executor.value($0) }
    let map = try product.view.map(values[...])
    let sources = try plan.executor.cube(product.view.node, plan.grid.window)
    let made = try plan.cube("both")
    for cell in StageRun.cells(plan.grid.window).prefix(50) {
      let mixed = map.apply(sources.spectrum(column: cell.column, row: cell.row))
      let expected = made.spectrum(column: cell.column, row: cell.row)
      #expect(isSame(mixed, expected, tolerance: 1e-5))
    }
  }

  /// A raster that is left out as a whole is no input of a model; one that is cut stays one.
  @Test func recipesNameWhatIsLeft() throws {
    let whole = try grouped().planned(layers(", without: [\"field\"]")).rasterProduct("both")
    #expect(whole.recipe.inputs.count == 1 && !whole.recipe.options.contains("without"))
    let cut = try grouped().planned(layers(", without: [\"web\"]")).rasterProduct("both")
    #expect(cut.recipe.inputs.count == 2 && cut.recipe.options.contains("without"))
  }

  @Test func unknownGroupsAreSaid() throws {
    let run = try grouped()
    let unknown = try run.problem(layers(", without: [\"feild\"]"))
    #expect(unknown?.key == "without" && unknown?.message.contains("did you mean 'field'") == true)
    let none = try run.problem(
      read("three") + ", { type: \"stack\", inputs: [\"three\"], without: [\"field\"] }")
    #expect(none?.message.contains("no band belongs to a group") == true)
    let everything = try run.problem(
      read("one", ", group: \"field\"")
        + ", { type: \"stack\", inputs: [\"one\"], without: [\"field\"] }")
    #expect(everything?.message == "leaves no band")
  }

  /// A stack of what was changed is a linear function of what was read, part by part.
  @Test func theViewIsThatOfTheParts() throws {
    let run = try StageRun()
    try run.raster("one.tif", ["a", "b"]) { StageRun.noise($0, $1, $2) + 0.1 }
    try run.raster("two.tif", ["c"]) { StageRun.noise(5, $1, $2) }
    let plan = try run.planned(
      read("one") + "," + read("two")
        + ", { type: \"log-ratio\", tag: \"parts\", inputs: \"one\" }"
        + ", { type: \"standardize\", tag: \"scaled\", inputs: \"two\" }"
        + ", { type: \"stack\", tag: \"both\", inputs: [\"parts\", \"scaled\"] }")
    let product = try plan.rasterProduct("both")
    let values = try product.view.values.map { try plan.executor.value($0) }
    let map = try product.view.map(values[...])
    let sources = try plan.executor.cube(product.view.node, plan.grid.window)
    let made = try plan.cube("both")
    #expect(sources.bandCount == 3)
    for cell in StageRun.cells(plan.grid.window).prefix(100) {
      let mixed = map.apply(sources.spectrum(column: cell.column, row: cell.row))
      let expected = made.spectrum(column: cell.column, row: cell.row)
      #expect(isSame(mixed, expected, tolerance: 1e-5))
    }
  }
}
