import Foundation

/// How half the mean squared difference of two values grows with the distance between them.
///
/// The forms and the meaning of `range` are those of PyKrige: the spherical model reaches its sill
/// at the range, the exponential 95 % of its partial sill (`1 - exp(-3 h / range)`) and the gaussian
/// 95.3 % (`1 - exp(-(7 h / (4 range))^2)`).
public struct VariogramModel: Sendable, Hashable, Codable {
  /// The form of the curve.
  public enum Shape: String, Sendable, Hashable, Codable, CaseIterable {
    /// Linear at first and level from the range on.
    case spherical
    /// Linear at first and never quite level.
    case exponential
    /// Flat at first: values change smoothly.
    case gaussian

    /// The share of the partial sill at a distance.
    func share(of distance: Double, range: Double) -> Double {
      let ratio = distance / range
      switch self {
      case .spherical: return ratio >= 1 ? 1 : ratio * (1.5 - 0.5 * ratio * ratio)
      case .exponential: return -expm1(-3 * ratio)
      case .gaussian: return -expm1(-ratio * ratio * 49 / 16)
      }
    }
  }

  /// The form of the curve.
  public var shape: Shape
  /// The semivariance of places that are next to one another: errors and what varies below their
  /// distance.
  public var nugget: Double
  /// What the semivariance grows by with distance.
  public var partialSill: Double
  /// The distance at which it has grown, in map units.
  public var range: Double

  /// States a model; `range` is above 0.
  public init(_ shape: Shape, nugget: Double, partialSill: Double, range: Double) {
    precondition(range > 0, "a range of \(range)")
    self.shape = shape
    self.nugget = nugget
    self.partialSill = partialSill
    self.range = range
  }

  /// The semivariance at the greatest distances.
  public var sill: Double { nugget + partialSill }

  /// The semivariance at a distance; 0 at none, whatever the nugget.
  public func semivariance(at distance: Double) -> Double {
    distance == 0 ? 0 : nugget + partialSill * shape.share(of: distance, range: range)
  }
}
