import Features
import Rasters
import Testing

@testable import Pipelines

/// Spectra of ten bands in no order, beside a band that is none, and stages that work on them.
struct SpectralRun {
  let run: StageRun
  static let positions = [1030.0, 1000, 1010, 1020, 1050, 1040, 1070, 1060, 1081, 1090]
  static let reader = """
    { type: "read-cube", tag: "lab", files: "spectra.tif", wavelengths: "names" },
    { type: "read-cube", tag: "soil", files: "depth.tif" },
    { type: "stack", tag: "all", inputs: ["soil", "lab"] },
    """

  init() throws {
    run = try StageRun()
    let positions = Self.positions
    try run.raster("spectra.tif", positions.map { "\(Int($0)) cm-1" }, unit: "A") {
      band, column, row in
      if column == 5 && row == 7 && band == 3 { return .nan }
      let t = Float(positions[band] - 1045) / 12
      let slope = Float(positions[band] - 1000) / 100
      return 1 / (1 + t * t) + slope + 0.3 * StageRun.noise(band, column, row)
    }
    try run.raster("depth.tif", ["depth"], unit: "m") { 7 + StageRun.noise($0, $1, $2) }
  }

  /// The bands of the spectrum in the cube 'all', in order.
  static let axis = SpectralAxis(
    bands: Array(1...10), at: positions, unit: .reciprocalCentimetres)

  /// What a stage makes of 'all', which must be the same for any chunk, and what it promises.
  func made(
    _ stage: String, _ place: SourceLocation = #_sourceLocation
  ) throws -> (all: DataCube, cube: DataCube, bands: [Band]) {
    let text = Self.reader + "{ tag: \"made\", inputs: [\"all\"], \(stage) }"
    let plan = try run.planned(text)
    let cube = try plan.cube("made")
    for chunk in [16, 512] {
      let output = try run.output(text + ", { type: \"write\" }", "made", chunk: chunk)
      #expect(isSame(output.cube.values, cube.values), sourceLocation: place)
    }
    return (try plan.cube("all"), cube, try plan.rasterProduct("made").bands)
  }

  /// Expects that a stage is refused with a problem that names the key and says something.
  func expectProblem(
    _ stage: String, _ key: String, _ says: String, _ place: SourceLocation = #_sourceLocation
  ) throws {
    let problem = try run.problem(
      Self.reader + "{ inputs: [\"all\"], \(stage) }, { type: \"write\" }")
    #expect(
      problem?.key == key && problem?.message.contains(says) == true, "\(problem as Any)",
      sourceLocation: place)
  }
}
