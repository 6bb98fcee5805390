import Rasters

/// The cells that are explained: those where a band of a raster exceeds a value.
///
/// Explaining costs as many passes as there are features and samples; most cells of a map are of no
/// interest.
struct ExplainedPlaces: Sendable {
  let node: Node
  private let band: Int
  private let threshold: Float

  /// The input that chooses cells.
  static let input = InputDefinition(
    "where", [.raster], isRequired: false, source: .named,
    "Explains only cells in which a band of this raster, such as the probability, exceeds 'above'.")

  /// The options that choose cells.
  static let options: [OptionSpec] = [
    OptionSpec(
      "where-band", .string, default: .optional,
      "The band of 'where' that chooses cells; by default the last.",
      example: "\"above guide value\""),
    OptionSpec(
      "above", .number(-1e30...1e30), default: 0.5, "What the band of 'where' must exceed."),
  ]

  /// What the request chooses; nil where it chooses nothing.
  init?(_ request: PlanRequest) throws {
    guard let raster = request.rasters("where").first else {
      if let given = ["where-band", "above"].first(where: request.options.isGiven) {
        throw request.failure(given, "needs the input 'where'")
      }
      return nil
    }
    let names = raster.bands.map(\.name)
    let name = request.options.optionalString("where-band") ?? names.last ?? ""
    guard let band = names.firstIndex(of: name) else {
      throw request.failure(
        "where-band",
        "'\(raster.tag)' has no band '\(name)'"
          + Suggestion.phrase(name, among: names))
    }
    node = raster.node
    self.band = band
    threshold = request.options.float("above")
  }

  /// Whether each cell of a chunk is chosen; `index` is the position of the node's edge.
  func chosen(_ context: NodeContext, _ index: Int) throws -> [Bool] {
    try context.cube(index, context.window).band(band).map { $0 > threshold }
  }
}
