internal import Glibc
public import Rasters

/// How much segments count for their neighbours: by likeness and, on demand, by direction.
///
/// `w_st = exp(-|m_s - m_t|^2 / (B sigma^2))` over the means `m` of the `B` bands, Gaussian weights as
/// in CEGCN (Liu et al. 2021). With `tau` times the mean over both ends of
/// `exp(-a sin^2(theta_st - theta) / tau)`: `theta_st` is the bearing between the centres of gravity,
/// `theta` the strike of a segment of elongation `e` and `a = (e^2 - 1) / (e^2 + 1)` its anisotropy, 0
/// for a round segment, which has no direction. Bearings and strikes are those of the map.
public struct EdgeWeighting: Sendable, Hashable {
  /// The root mean square difference of bands at which a weight is `1 / e`, in units of the bands.
  public var sigma: Double
  /// How far from the strike an edge may point; nil for weights without direction.
  public var tau: Double?

  /// Describes weights; `sigma` and `tau` are above zero.
  public init(sigma: Double = 1, tau: Double? = nil) {
    self.sigma = sigma
    self.tau = tau
  }
}

extension SegmentGraphBuilder {
  /// The weight of every edge: one number for each of `adjacency.neighbors`.
  ///
  /// `cube` covers the builder's window and is finite at every pixel of the segments. A weight is
  /// the same to the last bit in any window that holds both segments whole: sums run over each
  /// segment's cells in row-major order, and sums of positions are integers.
  public func weights(
    _ weighting: EdgeWeighting, cube: DataCube, transform: GeoTransform
  ) -> [Float] {
    precondition(cube.window == window, "bands over \(cube.window), segments over \(window)")
    let sums = SegmentSums(
      cube: cube, numberOfCell: adjacency.numberOfCell, of: adjacency.segmentCount)
    let means = Self.means(sums)
    let bands = cube.bandCount
    let scale = Double(bands) * weighting.sigma * weighting.sigma
    let strikes = weighting.tau.map { tau in
      (0..<adjacency.segmentCount).map { Strike(sums.shape($0, transform: transform), tau: tau) }
    }
    return (0..<adjacency.segmentCount).flatMap { segment in
      adjacency.range(ofNeighborsOf: segment).map { edge -> Float in
        let other = Int(adjacency.neighbors[edge])
        var distance = 0.0
        for band in 0..<bands {
          let delta = means[segment * bands + band] - means[other * bands + band]
          distance += delta * delta
        }
        var weight = exp(-distance / scale)
        if let strikes {
          let (x, y) = sums.offset(from: segment, to: other, transform: transform)
          weight *= (strikes[segment].factor(x, y) + strikes[other].factor(x, y)) / 2
        }
        return Float(weight)
      }
    }
  }

  private static func means(_ sums: SegmentSums) -> [Double] {
    sums.colors.indices.map { sums.colors[$0] / Double(sums.counts[$0 / sums.bandCount]) }
  }
}

/// The direction of a segment.
private struct Strike {
  /// East and north of the long axis, of length 1.
  private let east: Double
  private let north: Double
  /// The anisotropy over `tau`.
  private let strength: Double

  init(_ shape: (elongation: Double, strike: Double), tau: Double) {
    let azimuth = shape.strike * .pi / 180
    (east, north) = (sin(azimuth), cos(azimuth))
    let square = shape.elongation * shape.elongation
    strength = (square - 1) / (square + 1) / tau
  }

  /// The factor of an edge that leads so far east and north: 1 along the strike.
  func factor(_ x: Double, _ y: Double) -> Double {
    let square = x * x + y * y
    guard square > 0 else { return 1 }
    let across = x * north - y * east
    return exp(-strength * across * across / square)
  }
}

extension SegmentSums {
  /// The way from one centre of gravity to another in map units.
  func offset(
    from segment: Int, to other: Int, transform: GeoTransform
  ) -> (x: Double, y: Double) {
    // Integers until the division, so that the window's place cannot show in rounding.
    func difference(_ sums: [Int]) -> Double {
      Double(sums[other] * counts[segment] - sums[segment] * counts[other])
        / (Double(counts[segment]) * Double(counts[other]))
    }
    let (column, row) = (difference(columns), difference(rows))
    return (
      transform.columnX * column + transform.rowX * row,
      transform.columnY * column + transform.rowY * row
    )
  }
}
