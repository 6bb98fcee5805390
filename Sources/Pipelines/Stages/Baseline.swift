import Features
import Rasters

/// Takes the baselines of spectra away.
enum Baseline: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "baseline",
    summary: "Subtracts from each cell's spectrum its baseline, by asymmetric least squares.",
    details: """
      Eilers and Boelens 2005: the baseline is the smooth curve that lies below the peaks, because \
      bands above it weigh 'asymmetry' and others 1 less that. 'smoothness' is their lambda, by \
      which second differences from band to band weigh; the same curve over bands twice as close \
      needs 16 times as much. They advise 1e2 to 1e9, and 0.001 to 0.1 for the asymmetry. Weights \
      and baseline are found in turn, 'iterations' times or until no weight changes. Bands are \
      taken in the order of their wavelengths or wavenumbers; differences do not ask how far bands \
      are apart, so bring bands that are unevenly spaced to even positions by 'resample-bands' \
      first.

      Bands keep their names and places; other bands pass unchanged. A cell in which a band of the \
      spectrum is missing has none. This is not linear, so explanations are given for the \
      corrected bands and not carried further back.
      """,
    options: [
      SpectralBands.option,
      OptionSpec(
        "smoothness", .number(.leastNonzeroMagnitude...1e9), default: 1e5,
        "How stiff the baseline is.", example: "1e6"),
      OptionSpec(
        "asymmetry", .number(1e-6...0.5), default: 0.01,
        "What bands above the baseline weigh.", example: "0.001"),
      OptionSpec(
        "iterations", .integer(1...1000), default: 10, unit: "iterations",
        "How often the baseline is found, at most; the first time with equal weights."),
      OptionSpec(
        "output", .choice(AsymmetricLeastSquares.Output.allCases.map(\.rawValue)),
        default: "corrected", "The spectrum less its baseline, or the baseline."),
      SpectralBands.alongOption,
    ],
    inputs: [InputDefinition("raster", [.raster], "The bands.")],
    output: .raster,
    example: #"""
      { type: "baseline", tag: "peaks", smoothness: 1e6, asymmetry: 0.001,
        inputs: ["spectra"] }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let input = try request.raster("raster")
    let options = request.options
    let axis = try input.spectrum(request, least: 3)
    let squares = AsymmetricLeastSquares(
      smoothness: options.double("smoothness"), asymmetry: options.double("asymmetry"),
      iterations: options.int("iterations"))
    let output =
      AsymmetricLeastSquares.Output(rawValue: options.string("output")) ?? .corrected
    return .raster(
      // Iterations cost too much to be made anew for each use.
      input.changed(request, axis, input.bands, isStored: true) {
        squares.apply($0, along: axis, output: output)
      })
  }
}
