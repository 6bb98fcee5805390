import Features
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Spectra normalized by themselves, through pipelines.
struct NormalizeSpectraTests {
  @Test(
    arguments: [
      ("snv", "", ""), ("min-max", "", ""), ("area", "", "1/(cm-1)"),
      ("area", ", along: \"bands\"", ""),
    ])
  func spectraAreNormalized(word: String, options: String, unit: String) throws {
    let (all, cube, bands) = try SpectralRun().made(
      "type: \"normalize-spectra\", method: \"\(word)\"\(options)")
    let method = try #require(SpectralNormalization.Method(rawValue: word))
    let axis = unit.isEmpty ? SpectralAxis(bands: Array(1...10)) : SpectralRun.axis
    let expected = SpectralNormalization(method, along: axis).apply(all)
    #expect(isSame(cube.values, expected.values))
    #expect(isSame(cube.band(0), all.band(0)) && !isSame(cube.band(1), all.band(1)))
    #expect(bands.map(\.unit) == ["m"] + [String](repeating: unit, count: 10))
    #expect(bands.dropFirst().compactMap { $0.position?.value } == SpectralRun.positions)
  }

  @Test(arguments: [
    ("along: \"bands\"", "along", "goes with the method 'area' only"),
    ("bands: \"1000 cm-1\"", "bands", "2 bands or more"),
    ("method: \"area\", bands: [\"depth\", \"1000 cm-1\"]", "bands", "along: \"bands\""),
  ])
  func mistakesAreNamed(options: String, key: String, says: String) throws {
    try SpectralRun().expectProblem("type: \"normalize-spectra\", \(options)", key, says)
  }

  /// Explanations end at what is not linear, and a model file normalizes again.
  @Test(arguments: SpectralNormalization.Method.allCases)
  func normalizationIsReplayed(method: SpectralNormalization.Method) throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    let (info, cube) = try scene.replayed(
      """
      { type: "normalize-spectra", tag: "cube", bands: ["Cu", "Zn", "Fe"],
        method: "\(method.rawValue)" }
      """)
    #expect(
      info.bands.map(\.name) == CompositionalScene.names + ["explained output", "base value"])
    #expect(cube.band(0).contains { !$0.isNaN && $0 != 0 })
  }
}
