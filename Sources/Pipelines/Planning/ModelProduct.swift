import Learning
import Networks
import Rasters
import Segmentation

/// A model in the making, or one from a file.
struct ModelProduct: Sendable {
  let tag: String
  /// The model file's bytes.
  let node: Node
  let method: Predictor.Method
  /// What the model takes and makes; without branches for other methods than networks.
  let architecture: ModelArchitecture
  /// The names of classes, labels or values.
  let classes: [String]
  /// What it was trained from; nil for a model from a file.
  let training: Training?
  /// The models that this one combines; empty for a single model.
  var members: [ModelProduct] = []
  /// What the members differ in.
  var variation = Variation.sizes
  /// How the members' results become one.
  var combination = Combination.average
  /// Whether its file says how it was calibrated.
  var isCalibrated = false
  /// How the values of a model from a file are learnt.
  var formsOfFile: [ValueForm] = []

  /// How each of the values is learnt; none of classes and labels.
  var forms: [ValueForm] {
    guard architecture.head.kind == .linear else { return [] }
    let known = training?.samples.forms ?? members.first?.forms ?? formsOfFile
    return known.count == classes.count ? known : classes.map { _ in ValueForm() }
  }

  /// What the numbers that are learnt of an output are called, with its name; the name alone where they
  /// are not transformed.
  func learntName(_ output: Int) -> String {
    let transform = forms.isEmpty ? .none : forms[output].transform
    return transform == .none ? classes[output] : "\(transform.word) of \(classes[output])"
  }

  /// The single models: the members, or the model itself.
  var parts: [ModelProduct] { members.isEmpty ? [self] : members }

  /// The inputs of the training, which validation reads again.
  struct Training: Sendable {
    /// The table of sample rows.
    let rows: Node
    let samples: SamplesProduct
    let cube: RasterProduct
    let segments: SegmentsProduct?
    /// How many columns and rows samples are shifted in the training, at most.
    let shift: Int
    /// How the model is trained, where it is not chosen among candidates.
    let fitting: PredictorTraining
    /// Whether the training is chosen among candidates.
    let isTuned: Bool
    /// All that decides the training besides its inputs and the fold.
    let identity: [String]
  }

  /// The model without what it was trained from.
  var reference: ModelReference {
    ModelReference(
      tag: tag, node: node, kind: architecture.head.kind, classes: classes,
      samples: training?.samples)
  }

  /// Whether the model reads segments.
  var needsSegments: Bool {
    architecture.branches.contains { if case .graph = $0 { true } else { false } }
  }

  /// The powers of propagation inside segments.
  var hops: Int { architecture.graphBranch?.hops ?? 0 }
}

/// Of which model a map or a score is.
struct ModelReference: Sendable {
  let tag: String
  /// The model file's bytes.
  let node: Node
  let kind: ModelArchitecture.Head.Kind
  /// The names of classes, labels or values.
  let classes: [String]
  /// What it was trained on; nil for a model from a file.
  let samples: SamplesProduct?

  /// The classes or labels that are looked for: of two classes the second, else all.
  var sought: [Int] {
    kind == .softmax && classes.count == 2 ? [1] : Array(classes.indices)
  }
}
