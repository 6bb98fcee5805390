import Foundation

/// Spectra at other positions: linear between bands, or as bands of a given width would see them.
///
/// Nothing is extrapolated.
public struct SpectralResampling: Sendable, Hashable {
  /// Why there is no value at a position.
  public enum Failure: Error, Sendable, Hashable {
    /// The position, or half of its response, lies beyond the bands.
    case beyondBands
    /// The response is narrower than the bands are apart there.
    case tooNarrow(spacing: Double)
  }

  /// How far a response reaches to either side, in full widths at half maximum.
  ///
  /// At twice the full width a Gaussian is at 1.5e-5 of its maximum.
  public static let reach = 2.0

  /// What a new band takes of the bands on both sides of its position, by their distances.
  public static func linear(
    at position: Double, along axis: SpectralAxis
  ) throws(Failure) -> SpectralFilter.Taps {
    let positions = axis.positions
    guard let last = positions.last, let first = positions.first, position >= first,
      position <= last
    else { throw .beyondBands }
    let above = positions.firstIndex { $0 >= position } ?? 0
    guard positions[above] > position else { return .init(first: above, weights: [1]) }
    let (low, high) = (positions[above - 1], positions[above])
    let share = (position - low) / (high - low)
    return .init(first: above - 1, weights: [1 - share, share])
  }

  /// What a new band with a Gaussian response takes of the bands; `width` is the full width of the
  /// response at half of its maximum.
  ///
  /// The response is normalized; both integrals are by the trapezoidal rule over the bands.
  public static func gaussian(
    at position: Double, width: Double, along axis: SpectralAxis
  ) throws(Failure) -> SpectralFilter.Taps {
    let positions = axis.positions
    guard let last = positions.last, let first = positions.first, position - width / 2 >= first,
      position + width / 2 <= last, axis.count > 1
    else { throw .beyondBands }
    let above = max(1, positions.firstIndex { $0 >= position } ?? 1)
    let spacing = positions[above] - positions[above - 1]
    guard width >= spacing else { throw .tooNarrow(spacing: spacing) }
    let near = positions.indices.filter { abs(positions[$0] - position) <= reach * width }
    let quadrature = axis.quadratureWeights
    let weights = near.map { index in
      let distance = (positions[index] - position) / width
      return quadrature[index] * exp(-4 * M_LN2 * distance * distance)
    }
    let sum = weights.reduce(0, +)
    return .init(first: near.first ?? 0, weights: weights.map { $0 / sum })
  }
}
