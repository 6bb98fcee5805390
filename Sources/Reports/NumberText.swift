import Glibc

func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

/// Numbers as texts that are the same on every machine and in every language.
public enum NumberText {
  /// A number with a fixed count of decimals, at most 9; "-0" becomes "0".
  static func fixed(_ value: Double, decimals: Int) -> String {
    guard value.isFinite else { return value.isNaN ? "n/a" : value < 0 ? "-∞" : "∞" }
    let digits = min(max(decimals, 0), 9)
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = (abs(value) * scale).rounded()
    guard scaled < 1e18 else { return "\(value)" }
    let whole = UInt64(scaled)
    let unit = UInt64(scale)
    let sign = value < 0 && whole > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(whole)" }
    let fraction = String(whole % unit)
    let zeros = String(repeating: "0", count: digits - fraction.count)
    return "\(sign)\(whole / unit).\(zeros)\(fraction)"
  }

  /// A coordinate in a drawing: two decimals, trailing zeros left out.
  static func coordinate(_ value: Double) -> String { trimmed(fixed(value, decimals: 2)) }

  /// A number for a person: `significant` digits, without trailing zeros.
  public static func short(_ value: Double, significant: Int = 4) -> String {
    guard value.isFinite else { return fixed(value, decimals: 0) }
    if value == 0 { return "0" }
    let magnitude = Int(floor(log10(abs(value))))
    if magnitude < -4 || magnitude > 14 { return exponential(value, magnitude, significant) }
    let decimals = max(0, significant - 1 - magnitude)
    return trimmed(fixed(value, decimals: decimals))
  }

  private static func exponential(_ value: Double, _ magnitude: Int, _ significant: Int) -> String {
    let mantissa = value / pow(10, Double(magnitude))
    return "\(trimmed(fixed(mantissa, decimals: significant - 1)))e\(magnitude)"
  }

  private static func trimmed(_ text: String) -> String {
    guard text.contains(".") else { return text }
    var result = text
    while result.hasSuffix("0") { result.removeLast() }
    if result.hasSuffix(".") { result.removeLast() }
    return result
  }
}
