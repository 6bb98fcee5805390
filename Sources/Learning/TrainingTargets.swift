internal import Networks

/// The targets of a set as losses take them, with how much each counts.
struct TrainingTargets: Sendable {
  let kind: ModelArchitecture.Head.Kind
  let outputCount: Int
  /// The class of each sample, for `softmax`.
  private var classes: [Int32] = []
  /// Labels or standardized values, samples x outputs, NaN where unknown.
  private var values: [Float] = []
  /// The weight of each sample.
  private var weights: [Float]
  /// How much a label of 1 counts more than one of 0, per output.
  private var positiveWeights: [Float] = []
  /// How values were standardized, for `linear`.
  let scaling: OutputScaling

  /// Reads the targets; what depends on frequencies or values is fitted to `fitted` alone.
  init(_ set: SampleSet, fitted: [Int], classWeights: TrainingOptions.ClassWeights) {
    kind = set.kind
    outputCount = set.categories.count
    weights = set.samples.map(\.weight)
    var scaling = OutputScaling(outputCount: outputCount)
    for sample in set.samples {
      switch sample.target {
      case .category(let index): classes.append(Int32(index))
      case .values(let known): values += known
      }
    }
    switch kind {
    case .softmax where classWeights == .balanced:
      let counts = set.counts(of: fitted)
      let occurring = counts.count { $0 > 0 }
      for sample in weights.indices where counts[Int(classes[sample])] > 0 {
        let count = counts[Int(classes[sample])]
        weights[sample] *= Float(Double(fitted.count) / Double(occurring * count))
      }
    case .sigmoid where classWeights == .balanced:
      positiveWeights = Losses.balancedPositiveWeights(
        labels: TrainingSet.rows(values, set.count, fitted), outputCount: outputCount)
    case .linear:
      scaling = OutputScaling(
        TrainingSet.rows(values, set.count, fitted), outputCount: outputCount)
      scaling.standardize(&values)
    case .softmax, .sigmoid: break
    }
    self.scaling = scaling
  }

  /// The loss of raw outputs (samples x outputs) for the samples at some positions.
  func loss(_ outputs: [Float], at positions: [Int]) -> Loss {
    let weights = positions.map { self.weights[$0] }
    switch kind {
    case .softmax:
      return Losses.softmaxCrossEntropy(
        outputs, classes: positions.map { classes[$0] }, outputCount: outputCount,
        weights: weights)
    case .sigmoid:
      return Losses.sigmoidCrossEntropy(
        outputs, labels: TrainingSet.rows(values, self.weights.count, positions),
        outputCount: outputCount, weights: weights, positiveWeights: positiveWeights)
    case .linear:
      return Losses.squaredError(
        outputs, values: TrainingSet.rows(values, self.weights.count, positions),
        outputCount: outputCount, weights: weights)
    }
  }
}

/// Mean and spread of measured values, so that a network learns numbers near 1.
///
/// After training the last layer takes them over, so that its outputs have the values' units.
struct OutputScaling: Sendable {
  private(set) var means: [Float]
  private(set) var scales: [Float]

  /// No change.
  init(outputCount: Int) {
    means = [Float](repeating: 0, count: outputCount)
    scales = [Float](repeating: 1, count: outputCount)
  }

  /// Fits to values, samples x outputs; NaN ones do not count.
  init(_ values: [Float], outputCount: Int) {
    self.init(outputCount: outputCount)
    for output in 0..<outputCount {
      let known = stride(from: output, to: values.count, by: outputCount)
        .map { Double(values[$0]) }.filter { !$0.isNaN }
      guard let center = mean(known) else { continue }
      let spread = GroupStratification.spread(known)
      means[output] = Float(center)
      scales[output] = spread > 0 ? Float(spread) : 1
    }
  }

  /// Brings values to mean 0 and standard deviation 1.
  func standardize(_ values: inout [Float]) {
    for place in values.indices {
      let output = place % means.count
      values[place] = (values[place] - means[output]) / scales[output]
    }
  }

  /// Makes a layer with standardized outputs one with outputs in the values' units.
  func restore(_ layer: inout Linear) {
    for output in 0..<layer.outputs {
      for input in 0..<layer.inputs {
        layer.weight[output * layer.inputs + input] *= scales[output]
      }
      layer.bias[output] = layer.bias[output] * scales[output] + means[output]
    }
  }

  /// The reverse of `restore`, to train on from a finished model.
  func standardize(_ layer: inout Linear) {
    for output in 0..<layer.outputs {
      for input in 0..<layer.inputs {
        layer.weight[output * layer.inputs + input] /= scales[output]
      }
      layer.bias[output] = (layer.bias[output] - means[output]) / scales[output]
    }
  }
}
