import Foundation

/// One line of `--progress json`.
///
/// What a kind of event does not have is left out. Pages of the documentation list the kinds.
struct ProgressEvent: Encodable, Sendable {
  /// What happened.
  enum Kind: String, Encodable, Sendable {
    /// What the run will make or look at.
    case plan
    /// A stage begins to make something.
    case begin
    /// A chunk or value was made, or found in the store.
    case chunk
    /// An epoch of a training has ended.
    case epoch
    /// Trees of a forest have grown.
    case tree
    /// A training that candidates are compared by has ended.
    case candidate
    /// Something a person should know.
    case note
    /// Why the run failed.
    case error
    /// The last line: the run has ended.
    case done
  }

  /// What is said of a training.
  static func kind(of step: TrainingStep) -> Kind {
    switch step.kind {
    case .epoch: .epoch
    case .tree: .tree
    case .candidate: .candidate
    }
  }

  /// How much a person should care.
  enum Level: String, Encodable, Sendable {
    /// All goes as it should.
    case info
    /// Somebody must look at it, and the run goes on.
    case warning
    /// The run failed.
    case error
  }

  /// What is planned of one stage.
  struct Planned: Encodable, Sendable {
    var stage: String
    var total: Int
  }

  var event: Kind
  var level = Level.info
  /// When it happened: UTC, in seconds.
  var time: String?
  var stage: String?
  /// The part of the stage: its fold or step.
  var node: String?
  var done: Int?
  var total: Int?
  /// Whether the chunk was made, not found.
  var made: Bool?
  var stages: [Planned]?
  var text: String?
  /// The exit status.
  var status: Int32?

  /// The event as JSON in one line.
  var json: String {
    (try? JSONEncoder.stable.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }
}
