/// One way to run a pipeline, of several that are compared.
public struct Variant: Sendable, Hashable {
  /// The name, which tables show.
  public var name: String
  /// What it changes.
  public var overrides: Overrides
  /// Where it stands on a curve; nil without one.
  public var point: CurvePoint?

  /// Names a change.
  public init(name: String, overrides: Overrides, point: CurvePoint? = nil) {
    self.name = name
    self.overrides = overrides
    self.point = point
  }
}

/// A variant at a value of a curve.
public struct CurvePoint: Sendable, Hashable {
  /// The name of the variant, which is that of a line.
  public var line: String
  /// The value.
  public var value: Double
}

extension Variant {
  /// The form of one entry of `variants`.
  static let specs: [OptionSpec] = [
    OptionSpec("name", .string, "The name of the variant."),
    OptionSpec(
      "set", .map(of: .any), default: .optional, "Values of parameters.",
      example: "{ rate: 0.05 }"),
    OptionSpec(
      "options", .map(of: .map(of: .any)), default: .optional, "Options of stages, by tag.",
      example: "{ model: { method: \"random-forest\" } }"),
  ]

  /// Reads the list of a pipeline file; names must differ.
  static func read(_ values: OptionValues, _ problems: inout [Problem]) -> [Variant] {
    var names: Set<String> = []
    return values.objects("variants").map { entry in
      let name = entry.values.string("name")
      if !names.insert(name).inserted {
        problems.append(entry.values.problem("name", "'\(name)' is the name of two variants"))
      }
      var overrides = Overrides()
      for (parameter, value) in entry.values.map("set") {
        overrides.parameters.append(.init(name: parameter, text: value.canonicalJSON))
      }
      for (tag, options) in entry.values.map("options") {
        for member in options.members ?? [] {
          overrides.options.append(
            .init(tag: tag, path: member.key, text: member.value.canonicalJSON))
        }
      }
      return Variant(name: name, overrides: overrides)
    }
  }
}

extension Overrides {
  /// These changes with others made after them.
  func followed(by other: Overrides) -> Overrides {
    Overrides(
      parameters: parameters + other.parameters, options: options + other.options,
      seed: other.seed ?? seed, splitSeed: other.splitSeed ?? splitSeed,
      repetition: max(other.repetition, repetition))
  }
}
