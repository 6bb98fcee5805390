public import Rasters
public import Tensors

/// An order of some bands of a cube, which then stand side by side; the other bands keep theirs.
///
/// The ordered bands begin at the place of the first of them.
public struct BandOrder: Sendable, Hashable, Codable {
  /// The bands in their new order, by position in the cube.
  public let bands: [Int]
  /// What decided about each of them: the distance to the next one (0 for the last), or how much it
  /// tells of the labels.
  public let scores: [Double]

  /// Orders bands as given.
  public init(_ bands: [Int], scores: [Double]) {
    precondition(bands.count == scores.count, "\(scores.count) scores for \(bands.count) bands")
    self.bands = bands
    self.scores = scores
  }

  /// Puts bands that resemble one another side by side: leaves of a clustering by `1 - |r|`.
  ///
  /// The variables of `moments` are `bands`; a constant band resembles none. With `isOptimal`
  /// branches are turned so that neighbours are as near as the tree allows.
  public init(
    clustering moments: ExactCovariance, bands: [Int],
    linkage: HierarchicalClustering.Linkage, isOptimal: Bool = false
  ) {
    let count = bands.count
    precondition(
      moments.variableCount == count, "\(moments.variableCount) variables, \(count) bands")
    let distances = Self.distances(moments)
    let tree = HierarchicalClustering(distances: distances, count: count, linkage: linkage)
    let leaves = isOptimal ? tree.optimalLeaves(distances: distances) : tree.leaves
    self.init(
      leaves.map { bands[$0] },
      scores: zip(leaves, leaves.dropFirst()).map { distances[$0 * count + $1] }
        + (count > 0 ? [0] : []))
  }

  /// Puts bands with high scores first; of equal ones the first in `bands`.
  public init(byScore scores: [Double], bands: [Int]) {
    precondition(bands.count == scores.count, "\(scores.count) scores for \(bands.count) bands")
    let order = bands.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
    self.init(order.map { bands[$0] }, scores: order.map { scores[$0] })
  }

  /// `1 - |r|` of every two variables.
  static func distances(_ moments: ExactCovariance) -> [Double] {
    let count = moments.variableCount
    let scatter = moments.scatter
    return (0..<count * count).map { place in
      let (row, column) = (place / count, place % count)
      if row == column { return 0 }
      let product = scatter[row * count + row] * scatter[column * count + column]
      guard product > 0 else { return 1 }
      return max(0, 1 - abs(scatter[place]) / product.squareRoot())
    }
  }

  /// The band of the cube that stands at each place of the result.
  public func places(bandCount: Int) -> [Int] {
    BandMixture.layout(replacing: bands, by: bands.count, of: bandCount).map { source in
      switch source {
      case .kept(let band): band
      case .made(let index): bands[index]
      }
    }
  }

  /// The cube with its bands in the new order.
  public func apply(_ cube: DataCube) -> DataCube {
    DataCube(
      window: cube.window, bandCount: cube.bandCount,
      values: places(bandCount: cube.bandCount).flatMap { cube.band($0) })
  }
}

extension LinearMap {
  /// The map that puts the band at each of `places` in turn.
  public static func permutation(_ places: [Int]) -> LinearMap {
    let count = places.count
    var matrix = [Float](repeating: 0, count: count * count)
    for (row, band) in places.enumerated() { matrix[row * count + band] = 1 }
    return LinearMap(
      inputCount: count, matrix: matrix, offset: [Float](repeating: 0, count: count))
  }
}
