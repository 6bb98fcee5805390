import Foundation
import Learning
import Networks

/// How the probabilities of a model were calibrated, and how well they hold before and after.
struct Calibration: Codable, Sendable {
  /// What the raw outputs of the model were divided by.
  var temperature: Double
  /// Whether the temperature ends at one of `TemperatureScaling.bounds`.
  var isAtBound: Bool
  /// The temperature for the predictions of each fold, fitted on those of the others.
  var foldTemperatures: [Double]
  /// The out-of-fold samples.
  var count: Int
  /// The classes or labels whose probabilities are judged.
  var judged: [String]
  /// Of the out-of-fold predictions as they are.
  var before: CalibrationMeasures
  /// Of the same, each with the temperature of its fold.
  var after: CalibrationMeasures
}

extension Calibration {
  /// Fits the temperature to all predictions at `positions`, and to those outside each fold to
  /// judge the fold's.
  init(_ predictions: OutOfFoldPredictions, at positions: [Int], folds: Folds) throws {
    guard !positions.isEmpty else {
      throw ExecutionError.data("the scores hold no out-of-fold prediction to calibrate with")
    }
    let all = predictions.scaling(positions)
    let chosen = Set(positions)
    let temperatures = (0..<folds.count).map { fold in
      predictions.scaling(folds.trainingSamples(fold).filter(chosen.contains)).temperature
    }
    let targets = positions.map { predictions.set.samples[$0].target }
    let kind = predictions.set.kind
    let names = predictions.set.categories.map(\.name)
    self.init(
      temperature: all.temperature, isAtBound: all.isAtBound, foldTemperatures: temperatures,
      count: positions.count,
      judged: CalibrationMeasures.judged(names.count, kind: kind).map { names[$0] },
      before: CalibrationMeasures(
        probabilities: positions.flatMap { predictions.probabilities($0) }, targets: targets,
        kind: kind),
      after: CalibrationMeasures(
        probabilities: positions.flatMap { position in
          predictions.probabilities(
            position, temperature: temperatures[folds.foldOfSample[position]])
        }, targets: targets, kind: kind))
  }
}

/// The predictions that models made of samples that they had not seen.
struct OutOfFoldPredictions {
  let set: SampleSet
  private let values: [Float]
  private let outputs: Int

  /// Takes the predictions of scores of the samples of a set.
  init(_ scores: Scores, _ set: SampleSet) throws {
    outputs = scores.classes.count
    guard set.kind != .linear, scores.predictions.count == set.count * outputs else {
      throw ExecutionError.data(
        "the scores hold \(scores.predictions.count) predictions, not those of \(set.count) samples"
      )
    }
    self.set = set
    values = scores.predictions
  }

  /// The samples that were predicted.
  var positions: [Int] {
    self.set.samples.indices.filter { position in !probabilities(position).contains { $0.isNaN } }
  }

  /// The probabilities of a sample.
  func probabilities(_ position: Int) -> ArraySlice<Float> {
    values[position * outputs..<(position + 1) * outputs]
  }

  /// The probabilities of a sample after its raw outputs were divided by a temperature.
  func probabilities(_ position: Int, temperature: Double) -> [Float] {
    Probabilities.of(
      logits(position).map { Float($0 / temperature) }, outputCount: outputs, kind: set.kind)
  }

  /// The temperature for some of the samples.
  func scaling(_ positions: [Int]) -> TemperatureScaling {
    var (rows, classes): ([Double], [Int]) = ([], [])
    for position in positions {
      let own = logits(position)
      switch set.samples[position].target {
      case .category(let index):
        rows += own
        classes.append(index)
      case .values(let labels):
        for (label, logit) in zip(labels, own) where !label.isNaN {
          rows += [0, logit]
          classes.append(label == 1 ? 1 : 0)
        }
      }
    }
    return TemperatureScaling(
      logits: rows, classes: classes, classCount: set.kind == .softmax ? outputs : 2)
  }

  /// The raw outputs that have the probabilities of a sample; those of classes but for a number
  /// that is added to all.
  ///
  /// Probabilities are of single precision: none is taken for less than the smallest such number, and
  /// no label for more certain than the number next to 1.
  private func logits(_ position: Int) -> [Double] {
    probabilities(position).map { value in
      let least = Double(Float.leastNonzeroMagnitude)
      let probability = max(Double(value), least)
      guard set.kind == .sigmoid else { return log(probability) }
      return log(probability / (1 - min(probability, Double(Float(1).nextDown))))
    }
  }
}

extension Predictor {
  /// The model with raw outputs divided by a temperature; one without them as it is.
  func tempered(by temperature: Double) -> Predictor {
    switch self {
    case .network(var model):
      model.parameters.head.output.weight = model.parameters.head.output.weight.map {
        Float(Double($0) / temperature)
      }
      model.parameters.head.output.bias = model.parameters.head.output.bias.map {
        Float(Double($0) / temperature)
      }
      return .network(model)
    case .pixels(let model, let architecture):
      return .pixels(model.tempered(by: temperature), architecture)
    }
  }
}
