import Learning

extension Scores {
  /// The pooled out-of-fold predictions of one output, and whether each sample has its class or
  /// label; samples that were not tested, or whose label is not known, are left out.
  func outOfFold(
    _ output: Int, _ set: SampleSet
  ) throws -> (scores: [Float], isPositive: [Bool]) {
    let outputs = classes.count
    guard predictions.count == set.count * outputs else {
      throw ExecutionError.data(
        "the scores hold \(predictions.count) predictions, not those of \(set.count) samples")
    }
    var result: (scores: [Float], isPositive: [Bool]) = ([], [])
    for (position, sample) in set.samples.enumerated() {
      let value = predictions[position * outputs + output]
      guard let isPositive = sample.target.isPositive(output), !value.isNaN else { continue }
      result.scores.append(value)
      result.isPositive.append(isPositive)
    }
    return result
  }
}
