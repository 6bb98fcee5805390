/// One thing that is wrong with a pipeline: what, where, and what was expected.
public struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file, as the user named it.
  public var file: String?
  /// The place in the file, or the argument of the command line.
  public var place: Place
  /// The stage's tag, or its type where it has no tag.
  public var stage: String?
  /// The option, or the top-level key outside stages; nested ones as a path: `branches[1].kernel`.
  public var key: String?
  /// What is wrong and what was expected.
  public var message: String

  /// States a problem.
  public init(
    file: String? = nil, place: Place = .none, stage: String? = nil, key: String? = nil,
    _ message: String
  ) {
    self.file = file
    self.place = place
    self.stage = stage
    self.key = key
    self.message = message
  }

  /// The problem in one line, file and place first.
  public var description: String {
    var subject: [String] = []
    if let stage { subject.append("stage '\(stage)'") }
    if let key { subject.append("\(stage == nil ? "key" : "option") '\(key)'") }
    let parts = [location, subject.joined(separator: ", "), message]
    return parts.filter { !$0.isEmpty }.joined(separator: ": ")
  }

  private var location: String {
    var text = file ?? ""
    if place.line > 0 { text += (text.isEmpty ? "line " : ":") + "\(place.line):\(place.column)" }
    if let origin = place.origin { text += text.isEmpty ? origin : " (\(origin))" }
    return text
  }
}

extension [Problem] {
  /// The problems from the top of the file, each once.
  public var inOrder: [Problem] {
    var seen = Set<Problem>()
    return enumerated().sorted { left, right in
      (left.element.place, left.offset) < (right.element.place, right.offset)
    }.map(\.element).filter { seen.insert($0).inserted }
  }
}

/// Why a pipeline was refused or stopped.
public enum PipelineError: Error, CustomStringConvertible {
  /// The pipeline is not valid: everything that is wrong with it.
  case invalid([Problem])
  /// A stage failed while it ran.
  case failed(stage: String, cause: any Error)

  /// What is wrong with the pipeline; empty when a stage failed.
  public var problems: [Problem] {
    if case .invalid(let problems) = self { problems } else { [] }
  }

  /// One line for each problem.
  public var description: String {
    switch self {
    case .invalid(let problems): problems.map(\.description).joined(separator: "\n")
    case .failed(let stage, let cause): "stage '\(stage)': \(cause)"
    }
  }
}
