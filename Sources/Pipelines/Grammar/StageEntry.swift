/// One stage of a pipeline file.
public struct StageEntry: Sendable {
  /// The word that says which kind of stage it is.
  public var type: String
  /// The name of its product: the tag given, or the type made unique.
  public var tag: String
  /// Whether the tag is the user's.
  public var hasExplicitTag: Bool
  /// The inputs as they are written.
  public var inputs: InputSpec
  /// The inputs as they are understood: the tags that fill each input of the definition.
  public var sources: [Source]
  /// The options, checked, with defaults.
  public var options: OptionValues
  /// What kind of stage it is.
  public var definition: StageDefinition
  /// Where the stage begins.
  public var place: Place

  /// The inputs of a stage as a pipeline file writes them.
  public enum InputSpec: Sendable, Hashable {
    /// No `inputs`: the stage before, or the stage's own default.
    case previous
    /// A tag or a list of tags.
    case tags([Reference])
    /// Names of inputs to tags.
    case named([Named])
  }

  /// A tag named as an input.
  public struct Reference: Sendable, Hashable {
    /// The tag.
    public var tag: String
    /// Where it is written.
    public var place: Place

    /// Names a tag.
    public init(tag: String, place: Place) {
      self.tag = tag
      self.place = place
    }
  }

  /// One `name: tag` or `name: [tags]` of `inputs`.
  public struct Named: Sendable, Hashable {
    /// The name of the input.
    public var name: String
    /// Where the name is written.
    public var place: Place
    /// The tags.
    public var tags: [Reference]

    /// Fills an input by name.
    public init(name: String, place: Place, tags: [Reference]) {
      self.name = name
      self.place = place
      self.tags = tags
    }
  }

  /// The tags that fill one input.
  public struct Source: Sendable, Hashable {
    /// The name of the input; the user's own where the definition says `*`.
    public var input: String
    /// The tags, in their order.
    public var tags: [String]

    /// Fills an input.
    public init(input: String, tags: [String]) {
      self.input = input
      self.tags = tags
    }
  }

  /// The tags of every stage that this one needs, each once.
  public var dependencies: [String] {
    var seen = Set<String>()
    return sources.flatMap(\.tags).filter { seen.insert($0).inserted }
  }

  /// The tags of one input; empty when it is not filled.
  public func tags(of input: String) -> [String] {
    sources.first { $0.input == input }?.tags ?? []
  }

  /// The tag of an input that takes one product, or nil.
  public func tag(of input: String) -> String? { tags(of: input).first }

  /// A problem about the stage as a whole, for those who find one later.
  public func problem(_ message: String) -> Problem {
    Problem(file: options.file, place: place, stage: tag, message)
  }
}
