internal import CGDAL
public import Rasters

/// A raster to be written as a Cloud Optimized GeoTIFF.
///
/// Blocks go one by one into a plain file beside the output; statistics are gathered on the way
/// and stored, with everything else, before that file is copied to the final form (whose layout
/// later edits would break). The result is checked, synced and renamed: until then an older
/// output stays as it is, and a failure leaves it. The same cells give the same bytes.
public struct RasterOutput: Sendable {
  /// How overviews are made.
  public enum OverviewResampling: String, Sendable {
    /// The mean of four cells; for values.
    case average = "AVERAGE"
    /// One of four cells; for ids and codes.
    case nearest = "NEAREST"
    /// The most frequent of four cells; for codes.
    case mode = "MODE"
  }

  /// Where the raster shall appear.
  public var path: String
  /// Its georeference, which is kept exactly.
  public var grid: Grid
  /// Its bands in order.
  public var bands: [OutputBand]
  /// The type of its cells.
  public var type: CellType
  /// The value that marks cells without data (NaN is possible), or nil for none.
  ///
  /// A valid value that readers would take for it is written as a number just beside it.
  public var nodata: Double?
  /// How overviews are made.
  public var overviewResampling: OverviewResampling
  /// The columns and rows of a block; a multiple of 16, at least 128.
  public var blockSize = 512

  /// Describes a raster to be written; cells without data get the type's usual value.
  public init(
    path: String, grid: Grid, bands: [OutputBand], type: CellType = .float32,
    overviewResampling: OverviewResampling? = nil
  ) {
    precondition(!bands.isEmpty, "a raster without bands")
    self.path = path
    self.grid = grid
    self.bands = bands
    self.type = type
    nodata = type.usualNodata
    self.overviewResampling = overviewResampling ?? (type == .float32 ? .average : .nearest)
  }

  /// The blocks in the order in which they are written.
  public var blocks: [Window] {
    stride(from: 0, to: grid.height, by: blockSize).flatMap { y in
      stride(from: 0, to: grid.width, by: blockSize).map { x in
        Window(
          x: x, y: y, width: min(blockSize, grid.width - x), height: min(blockSize, grid.height - y)
        )
      }
    }
  }

  /// Writes the raster and returns the statistics of its bands.
  ///
  /// - Parameters:
  ///   - metadata: makes the metadata of the raster, after the last block.
  ///   - finishing: runs when the file is complete and before it gets its name: the place to
  ///     write sidecars, so that the raster comes last.
  ///   - provider: gives all bands of a block, as the type of the output.
  @discardableResult
  public func write(
    metadata: ([BandStatistics]) throws -> [String: String] = { _ in [:] },
    finishing: ([BandStatistics]) throws -> Void = { _ in },
    provider: (Window) throws -> CellBlock
  ) throws -> [BandStatistics] {
    GDAL.initialize()
    let file = AtomicFile(path: path)
    let statistics: [BandStatistics]
    do {
      // The names of categories come into a file of their own, whatever the environment says.
      statistics = try withThreadSettings(["GDAL_PAM_ENABLED": "YES"]) {
        try writeUnfinished(file.temporaryPath, metadata, provider)
      }
    } catch var error as GDALError {
      // The caller knows the output by its name.
      if error.path.hasPrefix(file.temporaryPath) { error.path = path }
      throw error
    }
    try finishing(statistics)
    try file.commit(sidecars: [".aux.xml", ".ovr", ".msk"])
    return statistics
  }

  /// Writes and checks the raster under a temporary name.
  private func writeUnfinished(
    _ temporaryPath: String, _ metadata: ([BandStatistics]) throws -> [String: String],
    _ provider: (Window) throws -> CellBlock
  ) throws -> [BandStatistics] {
    let tilesPath = temporaryPath + ".tiles"
    let tiles = try createTiles(tilesPath)
    var statistics = [BandStatistics](repeating: BandStatistics(), count: bands.count)
    for block in blocks {
      try write(provider(block), at: block, into: tiles, &statistics)
    }
    try store(statistics, in: tiles)
    try store(metadata(statistics), in: tiles.handle)
    let log = MessageLog()
    log.record { GDALFlushCache(tiles.handle) }
    try log.check("GDALFlushCache", tilesPath)
    try tiles.copy(to: temporaryPath, driver: "COG", options: creationOptions)
    try tiles.close()
    VSIUnlink(tilesPath)
    try verify(temporaryPath)
    return statistics
  }

  /// GDAL 3.6 interleaves the bands of a COG by pixel, whatever it is asked for.
  private var creationOptions: [String] {
    [
      "COMPRESS=DEFLATE", "PREDICTOR=YES", "BLOCKSIZE=\(blockSize)", "BIGTIFF=IF_SAFER",
      "OVERVIEW_RESAMPLING=\(overviewResampling.rawValue)",
    ]
  }

  /// Creates the plain file that takes the blocks, with all that is known beforehand.
  private func createTiles(_ tilesPath: String) throws(GDALError) -> Dataset {
    let isColored = bands.contains { $0.color == .red }
    let tiles = try Dataset(
      creating: tilesPath, driver: "GTiff", width: grid.width, height: grid.height,
      bandCount: bands.count, type: type.type,
      options: [
        "TILED=YES", "BLOCKXSIZE=\(blockSize)", "BLOCKYSIZE=\(blockSize)", "INTERLEAVE=BAND",
        "BIGTIFF=IF_SAFER", "PHOTOMETRIC=\(isColored ? "RGB" : "MINISBLACK")",
      ])
    if !grid.isOfCells {
      var coefficients = grid.transform.coefficients
      try check(
        GDALSetGeoTransform(tiles.handle, &coefficients), "GDALSetGeoTransform", tilesPath)
    }
    if !grid.crs.isEmpty {
      let reference = try SpatialReference(grid.crs)
      try check(GDALSetSpatialRef(tiles.handle, reference.handle), "GDALSetSpatialRef", tilesPath)
    }
    for (index, band) in bands.enumerated() {
      let handle = try tiles.band(index + 1)
      let color = band.color ?? (index == 0 ? .gray : .undefined)
      GDALSetDescription(handle, band.name)
      // A colour table says by itself what the band means.
      if !hasColorTable {
        try check(
          GDALSetRasterColorInterpretation(handle, color.interpretation),
          "GDALSetRasterColorInterpretation", tilesPath)
      }
      if !band.unit.isEmpty {
        try check(GDALSetRasterUnitType(handle, band.unit), "GDALSetRasterUnitType", tilesPath)
      }
      if let nodata {
        try check(
          GDALSetRasterNoDataValue(handle, nodata), "GDALSetRasterNoDataValue", tilesPath)
      }
      try storeNames(of: band, in: handle)
      let named = band.categories.map { ("CATEGORY_\($0.key)", $0.value) }
      try store(band.metadata.merging(named) { _, name in name }, in: handle)
    }
    return tiles
  }

  /// Whether cells are drawn by a table of colours, which TIFF has for one band of 8 bits only.
  private var hasColorTable: Bool {
    type == .byte && bands.count == 1 && !bands[0].palette.isEmpty
  }

  /// Sets what GDAL knows of the values of a band by name and colour.
  private func storeNames(of band: OutputBand, in handle: GDALRasterBandH) throws(GDALError) {
    if let last = band.categories.keys.max(), (0...65_535).contains(last) {
      try withStringList((0...last).map { band.categories[$0] ?? "" }) { list throws(GDALError) in
        try check(
          GDALSetRasterCategoryNames(handle, list), "GDALSetRasterCategoryNames", path)
      }
    }
    guard hasColorTable else { return }
    let table = GDALCreateColorTable(GPI_RGB)
    defer { GDALDestroyColorTable(table) }
    for (value, color) in band.palette where (0...255).contains(value) {
      var entry = GDALColorEntry(
        c1: Int16(color.red), c2: Int16(color.green), c3: Int16(color.blue), c4: 255)
      GDALSetColorEntry(table, Int32(value), &entry)
    }
    try check(GDALSetRasterColorTable(handle, table), "GDALSetRasterColorTable", path)
  }

  /// Sets metadata of a dataset or band.
  private func store(
    _ metadata: [String: String], in handle: UnsafeMutableRawPointer
  ) throws(GDALError) {
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      try check(GDALSetMetadataItem(handle, key, value, nil), "GDALSetMetadataItem", path, key)
    }
  }

  /// Sets the statistics of the bands, which GDAL and QGIS then need not estimate.
  ///
  /// GDAL's own function for it would round them to 14 digits.
  private func store(_ statistics: [BandStatistics], in tiles: Dataset) throws(GDALError) {
    for (index, statistics) in statistics.enumerated() {
      var items = ["VALID_PERCENT": (100 * statistics.validPercent).rounded() / 100]
      if statistics.validCount > 0 {
        items["MINIMUM"] = statistics.minimum
        items["MAXIMUM"] = statistics.maximum
        items["MEAN"] = statistics.mean
        items["STDDEV"] = statistics.standardDeviation
      }
      let texts = items.map { ("STATISTICS_\($0.key)", plain($0.value)) }
      try store(Dictionary(uniqueKeysWithValues: texts), in: tiles.band(index + 1))
    }
  }

  /// All digits of a number, and no decimal point for a whole one.
  private func plain(_ value: Double) -> String {
    Int(exactly: value).map(String.init) ?? "\(value)"
  }

  /// Opens what was written and compares it with what was asked for.
  private func verify(_ written: String) throws(GDALError) {
    let info = try RasterInfo(path: written)
    let isRight =
      info.width == grid.width && info.height == grid.height && info.bands.count == bands.count
      && info.imageStructure["LAYOUT"] == "COG" && info.gridOfCells.transform == grid.transform
    guard isRight else {
      throw GDALError(
        call: "checking what was written", path: path,
        message: "GDAL wrote \(info.width) x \(info.height) cells of \(info.bands.count) bands, "
          + "transform \(info.gridOfCells.transform.coefficients), structure "
          + "\(info.imageStructure) instead of a COG of \(grid.width) x \(grid.height) cells of "
          + "\(bands.count) bands, transform \(grid.transform.coefficients)")
    }
  }
}

/// Writing of blocks.
extension RasterOutput {
  private func write(
    _ cells: CellBlock, at block: Window, into tiles: Dataset, _ statistics: inout [BandStatistics]
  ) throws(GDALError) {
    switch (cells, type) {
    case (.float32(let values), .float32):
      let missing = nodata.map { Float($0) }
      try write(replacingMissing(values, by: missing), missing, block, tiles, &statistics)
    case (.uint32(let values), .uint32):
      try write(values, nodata.flatMap { UInt32(exactly: $0) }, block, tiles, &statistics)
    case (.uint16(let values), .uint16):
      try write(values, nodata.flatMap { UInt16(exactly: $0) }, block, tiles, &statistics)
    case (.byte(let values), .byte):
      try write(values, nodata.flatMap { UInt8(exactly: $0) }, block, tiles, &statistics)
    default:
      preconditionFailure("a block of other cells than the output's \(type)")
    }
  }

  /// The values with `missing` for those that are NaN or infinite.
  ///
  /// GDAL takes numbers for nodata that differ by up to 4 units in the last place; valid values
  /// that near are moved to 8 units from it, towards zero.
  private func replacingMissing(_ values: [Float], by missing: Float?) -> [Float] {
    guard let missing, !missing.isNaN else { return values.map { $0.isFinite ? $0 : .nan } }
    let slack = 8 * Float.ulpOfOne * abs(missing)
    let beside = missing == 0 ? .leastNormalMagnitude : missing * (1 - 8 * Float.ulpOfOne)
    return values.map { value in
      guard value.isFinite else { return missing }
      return abs(value - missing) <= slack ? beside : value
    }
  }

  private func write<Value: OutputValue>(
    _ values: [Value], _ nodata: Value?, _ block: Window, _ tiles: Dataset,
    _ statistics: inout [BandStatistics]
  ) throws(GDALError) {
    let count = block.cellCount
    precondition(
      values.count == count * bands.count,
      "\(values.count) values for \(bands.count) bands of \(count) cells")
    for band in bands.indices {
      statistics[band].add(values[band * count..<(band + 1) * count], nodata: nodata)
    }
    var cells = values
    try check(
      GDALDatasetRasterIOEx(
        tiles.handle, GF_Write, Int32(block.x), Int32(block.y), Int32(block.width),
        Int32(block.height), &cells, Int32(block.width), Int32(block.height), type.type,
        Int32(bands.count), nil, 0, 0, 0, nil), "GDALDatasetRasterIO", path,
      "column \(block.x), row \(block.y)")
  }
}
