import RasterFiles
import Rasters

/// Wavelengths and wavenumbers of bands: the options that give them, and how files hold them.
struct BandPositions {
  /// The units of options that are positions or distances of them.
  static let units = "nm, um or cm-1"

  /// The options of stages that read bands.
  static let options: [OptionSpec] = [
    OptionSpec(
      "wavelengths",
      .either(.list(of: .number(.leastNonzeroMagnitude ... .infinity)), .choice(["names"])),
      default: .optional, unit: units,
      "The wavelengths or wavenumbers of the bands that are read: numbers, one for each; or "
        + "'names', the number and unit at the end of their names, such as '717.42 cm-1'. By "
        + "default those of the file's metadata.", example: "\"names\""),
    unitOption(
      "The unit of 'wavelengths', or of those of a file that does not say it; wavelengths are kept "
        + "in nanometres."),
  ]

  /// The option that names a unit.
  static func unitOption(_ summary: String) -> OptionSpec {
    OptionSpec(
      "wavelength-unit", .choice(["nm", "um", "cm-1"]), default: .optional, summary,
      example: "\"cm-1\"")
  }

  private let request: PlanRequest
  private let unit: String?
  private let readsNames: Bool
  /// The numbers that are left for further bands; nil where none were given.
  private var numbers: ArraySlice<Double>?

  /// Reads the options.
  init(_ request: PlanRequest) throws {
    self.request = request
    unit = request.options.optionalString("wavelength-unit")
    let given = request.options.raw("wavelengths")
    readsNames = given?.string != nil
    numbers = given?.elements.map { _ in request.options.doubles("wavelengths")[...] }
    guard numbers == nil || unit != nil else {
      throw request.failure("wavelengths", "needs 'wavelength-unit': \"nm\", \"um\" or \"cm-1\"")
    }
  }

  /// Where the next band that is read lies; nil where nothing says so.
  mutating func next(_ band: BandInfo, named name: String) throws -> BandPosition? {
    if numbers != nil {
      guard let number = numbers?.popFirst() else {
        throw request.failure("wavelengths", "there is none for the band '\(name)'")
      }
      return BandPosition(number, unitName: unit ?? "")
    }
    guard readsNames else { return band.position(unit: unit) }
    let text = band.name.isEmpty ? name : band.name
    guard let position = BandPosition(endOf: text, unit: unit) else {
      throw request.failure(
        "wavelengths",
        "the name of the band '\(text)' does not end with a number and a unit"
          + (unit == nil ? "; name the unit with 'wavelength-unit'" : ""))
    }
    return position
  }

  /// Finds out whether all numbers had a band.
  func finish() throws {
    if let number = numbers?.first {
      throw request.failure("wavelengths", "there is no band left for \(number)")
    }
  }
}

extension BandPosition {
  /// What a text ends with, such as "AVIRIS band 1 400.02 nm"; `given` is the unit of those that
  /// end with the number.
  init?(endOf text: String, unit given: String?) {
    let words = text.split(separator: " ")
    guard let last = words.last else { return nil }
    if let given, let number = Double(last) {
      self.init(number, unitName: given)
    } else if words.count > 1, let number = Double(words[words.count - 2]) {
      self.init(number, unitName: String(last))
    } else {
      return nil
    }
  }

  /// What files hold of it, in the words of ENVI headers.
  var metadata: [String: String] {
    [
      "wavelength": number,
      "wavelength_units": unit == .nanometres ? "Nanometers" : "Wavenumber",
    ]
  }
}

extension BandInfo {
  /// The position that the file gives the band; `given` is the unit where the file names none.
  ///
  /// GDAL hands the wavelengths of ENVI headers on as metadata of bands, and since version 3.10
  /// those of many formats in the domain IMAGERY.
  func position(unit given: String?) -> BandPosition? {
    func item(_ key: String) -> String? {
      metadata.sorted { $0.key < $1.key }.first { $0.key.lowercased() == key }?.value
    }
    if let number = item("wavelength").flatMap(Double.init),
      let unit = item("wavelength_units") ?? given
    {
      return BandPosition(number, unitName: unit)
        ?? given.flatMap {
          BandPosition.unit(unit) == nil ? BandPosition(number, unitName: $0) : nil
        }
    }
    return imagery["CENTRAL_WAVELENGTH_UM"].flatMap(Double.init).flatMap {
      BandPosition($0, unitName: "um")
    }
  }
}

extension Band {
  /// What files hold of the band as metadata.
  var metadata: [String: String] {
    (position?.metadata ?? [:]).merging(
      featureGroup.map { [FeatureGroups.metadataKey: $0] } ?? [:]
    ) { first, _ in first }
  }
}

extension Collection<Band> {
  /// The axis of a chart over bands: their positions where all have one in one unit, else their
  /// numbers from 1.
  var spectralAxis: (title: String, places: [Double], unit: BandPosition.Unit?) {
    let positions = compactMap(\.position)
    let unit = positions.first?.unit
    guard let unit, positions.count == count, positions.allSatisfy({ $0.unit == unit }) else {
      return ("band", (0..<count).map { Double($0 + 1) }, nil)
    }
    let title =
      switch unit {
      case .nanometres: "wavelength, nm"
      case .reciprocalCentimetres: "wavenumber, cm-1"
      }
    return (title, positions.map(\.value), unit)
  }
}
