import Explanation
import Foundation
import Learning
import Networks

/// What `train` makes: a network, random forests, logistic regressions or surfaces that speak for
/// themselves, applied in one way.
///
/// The architecture of all but networks has no branches: it says what goes in and out. Their raw
/// outputs are logarithms of probabilities or, for labels, of odds, so that what follows a
/// network's outputs gives the probabilities back.
enum Predictor: Sendable {
  case network(Model)
  case pixels(any PixelPredictor, ModelArchitecture)

  /// The words of the methods.
  enum Method: String, CaseIterable, Sendable {
    case network
    case forest = "random-forest"
    case logistic = "logistic-regression"
    case surface
  }

  var method: Method {
    switch self {
    case .network: .network
    case .pixels(let model, _): model.method
    }
  }

  /// What the model takes and makes.
  var architecture: ModelArchitecture {
    switch self {
    case .network(let model): model.architecture
    case .pixels(_, let architecture): architecture
    }
  }

  /// The network, where it is one.
  var network: Model? { if case .network(let model) = self { model } else { nil } }

  /// The random forests, where it is some.
  var forests: [RandomForest]? {
    guard case .pixels(let model, _) = self else { return nil }
    return (model as? PixelModels<RandomForest>)?.members
  }

  /// The model in words, with its size.
  var phrase: String {
    switch self {
    case .network: "A network of \(summary)"
    case .pixels(let model, _): model.phrase
    }
  }

  /// The size of the model in words.
  var summary: String {
    switch self {
    case .network(let model): "\(model.parameterCount) parameters"
    case .pixels(let model, _): model.summary
    }
  }

  /// The probabilities (values, for a linear head) of samples, samples x outputs.
  func probabilities(_ batch: ModelBatch) -> [Float] {
    switch self {
    case .network(let model): model.probabilities(batch)
    case .pixels(let model, _): model.probabilities(batch.spectra, count: batch.count)
    }
  }

  /// Probabilities below this have a logarithm that stands for "never".
  private static let leastProbability: Float = 1e-6

  /// Raw outputs that stand for probabilities; values stay as they are.
  func logarithms(_ probabilities: [Float]) -> [Float] {
    let least = Double(Self.leastProbability)
    switch architecture.head.kind {
    case .linear: return probabilities
    // A missing probability stays missing: it is not above the least.
    case .softmax: return probabilities.map { Float(log($0 < Float(least) ? least : Double($0))) }
    case .sigmoid:
      return probabilities.map { probability in
        guard !probability.isNaN else { return .nan }
        let value = min(max(Double(probability), least), 1 - least)
        return Float(log(value / (1 - value)))
      }
    }
  }
}

extension Predictor: DenseModel {
  var outputCount: Int { architecture.head.outputs }
  var headKind: ModelArchitecture.Head.Kind { architecture.head.kind }
  var margin: Int { network?.margin ?? 0 }

  func dense(_ input: DenseInput) -> [Float] {
    switch self {
    case .network(let model): model.dense(input)
    case .pixels(let model, _): logarithms(model.dense(input.values, cells: input.cellCount))
    }
  }
}
