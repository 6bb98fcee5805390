import Networks
import Tensors

/// Expected gradients at every cell of a chunk.
///
/// The attribution of feature `t` at cell `p` is the mean over baselines `z'` of the integral over
/// `a` in 0...1 of the derivative of the explained output of `p` at `z' + a (z - z')` in the
/// direction of the feature's part of `z - z'`, over the whole window of `p` at once (Erion et al.
/// 2021; Lundberg and Lee 2017). The integral is taken by Gauss-Legendre quadrature for every
/// baseline, so that base and features add up to the output but for the error of quadrature, which
/// is the residual.
public struct GradSHAP: Sendable {
  /// What is explained.
  public var output: ExplainedOutput
  /// The baselines, each with one value per source.
  public var baselines: [[Float]]
  /// The nodes of quadrature per baseline.
  public var nodes: Int

  /// Sets up an explanation.
  public init(output: ExplainedOutput, baselines: [[Float]], nodes: Int = 4) {
    precondition(!baselines.isEmpty && nodes > 0, "\(baselines.count) baselines, \(nodes) nodes")
    self.output = output
    self.baselines = baselines
    self.nodes = nodes
  }

  /// The model passes that one chunk takes: pushforwards, each as long as T + 1 forward passes.
  public var passCount: Int { baselines.count * nodes }

  /// Attributes the model's output at the wanted cells of a chunk, or at all.
  public func attribute(
    _ model: some DifferentiableModel, _ field: ExplanationField, where wanted: [Bool]? = nil
  ) -> Attribution {
    field.explained(where: wanted) { attributeWhole(model, $0) }
  }

  private func attributeWhole(_ model: some DifferentiableModel, _ field: ExplanationField)
    -> Attribution
  {
    let cells = field.input.cellCount
    let outputs = output.values(model.dense(field.input), outputCount: model.outputCount)
    let sums = BaselineGroups(baselines).sums(features: field.mixing.featureCount, cells: cells) {
      attributed(model, field, $0)
    }
    return Attribution(features: sums.features, base: sums.base, outputs: outputs)
  }

  /// What some of the baselines add to the features and to the base.
  private func attributed(
    _ model: some DifferentiableModel, _ field: ExplanationField, _ group: ArraySlice<[Float]>
  ) -> BaselineGroups.Sums<Float> {
    let cells = field.input.cellCount
    let rule = GaussLegendre(nodes)
    var features = [Float](repeating: 0, count: cells * field.mixing.featureCount)
    var base = [Double](repeating: 0, count: cells)
    for sources in group {
      let baseline = Baseline(sources, field.mixing)
      let start = output.values(
        model.dense(field.input(from: baseline, share: 0)), outputCount: model.outputCount)
      for cell in 0..<cells { base[cell] += start[cell] / Double(baselines.count) }
      let tangent = field.tangent(from: baseline)
      for (node, weight) in zip(rule.nodes, rule.weights) {
        accumulate(
          model, at: field.input(from: baseline, share: node), tangent,
          weight: weight / Double(baselines.count), into: &features)
      }
    }
    return BaselineGroups.Sums(features: features, base: base)
  }

  /// Adds `weight` times the derivative of the explained output in each feature's direction.
  private func accumulate(
    _ model: some DifferentiableModel, at point: DenseInput, _ tangent: TangentField,
    weight: Double,
    into features: inout [Float]
  ) {
    let cells = point.cellCount
    let count = model.outputCount
    var slopes: [Float] = []
    var raw = [Double](repeating: 0, count: count)
    var gradient = raw
    model.densePushforward(point, tangent) { block in
      let width = block.cells.count
      slopes = [Float](repeating: 0, count: count * width)
      for x in 0..<width {
        for k in 0..<count { raw[k] = Double(block.outputs[k * width + x]) }
        _ = output.value(raw, gradient: &gradient)
        for k in 0..<count { slopes[k * width + x] = Float(weight * gradient[k]) }
      }
      for (i, t) in block.features.enumerated() {
        let row = t * cells + block.cells.lowerBound
        for k in 0..<count {
          let from = (i * count + k) * width
          for x in 0..<width {
            features[row + x] += slopes[k * width + x] * block.tangents[from + x]
          }
        }
      }
    }
  }
}

extension GradSHAP {
  /// The share of the output's range that the residual stays within at 99 % of the cells.
  public static func relativeResidual(_ attributions: [Attribution]) -> Double {
    var outputs: [Float] = []
    var residuals: [Float] = []
    for attribution in attributions {
      outputs += attribution.output.filter(\.isFinite)
      residuals += attribution.residual.filter(\.isFinite).map(abs)
    }
    guard let low = outputs.min(), let high = outputs.max(), high > low else { return 0 }
    residuals.sort()
    let rank = min(residuals.count - 1, Int(0.99 * Double(residuals.count)))
    return Double(residuals[rank]) / Double(high - low)
  }

  /// Doubles the nodes until the residual of sample chunks is within the tolerance or at the cap.
  ///
  /// - Returns: The explanation with the nodes that were reached and its relative residual.
  public func refined(
    for fields: [ExplanationField], _ model: some DifferentiableModel, tolerance: Double = 0.05,
    cap: Int = 64
  ) -> (explanation: GradSHAP, residual: Double) {
    var candidate = self
    while true {
      let residual = Self.relativeResidual(fields.map { candidate.attribute(model, $0) })
      if residual <= tolerance || 2 * candidate.nodes > cap { return (candidate, residual) }
      candidate.nodes *= 2
    }
  }
}
