/// What R2 and errors do not say of predicted values: their bias, their concordance, and how good
/// they are on the scale that was learnt.
public struct ValueAgreement: Sendable, Hashable, Codable {
  /// The mean of predicted less measured values.
  public let bias: Double?
  /// Lin's concordance correlation coefficient (1989): 1 where predictions are the measured values.
  public let concordance: Double?
  /// The measures on the transformed scale; nil without a transform.
  public let transformed: ValueMetrics?

  /// Compares predictions with measurements; a measurement that is NaN does not count.
  public init(predicted: [Float], measured: [Float], transform: ValueTransform? = nil) {
    precondition(
      predicted.count == measured.count,
      "\(predicted.count) predictions for \(measured.count) measurements")
    let known = measured.indices.filter { !measured[$0].isNaN }
    let (p, m) = (known.map { Double(predicted[$0]) }, known.map { Double(measured[$0]) })
    bias = mean(zip(p, m).map { $0 - $1 })
    concordance = Self.concordance(p, m)
    transformed = transform.map { transform in
      ValueMetrics(
        predicted: p.map { Float(transform.forward($0)) },
        measured: m.map { Float(transform.forward($0)) })
    }
  }

  private static func concordance(_ p: [Double], _ m: [Double]) -> Double? {
    guard let centerP = mean(p), let centerM = mean(m),
      let varianceP = mean(p.map { ($0 - centerP) * ($0 - centerP) }),
      let varianceM = mean(m.map { ($0 - centerM) * ($0 - centerM) }),
      let covariance = mean(zip(p, m).map { ($0 - centerP) * ($1 - centerM) })
    else { return nil }
    let shift = centerP - centerM
    let spread = varianceP + varianceM + shift * shift
    return spread > 0 ? 2 * covariance / spread : nil
  }

  /// The measures by name, in a fixed order; `scale` names the transform.
  public func named(scale: String) -> [(name: String, value: Double?)] {
    [("bias", bias), ("concordance", concordance)]
      + (transformed?.named ?? []).map { ("\($0.name) (\(scale))", $0.value) }
  }
}

/// The agreement of out-of-fold predictions of values with what was measured, for each output.
public struct FoldAgreement: Sendable, Hashable, Codable {
  /// Over all tested samples at once.
  public let pooled: [ValueAgreement]
  /// Over the test samples of each fold; nil for a fold that tested none.
  public let perFold: [[ValueAgreement]?]
  /// What the transform of each output is called; empty where it has none.
  public let scales: [String]

  /// Compares out-of-fold predictions (all samples x outputs) with a set of values.
  ///
  /// All are brought to one scale, that of a transform fitted to the whole set: that of each fold's
  /// model is another, and what was predicted does not depend on how it is expressed.
  public init(predictions: [Float], samples: SampleSet, folds: Folds) {
    let outputs = samples.categories.count
    precondition(
      predictions.count == samples.count * outputs && folds.foldOfSample.count == samples.count,
      "\(predictions.count) predictions for \(samples.count) samples of \(outputs) outputs")
    let transforms = samples.transforms(fittedTo: Array(samples.samples.indices))
    let ownScale = (0..<outputs).map { output -> ValueTransform? in
      transforms.flatMap { $0[output].kind == .none ? nil : $0[output] }
    }
    func agreement(_ positions: [Int]) -> [ValueAgreement] {
      (0..<outputs).map { output in
        ValueAgreement(
          predicted: positions.map { predictions[$0 * outputs + output] },
          measured: positions.map { samples.samples[$0].target.value(output) ?? .nan },
          transform: ownScale[output])
      }
    }
    let tested = samples.samples.indices.filter { position in
      folds.foldOfSample[position] >= 0
        && !predictions[position * outputs..<(position + 1) * outputs].contains { $0.isNaN }
    }
    pooled = agreement(tested)
    perFold = (0..<folds.count).map { fold in
      let positions = tested.filter { folds.foldOfSample[$0] == fold }
      return positions.isEmpty ? nil : agreement(positions)
    }
    scales = ownScale.map { $0?.kind.rawValue ?? "" }
  }

  /// The measures of one output, pooled or of one fold.
  public func named(output: Int, fold: Int? = nil) -> [(name: String, value: Double?)] {
    let found = fold.map { perFold[$0] } ?? pooled
    return found.map { $0[output].named(scale: scales[output]) } ?? []
  }
}
