import Explanation
import Foundation
import Learning
import Networks

/// What `train` makes: a network, a random forest or a logistic regression, applied in one way.
///
/// A forest's or a regression's architecture has no branches: it says what goes in and out. Their
/// raw outputs are logarithms of probabilities, so that a softmax gives the probabilities back.
enum Predictor: Sendable {
  case network(Model)
  case forest(RandomForest, ModelArchitecture)
  case logistic(LogisticRegression, ModelArchitecture)

  /// The words of the methods.
  enum Method: String, CaseIterable, Sendable {
    case network
    case forest = "random-forest"
    case logistic = "logistic-regression"
  }

  var method: Method {
    switch self {
    case .network: .network
    case .forest: .forest
    case .logistic: .logistic
    }
  }

  /// What the model takes and makes.
  var architecture: ModelArchitecture {
    switch self {
    case .network(let model): model.architecture
    case .forest(_, let architecture), .logistic(_, let architecture): architecture
    }
  }

  /// The network, where it is one.
  var network: Model? { if case .network(let model) = self { model } else { nil } }

  /// The size of the model in words.
  var summary: String {
    switch self {
    case .network(let model): "\(model.parameterCount) parameters"
    case .forest(let forest, _): "\(forest.treeCount) trees"
    case .logistic(let regression, _):
      "\(regression.coefficients.count + regression.intercepts.count) coefficients"
    }
  }

  /// The probabilities (values, for a linear head) of samples, samples x outputs.
  func probabilities(_ batch: ModelBatch) -> [Float] {
    switch self {
    case .network(let model): model.probabilities(batch)
    case .forest(let forest, _): forest.probabilities(batch.spectra, count: batch.count)
    case .logistic(let regression, _): regression.probabilities(batch.spectra, count: batch.count)
    }
  }

  /// Probabilities below this have a logarithm that stands for "never".
  private static let leastProbability: Float = 1e-6

  func logarithms(_ probabilities: [Float]) -> [Float] {
    guard architecture.head.kind == .softmax else { return probabilities }
    return probabilities.map { Float(log(Double(max($0, Self.leastProbability)))) }
  }
}

extension Predictor: DenseModel {
  var outputCount: Int { architecture.head.outputs }
  var headKind: ModelArchitecture.Head.Kind { architecture.head.kind }
  var margin: Int { network?.margin ?? 0 }

  func dense(_ input: DenseInput) -> [Float] {
    switch self {
    case .network(let model): model.dense(input)
    case .forest(let forest, _):
      logarithms(forest.dense(input.values, cells: input.cellCount))
    case .logistic(let regression, _):
      logarithms(regression.dense(input.values, cells: input.cellCount))
    }
  }
}
