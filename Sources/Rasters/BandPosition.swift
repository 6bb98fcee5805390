/// Where a band lies along a spectrum: a wavelength or a wavenumber.
public struct BandPosition: Sendable, Hashable, Codable {
  /// What positions are counted in.
  public enum Unit: String, Sendable, Hashable, Codable, CaseIterable {
    /// Nanometres of wavelength.
    case nanometres = "nm"
    /// Reciprocal centimetres of wavenumber.
    case reciprocalCentimetres = "cm-1"
  }

  /// The wavelength or wavenumber, above 0.
  public let value: Double
  /// What it is counted in.
  public let unit: Unit

  /// Takes a finite number above 0.
  public init(_ value: Double, _ unit: Unit) {
    precondition(value > 0 && value.isFinite, "a band at \(value) \(unit.rawValue)")
    self.value = value
    self.unit = unit
  }

  /// Takes a number in a unit as files and people name it, or nil where that says no position.
  ///
  /// Lengths become nanometres, to the millionth: units differ by powers of ten, which binary
  /// numbers do not hold.
  public init?(_ value: Double, unitName: String) {
    guard value > 0, value.isFinite, let (unit, factor) = Self.unit(unitName) else { return nil }
    let converted = factor == 1 ? value : (value * factor * 1e6).rounded() / 1e6
    guard converted > 0, converted.isFinite else { return nil }
    self.init(converted, unit)
  }

  /// A unit by its name, and the factor that brings numbers to it; nil for other units.
  ///
  /// Names are those of ENVI headers ("Nanometers", "Wavenumber") and those of the literature.
  public static func unit(_ name: String) -> (unit: Unit, factor: Double)? {
    switch name.lowercased() {
    case "nm", "nanometers", "nanometer", "nanometres", "nanometre": (.nanometres, 1)
    case "um", "\u{B5}m", "\u{3BC}m", "micrometers", "micrometer", "micrometres", "micrometre",
      "microns", "micron":
      (.nanometres, 1000)
    case "angstroms", "angstrom", "\u{E5}": (.nanometres, 0.1)
    case "cm-1", "cm^-1", "1/cm", "cm\u{207B}\u{B9}", "wavenumber", "wavenumbers":
      (.reciprocalCentimetres, 1)
    default: nil
    }
  }

  /// The number as a text, whole ones without a point.
  public var number: String {
    let text = "\(value)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

extension BandPosition: CustomStringConvertible {
  /// The position with its unit, such as "865.5 nm".
  public var description: String { "\(number) \(unit.rawValue)" }
}
