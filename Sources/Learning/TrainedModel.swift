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
      count: count, spectra: spectra,
      windows: windows.indices.map { filled(windows[$0], $0, background).values },
      windowBands: windowForms.map(\.bands), graph: graph, segmentOfSample: segmentOfSample)
  }

  /// The set with the background mean in missing cells of windows, and how many cells those were.
  func filled(with background: [Float]) -> (set: TrainingSet, missing: Int) {
    let parts = windows.indices.map { filled(windows[$0], $0, background) }
    let set = TrainingSet(
      like: self, samples: samples, spectra: spectra, windows: parts.map(\.values),
      segmentOfSample: segmentOfSample,
      shifts: shifts.map { shifts in
        shifts.map { shift in
          var whole = shift
          whole.windows = shift.windows.indices.map {
            filled(shift.windows[$0], $0, background, samples: 1).values
          }
          return whole
        }
      })
    let missing = zip(parts, windowForms).reduce(0) { $0 + $1.0.missing / $1.1.bands.count }
    return (set, missing)
  }

  /// Windows of a branch without missing cells, and how many values there were missing.
  func filled(
    _ windows: [Float], _ branch: Int, _ background: [Float], samples: Int? = nil
  ) -> (values: [Float], missing: Int) {
    precondition(background.count == bandCount, "\(background.count) of \(bandCount) bands")
    var values = windows
    var missing = 0
    let bands = windowForms[branch].bands
    let plane = windows.count / max(1, (samples ?? count) * bands.count)
    for start in stride(from: 0, to: windows.count, by: max(1, plane)) {
      let mean = background[bands.lowerBound + start / plane % bands.count]
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
    for case .graph in architecture.branches where graph == nil {
      throw .mismatch("a graph branch needs samples with a graph")
    }
    let forms = architecture.windows
    for (patch, form) in forms.enumerated() {
      let wanted = count * form.valueCount
      guard patch < windows.count, windows[patch].count == wanted else {
        throw .mismatch(
          "patch branch \(patch + 1) needs \(wanted) window values; the samples have "
            + "\(patch < windows.count ? windows[patch].count : 0)")
      }
      guard windowForms[patch].bands == form.bands else {
        throw .mismatch(
          "patch branch \(patch + 1) reads the bands \(form.bands); the samples' windows hold "
            + "\(windowForms[patch].bands)")
      }
    }
    guard forms.count == windows.count else {
      throw .mismatch("\(windows.count) sets of windows for \(forms.count) patch branches")
    }
  }
}
