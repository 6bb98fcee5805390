/// Units of concentration by mass.
public enum PartUnit {
  private static let milligramsPerKilogram: [(names: [String], factor: Double)] = [
    (["mg/kg", "ppm", "g/t", "µg/g", "μg/g", "ug/g"], 1),
    (["µg/kg", "μg/kg", "ug/kg", "ppb", "mg/t", "ng/g"], 0.001),
    (["%", "wt%", "wt.%", "wt %", "wt. %", "percent", "pct", "g/100g", "g/100 g"], 10_000),
    (["g/kg", "mg/g", "kg/t", "‰"], 1000),
  ]

  /// How many mg/kg one of the unit is; nil for a unit that is not known.
  public static func factor(_ unit: String) -> Double? {
    let name = String(unit.lowercased().drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    return milligramsPerKilogram.first { $0.names.contains(name) }?.factor
  }

  /// The units that are known, for messages.
  public static var known: [String] {
    milligramsPerKilogram.map { $0.names[0] } + ["ppm", "ppb", "g/t"]
  }
}
