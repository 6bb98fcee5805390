import Features
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Spectra at other positions, through pipelines.
struct ResampleBandsTests {
  @Test(
    arguments: [
      ("wavelengths: [1085, 1004.5, 1000]", [1085, 1004.5, 1000]),
      ("wavelengths: { from: 1000, to: 1090, count: 4 }", [1000, 1030, 1060, 1090]),
      ("wavelengths: { from: 1003, to: 1050, step: 20 }", [1003, 1023, 1043]),
      ("wavelengths: { from: 1003, to: 1043, step: 20 }", [1003, 1023, 1043]),
    ])
  func positionsAreLinearBetweenBands(options: String, targets: [Double]) throws {
    let (all, cube, bands) = try SpectralRun().made("type: \"resample-bands\", \(options)")
    let taps = try targets.map { target throws in
      try SpectralResampling.linear(at: target, along: SpectralRun.axis)
    }
    let filter = SpectralFilter(axis: SpectralRun.axis, taps: taps, isInPlace: false)
    #expect(isSame(cube.values, filter.apply(all).values))
    #expect(bands.dropFirst().compactMap { $0.position?.value } == targets)
    #expect(bands.map(\.unit) == ["m"] + targets.map { _ in "A" })
    #expect(bands[0].name == "depth")
    #expect(bands[1].name == (targets[0] == 1085 ? "1085 cm-1" : "\(Int(targets[0])) cm-1"))
  }

  @Test(arguments: ["fwhm: 15", "fwhm: [15, 15]"]) func responsesHaveWidths(width: String) throws {
    let (all, cube, bands) = try SpectralRun().made(
      "type: \"resample-bands\", wavelengths: [1035, 1042.5], \(width)")
    let taps = try [1035, 1042.5].map { target throws in
      try SpectralResampling.gaussian(at: target, width: 15, along: SpectralRun.axis)
    }
    let filter = SpectralFilter(axis: SpectralRun.axis, taps: taps, isInPlace: false)
    #expect(isSame(cube.values, filter.apply(all).values))
    #expect(bands.map(\.name) == ["depth", "1035 cm-1", "1042.5 cm-1"])
  }

  @Test func micrometresAreNanometres() throws {
    let run = try StageRun()
    try run.raster("a.tif", ["400 nm", "500 nm"]) { band, _, _ in Float(band) }
    let plan = try run.planned(
      """
      { type: "read-cube", files: "a.tif", wavelengths: "names" },
      { type: "resample-bands", wavelengths: [0.4, 0.425], "wavelength-unit": "um" }
      """)
    let bands = try plan.rasterProduct("resample-bands").bands
    #expect(bands.map(\.name) == ["400 nm", "425 nm"])
    #expect(try plan.cube("resample-bands").spectrum(column: 3, row: 3) == [0, 0.25])
  }

  @Test(arguments: [
    ("wavelengths: [999]", "wavelengths", "999 cm-1 is not within the bands' 1000 to 1090"),
    ("wavelengths: [1005], fwhm: 12", "wavelengths", "with half of its width"),
    ("wavelengths: [1045], fwhm: 9", "fwhm", "less than the bands are apart there, 10"),
    ("wavelengths: [1045], fwhm: [12, 13]", "fwhm", "2 numbers for 1 bands"),
    ("wavelengths: [1045, 1045]", "wavelengths", "two bands would be named '1045 cm-1'"),
    ("wavelengths: []", "wavelengths", "is empty"),
    ("wavelengths: { from: 1010, to: 1000, count: 3 }", "wavelengths", "not below 'to'"),
    ("wavelengths: { from: 1010, to: 1020 }", "wavelengths", "needs 'step' or 'count'"),
    (
      "wavelengths: { from: 1010, to: 1020, step: 1, count: 3 }", "wavelengths",
      "one of them is enough"
    ),
    ("wavelengths: [1045], \"wavelength-unit\": \"nm\"", "wavelength-unit", "bands are in cm-1"),
    ("wavelengths: [1045], bands: [\"depth\", \"1000 cm-1\"]", "bands", "no wavelength"),
  ])
  func mistakesAreNamed(options: String, key: String, says: String) throws {
    try SpectralRun().expectProblem("type: \"resample-bands\", \(options)", key, says)
  }

  /// A model of resampled spectra takes those of an instrument with other bands: of spectra that are
  /// straight lines both make the same map.
  @Test func anotherInstrumentIsResampledToo() throws {
    let run = try StageRun()
    for (name, positions) in [("own", [1000.0, 1030, 1060, 1090]), ("other", [990, 1041, 1100])] {
      try run.raster("\(name).tif", positions.map { "\(Int($0)) cm-1" }) { band, column, row in
        let (offset, slope) = (StageRun.noise(1, column, row), StageRun.noise(2, column, row))
        return offset + slope * Float(positions[band] - 1000) / 50
      }
    }
    let lines = (0..<60).map { index in
      let (column, row) = (7 * index % 36, 5 * index % 28)
      let isSteep = StageRun.noise(2, column, row) > 0.5
      return "\(1035 + 10 * column),\(2065 - 10 * row),\(isSteep ? "steep" : "flat")"
    }
    try run.text((["x,y,kind"] + lines).joined(separator: "\n"), "points.csv")
    func reader(_ name: String) -> String {
      "{ type: \"read-cube\", tag: \"raw\", files: \"\(name).tif\", wavelengths: \"names\" },"
    }
    let own = try run.output(
      reader("own") + """
        { type: "labels", tag: "kinds", file: "points.csv", field: "kind" },
        { type: "resample-bands", tag: "even", inputs: ["raw"], wavelengths: [1005, 1045, 1085] },
        { type: "standardize", tag: "cube" },
        { type: "train", tag: "model", inputs: { cube: "cube", samples: "kinds" },
          method: "logistic-regression" },
        { type: "predict", tag: "map", inputs: { model: "model", cube: "cube" } },
        { type: "write", inputs: ["map", "model"] }
        """, "map", grid: StageRun.gridText)
    let other = try run.output(
      reader("other") + """
        { type: "predict", tag: "map", model: "chunk512/model.safetensors",
          inputs: { cube: "raw" } },
        { type: "write", inputs: ["map"] }
        """, "map", grid: StageRun.gridText, chunk: 256)
    #expect(own.cube.values.contains { $0 > 0.9 } && own.cube.values.contains { $0 < 0.1 })
    #expect(isSame(own.cube.values, other.cube.values, tolerance: 1e-4))
    // What samples had of bands that are not there is not compared.
    let (_, flags) = try run.files.raster("chunk256", "map-flags.tif")
    #expect(flags.values.allSatisfy { $0 == 0 })
    let problem = try run.problem(
      reader("other") + """
        { type: "explain", model: "chunk512/model.safetensors", classes: ["steep"],
          inputs: { cube: "raw" } }
        """, grid: StageRun.gridText)
    #expect(problem?.message.contains("background is of other bands") == true)
  }

  /// Explanations go through resampling to the bands below; a model file resamples again.
  @Test(arguments: ["", ", fwhm: 100"]) func resamplingIsReplayedAndExplained(width: String) throws
  {
    let scene = try CompositionalScene(wavelengths: [400, 450, 500, 600, 700])
    defer { scene.remove() }
    let (info, cube) = try scene.replayed(
      """
      { type: "resample-bands", wavelengths: [460, 540, 620]\(width) },
      { type: "standardize", tag: "cube" }
      """)
    #expect(
      info.bands.map(\.name) == CompositionalScene.names + ["explained output", "base value"])
    #expect(cube.band(1).contains { !$0.isNaN && $0 != 0 })
  }
}
