import Features
import Rasters

/// The options of 'log-ratio', checked against the bands: which parts, in what unit, what of zeros.
struct Composition {
  /// The log-ratio, with what is known of zeros before anything is read.
  let transform: LogRatio
  /// The unit in which each part's logarithm is taken.
  let units: [String]
  /// Whether zeros of some parts are replaced by what the training part holds.
  let fitsZeros: Bool

  init(_ request: PlanRequest, _ input: RasterProduct) throws {
    let parts = try input.bandSelection(request, option: "bands")
    guard parts.count >= 2 else {
      throw request.failure("bands", "a composition has two parts or more, not \(parts.count)")
    }
    let bands = parts.map { input.bands[$0] }
    let names = bands.map(\.name)
    let common = try CommonUnit(request, bands)
    let replacements = try Self.replacements(request, names)
    transform = LogRatio(
      method: LogRatio.Method(rawValue: request.options.string("method")) ?? .clr, parts: parts,
      replacements: replacements, factors: common.factors,
      belowDetection: Self.belowDetection(request),
      denominator: try Self.denominator(request, names))
    units = common.names
    fitsZeros =
      request.options.optionalString("zeros") == "smallest" && replacements.contains(nil)
  }

  private static func belowDetection(_ request: PlanRequest) -> LogRatio.BelowDetection {
    guard request.options.optionalString("below-detection") == nil else { return .negative }
    return .codes(request.options.doubles("below-detection").map { Float($0) })
  }

  private static func denominator(_ request: PlanRequest, _ names: [String]) throws -> Int? {
    guard let name = request.options.optionalString("denominator") else { return nil }
    guard request.options.string("method") == "alr" else {
      throw request.failure("denominator", "goes with the method 'alr' only")
    }
    return try request.requireBand(name, among: names, option: "denominator")
  }

  /// What stands for zeros of each part, as far as options say it.
  private static func replacements(
    _ request: PlanRequest, _ names: [String]
  ) throws -> [Float?] {
    let zeros = request.options.float("zeros")
    var result = [Float?](repeating: zeros > 0 ? zeros : nil, count: names.count)
    for (name, limit) in request.options.map("detection-limits") {
      let part = try request.requireBand(name, among: names, option: "detection-limits")
      result[part] = limit.number.map { LogRatio.replacementShare * Float($0) }
    }
    return result
  }
}

/// What brings the parts of a composition to one unit.
private struct CommonUnit {
  /// What each part is multiplied by.
  var factors: [Double]
  /// The unit of each part after that.
  var names: [String]

  init(_ request: PlanRequest, _ bands: [Band]) throws {
    var units = bands.map(\.unit)
    var given: [Int: Double] = [:]
    let names = bands.map(\.name)
    for (name, value) in request.options.map("units") {
      let part = try request.requireBand(name, among: names, option: "units")
      if let factor = value.number { given[part] = factor }
      if let unit = value.string {
        guard PartUnit.factor(unit) != nil else {
          throw request.failure(
            "units",
            "the unit '\(unit)' of '\(name)' is not known (known are "
              + PartUnit.known.joined(separator: ", ") + "); give a factor instead")
        }
        units[part] = unit
      }
    }
    let others = bands.indices.filter { given[$0] == nil }
    let unit = others.first.map { units[$0] } ?? ""
    if others.allSatisfy({ units[$0] == unit }) {
      factors = bands.indices.map { given[$0] ?? 1 }
      self.names = [String](repeating: unit, count: bands.count)
      return
    }
    factors = try bands.indices.map { part in
      if let factor = given[part] ?? PartUnit.factor(units[part]) { return factor }
      throw request.failure("units", Self.complaint(part, bands, units))
    }
    self.names = [String](repeating: "mg/kg", count: bands.count)
  }

  /// Why one part cannot be compared with the others.
  private static func complaint(_ part: Int, _ bands: [Band], _ units: [String]) -> String {
    let other = bands.indices.first { units[$0] != units[part] } ?? part
    func phrase(_ part: Int) -> String {
      units[part].isEmpty
        ? "'\(bands[part].name)' has no unit" : "'\(bands[part].name)' is in '\(units[part])'"
    }
    return "\(phrase(part)) and \(phrase(other)); parts need one unit, so say here what the unit "
      + "of '\(bands[part].name)' is: units: { \"\(bands[part].name)\": \"ppm\" }, or a factor"
  }
}
