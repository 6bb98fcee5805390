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
  case forest(PixelModels<RandomForest>, ModelArchitecture)
  case logistic(PixelModels<LogisticRegression>, ModelArchitecture)
  case surface(SurfaceRule, ModelArchitecture)

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
    case .forest: .forest
    case .logistic: .logistic
    case .surface: .surface
    }
  }

  /// What the model takes and makes.
  var architecture: ModelArchitecture {
    switch self {
    case .network(let model): model.architecture
    case .forest(_, let architecture), .logistic(_, let architecture),
      .surface(_, let architecture):
      architecture
    }
  }

  /// The network, where it is one.
  var network: Model? { if case .network(let model) = self { model } else { nil } }

  /// The model in words, with its size.
  var phrase: String {
    func several(_ count: Int, _ kind: String) -> String {
      count == 1 ? "A \(kind)" : "\(count) \(kind)s, one for each output,"
    }
    switch self {
    case .network: return "A network of \(summary)"
    case .forest(let forests, _):
      return "\(several(forests.members.count, "random forest")) of \(summary)"
    case .logistic(let regressions, _):
      return "\(several(regressions.members.count, "logistic regression")) of \(summary)"
    case .surface(let rule, _):
      return rule.surfaces.count == 1
        ? "A band that predicts by itself" : "\(summary) that predict by themselves"
    }
  }

  /// The size of the model in words.
  var summary: String {
    switch self {
    case .network(let model): "\(model.parameterCount) parameters"
    case .forest(let forests, _):
      "\(forests.members.reduce(0) { $0 + $1.treeCount }) trees"
    case .logistic(let regressions, _):
      "\(regressions.members.reduce(0) { $0 + $1.coefficients.count + $1.intercepts.count }) "
        + "coefficients"
    case .surface(let rule, _): "\(rule.surfaces.count) band\(rule.surfaces.count == 1 ? "" : "s")"
    }
  }

  /// The probabilities (values, for a linear head) of samples, samples x outputs.
  func probabilities(_ batch: ModelBatch) -> [Float] {
    switch self {
    case .network(let model): model.probabilities(batch)
    case .forest(let forests, _): forests.probabilities(batch.spectra, count: batch.count)
    case .logistic(let models, _): models.probabilities(batch.spectra, count: batch.count)
    case .surface(let rule, _): rule.probabilities(batch.spectra, count: batch.count)
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
    case .forest(let forests, _):
      logarithms(forests.dense(input.values, cells: input.cellCount))
    case .logistic(let regressions, _):
      logarithms(regressions.dense(input.values, cells: input.cellCount))
    case .surface(let rule, _):
      logarithms(rule.dense(input.values, cells: input.cellCount))
    }
  }
}
