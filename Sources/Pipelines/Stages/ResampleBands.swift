import Features
import Rasters
import Reports

/// Brings spectra to other wavelengths or wavenumbers.
enum ResampleBands: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "resample-bands",
    summary: "Makes the bands of other wavelengths or wavenumbers of each cell's spectrum.",
    details: """
      For spectra of several instruments, or for even positions. Without 'fwhm' values are linear \
      between the two bands on both sides of a position. With it each new band is what a sensor \
      with a Gaussian response of that full width at half maximum sees: the mean of the bands \
      weighted by the response, by the trapezoidal rule, up to twice the full width on both sides. \
      Nothing is extrapolated: positions (with 'fwhm' and half of it) must lie within those of the \
      bands, which need wavelengths or wavenumbers; see 'read-cube'. Gaps, such as bands of water \
      vapour that were taken out, are no hindrance to lines across them.

      The new bands are named by their positions, such as '865 nm', and stand at the place of the \
      first of the bands; other bands pass unchanged. A cell in which a band of the spectrum is \
      missing has none. Explanations are carried back to the bands below.
      """,
    options: [
      SpectralBands.option,
      OptionSpec(
        "wavelengths",
        .either(
          .list(of: .number(.leastNonzeroMagnitude ... .infinity)),
          .object([
            OptionSpec(
              "from", .number(.leastNonzeroMagnitude ... .infinity), unit: BandPositions.units,
              "The first position."),
            OptionSpec(
              "to", .number(.leastNonzeroMagnitude ... .infinity), unit: BandPositions.units,
              "The last position, which 'step' need not hit."),
            OptionSpec(
              "step", .number(.leastNonzeroMagnitude ... .infinity), default: .optional,
              unit: BandPositions.units,
              "The distance of positions."),
            OptionSpec(
              "count", .integer(2...100_000), default: .optional, unit: "bands",
              "The number of positions, instead of 'step'."),
          ])), unit: BandPositions.units,
        "The wavelengths or wavenumbers to have bands at, as a list or evenly from one to another.",
        example: "{ from: 1000, to: 3000, step: 8 }"),
      BandPositions.unitOption(
        "The unit of 'wavelengths' and 'fwhm'; by default that in which bands are kept, nm or cm-1."
      ),
      OptionSpec(
        "fwhm",
        .either(
          .number(.leastNonzeroMagnitude ... .infinity),
          .list(of: .number(.leastNonzeroMagnitude ... .infinity))),
        default: .optional, unit: BandPositions.units,
        "The full width at half maximum of the new bands: one for all, or one for each.",
        example: "20"),
    ],
    inputs: [InputDefinition("raster", [.raster], "The bands.")],
    output: .raster,
    example: #"""
      { type: "resample-bands", tag: "even", inputs: ["spectra"],
        wavelengths: { from: 720, to: 4000, count: 200 } }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let input = try request.raster("raster")
    let axis = try input.spectrum(request, least: 2, along: "wavelength")
    let unit = axis.unit ?? .nanometres
    let targets = try positions(request, unit)
    let widths = try self.widths(request, unit, count: targets.count)
    let taps = try targets.enumerated().map { index, target in
      try self.taps(request, target, widths?[index], axis)
    }
    let sources = axis.bands.map { input.bands[$0] }
    let units = Set(sources.map(\.unit))
    let bands = targets.map { target in
      Band(
        name: "\(NumberText.short(target.value, significant: 9)) \(unit.rawValue)",
        unit: units.count == 1 ? sources[0].unit : "",
        featureGroup: FeatureGroups.shared(by: sources), position: target)
    }
    return .raster(
      try input.filtered(
        request, SpectralFilter(axis: axis, taps: taps, isInPlace: false), bands,
        option: "wavelengths"))
  }

  /// The positions of the new bands, in the unit of the spectrum's.
  private static func positions(
    _ request: PlanRequest, _ unit: BandPosition.Unit
  ) throws -> [BandPosition] {
    let numbers = try numbers(request)
    guard !numbers.isEmpty else { throw request.failure("wavelengths", "is empty") }
    return try numbers.map { number in
      guard let position = BandPosition(number, unitName: unitName(request, unit)) else {
        throw request.failure("wavelengths", "\(number) is no wavelength")
      }
      guard position.unit == unit else {
        throw request.failure(
          "wavelength-unit", "the bands are in \(unit.rawValue), and not turned into others here")
      }
      return position
    }
  }

  private static func unitName(_ request: PlanRequest, _ unit: BandPosition.Unit) -> String {
    request.options.optionalString("wavelength-unit") ?? unit.rawValue
  }

  /// The positions as they are given: a list, or evenly from one to another.
  private static func numbers(_ request: PlanRequest) throws -> [Double] {
    guard let (_, range) = request.options.object("wavelengths") else {
      return request.options.doubles("wavelengths")
    }
    let (from, to) = (range.double("from"), range.double("to"))
    guard from < to else {
      throw request.failure("wavelengths", "'from', \(from), is not below 'to', \(to)")
    }
    if let count = range.optionalInt("count") {
      guard !range.has("step") else {
        throw request.failure("wavelengths", "has 'step' and 'count'; one of them is enough")
      }
      // The last one is 'to' itself, not a bit beyond.
      return (0..<count).map { index in
        index == count - 1 ? to : from + (to - from) * Double(index) / Double(count - 1)
      }
    }
    guard let step = range.optionalDouble("step") else {
      throw request.failure("wavelengths", "needs 'step' or 'count'")
    }
    let steps = ((to - from) / step + 1e-9).rounded(.down)
    guard steps < 100_000 else {
      throw request.failure("wavelengths", "a step of \(step) makes more than 100000 bands")
    }
    return (0...Int(steps)).map { min(to, from + step * Double($0)) }
  }

  /// The widths of the new bands, in the unit of the spectrum's; nil for linear interpolation.
  private static func widths(
    _ request: PlanRequest, _ unit: BandPosition.Unit, count: Int
  ) throws -> [Double]? {
    guard let given = request.options.raw("fwhm") else { return nil }
    let factor = BandPosition.unit(unitName(request, unit))?.factor ?? 1
    if let one = given.number { return [Double](repeating: one * factor, count: count) }
    let widths = request.options.doubles("fwhm")
    guard widths.count == count else {
      throw request.failure("fwhm", "has \(widths.count) numbers for \(count) bands")
    }
    return widths.map { $0 * factor }
  }

  private static func taps(
    _ request: PlanRequest, _ target: BandPosition, _ width: Double?, _ axis: SpectralAxis
  ) throws -> SpectralFilter.Taps {
    do throws(SpectralResampling.Failure) {
      guard let width else { return try SpectralResampling.linear(at: target.value, along: axis) }
      return try SpectralResampling.gaussian(at: target.value, width: width, along: axis)
    } catch {
      let bands = [axis.positions[0], axis.positions[axis.count - 1]].map {
        NumberText.short($0, significant: 9)
      }
      switch error {
      case .beyondBands:
        throw request.failure(
          "wavelengths",
          "\(target)" + (width == nil ? "" : " with half of its width")
            + " is not within the bands' \(bands[0]) to \(bands[1]); nothing is extrapolated")
      case .tooNarrow(let spacing):
        throw request.failure(
          "fwhm",
          "\(NumberText.short(width ?? 0)) at \(target) is less than the bands are apart there, "
            + "\(NumberText.short(spacing)); without 'fwhm' values are linear between bands")
      }
    }
  }
}
