import Features
import Rasters

/// Smooths spectra, or takes their derivatives.
enum SmoothSpectra: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "smooth-spectra",
    summary: "Smooths each cell's spectrum, or takes its first or second derivative.",
    details: """
      Savitzky and Golay 1964: each band becomes the value, or the derivative, of a polynomial \
      fitted by least squares to the bands of a window around it. At either end the polynomial of \
      the first or last whole window stands for bands without a window around them, as with \
      SciPy's mode 'interp'. Bands are taken in the order of their wavelengths or wavenumbers, and \
      polynomials and derivatives are by these: where bands are evenly spaced that is SciPy's \
      filter with 'delta', elsewhere each band has weights of its own. Bands without wavelengths \
      are taken as they are listed, each 1 from the next.

      Bands keep their names and places; other bands pass unchanged. A cell in which a band of the \
      spectrum is missing has none. Explanations are carried back to the bands below.
      """,
    options: [
      SpectralBands.option,
      OptionSpec(
        "window", .integer(1...1001), default: 11, unit: "bands",
        "The number of bands in a window, odd.", example: "15"),
      OptionSpec("order", .integer(0...9), default: 2, "The order of the polynomial."),
      OptionSpec(
        "derivative", .integer(0...2), default: 0,
        "The derivative; 0 for the smoothed spectrum.", example: "1"),
      SpectralBands.alongOption,
    ],
    inputs: [InputDefinition("raster", [.raster], "The bands.")],
    output: .raster,
    example: #"""
      { type: "smooth-spectra", tag: "slope", window: 15, order: 3,
        derivative: 1, inputs: ["spectra"] }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let input = try request.raster("raster")
    let options = request.options
    let (window, order) = (options.int("window"), options.int("order"))
    let derivative = options.int("derivative")
    guard window % 2 == 1 else {
      throw request.failure("window", "\(window) is even; a window around a band has an odd number")
    }
    guard order < window else {
      throw request.failure(
        "order", "a polynomial of order \(order) needs more than \(window) bands in the window")
    }
    guard derivative <= order else {
      throw request.failure(
        "derivative", "\(derivative) is above the order of the polynomial, \(order)")
    }
    let axis = try input.spectrum(request, least: 1)
    guard axis.count >= window else {
      throw request.failure("window", "\(window) bands are more than the spectrum's \(axis.count)")
    }
    let filter = SavitzkyGolay(window: window, order: order, derivative: derivative)
      .filter(along: axis)
    let bands = axis.bands.map { index in
      var band = input.bands[index]
      band.unit = unit(band.unit, derivative, axis.unit)
      return band
    }
    return .raster(try input.filtered(request, filter, bands))
  }

  /// The unit of a derivative.
  private static func unit(
    _ unit: String, _ derivative: Int, _ along: BandPosition.Unit?
  ) -> String {
    guard derivative > 0 else { return unit }
    let step = along?.divisor ?? "band"
    return "\(unit.isEmpty ? "1" : unit)/\(step)" + (derivative == 2 ? "^2" : "")
  }
}
