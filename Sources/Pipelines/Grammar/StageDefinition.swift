/// What the products of stages can be; a stage's inputs ask for these.
public enum ProductKind: String, Sendable, Hashable, CaseIterable {
  /// A cube of bands over the grid.
  case raster
  /// Superpixels: ids over the grid and a table of segments.
  case segments
  /// Labelled places.
  case samples
  /// The assignment of samples to folds.
  case folds
  /// A fitted model.
  case model
  /// Measures of how good a model is.
  case scores
  /// Charts with the numbers that they show.
  case figures
  /// Places to go to, ranked.
  case targets
  /// Points with measured values.
  case points
  /// Rows of names and numbers for the report.
  case table
}

/// One input of a stage: which products it takes, and where they come from by default.
public struct InputDefinition: Sendable {
  /// The name in `inputs: { name: tag }`; `*` stands for names of the user's own.
  public var name: String
  /// The products that are accepted.
  public var kinds: Set<ProductKind>
  /// Whether the stage cannot work without.
  public var isRequired: Bool
  /// Whether several products are accepted.
  public var isMany: Bool
  /// What is taken when the stage has no `inputs`.
  public var source: Source
  /// One sentence for people.
  public var summary: String

  /// Declares an input.
  public init(
    _ name: String, _ kinds: Set<ProductKind>, isRequired: Bool = true, isMany: Bool = false,
    source: Source = .previous, _ summary: String = ""
  ) {
    self.name = name
    self.kinds = kinds
    self.isRequired = isRequired
    self.isMany = isMany
    self.source = source
    self.summary = summary
  }

  /// Where an input comes from in a stage without `inputs`.
  public enum Source: Sendable, Hashable {
    /// The product of the stage before, if it is of the kind asked for.
    case previous
    /// Every product of the kind asked for.
    case everything
    /// Nothing: the input must be named.
    case named
  }

  /// The kinds in words: "raster or segments".
  var phrase: String { Suggestion.alternatives(kinds.map(\.rawValue).sorted()) }
}

/// What the pipeline file, the help and the schema know about a kind of stage.
public struct StageDefinition: Sendable {
  /// The word in `type`.
  public var name: String
  /// One sentence: what the stage does.
  public var summary: String
  /// What a user must know beyond the options; may be several paragraphs.
  public var details: String
  /// The options, in the order in which help shows them.
  public var options: [OptionSpec]
  /// The inputs; a list of tags fills them in this order.
  public var inputs: [InputDefinition]
  /// What the stage makes, or nil when it only writes files.
  public var output: ProductKind?
  /// The stage as one would write it in a pipeline file.
  public var example: String

  /// Describes a kind of stage; without an `example`, the type alone stands for one.
  public init(
    name: String, summary: String, details: String = "", options: [OptionSpec] = [],
    inputs: [InputDefinition] = [], output: ProductKind?, example: String = ""
  ) {
    self.name = name
    self.summary = summary
    self.details = details
    self.options = options
    self.inputs = inputs
    self.output = output
    self.example = example.isEmpty ? "{ type: \"\(name)\" }" : example
  }

  /// The keys that every stage has besides its options.
  static let commonKeys = ["type", "tag", "inputs"]

  /// What is wrong with the definition itself; tests of the catalogue expect nothing.
  public func problems() -> [Problem] {
    var problems: [Problem] = []
    func complain(_ key: String, _ message: String) {
      problems.append(Problem(stage: name, key: key, message))
    }
    if !PipelineDocument.isTag(name) { complain("", "'\(name)' cannot be the name of a stage") }
    if summary.isEmpty { complain("", "the stage has no summary") }
    check(options, "", complain)
    for input in inputs where inputs.count(where: { $0.name == input.name }) > 1 {
      complain(input.name, "the input is declared twice")
    }
    return problems
  }

  private func check(
    _ specs: [OptionSpec], _ path: String, _ complain: (String, String) -> Void
  ) {
    for spec in specs {
      let key = OptionValidator.join(path, spec.name)
      if specs.count(where: { $0.name == spec.name }) > 1 { complain(key, "is declared twice") }
      if Self.commonKeys.contains(spec.name), path.isEmpty || spec.name == "type" {
        complain(key, "is a key that every stage has")
      }
      if spec.summary.isEmpty { complain(key, "has no summary") }
      var validator = OptionValidator(stage: name, file: nil)
      if case .value(let value) = spec.fallback {
        _ = validator.check(value, spec.kind, path: key)
      }
      if !spec.example.isEmpty {
        let (value, problems) = JSON5Reader.read(spec.example)
        validator.problems += problems
        _ = validator.check(value, spec.kind, path: key)
      }
      for problem in validator.problems { complain(problem.key ?? key, problem.message) }
      checkNested(spec.kind, key, complain)
    }
  }

  private func checkNested(
    _ kind: OptionKind, _ path: String, _ complain: (String, String) -> Void
  ) {
    switch kind {
    case .object(let specs): check(specs, path, complain)
    case .typed(let types):
      for (type, specs) in types.sorted(by: { $0.key < $1.key }) {
        check(specs, "\(path)(\(type))", complain)
      }
    case .list(let kind), .map(let kind): checkNested(kind, path, complain)
    case .either(let first, let second):
      checkNested(first, path, complain)
      checkNested(second, path, complain)
    default: break
    }
  }
}
