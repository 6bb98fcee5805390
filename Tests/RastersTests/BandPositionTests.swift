import Rasters
import Testing

/// Wavelengths and wavenumbers in the units of files.
struct BandPositionTests {
  @Test(
    arguments: [
      (865.5, "Nanometers", "865.5 nm"), (0.8655, "Micrometers", "865.5 nm"),
      (0.40002, "\u{B5}m", "400.02 nm"), (2.3, "um", "2300 nm"), (6562.8, "Angstroms", "656.28 nm"),
      (1720, "Wavenumber", "1720 cm-1"), (717.42, "cm-1", "717.42 cm-1"),
    ])
  func unitsOfFilesAreKnown(value: Double, unit: String, expected: String) {
    #expect(BandPosition(value, unitName: unit)?.description == expected)
  }

  @Test func otherUnitsAndNumbersSayNothing() {
    #expect(BandPosition(7, unitName: "GHz") == nil && BandPosition(7, unitName: "") == nil)
    for value in [0, -5, .nan, .infinity] { #expect(BandPosition(value, unitName: "nm") == nil) }
  }
}
