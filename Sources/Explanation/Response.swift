public import Networks

/// A model that can be evaluated at samples, and differentiated there where it has derivatives.
public protocol SampledModel: Sendable {
  /// The number of raw outputs K.
  var outputCount: Int { get }
  /// What the raw outputs stand for.
  var headKind: ModelArchitecture.Head.Kind { get }

  /// The raw outputs of a batch, samples x K, outside training.
  func outputs(_ batch: ModelBatch) -> [Float]
  /// The same with their tangents for tangents of the inputs; nil where there are no derivatives.
  func outputs(_ batch: ModelBatch, tangent: ModelBatch) -> (values: [Float], tangents: [Float])?
}

extension Model: SampledModel {
  /// The raw outputs of a batch and their tangents, samples x K.
  public func outputs(
    _ batch: ModelBatch, tangent: ModelBatch
  ) -> (values: [Float], tangents: [Float])? {
    let (values, pass) = forward(batch)
    return (values, pushforward(pass, tangent: tangent))
  }
}

/// How the explained output of samples follows one feature while the others stay as they are.
///
/// Every curve is one sample's individual conditional expectation (Goldstein et al. 2015); their mean
/// is the partial dependence (Friedman 2001), their slopes the d-ICE.
public struct ResponseCurves: Sendable, Hashable, Codable {
  /// The values that the feature is given, ascending; numbers of categories for a group.
  public var positions: [Double]
  /// The explained output, samples x positions.
  public var values: [[Double]]
  /// Its derivative with respect to the feature, samples x positions; empty where there is none.
  public var slopes: [[Double]]
  /// What the feature is at each sample.
  public var own: [Double]

  /// The mean over some samples at each position: the partial dependence.
  public func mean(_ samples: [Int]) -> [Double] {
    positions.indices.map { position in
      samples.reduce(0) { $0 + values[$1][position] } / Double(max(1, samples.count))
    }
  }

  /// Curves that begin at zero, so that their shapes can be compared: c-ICE.
  public var centred: [[Double]] {
    values.map { curve in curve.map { $0 - (curve.first ?? 0) } }
  }

  /// The standard deviation of the slopes over the samples at each position: where it is large, what
  /// the feature does depends on the others.
  public var slopeSpread: [Double] { slopeSpread(of: Array(slopes.indices)) }

  /// The slopes that smoothing and differences give, for models without derivatives.
  ///
  /// Values are averaged over `2 * reach + 1` positions, fewer at the ends, and their differences
  /// taken between the neighbouring positions.
  public func numericalSlopes(smoothing reach: Int) -> [[Double]] {
    guard positions.count > 1 else { return values.map { $0.map { _ in 0 } } }
    return values.map { curve in
      let smooth = curve.indices.map { index in
        let part = curve[max(0, index - reach)...min(curve.count - 1, index + reach)]
        return part.reduce(0, +) / Double(part.count)
      }
      return curve.indices.map { index in
        let (low, high) = (max(0, index - 1), min(curve.count - 1, index + 1))
        return (smooth[high] - smooth[low]) / (positions[high] - positions[low])
      }
    }
  }
}

/// Gives samples other values of a feature and asks a model what it makes of them.
public struct Response {
  /// What is explained.
  public var output: ExplainedOutput
  /// How the model's bands are made of sources.
  public var mixing: SourceMixing
  /// The samples as the model reads them; segments stay as they are.
  public var batch: ModelBatch
  /// The sources at each sample, samples x sources.
  public var sources: [Float]

  /// Gathers samples.
  public init(
    output: ExplainedOutput, mixing: SourceMixing, batch: ModelBatch, sources: [Float]
  ) {
    precondition(
      sources.count == batch.count * mixing.sourceCount,
      "\(sources.count) sources for \(batch.count) samples of \(mixing.sourceCount)")
    self.output = output
    self.mixing = mixing
    self.batch = batch
    self.sources = sources
  }

  /// The curves of a feature of one source, which takes the values of `positions`.
  ///
  /// A window moves as a whole, by what its middle moves.
  public func curves(
    of feature: Int, at positions: [Float], _ model: some SampledModel
  ) -> ResponseCurves {
    let own = mixing.sources(of: feature)
    precondition(own.count == 1, "feature \(feature) has \(own.count) sources; give their values")
    return curves(
      of: feature, settings: positions.map { [$0] }, positions: positions.map(Double.init), model)
  }

  /// The curves of a feature over its categories: of its sources one after another is 1.
  public func categories(of feature: Int, _ model: some SampledModel) -> ResponseCurves {
    let count = mixing.sources(of: feature).count
    let settings = (0..<count).map { chosen in (0..<count).map { $0 == chosen ? Float(1) : 0 } }
    var curves = curves(
      of: feature, settings: settings, positions: (0..<count).map(Double.init), model)
    curves.slopes = []
    return curves
  }

  private func curves(
    of feature: Int, settings: [[Float]], positions: [Double], _ model: some SampledModel
  ) -> ResponseCurves {
    let own = mixing.sources(of: feature)
    var values = [[Double]](repeating: [], count: batch.count)
    var slopes = values
    for setting in settings {
      let moved = moved { sample in
        zip(own, setting).map { ($0, $1 - sources[sample * mixing.sourceCount + $0]) }
      }
      let tangent = own.count == 1 ? direction(own[0]) : nil
      let both = tangent.flatMap { model.outputs(moved, tangent: $0) }
      let raw = both?.values ?? model.outputs(moved)
      for sample in 0..<batch.count {
        let (value, slope) = explained(raw, both?.tangents, sample, model.outputCount)
        values[sample].append(value)
        if let slope { slopes[sample].append(slope) }
      }
    }
    return ResponseCurves(
      positions: positions, values: values,
      slopes: slopes.allSatisfy { $0.count == positions.count } ? slopes : [],
      own: (0..<batch.count).map { middle(of: own, $0) })
  }

  /// What a feature is at a sample; of categories the number of the one that is there.
  private func middle(of own: [Int], _ sample: Int) -> Double {
    let values = own.map { sources[sample * mixing.sourceCount + $0] }
    guard values.count > 1 else { return Double(values[0]) }
    return Double(values.indices.max { values[$0] < values[$1] } ?? 0)
  }

  private func explained(
    _ raw: [Float], _ tangents: [Float]?, _ sample: Int, _ count: Int
  ) -> (Double, Double?) {
    let own = (0..<count).map { Double(raw[sample * count + $0]) }
    guard let tangents else { return (output.value(own), nil) }
    var gradient = own
    let value = output.value(own, gradient: &gradient)
    let slope = (0..<count).reduce(0.0) {
      $0 + gradient[$1] * Double(tangents[sample * count + $1])
    }
    return (value, slope)
  }

  /// The samples, each with the value of a feature that another one has.
  ///
  /// - Parameter order: For each sample the one whose value it gets.
  public func exchanged(feature: Int, from order: [Int]) -> ModelBatch {
    precondition(order.count == batch.count, "\(order.count) places for \(batch.count) samples")
    let (own, count) = (mixing.sources(of: feature), mixing.sourceCount)
    return moved { sample in
      own.map { ($0, sources[order[sample] * count + $0] - sources[sample * count + $0]) }
    }
  }

  // MARK: Inputs

  /// The samples with some of their sources moved, over the whole window alike.
  private func moved(_ shifts: (Int) -> [(source: Int, by: Float)]) -> ModelBatch {
    var result = batch
    for sample in 0..<batch.count {
      add(to: &result, sample, shifts(sample))
    }
    return result
  }

  /// The inputs' tangents for a source that moves over the whole window.
  private func direction(_ source: Int) -> ModelBatch {
    var result = ModelBatch(
      count: batch.count, spectra: batch.spectra.map { _ in 0 },
      windows: batch.windows.map { $0.map { _ in 0 } }, windowBands: batch.windowBands,
      graph: batch.graph, segmentOfSample: batch.segmentOfSample)
    result.graph?.propagated = [Float](repeating: 0, count: batch.graph?.propagated.count ?? 0)
    for sample in 0..<batch.count { add(to: &result, sample, [(source, 1)]) }
    return result
  }

  private func add(
    to target: inout ModelBatch, _ sample: Int, _ shifts: [(source: Int, by: Float)]
  ) {
    let bands = mixing.bandCount
    for band in 0..<bands {
      let shift = shifts.reduce(Float(0)) {
        $0 + mixing.matrix[band * mixing.sourceCount + $1.source] * $1.by
      }
      if shift == 0 { continue }
      if !target.spectra.isEmpty { target.spectra[sample * bands + band] += shift }
      for branch in target.windows.indices {
        let own = target.bands(ofWindows: branch, bandCount: bands)
        guard own.contains(band) else { continue }
        let cells = target.windows[branch].count / (batch.count * own.count)
        let start = (sample * own.count + band - own.lowerBound) * cells
        for cell in start..<start + cells { target.windows[branch][cell] += shift }
      }
    }
  }
}
