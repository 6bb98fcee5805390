import Foundation

/// A metal in the soil of the synthetic provinces, and what decides where it is too much.
struct SoilMetal: Sendable {
  let name: String
  /// What must not be exceeded, mg/kg.
  let guideValue: Double
  /// What the full effect of each driver adds to the log-odds in the source province, in the order
  /// of `drivers`.
  let strengths: [Double]
  /// The share of the source province's cells and of the target's that is expected to exceed.
  let shares: [Province.Role: Double]

  /// What the drivers are read from.
  enum Group: String, CaseIterable, Sendable {
    case remoteSensing = "remote sensing"
    case webBased = "web-based"
    case spatial
  }

  /// What moves the log-odds: an effect from 0 to 1, or of the geological background a standard
  /// normal one.
  struct Driver: Sendable {
    let name: String
    let group: Group
    let form: Form
  }

  /// How the effect of a driver follows from a value.
  enum Form: Sendable {
    /// Beyond a threshold; the width is how sharp the step is, negative where small values count.
    case step(threshold: Double, width: Double)
    /// Falls with a distance by the factor e over a length.
    case decay(length: Double)
    /// The value itself.
    case linear

    func effect(_ value: Double) -> Double {
      switch self {
      case .step(let threshold, let width): 1 / (1 + exp(-(value - threshold) / width))
      case .decay(let length): exp(-value / length)
      case .linear: value
      }
    }

    /// The formula, for people.
    var phrase: String {
      switch self {
      case .step(let threshold, let width): "1/(1 + exp((\(threshold) - v)/\(width)))"
      case .decay(let length): "exp(-v/\(length))"
      case .linear: "v"
      }
    }
  }

  static let drivers = [
    Driver(name: "waste index", group: .remoteSensing, form: .step(threshold: 0.2, width: 0.012)),
    Driver(name: "NDVI", group: .remoteSensing, form: .step(threshold: 0.45, width: -0.03)),
    Driver(name: "distance to works", group: .webBased, form: .decay(length: 1.5)),
    Driver(name: "mine density", group: .webBased, form: .step(threshold: 1.5, width: 0.3)),
    Driver(name: "distance to roads", group: .webBased, form: .decay(length: 0.5)),
    Driver(name: "geological background", group: .spatial, form: .linear),
  ]

  static let all = [
    SoilMetal(
      name: "Cd", guideValue: 0.6, strengths: [2.5, 1.5, 4, 1.5, 0, 1.2],
      shares: [.source: 0.35, .target: 0.25]),
    SoilMetal(
      name: "Pb", guideValue: 140, strengths: [1.5, 0.5, 3, 2, 2.5, 1],
      shares: [.source: 0.3, .target: 0.2]),
    SoilMetal(
      name: "As", guideValue: 25, strengths: [2.5, 0.5, 0, 3, 0, 1.6],
      shares: [.source: 0.25, .target: 0.3]),
  ]

  /// By how much the decimal logarithm of the content follows the log-odds.
  static let spread = 0.15

  /// What multiplies the strength of a driver in a province.
  static func scale(_ driver: Driver, in role: Province.Role) -> Double {
    switch role {
    case .source: 1
    // Works have filters there.
    case .target: driver.name == "distance to works" ? 0.8 * 0.4 : 0.8
    }
  }

  /// What each driver adds to the log-odds, from its effects.
  func contributions(_ effects: [Double], in role: Province.Role) -> [Double] {
    effects.indices.map {
      strengths[$0] * Self.scale(Self.drivers[$0], in: role) * effects[$0]
    }
  }

  /// The content at a log-odds, for a number drawn evenly between 0 and 1.
  ///
  /// The noise is logistic: the guide value is exceeded with just the probability of the log-odds.
  func content(_ score: Double, draw: Double) -> Double {
    let noise = log(draw / (1 - draw))
    return guideValue * pow(10, Self.spread * (score + noise))
  }
}
