import Glibc
public import Networks

/// The one number per cell that an explanation takes apart.
///
/// On the scale of log-odds, which is additive where probabilities saturate, a softmax class `k` is
/// `z_k - logsumexp(z_j, j != k)` and a sigmoid label its logit; a linear value is taken as it is.
public struct ExplainedOutput: Sendable, Hashable {
  /// What the model's raw outputs stand for.
  public var head: ModelArchitecture.Head.Kind
  /// The class, label or value.
  public var index: Int
  /// The scale of explanation.
  public var scale: Scale

  /// The scale on which an output is explained.
  public enum Scale: String, Sendable, Hashable {
    /// The logarithm of the odds of a class or label; values as they are.
    case logOdds = "log-odds"
    /// The probability of a class or label; values as they are.
    case probability
  }

  /// Chooses an output.
  public init(head: ModelArchitecture.Head.Kind, index: Int, scale: Scale = .logOdds) {
    self.head = head
    self.index = index
    self.scale = scale
  }

  /// The explained number for one cell's raw outputs.
  public func value(_ raw: [Double]) -> Double {
    precondition(index < raw.count, "output \(index) of \(raw.count)")
    let score = logOdds(raw)
    return usesProbability ? 1 / (1 + exp(-score)) : score
  }

  /// The explained number and its derivatives with respect to the raw outputs.
  public func value(_ raw: [Double], gradient: inout [Double]) -> Double {
    precondition(gradient.count == raw.count, "\(gradient.count) derivatives of \(raw.count)")
    let score = logOdds(raw)
    for k in raw.indices { gradient[k] = k == index ? 1 : 0 }
    if head == .softmax {
      let others = logSumExpOfOthers(raw)
      for k in raw.indices where k != index { gradient[k] = -exp(raw[k] - others) }
    }
    guard usesProbability else { return score }
    let probability = 1 / (1 + exp(-score))
    // p (1 - p), without the cancellation of 1 - p near certainty.
    let slope = probability / (1 + exp(score))
    for k in raw.indices { gradient[k] = slope == 0 ? 0 : gradient[k] * slope }
    return probability
  }

  private var usesProbability: Bool { scale == .probability && head != .linear }

  private func logOdds(_ raw: [Double]) -> Double {
    head == .softmax ? raw[index] - logSumExpOfOthers(raw) : raw[index]
  }

  private func logSumExpOfOthers(_ raw: [Double]) -> Double {
    precondition(raw.count >= 2, "a softmax of \(raw.count) class has no odds")
    var largest = -Double.infinity
    for k in raw.indices where k != index { largest = max(largest, raw[k]) }
    var sum = 0.0
    for k in raw.indices where k != index { sum += exp(raw[k] - largest) }
    return largest + log(sum)
  }
}

extension ExplainedOutput {
  /// The explained number at every cell for raw outputs `K x cells`.
  public func values(_ raw: [Float], outputCount: Int) -> [Double] {
    precondition(raw.count.isMultiple(of: outputCount), "\(raw.count) outputs in \(outputCount)")
    let cells = raw.count / outputCount
    var column = [Double](repeating: 0, count: outputCount)
    return (0..<cells).map { cell in
      for k in 0..<outputCount { column[k] = Double(raw[k * cells + cell]) }
      return value(column)
    }
  }
}
