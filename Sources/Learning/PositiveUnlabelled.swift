internal import Networks

/// Weights for samples of which only positives are known and the rest is unlabelled, not negative.
///
/// After Elkan and Noto 2008, "Learning classifiers from only positive and unlabeled data": a model
/// g of "is labelled" gives g(x) = c p(x), with c the chance of a positive to be labelled, which is
/// the mean of g over labelled positives that g has not seen. An unlabelled sample then is positive
/// with the weight (1 - c) / c * g / (1 - g), and negative with the rest. The estimate of c holds
/// as far as positives could be told for certain; where they cannot, c comes out too low and the
/// weights too high.
public struct PositiveUnlabelled: Sendable, Hashable, Codable {
  /// The estimated chance of a positive sample to be labelled, c.
  public let labelFrequency: Double
  /// How many of the unlabelled samples count as positive: the sum of their weights.
  public let expectedPositives: Double
  /// The number of unlabelled samples.
  public let unlabelledCount: Int
  /// For each sample how far it counts as positive: 1 for labelled ones.
  public let weights: [Double]

  /// Weighs samples by out-of-fold scores of "is labelled".
  ///
  /// - Parameters:
  ///   - scores: for each sample the probability g, by a model that has not seen it.
  ///   - isLabelled: whether each sample is a known positive; throws `SampleError` where none is.
  public init(scores: [Float], isLabelled: [Bool]) throws(SampleError) {
    precondition(scores.count == isLabelled.count, "\(scores.count) and \(isLabelled.count)")
    let known = zip(scores, isLabelled).filter(\.1).map { Double($0.0) }
    guard !known.isEmpty, known.count < scores.count else {
      throw .mismatch(
        "\(known.count) of \(scores.count) samples are known positives; expected some of each")
    }
    let mean = known.reduce(0, +) / Double(known.count)
    let frequency = min(max(mean, 1e-6), 1)
    labelFrequency = frequency
    weights = zip(scores, isLabelled).map { score, isLabelled in
      isLabelled ? 1 : Self.weight(of: Double(score), labelFrequency: frequency)
    }
    expectedPositives = weights.reduce(0, +) - Double(known.count)
    unlabelledCount = scores.count - known.count
  }

  /// How far an unlabelled sample counts as positive, 0...1.
  static func weight(of score: Double, labelFrequency c: Double) -> Double {
    guard score < 1 else { return 1 }
    return min(max((1 - c) / c * score / (1 - score), 0), 1)
  }
}

extension TrainingSet {
  /// The set in which every unlabelled sample stands twice: as a positive and as a negative, each
  /// with its share of the weight; shares of 0 are left out.
  ///
  /// - Parameters:
  ///   - positive: the class of the labelled samples, of two.
  ///   - shares: how far each sample counts as positive.
  ///   - classWeights: `balanced` makes the weights of both classes equal sums.
  public func weighingUnlabelled(
    positive: Int, shares: [Double], classWeights: TrainingOptions.ClassWeights
  ) -> TrainingSet {
    precondition(shares.count == count, "\(shares.count) shares for \(count) samples")
    var rows: [(position: Int, target: Int, weight: Double)] = []
    var twins: [(position: Int, target: Int, weight: Double)] = []
    for (position, share) in shares.enumerated() {
      let weight = Double(samples.samples[position].weight)
      guard samples.samples[position].target != .category(positive) else {
        rows.append((position, positive, weight))
        continue
      }
      if share < 1 { rows.append((position, 1 - positive, weight * (1 - share))) }
      if share > 0 { twins.append((position, positive, weight * share)) }
    }
    let factors = classWeights == .balanced ? Self.balance(rows + twins) : [1, 1]
    let first = (samples.samples.map(\.id).max() ?? 0) + 1
    let all = (rows + twins).enumerated().map { number, row in
      var sample = samples.samples[row.position]
      sample.target = .category(row.target)
      sample.weight = Float(row.weight * factors[row.target])
      if number >= rows.count { sample.id = first + number - rows.count }
      return sample
    }
    return selecting((rows + twins).map(\.position)).replacing(
      SampleSet(valid: samples, samples: all))
  }

  /// The factors that give both classes half of the weight.
  private static func balance(_ rows: [(position: Int, target: Int, weight: Double)]) -> [Double] {
    var sums = [0.0, 0.0]
    for row in rows { sums[row.target] += row.weight }
    let total = sums[0] + sums[1]
    return sums.map { $0 > 0 ? total / (2 * $0) : 1 }
  }

  /// The same rows with other targets or weights.
  func replacing(_ samples: SampleSet) -> TrainingSet {
    TrainingSet(
      like: self, samples: samples, spectra: spectra, windows: windows,
      segmentOfSample: segmentOfSample, shifts: shifts)
  }
}
