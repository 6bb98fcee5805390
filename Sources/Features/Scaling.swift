public import Rasters
public import Tensors

/// Standardization of bands to mean 0 and standard deviation 1.
///
/// The categories of one-hot bands pass through unchanged unless they are asked for, and a constant
/// band is only centred.
public struct Scaling: Sendable, Hashable, Codable {
  /// The mean of each band; 0 where the band passes through or has no data.
  public let means: [Double]
  /// What each band is divided by: its standard deviation, or 1.
  public let scales: [Double]

  /// Takes fitted means and scales; scales must not be 0.
  public init(means: [Double], scales: [Double]) {
    precondition(means.count == scales.count, "\(means.count) means, \(scales.count) scales")
    precondition(!scales.contains(0), "a scale of 0")
    self.means = means
    self.scales = scales
  }

  /// Fits to the statistics of a cube; `scaled` lists the bands to standardize, by default all
  /// that are not categories.
  ///
  /// The standard deviation has the divisor n.
  public init(_ statistics: BandStatistics, bands: [Band], scaled: [Int]? = nil) {
    precondition(
      statistics.bandCount == bands.count,
      "statistics of \(statistics.bandCount) bands for \(bands.count) bands")
    let chosen = Set(scaled ?? bands.indices.filter { !bands[$0].isCategory })
    let fitted = bands.indices.map { band -> (mean: Double, scale: Double) in
      let moments = statistics.moments[band]
      guard chosen.contains(band), moments.count > 0 else { return (0, 1) }
      let deviation = moments.standardDeviation
      return (moments.mean, deviation > 0 ? deviation : 1)
    }
    self.init(means: fitted.map(\.mean), scales: fitted.map(\.scale))
  }

  /// Scales the range of each of some bands to 0...1; a constant band is only shifted.
  public init(rangesOf statistics: BandStatistics, scaled: [Int]) {
    var means = [Double](repeating: 0, count: statistics.bandCount)
    var scales = [Double](repeating: 1, count: statistics.bandCount)
    for band in scaled where statistics.moments[band].count > 0 {
      let moments = statistics.moments[band]
      let range = Double(moments.maximum) - Double(moments.minimum)
      means[band] = Double(moments.minimum)
      scales[band] = range > 0 ? range : 1
    }
    self.init(means: means, scales: scales)
  }

  /// Centres some of `bandCount` bands at their medians and divides them by their interquartile
  /// ranges; a band whose quartiles are equal is only centred.
  ///
  /// `quartiles` holds, for each of the bands, the quantiles 0, 1/4, 1/2, 3/4 and 1.
  public init(quartiles: [[Double]], scaled: [Int], bandCount: Int) {
    precondition(quartiles.count == scaled.count, "\(quartiles.count) for \(scaled.count) bands")
    var means = [Double](repeating: 0, count: bandCount)
    var scales = [Double](repeating: 1, count: bandCount)
    for (band, quantiles) in zip(scaled, quartiles) {
      precondition(quantiles.count == 5, "\(quantiles.count) quantiles")
      means[band] = quantiles[2]
      scales[band] = quantiles[3] > quantiles[1] ? quantiles[3] - quantiles[1] : 1
    }
    self.init(means: means, scales: scales)
  }

  /// The number of bands.
  public var bandCount: Int { means.count }

  /// The standardized cube; missing samples stay missing.
  public func apply(_ cube: DataCube) -> DataCube {
    mapped(cube) { value, mean, scale in (value - mean) / scale }
  }

  /// The cube in the original units again.
  public func inverse(_ cube: DataCube) -> DataCube {
    mapped(cube) { value, mean, scale in value * scale + mean }
  }

  @inline(__always)
  private func mapped(_ cube: DataCube, _ change: (Double, Double, Double) -> Double) -> DataCube {
    precondition(cube.bandCount == bandCount, "\(cube.bandCount) of \(bandCount) bands")
    var result = cube
    let cells = cube.window.cellCount
    for band in 0..<bandCount where means[band] != 0 || scales[band] != 1 {
      let mean = means[band]
      let scale = scales[band]
      var values = result.values.mutableSpan
      for position in band * cells..<(band + 1) * cells {
        values[position] = Float(change(Double(values[position]), mean, scale))
      }
    }
    return result
  }

  /// The standardization as a matrix and an offset.
  public var linearMap: LinearMap {
    var matrix = [Float](repeating: 0, count: bandCount * bandCount)
    for band in 0..<bandCount { matrix[band * bandCount + band] = Float(1 / scales[band]) }
    return LinearMap(
      inputCount: bandCount, matrix: matrix,
      offset: (0..<bandCount).map { Float(-means[$0] / scales[$0]) })
  }
}

/// Exact moments of every band, gathered chunk by chunk; the same bits for any division and order.
public struct BandStatistics: Sendable, Hashable, Codable {
  /// The moments of each band.
  public private(set) var moments: [ExactMoments]

  /// Starts with no values.
  public init(bandCount: Int) {
    moments = [ExactMoments](repeating: ExactMoments(), count: bandCount)
  }

  /// The number of bands.
  public var bandCount: Int { moments.count }

  /// Takes in a chunk; with a `mask`, one entry per cell, only the cells where it is true.
  public mutating func add(_ cube: DataCube, mask: [Bool]? = nil) {
    precondition(cube.bandCount == bandCount, "\(cube.bandCount) of \(bandCount) bands")
    let cells = cube.window.cellCount
    precondition(
      mask == nil || mask?.count == cells, "a mask of \(mask?.count ?? 0) for \(cells) cells")
    for band in 0..<bandCount {
      var moments = self.moments[band]
      if let mask {
        for cell in 0..<cells where mask[cell] { moments.add(cube.values[band * cells + cell]) }
      } else {
        moments.add(contentsOf: cube.values.span.extracting(band * cells..<(band + 1) * cells))
      }
      self.moments[band] = moments
    }
  }

  /// The statistics in which smaller cells of one band have those of all of them.
  public func pooled(_ bands: [Band]) -> BandStatistics {
    let pools = BandPools(bands, chosen: Array(bands.indices))
    let moments = pools.ranges.map { range in
      var all = self.moments[range.lowerBound]
      for band in range.dropFirst() { all.merge(self.moments[band]) }
      return all
    }
    var result = self
    result.moments = pools.poolOfBand.map { moments[$0] }
    return result
  }

  /// Takes in what was gathered elsewhere.
  public mutating func merge(_ other: BandStatistics) {
    precondition(other.bandCount == bandCount, "\(other.bandCount) of \(bandCount) bands")
    for band in moments.indices { moments[band].merge(other.moments[band]) }
  }
}
