internal import CGDAL

/// Some cells of a raster as its overviews have them: what a picture needs, without the whole file.
public enum OverviewReader {
  /// Values of bands (numbered from 1), for every `step` columns and rows those of the overviews in
  /// their middle: band by band, NaN where there is no data; nil where the file has no overview
  /// that is fine enough.
  ///
  /// Rows and columns at the end that are less than `step` count as well. Whole numbers beyond 2^24
  /// are none of GDAL's overviews: it computes these as Float.
  public static func values(
    path: String, bands: [Int], step: Int
  ) throws(GDALError) -> [[Float]]? {
    let dataset = try Dataset(opening: path, as: .raster)
    // The variables of a netCDF file are no bands, and have no overviews.
    guard dataset.bandCount >= bands.max() ?? 0 else { return nil }
    let columns = Side(dataset.width, step)
    let rows = Side(dataset.height, step)
    var result: [[Float]] = []
    for number in bands {
      let band = try dataset.band(number)
      guard let overview = overview(of: band, columns.count, rows.count) else { return nil }
      result.append(
        try values(of: overview, columns, rows, dataset, "an overview of band \(number)"))
    }
    return result
  }

  /// The columns or the rows of a raster.
  private struct Side {
    let length: Int
    /// The middle of every `step` cells.
    let cells: [Int]

    init(_ length: Int, _ step: Int) {
      self.length = length
      cells = stride(from: 0, to: length, by: step).map { min($0 + step / 2, length - 1) }
    }

    var count: Int { cells.count }

    /// The same places on an overview.
    func places(on size: Int32) -> [Int] { cells.map { $0 * Int(size) / length } }
  }

  /// The smallest overview with about so many columns and rows or more; sizes may be rounded down.
  private static func overview(
    of band: GDALRasterBandH, _ columns: Int, _ rows: Int
  ) -> GDALRasterBandH? {
    (0..<max(0, GDALGetOverviewCount(band))).compactMap { GDALGetOverview(band, $0) }
      .filter {
        GDALGetRasterBandXSize($0) + 1 >= Int32(columns)
          && GDALGetRasterBandYSize($0) + 1 >= Int32(rows)
      }
      .min { GDALGetRasterBandXSize($0) < GDALGetRasterBandXSize($1) }
  }

  private static func values(
    of band: GDALRasterBandH, _ columns: Side, _ rows: Side, _ dataset: Dataset, _ place: String
  ) throws(GDALError) -> [Float] {
    let (width, height) = (GDALGetRasterBandXSize(band), GDALGetRasterBandYSize(band))
    var line = [Float](repeating: 0, count: Int(width))
    var mask = [UInt8](repeating: 0, count: Int(width))
    var result: [Float] = []
    result.reserveCapacity(columns.count * rows.count)
    let across = columns.places(on: width)
    for row in rows.places(on: height) {
      let y = Int32(row)
      try check(
        GDALRasterIO(band, GF_Read, 0, y, width, 1, &line, width, 1, GDT_Float32, 0, 0),
        "GDALRasterIO", dataset.path, place)
      try check(
        GDALRasterIO(
          GDALGetMaskBand(band), GF_Read, 0, y, width, 1, &mask, width, 1, GDT_Byte, 0, 0),
        "GDALRasterIO of the mask", dataset.path, place)
      for x in across {
        result.append(mask[x] != 0 && line[x].isFinite ? line[x] : .nan)
      }
    }
    return result
  }
}
