/// The network of one branch of a model.
public enum BranchNetwork: Sendable {
  /// A 1-D network over the bands of a pixel.
  case spectral(SpectralNetwork)
  /// A 2-D network over a window around a pixel.
  case patch(PatchNetwork)
  /// A superpixel graph network.
  case graph(GraphNetwork)

  /// The number of features that the branch makes.
  public var width: Int {
    switch self {
    case .spectral(let network): network.width
    case .patch(let network): network.width
    case .graph(let network): network.width
    }
  }

  /// Changes the stack of layers of a spectral or patch network, without copying its weights.
  mutating func withStack(_ body: (inout FeatureStack) -> Void) {
    // The place is emptied first, so that the network is held once.
    let none = BranchNetwork.spectral(.empty)
    switch self {
    case .spectral(var network):
      self = none
      body(&network.stack)
      self = .spectral(network)
    case .patch(var network):
      self = none
      body(&network.stack)
      self = .patch(network)
    case .graph: break
    }
  }

  /// Changes a graph network, without copying its weights.
  mutating func withGraph(_ body: (inout GraphNetwork) -> Void) {
    guard case .graph(var network) = self else { return }
    self = .spectral(.empty)
    body(&network)
    self = .graph(network)
  }

  /// The layers of a spectral or patch network and its inputs for a batch; nil for a graph.
  func stack(batch: Int) -> (stack: FeatureStack, input: BranchInput)? {
    switch self {
    case .spectral(let network): (network.stack, network.input(batch: batch))
    case .patch(let network): (network.stack, network.input(batch: batch))
    case .graph: nil
    }
  }
}

extension BranchNetwork: Parameterized {
  /// Visits the network's parameters.
  public mutating func visitParameters(_ prefix: String, _ body: Visitor) {
    withStack { $0.visitParameters(prefix, body) }
    withGraph { $0.visitParameters(prefix, body) }
  }

  /// Visits the running statistics of a graph network.
  public mutating func visitBuffers(_ prefix: String, _ body: Visitor) {
    withGraph { $0.visitBuffers(prefix, body) }
  }
}

/// All parameters of a model; a gradient is a value of this type.
public struct ModelParameters: Sendable, Parameterized {
  /// The branches' names, the first parts of the parameters' names.
  public let branchNames: [String]
  /// The branches' networks, in the architecture's order.
  public var branches: [BranchNetwork]
  /// The fusion's own parameters where it is an attention.
  public var fusion: AttentionFusion?
  /// The layers after the fusion.
  public var head: HeadNetwork

  /// The features that each branch adds to the joined ones, before any gate.
  var partWidths: [Int] { branches.map { fusion?.width ?? $0.width } }

  /// Visits all branches' parameters, then the fusion's and the head's: names like
  /// `spectral.conv1.weight`, `fusion.spectral.self.query.weight` and `head.output.bias`, with nothing before them where `prefix` is empty.
  public mutating func visitParameters(_ prefix: String, _ body: Visitor) {
    let start = prefix.isEmpty ? "" : prefix + "."
    for index in branches.indices {
      branches[index].visitParameters(start + branchNames[index], body)
    }
    fusion?.visitParameters(start + "fusion", body)
    head.visitParameters(start + "head", body)
  }

  /// Visits all branches' buffers.
  public mutating func visitBuffers(_ prefix: String, _ body: Visitor) {
    let start = prefix.isEmpty ? "" : prefix + "."
    for index in branches.indices {
      branches[index].visitBuffers(start + branchNames[index], body)
    }
  }
}

/// The gradient of a loss with respect to a model's parameters.
public typealias ModelGradients = ModelParameters
