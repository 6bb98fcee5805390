import Features
import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Baselines of spectra, through pipelines.
struct BaselineTests {
  @Test(arguments: ["corrected", "baseline"]) func baselinesAreTakenAway(word: String) throws {
    let (all, cube, bands) = try SpectralRun().made(
      "type: \"baseline\", smoothness: 100, asymmetry: 0.05, iterations: 6, output: \"\(word)\"")
    let output = try #require(AsymmetricLeastSquares.Output(rawValue: word))
    let expected = AsymmetricLeastSquares(smoothness: 100, asymmetry: 0.05, iterations: 6)
      .apply(all, along: SpectralRun.axis, output: output)
    #expect(isSame(cube.values, expected.values))
    #expect(isSame(cube.band(0), all.band(0)) && !isSame(cube.band(1), all.band(1)))
    #expect(bands.map(\.unit) == ["m"] + [String](repeating: "A", count: 10))
    #expect(bands.dropFirst().compactMap { $0.position?.value } == SpectralRun.positions)
  }

  @Test(arguments: [
    ("bands: [\"1000 cm-1\", \"1010 cm-1\"]", "bands", "3 bands or more"),
    ("smoothness: 0", "smoothness", "above 0"), ("asymmetry: 1", "asymmetry", "0.5"),
  ])
  func mistakesAreNamed(options: String, key: String, says: String) throws {
    try SpectralRun().expectProblem("type: \"baseline\", \(options)", key, says)
  }

  /// A preparation of all four stages is made again from a model file; explanations end at what is
  /// not linear.
  @Test func preparationsAreReplayed() throws {
    let scene = try CompositionalScene(wavelengths: [400, 450, 500, 600, 700])
    defer { scene.remove() }
    let (info, _) = try scene.replayed(
      """
      { type: "resample-bands", wavelengths: { from: 400, to: 700, step: 50 } },
      { type: "smooth-spectra", window: 3, order: 1 },
      { type: "baseline", smoothness: 5 },
      { type: "normalize-spectra", method: "snv" }, { type: "standardize", tag: "cube" }
      """)
    let names = stride(from: 400, through: 700, by: 50).map { "\($0) nm" }
    #expect(info.bands.map(\.name) == names + ["explained output", "base value"])
  }

  private static let data = ProcessInfo.processInfo.environment["GOSSAN_DATA"]

  /// A real FT-IR image of 427 bands, against what SciPy makes of one of its cells.
  @Test(.enabled(if: data != nil, "GOSSAN_DATA names no folder of scenes"))
  func realSpectraAreThoseOfSciPy() throws {
    let run = try StageRun()
    let file = "\(Self.data ?? "")/ftir_polymers/ca_ftir_map_427band.tif"
    let plan = try run.planned(
      """
      { type: "read-cube", files: "\(file)", wavelengths: "names" },
      { type: "resample-bands", tag: "even", wavelengths: { from: 720, to: 4000, count: 200 } },
      { type: "baseline", smoothness: 1e4, asymmetry: 0.001 },
      { type: "normalize-spectra", tag: "cube" }
      """, grid: "{ like: \"\(file)\" }")
    let cube = try plan.cube("cube")
    let bands = try plan.rasterProduct("cube").bands
    #expect(cube.bandCount == 200 && cube.window.cellCount == 208)
    #expect(bands.first?.name == "720 cm-1" && bands.last?.position?.value == 4000)
    #expect(!cube.values.contains { $0.isNaN })
    for (band, expected) in Self.ofSciPy {
      #expect(abs(Double(cube.spectrum(column: 9, row: 6)[band]) - expected) < 1e-4)
    }
  }

  /// Of the cell in column 9 and row 6, by scipy.sparse and NumPy in double precision.
  private static let ofSciPy: [(band: Int, value: Double)] = [
    (0, -0.55779518), (20, 0.99144933), (31, 1.3824115), (32, 1.6744118), (63, 1.9227862),
    (137, 0.62227751), (199, -0.94980296),
  ]
}
