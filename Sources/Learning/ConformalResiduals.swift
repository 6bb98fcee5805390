/// Residuals of predictions that have not seen their samples, from which limits of new predictions
/// follow without any assumption on their distribution (split conformal prediction).
///
/// Residuals keep their sign, so that limits need not be as far above a prediction as below it. With
/// `n` residuals exchangeable with that of a new sample, the new one is within the limits of a level
/// at least as often as the level says, and beyond each of them in half of the other cases at most
/// (Vovk et al. 2005; Lei et al. 2018).
public struct ConformalResiduals: Sendable, Hashable, Codable {
  /// The residuals, measured less predicted, ascending.
  public let sorted: [Double]

  /// What is added to a prediction.
  public struct Limits: Sendable, Hashable, Codable {
    /// To get the lower limit.
    public let lower: Double
    /// To get the upper limit.
    public let upper: Double

    /// Gathers limits.
    public init(lower: Double, upper: Double) {
      self.lower = lower
      self.upper = upper
    }
  }

  /// Takes residuals in any order; NaN ones do not count.
  public init(_ residuals: [Double]) {
    sorted = residuals.filter { !$0.isNaN }.sorted()
  }

  /// The number of residuals.
  public var count: Int { sorted.count }

  /// Levels are given as decimals: a rank is not the next one because 0.9 is no binary number.
  private static let rounding = 1e-9

  /// How many residuals a level needs, so that its limits are residuals.
  public static func leastCount(level: Double) -> Int {
    Int(((1 + level) / (1 - level) - rounding).rounded(.up))
  }

  /// The limits of a level between 0 and 1; nil where there are too few residuals for it.
  ///
  /// With `a = 1 - level` the upper one is the residual of rank `ceil((n + 1)(1 - a / 2))`, the lower
  /// one that of the same rank from above.
  public func limits(level: Double) -> Limits? {
    let rank = Int((Double(count + 1) * (1 + level) / 2 - Self.rounding).rounded(.up))
    guard rank >= 1, rank <= count else { return nil }
    return Limits(lower: sorted[count - rank], upper: sorted[rank - 1])
  }
}
