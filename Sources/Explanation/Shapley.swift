import Networks
import Tensors

/// Shapley values at every cell of a chunk: features are switched from a baseline to their own
/// values.
///
/// The value of a set of features is the explained output with those features present and the
/// others taken from the baseline, over the whole window of a cell; values are averaged over the
/// baselines (Shapley 1953; Castro et al. 2009 for sampled permutations). The same permutations
/// serve every cell. Sums are taken in Double: base and features add up to the output but for
/// rounding to Float.
public struct Shapley: Sendable {
  /// What is explained.
  public var output: ExplainedOutput
  /// The baselines, each with one value per source.
  public var baselines: [[Float]]
  /// How the sets of features are chosen.
  public var method: Method

  /// How the sets of features are chosen.
  public enum Method: Sendable, Hashable {
    /// Pairs of a random permutation and its reverse.
    case permutations(pairs: Int, seed: UInt64)
    /// All `2^T` sets, for at most 10 features.
    case exact
  }

  /// Sets up an explanation.
  public init(output: ExplainedOutput, baselines: [[Float]], method: Method) {
    precondition(!baselines.isEmpty, "no baselines")
    self.output = output
    self.baselines = baselines
    self.method = method
  }

  /// The forward passes that one chunk of a model with `featureCount` features takes.
  public func passCount(featureCount: Int) -> Int {
    switch method {
    case .permutations(let pairs, _):
      1 + baselines.count * (1 + 2 * pairs * max(featureCount - 1, 0))
    case .exact: 1 + baselines.count * ((1 << featureCount) - 1)
    }
  }

  /// Attributes the model's output at the wanted cells of a chunk, or at all.
  public func attribute(
    _ model: some DenseModel, _ field: ExplanationField, where wanted: [Bool]? = nil
  ) -> Attribution {
    // Sums of all features in Double for some 4 million values at a time.
    let row = max(1, field.input.width * field.mixing.featureCount)
    return field.explained(where: wanted, rowLimit: max(64, (1 << 22) / row)) {
      attributeWhole(model, $0)
    }
  }

  private func attributeWhole(_ model: some DenseModel, _ field: ExplanationField) -> Attribution {
    let cells = field.input.cellCount
    let outputs = values(model, field.input)
    let sums = BaselineGroups(baselines).sums(features: field.mixing.featureCount, cells: cells) {
      added(model, field, $0, outputs)
    }
    return Attribution(
      features: sums.features.map { Float($0) }, base: sums.base, outputs: outputs)
  }

  /// What some of the baselines add to the features and to the base.
  private func added(
    _ model: some DenseModel, _ field: ExplanationField, _ group: ArraySlice<[Float]>,
    _ outputs: [Double]
  ) -> BaselineGroups.Sums<Double> {
    let cells = field.input.cellCount
    let share = 1 / Double(baselines.count)
    var sums = [Double](repeating: 0, count: cells * field.mixing.featureCount)
    var base = [Double](repeating: 0, count: cells)
    for sources in group {
      let baseline = Baseline(sources, field.mixing)
      let origin = field.input(from: baseline, share: 0)
      let start = values(model, origin)
      for cell in 0..<cells { base[cell] += share * start[cell] }
      let path = Path(
        field: field, origin: origin, tangent: field.tangent(from: baseline), start: start,
        end: outputs)
      switch method {
      case .permutations(let pairs, let seed):
        addPermutations(model, path, pairs, seed, share / Double(2 * pairs), &sums)
      case .exact: addSets(model, path, share, &sums)
      }
    }
    return BaselineGroups.Sums(features: sums, base: base)
  }

  /// What it takes to go from a baseline to the field: both ends with their explained outputs.
  private struct Path {
    var field: ExplanationField
    var origin: DenseInput
    var tangent: TangentField
    var start: [Double]
    var end: [Double]
  }

  private func values(_ model: some DenseModel, _ input: DenseInput) -> [Double] {
    output.values(model.dense(input), outputCount: model.outputCount)
  }

  private func addPermutations(
    _ model: some DenseModel, _ path: Path, _ pairs: Int, _ seed: UInt64, _ weight: Double,
    _ sums: inout [Double]
  ) {
    for pair in 0..<pairs {
      let order = Randomness(seed: seed, Randomness.word("shapley"), UInt64(pair))
        .permutation(path.field.mixing.featureCount)
      for order in [order, order.reversed()] {
        var point = path.origin
        var before = path.start
        for (i, feature) in order.enumerated() {
          var after = path.end
          if i + 1 < order.count {
            path.field.switchOn(feature, in: &point, tangent: path.tangent)
            after = values(model, point)
          }
          let first = feature * after.count
          for cell in after.indices {
            sums[first + cell] += weight * (after[cell] - before[cell])
          }
          before = after
        }
      }
    }
  }

  /// Every set's value goes with the weight of Shapley's formula to each feature it holds or lacks.
  private func addSets(
    _ model: some DenseModel, _ path: Path, _ weight: Double, _ sums: inout [Double]
  ) {
    let count = path.field.mixing.featureCount
    precondition(count <= 10, "\(count) features have too many sets")
    let full = (1 << count) - 1
    for set in 0...full {
      var value = set == 0 ? path.start : path.end
      if set != 0 && set != full {
        var point = path.origin
        for feature in 0..<count where set >> feature & 1 == 1 {
          path.field.switchOn(feature, in: &point, tangent: path.tangent)
        }
        value = values(model, point)
      }
      for feature in 0..<count {
        let share = weight * Self.setWeight(set.nonzeroBitCount, set >> feature & 1 == 1, count)
        for cell in value.indices { sums[feature * value.count + cell] += share * value[cell] }
      }
    }
  }

  /// The weight of a set of `size` features for a feature that it holds or lacks.
  private static func setWeight(_ size: Int, _ holds: Bool, _ count: Int) -> Double {
    func factorial(_ n: Int) -> Double { (1...max(n, 1)).reduce(1) { $0 * Double($1) } }
    return holds
      ? factorial(size - 1) * factorial(count - size) / factorial(count)
      : -factorial(size) * factorial(count - size - 1) / factorial(count)
  }
}
