import Foundation
import RasterFiles
import Rasters

/// Areas of cells and distances between places of a grid.
///
/// Metres where the coordinate system says how long its unit is: on the plane of the map for
/// projected systems, on the ellipsoid for longitudes and latitudes. Map units where there is none.
struct GroundMeasure: Sendable {
  /// Whether areas are square metres and distances metres.
  let isMetric: Bool
  private let grid: Grid
  /// Metres, or radians for longitudes and latitudes, in a map unit.
  private let unit: Double
  /// For longitudes and latitudes.
  private let ellipsoid: Ellipsoid?

  init(_ grid: Grid) {
    self.grid = grid
    isMetric = !grid.crs.isEmpty
    unit = CRS.unitSize(grid.crs)
    ellipsoid = CRS.isGeographic(grid.crs) ? CRS.ellipsoid(grid.crs) ?? .wgs84 : nil
  }

  /// The area of each cell of a row.
  func cellArea(row: Int) -> Double {
    let transform = grid.transform
    let flat = abs(transform.determinant) * unit * unit
    guard let ellipsoid else { return flat }
    let pole = Double.pi / 2
    guard transform.rowX == 0, transform.columnY == 0 else {
      // Of a turned grid the latitude is taken in the middle of the row.
      let middle = transform.map(column: Double(grid.width) / 2, row: Double(row) + 0.5).y * unit
      return flat * ellipsoid.density(at: min(max(middle, -pole), pole))
    }
    let ends = [row, row + 1].map { edge in
      min(max((transform.originY + Double(edge) * transform.rowY) * unit, -pole), pole)
    }
    return ellipsoid.area(
      from: min(ends[0], ends[1]), to: max(ends[0], ends[1]),
      width: abs(transform.columnX) * unit)
  }

  /// The distance between two places in map coordinates.
  func distance(_ a: SIMD2<Double>, _ b: SIMD2<Double>) -> Double {
    guard let ellipsoid else { return hypot(a.x - b.x, a.y - b.y) * unit }
    return ellipsoid.distance(from: a * unit, to: b * unit)
  }

  /// Whether map coordinates are longitudes and latitudes.
  var isGeographic: Bool { ellipsoid != nil }

  /// The radians in a map unit; 0 on a plane.
  var radians: Double { isGeographic ? unit : 0 }

  /// A place on the map in space, in metres: on the plane of the map, or around the ellipsoid.
  func position(_ place: SIMD2<Double>) -> SIMD3<Double> {
    guard let ellipsoid else { return SIMD3(place.x * unit, place.y * unit, 0) }
    return ellipsoid.position(longitude: place.x * unit, latitude: place.y * unit)
  }

  /// The sides of the cells of a row, along and across it, in metres or map units.
  ///
  /// Those of longitudes and latitudes hold in the middle of the row; beyond the poles they are 0.
  func cellSize(row: Int) -> SIMD2<Double> {
    let transform = grid.transform
    guard let ellipsoid else {
      return SIMD2(transform.cellWidth * unit, transform.cellHeight * unit)
    }
    let latitude =
      transform.map(column: Double(grid.width) / 2, row: Double(row) + 0.5).y * unit
    guard abs(latitude) < Double.pi / 2 else { return .zero }
    let scales = ellipsoid.scales(at: latitude)
    return SIMD2(
      transform.cellWidth * unit * scales.longitude, transform.cellHeight * unit * scales.latitude)
  }

  /// How much longer a unit of x is than one of y in the middle of the grid.
  var aspect: Double {
    guard ellipsoid != nil else { return 1 }
    let middle = grid.transform.map(
      column: Double(grid.width) / 2, row: Double(grid.height) / 2
    ).y
    return max(cos(middle * unit), 0.05)
  }
}
