import Foundation
import Learning
import Networks
import Rasters

/// A model with all that is needed to use it on raw bands: one file is the whole model.
struct ModelPackage: Sendable {
  var predictor: Predictor
  var notes: ModelNotes

  init(predictor: Predictor, notes: ModelNotes) {
    self.predictor = predictor
    self.notes = notes
  }

  /// Reads a model file's bytes.
  init(_ bytes: [UInt8]) throws {
    let file = try ModelFile(bytes)
    predictor = try Predictor(file)
    do {
      notes = try JSONDecoder.stable.decode(ModelNotes.self, from: Data(file.extra.utf8))
    } catch {
      throw ExecutionError.data("the model file's notes cannot be read: \(error)")
    }
    let bands = predictor.architecture.bandCount
    guard notes.bands.count == bands, notes.backgroundMean.count == bands,
      notes.background.allSatisfy({ $0.count == notes.sources.count }),
      notes.minimum.count == notes.sources.count, notes.maximum.count == notes.sources.count,
      [notes.transforms?.count, notes.units?.count, notes.intervals?.outputs.count].allSatisfy({
        $0 ?? notes.classes.count == notes.classes.count
      })
    else { throw ExecutionError.data("the model file's notes do not fit its \(bands) bands") }
  }

  /// The probabilities, or values in their own unit, of samples, samples x outputs.
  func probabilities(_ batch: ModelBatch) -> [Float] {
    let raw = predictor.probabilities(batch)
    return notes.transforms?.inverse(raw) ?? raw
  }

  /// The file's bytes.
  func encoded() throws -> [UInt8] {
    let extra = String(decoding: try JSONEncoder.stable.encode(notes), as: UTF8.self)
    return try predictor.file(extra: extra).encoded()
  }
}

extension Predictor {
  /// Takes the model of a file.
  init(_ file: ModelFile) throws {
    if let network = file.network {
      self = .network(network)
      return
    }
    let architecture = file.architecture
    let model: any PixelPredictor
    switch Method(rawValue: file.method) {
    case .forest: model = try PixelModels<RandomForest>(file.tensors, architecture)
    case .logistic: model = try PixelModels<LogisticRegression>(file.tensors, architecture)
    case .surface: model = try SurfaceRule(tensors: file.tensors)
    case .network, nil:
      throw ExecutionError.data("the model file has the method '\(file.method)', unknown here")
    }
    guard architecture.branches.isEmpty, model.fits(architecture) else {
      throw ExecutionError.data("the model file's numbers do not fit its description")
    }
    self = .pixels(model, architecture)
  }

  /// The model as a file.
  func file(extra: String) -> ModelFile {
    switch self {
    case .network(let model): ModelFile(model: model, extra: extra)
    case .pixels(let model, let architecture):
      ModelFile(
        method: method.rawValue, architecture: architecture, tensors: model.tensors, extra: extra)
    }
  }
}

/// What a model file says beside the network.
struct ModelNotes: Codable, Sendable {
  /// The bands of the model's input.
  var bands: [Band]
  /// The names of classes, labels or values: one output each.
  var classes: [String]
  /// The steps from raw bands to the input; the last one gathers what the model takes.
  var preparation: [PreparationStep]
  /// What stands for missing cells of a window: the mean of the training samples.
  var backgroundMean: [Float]
  /// The bands of the sources that explanations start from.
  var sources: [Band]
  /// Training samples that stand for "nothing special", sources each.
  var background: [[Float]]
  /// The range of each source among the training samples.
  var minimum: [Float]
  var maximum: [Float]
  /// What happened in the training.
  var record: TrainingRecord
  /// Samples that could not be used: a band or segment is missing there.
  var unusableSamples: Int
  /// Samples left out because their segment holds a test sample.
  var sharedSegmentSamples: Int
  /// Training samples that share their segment, and so their graph features, with others.
  var samplesInSharedSegments: Int
  /// Segments whose training samples do not agree.
  var conflictingSegments: Int
  /// How well the model fits the samples that it was made from; nil in files of earlier versions.
  var trainingMetrics: Metrics?
  /// How unlabelled samples were weighed, where the first class is not known to be negative.
  var unlabelled: UnlabelledNotes?
  /// How the training was chosen among candidates, where there were any.
  var tuning: NestedTuning.Outcome?
  /// How well the probabilities were found to hold before and after they were calibrated; nil of
  /// a model that is as it was trained.
  var calibration: Calibration?
  /// The transforms that values were learnt by; nil of values as they are, classes and labels.
  var transforms: [ValueTransform]?
  /// The units of values; nil where none has one.
  var units: [String]?
  /// The residuals that prediction intervals are made of; nil of a model that is as it was trained.
  var intervals: ValueIntervals?
  /// The seed of the training.
  var seed: UInt64
  /// What was taken from another model, where the training started from one.
  var transfer: TransferNotes?
  /// The SHA-256 of the files that the samples are from; nil in files of earlier versions.
  var sampleFiles: [String]?
}

extension ModelNotes {
  /// How each of the values was learnt.
  var forms: [ValueForm] {
    classes.indices.map { output in
      let transform = transforms.map { $0[output] } ?? .identity
      return ValueForm(
        transform: transform.kind, offset: transform.offset, unit: units.map { $0[output] } ?? "")
    }
  }
}

/// What a model file says of unlabelled samples.
struct UnlabelledNotes: Codable, Sendable {
  /// The estimated chance of a positive sample to be labelled.
  var labelFrequency: Double
  var unlabelledCount: Int
  /// How many of them count as positive.
  var expectedPositives: Double

  init(_ weighed: PositiveUnlabelled) {
    labelFrequency = weighed.labelFrequency
    unlabelledCount = weighed.unlabelledCount
    expectedPositives = weighed.expectedPositives
  }
}
