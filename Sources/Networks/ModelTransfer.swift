/// What a new model takes from the parameters of a trained one, found by names and shapes alone.
///
/// Branches correspond by type and order, layers by the names of their tensors. Weights of the bands
/// are matched by the bands' names: those of bands that the trained model did not have begin at
/// zero, so that at the start the new model is the trained one on the bands that both have. Outputs
/// are matched by their names; further ones begin as drawn. A layer after one that begins anew does
/// so, too, as its inputs mean something else.
public struct ModelTransfer: Sendable {
  /// The names of what goes into a model and of what comes out.
  public struct Names: Sendable, Hashable {
    /// The bands of the input.
    public var bands: [String]
    /// The classes, labels or values.
    public var outputs: [String]

    /// Gathers names.
    public init(bands: [String], outputs: [String]) {
      self.bands = bands
      self.outputs = outputs
    }
  }

  /// What becomes of a layer.
  public enum Outcome: Sendable, Hashable {
    /// All its parameters are the trained ones.
    case taken
    /// Those of bands, features or outputs that both models have are.
    case partly
    /// None is; with the reason.
    case anew(String)
  }

  /// A layer of the new model.
  public struct Layer: Sendable, Hashable {
    /// The name before that of its tensors: `patch.conv1`.
    public let name: String
    /// What becomes of it.
    public let outcome: Outcome

    /// Whether any of its parameters is a trained one.
    public var isTaken: Bool { if case .anew = outcome { false } else { true } }
  }

  /// The form of the new model.
  public let architecture: ModelArchitecture
  /// The layers of the new model, in its order.
  public private(set) var layers: [Layer] = []
  private var matches: [String: TensorMatch] = [:]
  private var tensors: [String: [Float]] = [:]

  /// Compares a trained model with the form of a new one.
  ///
  /// - Parameters:
  ///   - source: The trained model.
  ///   - sourceNames: What it takes and makes.
  ///   - architecture: The form of the new model.
  ///   - names: What that takes and makes.
  ///   - takesHead: Whether layers after the fusion are taken.
  public init(
    from source: Model, _ sourceNames: Names, to architecture: ModelArchitecture, _ names: Names,
    takesHead: Bool = true
  ) throws(ModelProblem) {
    self.architecture = architecture
    let target = try Model(architecture: architecture, seed: 0)
    var matcher = LayerMatcher(
      source: source, sourceNames: sourceNames, target: target, names: names)
    matcher.matchBranches()
    matcher.matchFusion()
    if takesHead {
      matcher.matchHead()
    } else {
      matcher.refuse("head", "the head is to begin anew")
    }
    layers = matcher.layers
    matches = matcher.matches
    tensors = Dictionary(
      source.tensors.filter { matcher.matches[$0.name] != nil }.map { ($0.name, $0.values) }
    ) { first, _ in first }
  }

  /// Whether the layer of a parameter begins with trained values.
  public func takes(_ parameter: String) -> Bool { matches[parameter] != nil }

  /// Whether the last layer's outputs are those of the trained model, in its units.
  public var takesOutput: Bool { takes("head.output.weight") }

  /// A model with what is taken, all else drawn from a seed.
  public func start(seed: UInt64) throws(ModelProblem) -> Model {
    var model = try Model(architecture: architecture, seed: seed)
    let take: Parameterized.Visitor = { name, _, values in
      guard let match = matches[name], let trained = tensors[name] else { return }
      match.apply(trained, to: &values)
    }
    model.parameters.visitParameters("", take)
    model.parameters.visitBuffers("", take)
    return model
  }
}

/// Which of the numbers of a trained tensor stand where in a new one.
struct TensorMatch: Sendable {
  /// The row of the trained tensor for each row; nil keeps the row as it is.
  let rows: [Int?]
  /// The column for each column; nil becomes zero.
  let columns: [Int?]
  /// The columns of the trained tensor.
  let width: Int
  /// How many numbers stand at a row and column.
  let depth: Int

  var isWhole: Bool { !rows.contains(nil) && !columns.contains(nil) }

  func apply(_ trained: [Float], to values: inout [Float]) {
    for (row, from) in rows.enumerated() {
      guard let from else { continue }
      for (column, source) in columns.enumerated() {
        let place = (row * columns.count + column) * depth
        for offset in 0..<depth {
          values[place + offset] = source.map { trained[(from * width + $0) * depth + offset] } ?? 0
        }
      }
    }
  }
}
