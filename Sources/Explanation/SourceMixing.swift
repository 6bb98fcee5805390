/// How the bands of a model are made of source values: `z = A u + c` in every cell.
///
/// Standardised bands are their own sources with the slope 1/sd; principal components mix all
/// bands, a centred log-ratio all parts in log space; the categories of a one-hot group are sources
/// of one feature.
public struct SourceMixing: Sendable, Equatable {
  /// The number of bands of the model.
  public var bandCount: Int
  /// `A`, bands x sources, row-major.
  public var matrix: [Float]
  /// `c`, one per band.
  public var offset: [Float]
  /// The feature that each source belongs to.
  public var featureOfSource: [Int]
  /// The names of the explained features.
  public var featureNames: [String]

  /// Describes a mixing.
  public init(
    bandCount: Int, matrix: [Float], offset: [Float], featureOfSource: [Int],
    featureNames: [String]
  ) {
    precondition(
      matrix.count == bandCount * featureOfSource.count && offset.count == bandCount,
      "a mixing of \(matrix.count) and \(offset.count) numbers for \(bandCount) bands of "
        + "\(featureOfSource.count) sources")
    precondition(
      featureOfSource.allSatisfy(featureNames.indices.contains),
      "a source belongs to none of \(featureNames.count) features")
    self.bandCount = bandCount
    self.matrix = matrix
    self.offset = offset
    self.featureOfSource = featureOfSource
    self.featureNames = featureNames
  }

  /// The mixing of a model whose bands are explained as they are.
  public static func identity(_ names: [String]) -> SourceMixing {
    let count = names.count
    var matrix = [Float](repeating: 0, count: count * count)
    for band in 0..<count { matrix[band * count + band] = 1 }
    return SourceMixing(
      bandCount: count, matrix: matrix, offset: [Float](repeating: 0, count: count),
      featureOfSource: Array(0..<count), featureNames: names)
  }

  /// The number of sources J.
  public var sourceCount: Int { featureOfSource.count }
  /// The number of features T.
  public var featureCount: Int { featureNames.count }

  /// The bands of one cell: `A u + c`.
  public func bands(_ sources: [Float]) -> [Float] {
    precondition(sources.count == sourceCount, "\(sources.count) sources for \(sourceCount)")
    return (0..<bandCount).map { band in
      var sum = Double(offset[band])
      for j in 0..<sourceCount {
        sum += Double(matrix[band * sourceCount + j]) * Double(sources[j])
      }
      return Float(sum)
    }
  }

  /// The sources of a feature, ascending.
  func sources(of feature: Int) -> [Int] {
    featureOfSource.indices.filter { featureOfSource[$0] == feature }
  }
}
