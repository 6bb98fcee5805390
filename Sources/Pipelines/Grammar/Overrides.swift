/// What the command line, or a variant, changes about a pipeline file.
public struct Overrides: Sendable, Hashable {
  /// Values of parameters, `--set name=value`, in their order.
  public var parameters: [Parameter]
  /// Options of stages, `--stage.TAG.OPTION=VALUE`, in their order.
  public var options: [Option]
  /// The seed of every random choice, where it is not the file's.
  public var seed: Int?
  /// The seed of the division and the draw of samples, where it is not `seed`.
  public var splitSeed: Int?
  /// Which of several divisions of the samples is wanted, 0 for the file's own.
  public var repetition = 0

  /// Collects overrides.
  public init(
    parameters: [Parameter] = [], options: [Option] = [], seed: Int? = nil,
    splitSeed: Int? = nil, repetition: Int = 0
  ) {
    self.parameters = parameters
    self.options = options
    self.seed = seed
    self.splitSeed = splitSeed
    self.repetition = repetition
  }

  /// The value of one parameter.
  public struct Parameter: Sendable, Hashable {
    /// The parameter's name.
    public var name: String
    /// A JSON5 value; what is none is a text.
    public var text: String

    /// Sets a parameter.
    public init(name: String, text: String) {
      self.name = name
      self.text = text
    }

    /// The parameter as it stands on the command line.
    var origin: String { "--set \(name)=\(text)" }
  }

  /// The value of one option of one stage.
  public struct Option: Sendable, Hashable {
    /// The stage's tag.
    public var tag: String
    /// The option, with dots for what is inside objects and lists: `branches.0.width`.
    public var path: String
    /// A JSON5 value; what is none is a text.
    public var text: String

    /// Sets an option.
    public init(tag: String, path: String, text: String) {
      self.tag = tag
      self.path = path
      self.text = text
    }

    /// The option as it stands on the command line.
    var origin: String { "--stage.\(tag).\(path)=\(text)" }
  }

  /// A text of the command line as a value: JSON5 where it is that, otherwise the text itself.
  static func value(_ text: String, origin: String) -> JSON5Value {
    let place = Place(line: 0, column: 0, origin: origin)
    let (value, problems) = JSON5Reader.read(text)
    return problems.isEmpty ? value.moved(to: place) : JSON5Value(.string(text), at: place)
  }
}

extension JSON5Value {
  /// The value with everything in it at one place.
  func moved(to place: Place) -> JSON5Value {
    switch content {
    case .array(let elements):
      JSON5Value(.array(elements.map { $0.moved(to: place) }), at: place)
    case .object(let members):
      JSON5Value(
        .object(
          members.map {
            Member(key: $0.key, keyPlace: place, value: $0.value.moved(to: place))
          }), at: place)
    default: JSON5Value(content, at: place)
    }
  }

  /// Puts a value at a path of keys and list positions; nil when the path leads nowhere.
  func replacing(_ path: ArraySlice<Substring>, with value: JSON5Value) -> JSON5Value? {
    guard let step = path.first else { return value }
    var result = self
    switch content {
    case .object(var members):
      if let index = members.firstIndex(where: { $0.key == step }) {
        guard let inner = members[index].value.replacing(path.dropFirst(), with: value) else {
          return nil
        }
        members[index].value = inner
        members[index].keyPlace = inner.place.origin == nil ? members[index].keyPlace : inner.place
      } else {
        let empty = JSON5Value(.object([]), at: value.place)
        guard let inner = empty.replacing(path.dropFirst(), with: value) else { return nil }
        members.append(Member(key: String(step), keyPlace: value.place, value: inner))
      }
      result.content = .object(members)
    case .array(var elements):
      guard let index = Int(step), elements.indices.contains(index),
        let inner = elements[index].replacing(path.dropFirst(), with: value)
      else { return nil }
      elements[index] = inner
      result.content = .array(elements)
    default: return nil
    }
    return result
  }
}
