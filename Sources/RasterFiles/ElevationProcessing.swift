internal import CGDAL

/// What GDAL makes of elevations, each cell from itself and its eight neighbours.
public enum ElevationProcessing: String, Sendable, CaseIterable {
  /// The slope in degrees.
  case slope
  /// The direction in which the surface falls, in degrees clockwise from the direction against the
  /// rows, as if cells were squares; NaN where it is flat.
  case aspect
  /// The root of the summed squared differences from the eight neighbours (Riley and others 1999).
  case ruggedness = "TRI"
  /// The largest less the smallest of the nine elevations.
  case roughness

  /// How slope and aspect are estimated.
  public enum Method: String, Sendable, CaseIterable {
    /// From all eight neighbours (Horn 1981).
    case horn
    /// From the four that share an edge (Zevenbergen and Thorne 1987).
    case zevenbergenThorne = "zevenbergen-thorne"
  }

  /// Computes the measure for every cell; NaN where one of the nine elevations is missing.
  ///
  /// - Parameters:
  ///   - elevations: rows of `width` cells, NaN for none.
  ///   - cellSize: the sides of a cell along and across the rows, in the unit of the elevations.
  public func apply(
    to elevations: [Float], width: Int, cellSize: SIMD2<Double>, method: Method = .horn
  ) throws(GDALError) -> [Float] {
    precondition(
      width > 0 && elevations.count % width == 0, "\(elevations.count) in rows of \(width)")
    let height = elevations.count / width
    // GDAL refuses rasters that have no cell with eight neighbours.
    guard width >= 3, height >= 3 else {
      return [Float](repeating: .nan, count: elevations.count)
    }
    let source = try Dataset(
      creating: "elevations", driver: "MEM", width: width, height: height, bandCount: 1,
      type: GDT_Float32)
    try fill(source, elevations, cellSize)
    let result = try process(source, method)
    defer { GDALClose(result) }
    return try values(of: result, count: elevations.count, width: width)
  }

  private func fill(
    _ source: Dataset, _ elevations: [Float], _ cellSize: SIMD2<Double>
  ) throws(GDALError) {
    let band = try source.band(1)
    var transform = [0, cellSize.x, 0, 0, 0, -cellSize.y]
    try check(GDALSetGeoTransform(source.handle, &transform), "GDALSetGeoTransform", source.path)
    try check(GDALSetRasterNoDataValue(band, .nan), "GDALSetRasterNoDataValue", source.path)
    var values = elevations
    try check(
      GDALRasterIO(
        band, GF_Write, 0, 0, Int32(source.width), Int32(source.height), &values,
        Int32(source.width), Int32(source.height), GDT_Float32, 0, 0), "GDALRasterIO", source.path)
  }

  private func process(
    _ source: Dataset, _ method: Method
  ) throws(GDALError) -> GDALDatasetH {
    var words = ["-of", "MEM"]
    switch self {
    case .slope, .aspect:
      words += ["-alg", method == .horn ? "Horn" : "ZevenbergenThorne"]
    case .ruggedness: words += ["-alg", "Riley"]
    case .roughness: break
    }
    let log = MessageLog()
    let result = log.record {
      withStringList(words) { list -> GDALDatasetH? in
        let options = GDALDEMProcessingOptionsNew(list, nil)
        defer { GDALDEMProcessingOptionsFree(options) }
        var isWrong: Int32 = 0
        return GDALDEMProcessing("", source.handle, rawValue, nil, options, &isWrong)
      }
    }
    guard let result else {
      throw GDALError(
        call: "GDALDEMProcessing \(rawValue)", path: source.path,
        message: log.failure ?? lastMessage())
    }
    return result
  }

  private func values(
    of result: GDALDatasetH, count: Int, width: Int
  ) throws(GDALError) -> [Float] {
    let band = GDALGetRasterBand(result, 1)
    var values = [Float](repeating: .nan, count: count)
    let (columns, rows) = (Int32(width), Int32(count / width))
    try check(
      GDALRasterIO(
        band, GF_Read, 0, 0, columns, rows, &values, columns, rows, GDT_Float32, 0, 0),
      "GDALRasterIO", rawValue)
    var isSet: Int32 = 0
    let nodata = Float(GDALGetRasterNoDataValue(band, &isSet))
    for index in values.indices
    where !values[index].isFinite || (isSet != 0 && values[index] == nodata) {
      values[index] = .nan
    }
    return values
  }
}
