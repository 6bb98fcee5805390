import Learning
import Networks
import Rasters

/// The options of bands that predict by themselves.
enum SurfaceOptions {
  static let options = [
    OptionSpec(
      "surfaces", .bands, default: .optional,
      "Of the method 'surface': the band that speaks for each label or value, in their order, or "
        + "for the second of two classes.", example: "[\"Cd\", \"Zn\"]"),
    OptionSpec(
      "limits", .list(of: .number(-.infinity ... .infinity)), default: .optional,
      unit: "the bands' units",
      "Of the method 'surface': what each band must be above for its label or class.",
      example: "[0.8, 250]"),
    OptionSpec(
      "variances", .bands, default: .optional,
      "Of the method 'surface': the band of the variance of each, such as kriging's; without them a "
        + "band is above its limit with probability 1 or 0.",
      example: "[\"Cd variance\", \"Zn variance\"]"),
  ]

  /// The rule that a stage asks for.
  static func rule(
    _ request: PlanRequest, _ architecture: ModelArchitecture
  ) throws -> SurfaceRule {
    let cube = try Stack.cube(request, "cube")
    let head = architecture.head
    let hasOpposite = head.kind == .softmax
    guard !hasOpposite || head.outputs == 2 else {
      throw request.failure(
        "method", "a surface speaks for one of two classes; the samples have \(head.outputs)")
    }
    let count = hasOpposite ? 1 : head.outputs
    func bands(_ option: String) throws -> [Int]? {
      guard request.options.has(option) else { return nil }
      let bands = try cube.bandSelection(request, option: option)
      guard bands.count == count else {
        throw request.failure(option, "names \(bands.count) bands; expected \(count)")
      }
      return bands
    }
    guard let surfaces = try bands("surfaces") else {
      throw request.failure("surfaces", "is missing: the bands that predict")
    }
    let limits = request.options.has("limits") ? request.options.doubles("limits") : []
    guard limits.count == (head.kind == .linear ? 0 : count) else {
      throw request.failure(
        "limits",
        head.kind == .linear
          ? "values have none; they are for labels and classes"
          : "has \(limits.count) numbers; expected \(count)")
    }
    let variances = try bands("variances")
    guard variances == nil || head.kind != .linear else {
      throw request.failure("variances", "go with limits, which values do not have")
    }
    return SurfaceRule(
      surfaces.indices.map { index in
        SurfaceRule.Surface(
          band: surfaces[index], limit: limits.isEmpty ? nil : Float(limits[index]),
          variance: variances?[index])
      }, featureCount: cube.bands.count, hasOpposite: hasOpposite)
  }

  /// Refuses the options where another method is chosen.
  static func requireNone(_ request: PlanRequest) throws {
    if let given = options.first(where: { request.options.has($0.name) }) {
      throw request.failure(given.name, "goes with the method 'surface' only")
    }
  }
}
