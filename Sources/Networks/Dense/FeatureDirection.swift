/// The sources of one explained feature and how they enter the bands.
struct FeatureDirection: Sendable {
  /// The sources that move.
  let sources: [Int]
  /// The slopes of each band in those sources, `[band][source]`.
  let mixing: [[Float]]

  /// The directions of a tangent field, one per feature.
  static func all(_ tangent: TangentField) -> [FeatureDirection] {
    let count = tangent.sourceCount
    precondition(
      tangent.featureOfSource.count == count && (count == 0 || tangent.mixing.count % count == 0),
      "\(tangent.featureOfSource.count) features' sources and \(tangent.mixing.count) slopes for "
        + "\(count) sources")
    let bands = count == 0 ? 0 : tangent.mixing.count / count
    return (0..<tangent.featureCount).map { feature in
      let sources = (0..<count).filter { tangent.featureOfSource[$0] == feature }
      return FeatureDirection(
        sources: sources,
        mixing: (0..<bands).map { band in sources.map { tangent.mixing[band * count + $0] } })
    }
  }

  /// The direction within some of the bands, without sources that do not move them; nil where it
  /// moves none of them.
  func within(_ bands: Range<Int>) -> FeatureDirection? {
    let own = sources.indices.filter { source in mixing[bands].contains { $0[source] != 0 } }
    guard !own.isEmpty else { return nil }
    return FeatureDirection(
      sources: own.map { sources[$0] }, mixing: mixing[bands].map { row in own.map { row[$0] } })
  }
}
