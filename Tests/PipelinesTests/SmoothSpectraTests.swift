import Features
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Smoothed spectra and their derivatives, through pipelines.
struct SmoothSpectraTests {
  @Test(arguments: [0, 1, 2]) func spectraRunAlongWavelengths(derivative: Int) throws {
    let (all, cube, bands) = try SpectralRun().made(
      "type: \"smooth-spectra\", window: 5, derivative: \(derivative)")
    let filter = SavitzkyGolay(window: 5, order: 2, derivative: derivative)
    #expect(isSame(cube.values, filter.filter(along: SpectralRun.axis).apply(all).values))
    #expect(bands.map(\.name) == ["depth"] + SpectralRun.positions.map { "\(Int($0)) cm-1" })
    #expect(bands.dropFirst().compactMap { $0.position?.value } == SpectralRun.positions)
    let unit = ["A", "A/(cm-1)", "A/(cm-1)^2"][derivative]
    #expect(bands.map(\.unit) == ["m"] + [String](repeating: unit, count: 10))
    // Nothing is left of the spectrum with a missing band, and nothing of others is lost.
    let cells = cube.window.cellCount
    let hole = cube.window.index(column: 5, row: 7)
    for band in 0...10 {
      let missing = (0..<cells).filter { cube.values[band * cells + $0].isNaN }
      #expect(missing == (band == 0 ? [] : [hole]))
    }
  }

  @Test func spectraRunAlongBandsWhereAsked() throws {
    let scene = try SpectralRun()
    let (all, cube, bands) = try scene.made(
      "type: \"smooth-spectra\", window: 3, order: 1, derivative: 1, along: \"bands\"")
    let filter = SavitzkyGolay(window: 3, order: 1, derivative: 1)
    let axis = SpectralAxis(bands: Array(1...10))
    #expect(isSame(cube.values, filter.filter(along: axis).apply(all).values))
    #expect(bands[1].unit == "A/band")
    let some = try scene.made(
      "type: \"smooth-spectra\", window: 1, order: 0, bands: [\"1010 cm-1\", \"1090 cm-1\"]")
    #expect(isSame(some.cube.values, some.all.values))
  }

  @Test(arguments: [
    ("window: 4", "window", "4 is even"), ("window: 11", "window", "more than the spectrum's 10"),
    ("window: 3, order: 3", "order", "needs more than 3 bands"),
    ("window: 5, order: 1, derivative: 2", "derivative", "above the order"),
    ("window: 3, bands: [\"depth\", \"1000 cm-1\", \"1010 cm-1\"]", "bands", "no wavelength"),
    ("window: 3, bands: [\"1000 cm\"]", "bands", "did you mean"),
  ])
  func mistakesAreNamed(options: String, key: String, says: String) throws {
    try SpectralRun().expectProblem("type: \"smooth-spectra\", \(options)", key, says)
  }

  /// Bands of two units, two at one place and categories are no spectrum.
  @Test func spectraAreOfOneAxis() throws {
    let run = try StageRun()
    try run.raster("a.tif", ["5 nm", "6 nm", "also 6 nm", "7 cm-1"]) { _, _, _ in 1 }
    let reader = "{ type: \"read-cube\", files: \"a.tif\", wavelengths: \"names\" },"
    let stage = "{ type: \"smooth-spectra\", window: 1, order: 0 }, { type: \"write\" }"
    let mixed = try run.problem(reader + stage)
    #expect(mixed?.message.contains("'5 nm' is at 5 nm, '7 cm-1' at 7 cm-1") == true)
    let twice = try run.problem(
      reader.replacing("names", with: "names\", bands: [1, 2, 3], group: \"x") + stage)
    #expect(twice?.message.contains("'6 nm' and 'also 6 nm' are both at 6 nm") == true)
    let classes = try run.problem(
      "{ type: \"read-cube\", files: \"a.tif\", bands: [1, 2], "
        + "categorical: { \"6 nm\": { \"1\": \"one\" } } },"
        + stage.replacing("order: 0", with: "order: 0, bands: [\"5 nm\", \"6 nm\"]"))
    #expect(classes?.message.contains("one of the categories of '6 nm'") == true)
  }

  /// Explanations go through smoothing to the bands below, which say where they lie; a model file
  /// smooths again.
  @Test func smoothingIsReplayedAndExplained() throws {
    let scene = try CompositionalScene(wavelengths: [400, 450, 500, 600, 700])
    defer { scene.remove() }
    let (info, _) = try scene.replayed(
      "{ type: \"smooth-spectra\", window: 3, order: 1 }, { type: \"standardize\", tag: \"cube\" }")
    #expect(
      info.bands.map(\.name) == CompositionalScene.names + ["explained output", "base value"])
    #expect(
      info.bands.map { $0.metadata["wavelength"] }
        == ["400", "450", "500", "600", "700", nil, nil])
  }
}
