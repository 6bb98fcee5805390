import Features
import RasterFiles
import Rasters

/// Points, lines and polygons in the space in which distances are straight.
///
/// That is the plane of the map, in metres, or for longitudes and latitudes the space around the
/// ellipsoid. There lines are cut into pieces of at most `longestPiece`, which stay within 0.1 m of
/// the surface.
struct GroundLayer: Sendable {
  /// The points, and the pieces of lines and of the outlines of polygons, by feature.
  let tree: SegmentTree
  /// The number of each feature; 0 where there is none.
  let weights: [Double]
  private let measure: GroundMeasure
  private let grid: Grid
  /// The polygons on the grid.
  private let shapes: Shapes
  /// Of longitudes and latitudes, the ends of the tree's segments on the map.
  private let ends: [(SIMD2<Double>, SIMD2<Double>)]
  /// The features that lie in a cell.
  private let features: [Cell: Set<Int>]

  /// In radians.
  private static let longestPiece = 0.02 * Double.pi / 180
  /// The pieces of a full circle: lines that are longer are no longitudes and latitudes.
  private static let mostPieces = 18_000.0

  init(_ parts: [VectorFeatures.Part], grid: Grid) {
    self.grid = grid
    let measure = GroundMeasure(grid)
    self.measure = measure
    var weights = [Double](repeating: 0, count: (parts.map(\.feature).max() ?? -1) + 1)
    var pieces: [Piece] = []
    var features: [Cell: Set<Int>] = [:]
    for part in parts {
      weights[part.feature] = part.value
      pieces += part.paths.flatMap { Self.pieces($0, part, measure) }
      for place in part.paths.joined() where part.geometry == .points {
        if let cell = grid.cell(x: place.x, y: place.y) {
          features[cell, default: []].insert(part.feature)
        }
      }
    }
    self.weights = weights
    self.features = features
    // The owner is the piece while the tree puts them into its order.
    let ordered = SegmentTree(
      pieces.enumerated().map { index, piece in
        SegmentTree.Segment(
          from: measure.position(piece.start), to: measure.position(piece.end), owner: index)
      })
    ends =
      measure.isGeographic
      ? ordered.segments.map { (pieces[$0.owner].start, pieces[$0.owner].end) } : []
    tree = ordered.owned { pieces[$0.owner].feature }
    shapes = Shapes(
      VectorFeatures(
        parts: parts.filter { $0.geometry == .polygons }.flatMap { measure.turned($0) }),
      grid: grid)
  }

  /// A straight piece on the map.
  private struct Piece {
    let start: SIMD2<Double>
    let end: SIMD2<Double>
    let feature: Int
  }

  private static func pieces(
    _ path: [SIMD2<Double>], _ part: VectorFeatures.Part, _ measure: GroundMeasure
  ) -> [Piece] {
    var lines = Array(zip(path, path.dropFirst()))
    if lines.isEmpty { lines = path.map { ($0, $0) } }
    if part.geometry == .polygons, let last = path.last, let first = path.first, last != first {
      lines.append((last, first))
    }
    return lines.flatMap { start, end -> [Piece] in
      let way = end - start
      let turn = max(abs(way.x), abs(way.y)) * measure.radians
      let count = min(max(1, (turn / longestPiece).rounded(.up)), mostPieces)
      func place(_ number: Int) -> SIMD2<Double> {
        Double(number) == count ? end : start + Double(number) / count * way
      }
      return (0..<Int(count)).map {
        Piece(start: place($0), end: place($0 + 1), feature: part.feature)
      }
    }
  }

  /// The features of points in some cells.
  func features(in cells: Set<Cell>) -> Set<Int> {
    cells.reduce(into: []) { $0.formUnion(features[$1] ?? []) }
  }

  /// The distance from the centre of each cell of a window: 0 inside polygons, at most `most`; NaN
  /// where all features are left out.
  func distances(_ window: Window, most: Double, excluding: Set<Int> = []) -> [Float] {
    let covered = shapes.burn(window)
    return covered.indices.map { index in
      guard covered[index].isNaN else { return 0 }
      let center = grid.center(
        of: Cell(column: window.x + index % window.width, row: window.y + index / window.width))
      return Float(distance(SIMD2(center.x, center.y), most: most, excluding))
    }
  }

  private func distance(
    _ place: SIMD2<Double>, most: Double, _ excluding: Set<Int>
  ) -> Double {
    let position = measure.position(place)
    guard let found = tree.nearest(to: position, within: most * most, excluding: excluding) else {
      return most.isFinite ? most : .nan
    }
    // Coordinates without sense may be farther apart than a number can say.
    guard found.squaredDistance.isFinite else { return most.isFinite ? most : .nan }
    guard measure.isGeographic else { return min(most, found.squaredDistance.squareRoot()) }
    let share = tree.segments[found.segment].share(nearest: position)
    let (start, end) = ends[found.segment]
    return min(most, measure.distance(place, start + share * (end - start)))
  }

  /// The density at the centre of each cell of a window.
  func densities(_ window: Window, _ density: KernelDensity, excluding: Set<Int> = []) -> [Double] {
    (window.y..<window.maxY).flatMap { row in
      (window.x..<window.maxX).map { column in
        let center = grid.center(of: Cell(column: column, row: row))
        return density.value(
          at: measure.position(SIMD2(center.x, center.y)), excluding: excluding)
      }
    }
  }
}

extension GroundMeasure {
  /// A part where it is, and on the other sides of the seam of longitudes.
  fileprivate func turned(_ part: VectorFeatures.Part) -> [VectorFeatures.Part] {
    guard isGeographic else { return [part] }
    let turn = 2 * Double.pi / radians
    return [0, -turn, turn].map { shift in
      var part = part
      part.paths = part.paths.map { $0.map { SIMD2($0.x + shift, $0.y) } }
      return part
    }
  }
}
