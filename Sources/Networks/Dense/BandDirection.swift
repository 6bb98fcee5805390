/// The bands that one explained feature moves, and how its sources move each.
struct BandDirection: Sendable {
  /// Bands with the sources and slopes that move them.
  let bands: [(band: Int, terms: [(source: Int, slope: Float)])]

  /// The directions of a tangent field, one per feature.
  static func all(_ tangent: TangentField) -> [BandDirection] {
    FeatureDirection.all(tangent).map { direction in
      BandDirection(
        bands: direction.mixing.indices.compactMap { band in
          let terms = zip(direction.sources, direction.mixing[band]).filter { $1 != 0 }
            .map { (source: $0, slope: $1) }
          return terms.isEmpty ? nil : (band, terms)
        })
    }
  }

  /// The tangents of all bands over a part of a chunk, band-major.
  ///
  /// - Parameters:
  ///   - sources: The tangents of the sources over chunk and halo.
  func values(
    _ sources: [Float], bandCount: Int, _ input: DenseInput, columns: Range<Int>,
    rows: Range<Int>
  ) -> [Float] {
    let plane = input.paddedWidth * input.paddedHeight
    var result = [Float](repeating: 0, count: bandCount * rows.count * columns.count)
    for (band, terms) in bands {
      for (line, row) in rows.enumerated() {
        let target = (band * rows.count + line) * columns.count
        let place =
          (row + input.margin) * input.paddedWidth + columns.lowerBound + input.margin
        for (source, slope) in terms {
          for x in 0..<columns.count {
            result[target + x] += slope * sources[source * plane + place + x]
          }
        }
      }
    }
    return result
  }
}
