import Features
import Rasters

/// Normalizes spectra by themselves.
enum NormalizeSpectra: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "normalize-spectra",
    summary:
      "Normalizes each cell's spectrum by itself, so that its shape counts and not its size.",
    details: """
      'snv', the standard normal variate (Barnes et al. 1989), subtracts the spectrum's mean and \
      divides by its standard deviation (divisor n - 1). 'area' divides by the area of the \
      absolute values, by the trapezoidal rule over wavelengths or wavenumbers, or for bands \
      without them by their sum. 'min-max' brings the lowest value to 0 and the highest to 1. \
      Nothing is fitted: what brings whole bands to a common scale is 'standardize'.

      Bands keep their names and places; other bands pass unchanged. A cell in which a band of the \
      spectrum is missing has none, nor has one whose bands are all alike ('area': all 0). These \
      are not linear, so explanations are given for the normalized bands and not carried further \
      back.
      """,
    options: [
      SpectralBands.option,
      OptionSpec(
        "method", .choice(SpectralNormalization.Method.allCases.map(\.rawValue)), default: "snv",
        "What spectra are brought to."),
      OptionSpec(
        "along", SpectralBands.alongOption.kind, default: .optional,
        "What 'area' runs along: the wavelengths or wavenumbers of the bands, by default where "
          + "they have them; or the bands as they are listed, each 1 from the next."),
    ],
    inputs: [InputDefinition("raster", [.raster], "The bands.")],
    output: .raster,
    example: #"""
      { type: "normalize-spectra", tag: "shapes", method: "snv", inputs: ["spectra"] }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let input = try request.raster("raster")
    let method = SpectralNormalization.Method(rawValue: request.options.string("method")) ?? .snv
    guard method == .area || !request.options.has("along") else {
      throw request.failure("along", "goes with the method 'area' only")
    }
    let axis = try input.spectrum(
      request, least: 2, along: method == .area ? nil : "bands")
    let normalization = SpectralNormalization(method, along: axis)
    var bands = input.bands
    for band in axis.bands {
      bands[band].unit = method == .area ? axis.unit.map { "1/\($0.divisor)" } ?? "" : ""
    }
    return .raster(
      input.changed(request, axis, bands, isStored: false) { normalization.apply($0) })
  }
}
