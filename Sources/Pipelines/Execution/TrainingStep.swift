/// How far a training is.
struct TrainingStep: Sendable, Hashable {
  /// What is counted.
  enum Kind: String, Sendable {
    /// Passes over the samples; a training may end before the last.
    case epoch
    /// The trees of a forest.
    case tree
    /// The trainings that candidates are compared by.
    case candidate
  }

  var kind: Kind
  /// What is done, 1 after the first.
  var done: Int
  /// The most there can be.
  var limit: Int
}
