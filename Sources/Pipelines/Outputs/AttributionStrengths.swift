import Features
import Rasters

/// How strongly the features of an attribution raster move the map.
struct AttributionStrengths {
  /// The mean absolute attribution by feature.
  let means: [Double]
  /// The end of the scale of all features: the 99th percentile of the magnitudes.
  ///
  /// A few extreme cells would make all others pale.
  let limit: Double
  /// Whether some magnitude is beyond `limit`.
  let isClipped: Bool
  /// The features, the strongest first.
  let order: [Int]

  /// Reads all of the raster, chunk by chunk.
  init(_ raster: RasterProduct, _ executor: Executor) throws {
    let count = raster.featureBands.count
    func magnitudes(_ body: (Int, [Float]) -> Void) throws {
      for chunk in executor.lattice.chunks {
        let cube = try executor.cube(raster.node, executor.lattice.window(of: chunk))
        for band in 0..<count { body(band, cube.band(band).map(abs)) }
      }
    }
    var sums = [Double](repeating: 0, count: count)
    var counts = [Int](repeating: 0, count: count)
    var largest: Float = 0
    try magnitudes { band, values in
      for value in values where value.isFinite {
        sums[band] += Double(value)
        counts[band] += 1
        largest = max(largest, value)
      }
    }
    var quantile = ExactQuantiles(at: [0.99])
    while !quantile.isFinished {
      var keys = KeyCounts()
      try magnitudes { _, values in keys.merge(quantile.counts(values.span)) }
      quantile.narrow(keys)
    }
    let means = zip(sums, counts).map { $1 > 0 ? $0 / Double($1) : 0 }
    self.means = means
    limit = max(quantile.values.first ?? 1, 1e-12)
    isClipped = Double(largest) > limit
    order = means.indices.sorted { (means[$1], $0) < (means[$0], $1) }
  }
}
