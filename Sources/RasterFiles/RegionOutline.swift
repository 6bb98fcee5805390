internal import CGDAL
internal import Synchronization

/// The outline of some cells of a grid as polygons with holes, in columns and rows.
///
/// Cells that touch at a corner alone are parts of their own, so that polygons are valid.
public struct RegionOutline: Sendable {
  /// The rings of every part, the outer first; the first point is not repeated.
  public private(set) var parts: [[[SIMD2<Double>]]] = []

  /// Cells of one row.
  public struct Run: Sendable, Hashable {
    /// The row.
    public var row: Int
    /// The columns.
    public var columns: Range<Int>

    /// Makes a run.
    public init(row: Int, columns: Range<Int>) {
      self.row = row
      self.columns = columns
    }
  }

  /// How much of its area an outline may lose or win by simplification.
  private static let tolerableChange = 0.1
  private static let counter = Atomic<Int>(0)

  /// Draws the outline of runs and simplifies it with GDAL (Douglas-Peucker, topology kept).
  ///
  /// Where a simplified outline would lose a hole or a part, change its area by more than a tenth
  /// or no longer hold `place`, the tolerance is halved up to three times and then taken as 0.
  /// Throws when GDAL fails or its polygons do not have the area of the cells.
  ///
  /// - Parameters:
  ///   - tolerance: in cells.
  ///   - place: a place inside the cells, in columns and rows.
  public init(of runs: [Run], tolerance: Double, keeping place: SIMD2<Double>) throws(GDALError) {
    GDAL.initialize()
    guard let first = runs.first else { return }
    let left = runs.map(\.columns.lowerBound).min() ?? 0
    let top = first.row
    let exact = try Shape(try Self.polygons(runs, left, top), covering: runs)
    let inside = place - SIMD2(Double(left), Double(top))
    var chosen = exact
    if tolerance > 0 {
      let goal = Goal(area: exact.area, rings: exact.ringCount, place: inside)
      for share in [1, 0.5, 0.25, 0.125] {
        guard let simple = try exact.simplified(tolerance * share), simple.meets(goal) else {
          continue
        }
        chosen = simple
        break
      }
    }
    let origin = SIMD2(Double(left), Double(top))
    parts = chosen.parts.map { rings in rings.map { ring in ring.map { $0 + origin } } }
  }

  /// What a simplified outline must keep.
  private struct Goal {
    let area: Double
    let rings: Int
    let place: SIMD2<Double>
  }

  /// GDAL's polygons of the runs, in columns and rows from the first; the caller owns them.
  private static func polygons(
    _ runs: [Run], _ left: Int, _ top: Int
  ) throws(GDALError) -> OGRGeometryH? {
    let number = counter.add(1, ordering: .relaxed).newValue
    let path = "/vsimem/gossan-outline-\(number).tif"
    defer { _ = VSIUnlink(path) }
    let mask = try mask(runs, left, top, path)
    let layers = try Dataset(
      creating: "", driver: "Memory", width: 0, height: 0, bandCount: 0, type: GDT_Unknown)
    guard let layer = GDALDatasetCreateLayer(layers.handle, "outline", nil, wkbPolygon, nil) else {
      throw GDALError(call: "GDALDatasetCreateLayer", path: "an outline", message: lastMessage())
    }
    let band = try mask.band(1)
    try check(
      GDALPolygonize(band, band, layer, -1, nil, nil, nil), "GDALPolygonize", "an outline")
    let collected = OGR_G_CreateGeometry(wkbMultiPolygon)
    try forEachFeature(of: layer, in: "an outline") { feature throws(GDALError) in
      guard let polygon = OGR_F_GetGeometryRef(feature) else { return }
      if OGR_G_IsValid(polygon) != 0 {
        OGR_G_AddGeometry(collected, polygon)
      } else {
        // A hole that touches the outer ring comes as a part of that ring.
        let valid = OGR_G_MakeValid(polygon)
        defer { OGR_G_DestroyGeometry(valid) }
        forEachPolygon(of: valid) { OGR_G_AddGeometry(collected, $0) }
      }
    }
    return collected
  }

  /// The cells as a raster in memory, compressed: GDAL reads it line by line.
  private static func mask(
    _ runs: [Run], _ left: Int, _ top: Int, _ path: String
  ) throws(GDALError) -> Dataset {
    let width = (runs.map(\.columns.upperBound).max() ?? left) - left
    let height = (runs.last?.row ?? top) - top + 1
    let dataset = try Dataset(
      creating: path, driver: "GTiff", width: width, height: height, bandCount: 1, type: GDT_Byte,
      options: ["COMPRESS=PACKBITS", "BIGTIFF=IF_SAFER"])
    let band = try dataset.band(1)
    var line = [UInt8](repeating: 0, count: width)
    var next = runs.startIndex
    for row in 0..<height {
      for column in line.indices { line[column] = 0 }
      while next < runs.endIndex, runs[next].row == top + row {
        for column in runs[next].columns { line[column - left] = 1 }
        next += 1
      }
      let result = line.withUnsafeMutableBytes { bytes in
        GDALRasterIO(
          band, GF_Write, 0, Int32(row), Int32(width), 1, bytes.baseAddress, Int32(width), 1,
          GDT_Byte, 0, 0)
      }
      try check(result, "GDALRasterIO", "an outline")
    }
    return dataset
  }

  /// Polygons of GDAL's.
  private final class Shape {
    let geometry: OGRGeometryH

    init(_ geometry: OGRGeometryH) { self.geometry = geometry }

    /// Takes polygons that must have the area of some cells.
    convenience init(_ geometry: OGRGeometryH?, covering runs: [Run]) throws(GDALError) {
      guard let geometry else {
        throw GDALError(call: "GDALPolygonize", path: "an outline", message: lastMessage())
      }
      self.init(geometry)
      let cells = runs.reduce(0) { $0 + $1.columns.count }
      guard abs(area - Double(cells)) < 0.5 else {
        throw GDALError(
          call: "GDALPolygonize", path: "an outline",
          message: "the polygons of \(cells) cells have an area of \(area) cells")
      }
    }

    deinit { OGR_G_DestroyGeometry(geometry) }

    var area: Double { OGR_G_Area(geometry) }

    var ringCount: Int {
      var count = 0
      forEachPolygon(of: geometry) { count += Int(OGR_G_GetGeometryCount($0)) }
      return count
    }

    /// Nil where nothing is left.
    func simplified(_ tolerance: Double) throws(GDALError) -> Shape? {
      CPLErrorReset()
      guard let result = OGR_G_SimplifyPreserveTopology(geometry, tolerance) else {
        throw GDALError(
          call: "OGR_G_SimplifyPreserveTopology", path: "an outline", message: lastMessage())
      }
      let shape = Shape(result)
      return OGR_G_IsEmpty(result) == 0 ? shape : nil
    }

    func meets(_ goal: Goal) -> Bool {
      guard OGR_G_IsValid(geometry) != 0, ringCount == goal.rings,
        abs(area - goal.area) <= RegionOutline.tolerableChange * goal.area
      else { return false }
      let point = OGR_G_CreateGeometry(wkbPoint)
      defer { OGR_G_DestroyGeometry(point) }
      OGR_G_SetPoint_2D(point, 0, goal.place.x, goal.place.y)
      return OGR_G_Contains(geometry, point) != 0
    }

    var parts: [[[SIMD2<Double>]]] {
      var result: [[[SIMD2<Double>]]] = []
      forEachPolygon(of: geometry) { polygon in
        result.append(
          (0..<OGR_G_GetGeometryCount(polygon)).map { index in
            let ring = OGR_G_GetGeometryRef(polygon, index)
            return (0..<max(0, OGR_G_GetPointCount(ring) - 1)).map { point in
              SIMD2(OGR_G_GetX(ring, point), OGR_G_GetY(ring, point))
            }
          })
      }
      return result
    }
  }
}

/// Calls `body` with the polygons of which a geometry consists.
private func forEachPolygon(of geometry: OGRGeometryH?, _ body: (OGRGeometryH) -> Void) {
  guard let geometry else { return }
  if OGR_GT_Flatten(OGR_G_GetGeometryType(geometry)) == wkbPolygon { return body(geometry) }
  for index in 0..<OGR_G_GetGeometryCount(geometry) {
    forEachPolygon(of: OGR_G_GetGeometryRef(geometry, index), body)
  }
}
