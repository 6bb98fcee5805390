public import Networks

/// A model that can be evaluated and differentiated at every cell of a chunk.
public protocol DenseModel: Sendable {
  /// The number of raw outputs K.
  var outputCount: Int { get }
  /// What the raw outputs stand for.
  var headKind: ModelArchitecture.Head.Kind { get }
  /// The cells of halo that an input must have on every side.
  var margin: Int { get }

  /// The raw outputs at every cell, `K x cells`.
  func dense(_ input: DenseInput) -> [Float]

  /// Evaluates the model and its directional derivatives a row of cells at a time.
  ///
  /// `row` receives the row's number, the raw outputs (`K x width`) and the tangents
  /// (`T x K x width`); rows come from the top down, each once.
  func densePushforward(
    _ input: DenseInput, _ tangent: TangentField,
    row: (Int, UnsafeBufferPointer<Float>, UnsafeBufferPointer<Float>) -> Void)
}
