import Pipelines
import Rasters
import Testing

@Suite struct GridSpecTests {
  private func grid(_ text: String) -> (GridSpec?, [String]) {
    let (document, problems) = GrammarFixture.parse(
      "{ grid: \(text), stages: [{ type: 'labels', file: 'a', field: 'b' }] }")
    return (document.grid, problems.map { "\($0.key ?? "-"): \($0.message)" })
  }

  @Test func readsBothForms() throws {
    let (like, first) = grid("{ like: 'a.tif' }")
    #expect(first.isEmpty)
    #expect(like?.form == .like(["a.tif"]))
    let (explicit, second) = grid(
      "{ crs: 'EPSG:2056', resolution: [10, 20], extent: [0, 0, 95, 40] }")
    #expect(second.isEmpty)
    let made = try #require(explicit?.grid(wkt: "W"))
    #expect(
      made
        == Grid(
          width: 10, height: 2,
          transform: GeoTransform(left: 0, top: 40, cellWidth: 10, cellHeight: 20), crs: "W"))
  }

  @Test func inexactSizesDoNotAddACell() throws {
    let made = grid("{ crs: '', resolution: 0.1, extent: [0, 0, 0.3, 0.7] }").0?.grid(wkt: "")
    #expect(made?.width == 3)
    #expect(made?.height == 7)
  }

  @Test(arguments: [
    ("{ like: 'a.tif', crs: 'x' }", "grid.crs: cannot stand beside 'like'"),
    (
      "{ crs: 'x', extent: [0, 0, 1, 1] }",
      "grid.resolution: is missing: 'grid' needs 'like', or crs, resolution, extent"
    ),
    (
      "{ crs: 'x', resolution: 1, extent: [0, 0, 1] }",
      "grid.extent: expected [left, bottom, right, top] with left < right, bottom < top"
    ),
    (
      "{ crs: 'x', resolution: 1, extent: [5, 0, 1, 1] }",
      "grid.extent: expected [left, bottom, right, top] with left < right, bottom < top"
    ),
    (
      "{ crs: 'x', resolution: [1, 2, 3], extent: [0, 0, 1, 1] }",
      "grid.resolution: expected one number, or [width, height]"
    ),
    (
      "{ crs: 'x', resolution: 1e-12, extent: [0, 0, 1, 1] }",
      "grid.resolution: is too small for the extent"
    ),
    (
      "{ crs: 'x', resolution: -1, extent: [0, 0, 1, 1] }",
      "grid.resolution: expected a number above 0, found the number -1"
    ),
    ("{ lik: 'a.tif' }", "grid.lik: unknown key; did you mean 'like'?"),
  ])
  func reportsWhatDoesNotFit(text: String, problem: String) {
    let (grid, problems) = grid(text)
    #expect(problems == [problem])
    #expect(problem.contains("beside") || grid == nil)
  }
}
