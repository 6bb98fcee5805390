public import Networks

/// A model with what prediction needs besides it and the record of its training.
public struct TrainedModel: Sendable {
  /// The model, with the parameters of its best epoch.
  public var model: Model
  /// What happened in the training.
  public var record: TrainingRecord
  /// The mean of the trained spectra, which stands for missing cells of windows; one per band.
  public var backgroundMean: [Float]

  /// Gathers a trained model.
  public init(model: Model, record: TrainingRecord, backgroundMean: [Float]) {
    self.model = model
    self.record = record
    self.backgroundMean = backgroundMean
  }

  /// The probabilities (values, for a linear head) at the samples of a set, samples x outputs.
  public func probabilities(_ set: TrainingSet) -> [Float] {
    model.probabilities(set.batch(background: backgroundMean))
  }
}

extension TrainingSet {
  /// All samples as a model's input; missing cells of windows take the background mean.
  public func batch(background: [Float]) -> ModelBatch {
    ModelBatch(
      count: count, spectra: spectra, windows: windows.map { filled($0, background).values },
      graph: graph, segmentOfSample: segmentOfSample)
  }

  /// The set with the background mean in missing cells of windows, and how many cells those were.
  func filled(with background: [Float]) -> (set: TrainingSet, missing: Int) {
    let parts = windows.map { filled($0, background) }
    let set = TrainingSet(
      like: self, samples: samples, spectra: spectra, windows: parts.map(\.values),
      segmentOfSample: segmentOfSample,
      shifts: shifts.map { shifts in
        shifts.map { shift in
          var whole = shift
          whole.windows = shift.windows.map { filled($0, background, samples: 1).values }
          return whole
        }
      })
    return (set, parts.reduce(0) { $0 + $1.missing } / bandCount)
  }

  /// Windows without missing cells, and how many values there were missing.
  func filled(
    _ windows: [Float], _ background: [Float], samples: Int? = nil
  ) -> (values: [Float], missing: Int) {
    precondition(background.count == bandCount, "\(background.count) of \(bandCount) bands")
    var values = windows
    var missing = 0
    let plane = windows.count / max(1, (samples ?? count) * bandCount)
    for start in stride(from: 0, to: windows.count, by: max(1, plane)) {
      let mean = background[start / plane % bandCount]
      for place in start..<start + plane where values[place].isNaN {
        values[place] = mean
        missing += 1
      }
    }
    return (values, missing)
  }

  /// What a model of a form needs and the set does not have, as an error.
  func check(_ architecture: ModelArchitecture) throws(SampleError) {
    let head = architecture.head
    guard head.kind == samples.kind, head.outputs == samples.categories.count else {
      throw .mismatch(
        "a \(head.kind.rawValue) head with \(head.outputs) outputs for \(samples.kind.rawValue) "
          + "samples of \(samples.categories.count) outputs")
    }
    guard architecture.bandCount == bandCount else {
      throw .mismatch("a model of \(architecture.bandCount) bands for samples of \(bandCount)")
    }
    var patch = 0
    for branch in architecture.branches {
      switch branch {
      case .spectral: continue
      case .patch(let form):
        let wanted = count * bandCount * form.window * form.window
        guard patch < windows.count, windows[patch].count == wanted else {
          throw .mismatch(
            "patch branch \(patch + 1) needs \(wanted) window values; the samples have "
              + "\(patch < windows.count ? windows[patch].count : 0)")
        }
        patch += 1
      case .graph:
        guard graph != nil else { throw .mismatch("a graph branch needs samples with a graph") }
      }
    }
    guard patch == windows.count else {
      throw .mismatch("\(windows.count) sets of windows for \(patch) patch branches")
    }
  }
}
