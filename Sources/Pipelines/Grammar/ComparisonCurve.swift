/// An option that takes several values in every variant of a comparison.
public struct ComparisonCurve: Sendable, Hashable {
  /// The tag of the stage.
  public var stage: String
  /// The option, with dots for what is inside objects and lists.
  public var option: String
  /// Its values, ascending.
  public var values: [Double]

  static let specs: [OptionSpec] = [
    OptionSpec("stage", .string, "The tag of the stage.", example: "\"model\""),
    OptionSpec("option", .string, "The option.", example: "\"train-samples\""),
    OptionSpec(
      "values", .list(of: .number(-1e15...1e15)), "Its values.", example: "[10, 20, 50, 100]"),
  ]

  /// Reads the top level of a pipeline file; nil without a curve.
  init?(_ values: OptionValues) {
    guard let options = values.object("curve")?.values else { return nil }
    stage = options.string("stage")
    option = options.string("option")
    self.values = Set(options.doubles("values")).sorted()
  }

  /// Every variant at every value, those of one value together.
  ///
  /// Without variants the pipeline itself is the only one.
  func applied(to variants: [Variant]) -> [Variant] {
    let lines = variants.isEmpty ? [Variant(name: "pipeline", overrides: Overrides())] : variants
    return values.flatMap { value in
      let text = JSON5Value(floatLiteral: value).canonicalJSON
      return lines.map { line in
        Variant(
          name: "\(line.name), \(option) \(text)",
          overrides: line.overrides.followed(
            by: Overrides(options: [.init(tag: stage, path: option, text: text)])),
          point: CurvePoint(line: line.name, value: value))
      }
    }
  }
}
