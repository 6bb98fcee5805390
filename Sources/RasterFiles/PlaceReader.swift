internal import CGDAL
public import Rasters

/// What files hold at a single place: single cells and features are read, never whole files.
public enum PlaceReader {
  /// The values of all bands of a raster in a cell, exactly as the file has them; nil for none.
  public static func values(
    path: String, cell: Cell
  ) throws(GDALError) -> [Double?] {
    let dataset = try Dataset(opening: path, as: .raster)
    if dataset.bandCount == 0 {
      var values: [Double?] = []
      // Variables of netCDF files are rasters of their own.
      for variable in dataset.subdatasets {
        values += try self.values(path: variable, cell: cell)
      }
      return values
    }
    let extent = Window(x: 0, y: 0, width: dataset.width, height: dataset.height)
    guard extent.contains(column: cell.column, row: cell.row) else {
      throw GDALError(
        call: "reading a cell", path: path,
        message: "has no cell in column \(cell.column), row \(cell.row); it has "
          + "\(dataset.width) x \(dataset.height) cells")
    }
    let (column, row) = try (cInt(cell.column, path), cInt(cell.row, path))
    var values: [Double?] = []
    for number in 0..<dataset.bandCount {
      let band = try dataset.band(number + 1)
      var (value, mask) = (Double.nan, UInt8(0))
      try check(
        GDALRasterIO(band, GF_Read, column, row, 1, 1, &value, 1, 1, GDT_Float64, 0, 0),
        "GDALRasterIO", path, "band \(number + 1)")
      try check(
        GDALRasterIO(
          GDALGetMaskBand(band), GF_Read, column, row, 1, 1, &mask, 1, 1, GDT_Byte, 0, 0),
        "GDALRasterIO", path, "mask of band \(number + 1)")
      values.append(mask != 0 && value.isFinite ? value : nil)
    }
    return values
  }

  /// The columns of the polygons of a layer that hold a place, in the layer's own coordinates.
  public static func polygons(
    path: String, layer: String, x: Double, y: Double
  ) throws(GDALError) -> [[String: VectorOutput.Value]] {
    try features(path: path, layer: layer, x: x, y: y, reach: 0) { holds($0, x: x, y: y) }
  }

  /// The columns of the features within `reach` of a place, east or north, whose number in a
  /// column is `value`.
  public static func features(
    path: String, layer: String, x: Double, y: Double, reach: Double, where column: String,
    is value: Int
  ) throws(GDALError) -> [[String: VectorOutput.Value]] {
    try features(path: path, layer: layer, x: x, y: y, reach: reach) { _ in true }
      .filter { $0[column] == .integer(Int64(value)) }
  }

  private static func features(
    path: String, layer: String, x: Double, y: Double, reach: Double,
    where isWanted: (OGRGeometryH) -> Bool
  ) throws(GDALError) -> [[String: VectorOutput.Value]] {
    let dataset = try Dataset(opening: path, as: .vector)
    let handle = try dataset.layer(layer)
    OGR_L_SetSpatialFilterRect(handle, x - reach, y - reach, x + reach, y + reach)
    let names = layerFields(handle).map(\.name)
    var result: [[String: VectorOutput.Value]] = []
    try forEachFeature(of: handle, in: path) { feature throws(GDALError) in
      guard let geometry = OGR_F_GetGeometryRef(feature), isWanted(geometry) else { return }
      var columns: [String: VectorOutput.Value] = [:]
      for (index, name) in names.enumerated() { columns[name] = value(feature, Int32(index)) }
      result.append(columns)
    }
    return result
  }

  private static func value(_ feature: OGRFeatureH, _ index: Int32) -> VectorOutput.Value {
    guard OGR_F_IsFieldSetAndNotNull(feature, index) != 0 else { return .missing }
    switch OGR_Fld_GetType(OGR_F_GetFieldDefnRef(feature, index)) {
    case OFTInteger, OFTInteger64: return .integer(OGR_F_GetFieldAsInteger64(feature, index))
    case OFTReal: return .real(OGR_F_GetFieldAsDouble(feature, index))
    default: return .text(string(OGR_F_GetFieldAsString(feature, index)))
    }
  }

  /// Whether a place lies inside the rings of a geometry, by the even-odd rule.
  private static func holds(_ geometry: OGRGeometryH, x: Double, y: Double) -> Bool {
    crossings(geometry, x: x, y: y) % 2 == 1
  }

  /// How many edges of all rings a ray to the east crosses.
  private static func crossings(_ geometry: OGRGeometryH, x: Double, y: Double) -> Int {
    let parts = OGR_G_GetGeometryCount(geometry)
    var count = 0
    for part in 0..<parts {
      if let part = OGR_G_GetGeometryRef(geometry, part) { count += crossings(part, x: x, y: y) }
    }
    let points = parts > 0 ? 0 : OGR_G_GetPointCount(geometry)
    for index in 1..<max(1, points) {
      let (y1, y2) = (OGR_G_GetY(geometry, index - 1), OGR_G_GetY(geometry, index))
      guard (y1 > y) != (y2 > y) else { continue }
      let x1 = OGR_G_GetX(geometry, index - 1)
      if x < x1 + (y - y1) / (y2 - y1) * (OGR_G_GetX(geometry, index) - x1) { count += 1 }
    }
    return count
  }
}
