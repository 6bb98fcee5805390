import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Recipes as lists of steps.
struct RecipeTests {
  private func bands(_ names: String...) -> [Band] { names.map { Band(name: $0) } }

  private func fit(_ name: String) -> Node {
    Node(name: name, kind: .value, identity: [name]) { _ in .bytes([]) }
  }

  @Test func sharedInputsComeOnceAndFirst() {
    let raw = Recipe.raw(bands("a", "b"))
    let left = Recipe(
      type: "standardize", options: "{}", inputs: [raw], bands: raw.bands, fit: fit("left"))
    let right = Recipe(
      type: "standardize", options: "{\"bands\":[\"a\"]}", inputs: [raw], bands: raw.bands,
      fit: fit("right"))
    let both = Recipe(
      type: "stack", options: "{}", inputs: [right, left, raw], bands: bands("a", "b", "c", "d"))
    #expect(both.fits.map(\.name) == ["right", "left"])
    let steps = both.steps(fitted: [Array("1".utf8), Array("2".utf8)])
    #expect(steps.map(\.type) == ["raw", "standardize", "standardize", "stack"])
    #expect(steps.map(\.inputs) == [[], [0], [0], [1, 2, 0]])
    #expect(steps.map(\.fitted) == [nil, "1", "2", nil])
    #expect(steps[1].options == "{\"bands\":[\"a\"]}" && steps[3].bands == both.bands)
  }

  /// Features that are derived from bands are made again from a model file's steps.
  @Test func derivedFeaturesAreReplayed() throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    let (info, _) = try scene.replayed(
      """
      { type: "clip", tag: "limited", quantiles: [0.05, 0.95] },
      { type: "expression", tag: "ratios", inputs: ["limited"],
        bands: { second: "Cu / (Pb + 1)", first: "sqrt(Zn)" } },
      { type: "focal", tag: "means", inputs: ["limited"], window: 3, bands: "Fe" },
      { type: "terrain", tag: "relief", inputs: ["limited"], band: "Zn", measures: ["slope"] },
      { type: "stack", inputs: ["ratios", "means", "relief"] },
      { type: "impute", tag: "cube" }
      """)
    #expect(info.bands.prefix(4).map(\.name) == ["first", "second", "Fe mean 3", "slope"])
  }

  @Test func stagesLeaveTheirRecipe() throws {
    let run = try StageRun()
    try run.raster("a.tif", ["a", "b"]) { StageRun.noise($0, $1, $2) + 0.1 }
    let plan = try run.planned(
      """
      { type: "read-cube", tag: "raw", files: "a.tif" },
      { type: "log-ratio", tag: "parts" },
      { type: "standardize", tag: "scaled" },
      { type: "superpixels", tag: "segments", size: 25 }
      """)
    guard case .segments(let segments) = try plan.product("segments") else {
      Issue.record("no segments")
      return
    }
    let fits = try segments.recipe.fits.map { try plan.executor.value($0) }
    #expect(fits.count == 1)
    let steps = segments.recipe.steps(fitted: fits[...])
    #expect(steps.map(\.type) == ["raw", "log-ratio", "standardize", "superpixels"])
    #expect(steps.map(\.inputs) == [[], [0], [1], [2]])
    #expect(steps[0].bands.map(\.name) == ["a", "b"] && steps[3].bands.isEmpty)
    #expect(steps[2].fitted?.contains("means") == true)
    #expect(steps[3].options.contains("25"))
  }
}
