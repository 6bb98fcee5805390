public import Tensors

/// Dropout: in training a feature vanishes with probability `share`, or grows by `1 / (1 - share)`.
///
/// After Srivastava and others (2014).
public struct Dropout: Sendable, Hashable {
  /// The share of features dropped.
  public let share: Float

  /// Drops a share in 0..<1.
  public init(share: Float) {
    precondition(share >= 0 && share < 1, "dropout of \(share)")
    self.share = share
  }

  /// The factor of every feature, `[feature][sample]`: 0 or `1 / (1 - share)`.
  ///
  /// A factor depends on `random`, the sample's number and the feature alone.
  ///
  /// - Parameters:
  ///   - samples: The numbers of the samples.
  public func mask(features: Int, samples: Range<Int>, _ random: Randomness) -> [Float] {
    let kept = 1 / (1 - share)
    var result = [Float](repeating: 0, count: features * samples.count)
    for (column, sample) in samples.enumerated() {
      let uniforms = random.derived(UInt64(sample)).uniforms(features)
      for feature in 0..<features where uniforms[feature] >= share {
        result[feature * samples.count + column] = kept
      }
    }
    return result
  }

  /// Multiplies values, gradients or tangents by the mask.
  public static func apply(_ mask: [Float], to values: inout [Float]) {
    precondition(mask.count == values.count, "\(mask.count) factors for \(values.count) values")
    for index in values.indices { values[index] *= mask[index] }
  }
}
