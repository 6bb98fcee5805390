public import Tensors

/// A graph convolution over segments and themselves: `D^-1/2 (A + I) D^-1/2 H W^T + bias`.
///
/// After Kipf and Welling (2017), torch-geometric's `GCNConv`. Outputs are made for the first
/// segments of a graph from rows of the first or all segments; degrees are those of the graph.
public struct NormalizedGraphConvolution: Sendable, Hashable {
  /// The weights and the bias.
  public var linear: Linear

  /// A layer drawn by the defaults of dense layers.
  public init(inputs: Int, outputs: Int, random: Randomness) {
    linear = Linear(inputs: inputs, outputs: outputs, random: random)
  }

  /// One over the root of each segment's degree, itself included.
  static func scale(_ graph: SegmentGraph) -> [Float] {
    graph.degrees.map { 1 / ($0 + 1).squareRoot() }
  }

  /// The outputs of the first `rows` segments and the aggregated inputs, for the pullback.
  func forward(_ x: [Float], graph: SegmentGraph, rows: Int) -> (values: [Float], inputs: [Float]) {
    let inputs = SegmentRows.aggregate(
      x, features: linear.inputs, graph: graph, rows: rows, scale: Self.scale(graph))
    return (
      SegmentRows.linear(
        inputs, rows: rows, weight: linear.weight, outputs: linear.outputs, bias: linear.bias),
      inputs
    )
  }

  /// The outputs' tangents.
  func pushforward(_ tangent: [Float], graph: SegmentGraph, rows: Int) -> [Float] {
    let inputs = SegmentRows.aggregate(
      tangent, features: linear.inputs, graph: graph, rows: rows, scale: Self.scale(graph))
    return SegmentRows.linear(inputs, rows: rows, weight: linear.weight, outputs: linear.outputs)
  }

  /// The gradient of the inputs' first `inputRows` segments; adds the parameters' to `gradient`.
  func pullback(
    _ aggregated: [Float], graph: SegmentGraph, outputGradient: [Float], inputRows: Int,
    adding gradient: inout NormalizedGraphConvolution
  ) -> [Float] {
    let rows = outputGradient.count / max(1, linear.outputs)
    SegmentRows.addLinearGradient(
      outputGradient, aggregated, rows: rows, outputs: linear.outputs,
      weight: &gradient.linear.weight, bias: &gradient.linear.bias)
    let inner = SegmentRows.linearInputGradient(
      outputGradient, rows: rows, weight: linear.weight, outputs: linear.outputs)
    return SegmentRows.aggregate(
      inner, features: linear.inputs, graph: graph, rows: inputRows, scale: Self.scale(graph))
  }
}

extension NormalizedGraphConvolution: Parameterized {
  /// Visits `weight` and `bias`.
  public mutating func visitParameters(_ prefix: String, _ body: Visitor) {
    linear.visitParameters(prefix, body)
  }
}

/// A graph convolution with weights of its own for the segment: `H W_root^T + A H W_rel^T + bias`.
///
/// After Morris and others (2019), torch-geometric's `GraphConv` with sums.
public struct GraphConvolution: Sendable, Hashable {
  /// The weights of the sum over the neighbours, and the bias.
  public var relation: Linear
  /// The weights of the segment itself, `(outputs, inputs)`.
  public var root: [Float]

  /// A layer drawn by the defaults of dense layers.
  public init(inputs: Int, outputs: Int, random: Randomness) {
    relation = Linear(inputs: inputs, outputs: outputs, random: random.derived(0))
    root = Linear(inputs: inputs, outputs: outputs, random: random.derived(1)).weight
  }

  /// The outputs of the first `rows` segments and the sums over neighbours, for the pullback.
  func forward(_ x: [Float], graph: SegmentGraph, rows: Int) -> (values: [Float], sums: [Float]) {
    let sums = SegmentRows.aggregate(x, features: relation.inputs, graph: graph, rows: rows)
    let own = SegmentRows.linear(
      x, rows: rows, weight: root, outputs: relation.outputs, bias: relation.bias)
    let others = SegmentRows.linear(
      sums, rows: rows, weight: relation.weight, outputs: relation.outputs)
    return (SegmentRows.sum(own, others), sums)
  }

  /// The outputs' tangents.
  func pushforward(_ tangent: [Float], graph: SegmentGraph, rows: Int) -> [Float] {
    let sums = SegmentRows.aggregate(tangent, features: relation.inputs, graph: graph, rows: rows)
    return SegmentRows.sum(
      SegmentRows.linear(tangent, rows: rows, weight: root, outputs: relation.outputs),
      SegmentRows.linear(sums, rows: rows, weight: relation.weight, outputs: relation.outputs))
  }

  /// The inputs' gradient; adds the parameters' to `gradient`.
  func pullback(
    _ x: [Float], sums: [Float], graph: SegmentGraph, outputGradient: [Float],
    adding gradient: inout GraphConvolution
  ) -> [Float] {
    let outputs = relation.outputs
    let rows = outputGradient.count / max(1, outputs)
    SegmentRows.addLinearGradient(
      outputGradient, sums, rows: rows, outputs: outputs, weight: &gradient.relation.weight,
      bias: &gradient.relation.bias)
    var none: [Float] = []
    SegmentRows.addLinearGradient(
      outputGradient, x, rows: rows, outputs: outputs, weight: &gradient.root, bias: &none)
    let others = SegmentRows.linearInputGradient(
      outputGradient, rows: rows, weight: relation.weight, outputs: outputs)
    var result = SegmentRows.aggregate(
      others, features: relation.inputs, graph: graph, rows: x.count / max(1, relation.inputs))
    let own = SegmentRows.linearInputGradient(
      outputGradient, rows: rows, weight: root, outputs: outputs)
    for index in own.indices { result[index] += own[index] }
    return result
  }
}

extension GraphConvolution: Parameterized {
  /// Visits `relation.weight`, `relation.bias` and `root.weight`.
  public mutating func visitParameters(_ prefix: String, _ body: Visitor) {
    relation.visitParameters("\(prefix).relation", body)
    body("\(prefix).root.weight", [relation.outputs, relation.inputs], &root)
  }
}
