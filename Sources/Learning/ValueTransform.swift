import Foundation

/// How the measured values of one column are to be learnt.
public struct ValueForm: Sendable, Hashable, Codable {
  /// What is made of values before a model learns them.
  public enum Transform: String, CaseIterable, Sendable, Hashable, Codable {
    /// Nothing.
    case none
    /// Their natural logarithm.
    case log
    /// The power that makes them most like a normal distribution (Box & Cox 1964).
    case boxCox = "box-cox"
  }

  /// The transform.
  public var transform: Transform
  /// What is added before the transform and taken off after it.
  public var offset: Double
  /// The unit of the values, empty when there is none.
  public var unit: String

  /// Describes a column.
  public init(transform: Transform = .none, offset: Double = 0, unit: String = "") {
    self.transform = transform
    self.offset = offset
    self.unit = unit
  }

  /// Whether a value has a transform: logarithms and powers need numbers above 0.
  public func takes(_ value: Double) -> Bool {
    transform == .none || value.isNaN || value + offset > 0
  }
}

/// A monotone transform of measured values, fitted to those of a training part, and its inverse.
public struct ValueTransform: Sendable, Hashable, Codable {
  /// Which transform it is.
  public let kind: ValueForm.Transform
  /// What is added before the transform and taken off after it.
  public let offset: Double
  /// The power of Box and Cox; 0, which is the logarithm, of others.
  public let lambda: Double
  /// What values are divided by before a power is taken: their geometric mean; 1 of others.
  ///
  /// Lambda does not depend on it. Without it large amounts with a negative power would differ in
  /// digits only that a Float does not hold.
  public let scale: Double

  /// No transform.
  public static let identity = ValueTransform(kind: .none)

  /// Gathers a transform.
  public init(kind: ValueForm.Transform, offset: Double = 0, lambda: Double = 0, scale: Double = 1)
  {
    self.kind = kind
    self.offset = offset
    self.lambda = lambda
    self.scale = scale
  }

  /// Fits a transform of a form to values that it takes; NaN ones do not count.
  ///
  /// The result does not depend on the order of the values.
  public init(_ form: ValueForm, fittedTo values: [Double]) {
    guard form.transform == .boxCox else {
      self.init(kind: form.transform, offset: form.transform == .none ? 0 : form.offset)
      return
    }
    let logarithms = values.filter { !$0.isNaN }.map { log($0 + form.offset) }.sorted()
    self.init(
      kind: .boxCox, offset: form.offset,
      lambda: BoxCox(logarithms: logarithms).lambda, scale: exp(mean(logarithms) ?? 0))
  }

  /// The amounts above this cannot be told from infinite ones in a map.
  public static let largest = Double(Float.greatestFiniteMagnitude)

  /// What is learnt of a value.
  public func forward(_ value: Double) -> Double {
    let tiny = Double.leastNormalMagnitude
    switch kind {
    case .none: return value
    case .log: return log(max(value + offset, tiny))
    case .boxCox:
      let logarithm = log(max((value + offset) / scale, tiny))
      return lambda == 0 ? logarithm : expm1(lambda * logarithm) / lambda
    }
  }

  /// The value of which `forward` makes a number; `largest` where no finite value has it.
  ///
  /// Powers reach a number on one side alone: beyond it a positive lambda gives 0, less the offset,
  /// and a negative one no finite value.
  public func inverse(_ number: Double) -> Double {
    let value: Double
    switch kind {
    case .none: value = number
    case .log: value = exp(number) - offset
    case .boxCox where lambda == 0: value = scale * exp(number) - offset
    case .boxCox:
      let base = lambda * number
      if base > -1 {
        value = scale * exp(log1p(base) / lambda) - offset
      } else {
        value = lambda > 0 ? -offset : .infinity
      }
    }
    return min(value, Self.largest)
  }

  /// The number that no transformed value exceeds; nil where there is none.
  public var bound: Double? { kind == .boxCox && lambda < 0 ? -1 / lambda : nil }
}

/// The likelihood of Box and Cox's power, given the logarithms of values.
///
/// With logarithms `u` about their mean the logarithm of the likelihood is, but for a constant,
/// `-n / 2 log var(expm1(lambda u) / lambda)`: dividing values by their geometric mean changes nothing
/// but that it leaves nothing to cancel.
struct BoxCox {
  /// The powers that are tried.
  static let bounds = -5.0...5.0
  private static let step = 0.25

  private let deviations: [Double]

  init(logarithms: [Double]) {
    let center = mean(logarithms) ?? 0
    deviations = logarithms.map { $0 - center }
  }

  /// The power of the greatest likelihood; 1 where the values are all the same.
  var lambda: Double {
    guard let first = deviations.first, deviations.contains(where: { $0 != first }) else {
      return 1
    }
    let count = Int((Self.bounds.upperBound - Self.bounds.lowerBound) / Self.step)
    let grid = (0...count).map { Self.bounds.lowerBound + Double($0) * Self.step }
    let best = grid.min { variance($0) < variance($1) } ?? 1
    var (low, high) = (
      max(best - Self.step, Self.bounds.lowerBound), min(best + Self.step, Self.bounds.upperBound)
    )
    guard slope(low) < 0, slope(high) > 0 else { return best }
    // The root of the slope is found to more digits than the bottom of the variance would be.
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if slope(middle) < 0 { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// What is to be made small.
  private func variance(_ lambda: Double) -> Double {
    let powers = deviations.map { Self.power($0, lambda) }
    let center = mean(powers) ?? 0
    return mean(powers.map { ($0 - center) * ($0 - center) }) ?? 0
  }

  /// A number with the sign of the variance's derivative by lambda.
  private func slope(_ lambda: Double) -> Double {
    let powers = deviations.map { Self.power($0, lambda) }
    let center = mean(powers) ?? 0
    return zip(deviations, powers).reduce(0) { sum, pair in
      sum + (pair.1 - center) * Self.derivative(pair.0, pair.1, lambda)
    }
  }

  private static func power(_ u: Double, _ lambda: Double) -> Double {
    lambda == 0 ? u : expm1(lambda * u) / lambda
  }

  /// The derivative of `power` by lambda; near 0 its series, which does not cancel.
  private static func derivative(_ u: Double, _ power: Double, _ lambda: Double) -> Double {
    guard abs(lambda * u) > 1e-4 else {
      return u * u * (0.5 + lambda * u / 3 + lambda * u * lambda * u / 8)
    }
    return (u * exp(lambda * u) - power) / lambda
  }
}
