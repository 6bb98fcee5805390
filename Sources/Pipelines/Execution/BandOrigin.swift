import Rasters

/// Of which band of an input a band of a raster is made, cell by cell.
///
/// Maps that choose, mask or fill bands, or take their logarithms, are not stored. By the origins of
/// their bands what they made can be told from what is stored. The band has the values of its
/// origin, or their logarithms, or none.
struct BandOrigin: Sendable, Hashable {
  /// The position of the input among the edges of the node.
  var edge = 0
  /// The band of the input.
  var band: Int
  /// What values are multiplied by before their logarithm is taken; nil for the values themselves.
  var factor: Double?
  /// Whether cells without a value (for logarithms, without a positive one) may get one.
  var isFilled = false

  /// The bands of the first input, one by one.
  static func all(_ count: Int) -> [BandOrigin?] { (0..<count).map { BandOrigin(band: $0) } }
}

/// A band in the store that the values of another band can be told from.
struct StoredBand: Sendable {
  let node: Node
  /// The band of the node.
  let band: Int
  /// What values are multiplied by before their logarithm is taken; nil for the values themselves.
  var factor: Double?
  /// Whether cells without a value may have got one on the way.
  var isFilled = false
}

extension Node {
  /// Where the values of a band are stored; nil where they cannot be told from what is.
  func stored(_ band: Int) -> StoredBand? {
    if isStored { return bands.indices.contains(band) ? StoredBand(node: self, band: band) : nil }
    guard origins.indices.contains(band), let origin = origins[band],
      var found = edges[origin.edge].node.stored(origin.band)
    else { return nil }
    if let factor = origin.factor {
      guard found.factor == nil else { return nil }
      found.factor = factor
    }
    found.isFilled = found.isFilled || origin.isFilled
    return found
  }
}
