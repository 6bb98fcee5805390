internal import Glibc

/// The mean loss of a batch and its gradient with respect to the raw outputs.
public struct Loss: Sendable, Equatable {
  /// The weighted mean over what counts.
  public var value: Double
  /// The gradient of `value`, samples x outputs.
  public var gradient: [Float]

  /// The sum of weights that `value` is a mean over; 0 where nothing counts.
  public var totalWeight: Double

  /// Gathers a loss.
  public init(value: Double, gradient: [Float], totalWeight: Double) {
    self.value = value
    self.gradient = gradient
    self.totalWeight = totalWeight
  }
}

/// Losses on raw outputs `samples x outputs`, as means weighted by sample.
///
/// `weights` has one entry per sample, or is empty for equal ones. A loss is the sum of weighted
/// losses over the sum of weights, as PyTorch's `reduction="mean"` with weights has it.
public enum Losses {
  /// Cross-entropy of softmax outputs; samples of a class below 0 do not count.
  public static func softmaxCrossEntropy(
    _ outputs: [Float], classes: [Int32], outputCount: Int, weights: [Float] = []
  ) -> Loss {
    check(outputs, outputCount, classes.count, weights)
    var sums = Sums(count: outputs.count)
    var probabilities = [Double](repeating: 0, count: outputCount)
    for sample in classes.indices where classes[sample] >= 0 {
      let target = Int(classes[sample])
      precondition(target < outputCount, "class \(target) of \(outputCount)")
      let weight = weights.isEmpty ? 1 : Double(weights[sample])
      let start = sample * outputCount
      let total = Probabilities.softmax(outputs, start, &probabilities)
      sums.value += weight * (total - Double(outputs[start + target]))
      sums.weight += weight
      for index in 0..<outputCount {
        sums.gradient[start + index] =
          weight * (probabilities[index] - (index == target ? 1 : 0))
      }
    }
    return sums.mean
  }

  /// Binary cross-entropy of sigmoid outputs; NaN labels do not count.
  ///
  /// - Parameters:
  ///   - labels: 0...1, samples x outputs.
  ///   - positiveWeights: How much a label of 1 counts more than one of 0, per output; or empty.
  public static func sigmoidCrossEntropy(
    _ outputs: [Float], labels: [Float], outputCount: Int, weights: [Float] = [],
    positiveWeights: [Float] = []
  ) -> Loss {
    check(outputs, outputCount, labels.count / max(1, outputCount), weights)
    precondition(
      labels.count == outputs.count
        && (positiveWeights.isEmpty || positiveWeights.count == outputCount),
      "\(labels.count) labels and \(positiveWeights.count) weights for \(outputs.count) outputs")
    var sums = Sums(count: outputs.count)
    for index in outputs.indices where !labels[index].isNaN {
      let weight = weights.isEmpty ? 1 : Double(weights[index / outputCount])
      let positive =
        positiveWeights.isEmpty ? 1 : Double(positiveWeights[index % outputCount])
      let (z, label) = (Double(outputs[index]), Double(labels[index]))
      // log(1 + exp(-|z|)) keeps both logarithms finite.
      let rest = log1p(exp(-abs(z)))
      let (logYes, logNo) = (min(z, 0) - rest, min(-z, 0) - rest)
      sums.value -= weight * (positive * label * logYes + (1 - label) * logNo)
      sums.weight += weight
      let p = Probabilities.sigmoid(z)
      sums.gradient[index] = weight * ((1 - label) * p - positive * label * (1 - p))
    }
    return sums.mean
  }

  /// The squared error of linear outputs; NaN values do not count.
  public static func squaredError(
    _ outputs: [Float], values: [Float], outputCount: Int, weights: [Float] = []
  ) -> Loss {
    check(outputs, outputCount, values.count / max(1, outputCount), weights)
    precondition(
      values.count == outputs.count, "\(values.count) values for \(outputs.count) outputs")
    var sums = Sums(count: outputs.count)
    for index in outputs.indices where !values[index].isNaN {
      let weight = weights.isEmpty ? 1 : Double(weights[index / outputCount])
      let difference = Double(outputs[index]) - Double(values[index])
      sums.value += weight * difference * difference
      sums.weight += weight
      sums.gradient[index] = 2 * weight * difference
    }
    return sums.mean
  }

  /// Weights of samples by which every class counts alike: `n / (classes n_c)`.
  ///
  /// `n` counts samples of a class of at least 0, `classes` those of them that occur.
  public static func balancedWeights(classes: [Int32], classCount: Int) -> [Float] {
    var counts = [Int](repeating: 0, count: classCount)
    for index in classes where index >= 0 { counts[Int(index)] += 1 }
    let occurring = counts.count { $0 > 0 }
    let total = counts.reduce(0, +)
    return classes.map {
      $0 < 0 ? 0 : Float(Double(total) / Double(occurring * counts[Int($0)]))
    }
  }

  /// Per output, the number of labels below one half for each of the others; 1 where either is
  /// missing.
  public static func balancedPositiveWeights(labels: [Float], outputCount: Int) -> [Float] {
    (0..<outputCount).map { output in
      let column = stride(from: output, to: labels.count, by: outputCount).map { labels[$0] }
      let positive = column.count { $0 >= 0.5 }
      let negative = column.count { $0 < 0.5 }
      return positive == 0 || negative == 0 ? 1 : Float(negative) / Float(positive)
    }
  }

  private static func check(
    _ outputs: [Float], _ outputCount: Int, _ samples: Int, _ weights: [Float]
  ) {
    precondition(
      outputs.count == samples * outputCount && (weights.isEmpty || weights.count == samples),
      "\(outputs.count) outputs and \(weights.count) weights for \(samples) x \(outputCount)")
  }

  /// What is added up before the division by all weights.
  private struct Sums {
    var value: Double = 0
    var weight: Double = 0
    var gradient: [Double]

    init(count: Int) { gradient = [Double](repeating: 0, count: count) }

    var mean: Loss {
      let scale = weight > 0 ? 1 / weight : 0
      return Loss(
        value: value * scale, gradient: gradient.map { Float($0 * scale) }, totalWeight: weight)
    }
  }
}
