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
    /// How the model is trained.
    let fitting: PredictorTraining
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
