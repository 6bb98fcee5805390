public import Networks

/// A model that can be evaluated at every cell of a chunk.
public protocol DenseModel: Sendable {
  /// The number of raw outputs K.
  var outputCount: Int { get }
  /// What the raw outputs stand for.
  var headKind: ModelArchitecture.Head.Kind { get }
  /// The cells of halo that an input must have on every side.
  var margin: Int { get }

  /// The raw outputs at every cell, `K x cells`.
  func dense(_ input: DenseInput) -> [Float]
}

/// A model that can be differentiated at every cell of a chunk.
public protocol DifferentiableModel: DenseModel {
  /// Evaluates the model and its directional derivatives a block of cells at a time.
  ///
  /// Each cell comes once with each feature of the tangents.
  func densePushforward(
    _ input: DenseInput, _ tangent: TangentField, receive: (DenseBlock) -> Void)
}

extension Model: DifferentiableModel {
  /// What the raw outputs stand for.
  public var headKind: ModelArchitecture.Head.Kind { architecture.head.kind }
}
