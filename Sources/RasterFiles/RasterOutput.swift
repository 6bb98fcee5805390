internal import CGDAL
public import Rasters

/// A raster to be written, in one of several forms.
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
  /// The form; `path` ends with its ending.
  public var format = RasterFormat.cog
  /// How cells are made smaller.
  public var compression = RasterCompression.deflate
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

  /// The files beside `path` that the raster consists of: its tiles, as far as they are there.
  public var parts: [String] {
    TileFolder(self)?.present ?? []
  }

  /// What makes the metadata of a raster, after its last block.
  typealias Metadata = ([BandStatistics]) throws -> [String: String]
  /// What gives all bands of a block, as the type of the output.
  typealias Provider = (Window) throws -> CellBlock

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
    let folder = TileFolder(self)
    let statistics: [BandStatistics]
    do {
      // The names of categories come into a file of their own, whatever the environment says.
      statistics = try withThreadSettings(["GDAL_PAM_ENABLED": "YES"]) {
        try writeUnfinished(file.temporaryPath, folder, metadata, provider)
      }
    } catch var error as GDALError {
      // The caller knows the output by its name.
      if error.path.hasPrefix(file.temporaryPath) { error.path = path }
      throw error
    }
    try finishing(statistics)
    try file.commit(sidecars: [".aux.xml", ".ovr", ".msk"])
    folder?.commit()
    return statistics
  }

  /// Writes and checks the raster under a temporary name.
  private func writeUnfinished(
    _ temporaryPath: String, _ folder: TileFolder?, _ metadata: Metadata, _ provider: Provider
  ) throws -> [BandStatistics] {
    if let folder { return try writeTiles(folder, temporaryPath, metadata, provider) }
    return format == .netCDF
      ? try writeNetCDF(temporaryPath, metadata, provider)
      : try writeGeoTIFF(temporaryPath, metadata, provider)
  }

  // MARK: GeoTIFF

  /// Writes and checks one GeoTIFF of all cells under a temporary name.
  private func writeGeoTIFF(
    _ temporaryPath: String, _ metadata: Metadata, _ provider: Provider
  ) throws -> [BandStatistics] {
    let tilesPath = temporaryPath + ".tiles"
    let tiles = try createTiles(tilesPath, grid.window)
    var statistics = [BandStatistics](repeating: BandStatistics(), count: bands.count)
    for block in blocks(of: grid.window) {
      let values = try prepared(provider(block), block)
      gather(values, into: &statistics)
      try write(values, at: block, of: grid.window, into: tiles)
    }
    try store(metadata(statistics), in: tiles.handle)
    try finish(tiles, statistics, as: temporaryPath, hasOverviews: format == .cog)
    return statistics
  }

  /// Writes the tiles that hold data, and the virtual raster over them under a temporary name.
  private func writeTiles(
    _ folder: TileFolder, _ temporaryPath: String, _ metadata: Metadata,
    _ provider: Provider
  ) throws -> [BandStatistics] {
    try folder.make()
    var statistics = [BandStatistics](repeating: BandStatistics(), count: bands.count)
    for window in folder.windows {
      let tiles = try createTiles(temporaryPath + ".tiles", window)
      var own = [BandStatistics](repeating: BandStatistics(), count: bands.count)
      for block in blocks(of: window) {
        let values = try prepared(provider(block), block)
        gather(values, into: &statistics)
        gather(values, into: &own)
        try write(values, at: block, of: window, into: tiles)
      }
      guard own.contains(where: { $0.validCount > 0 }) else {
        try discard(tiles)
        continue
      }
      try folder.add(window) { try finish(tiles, own, as: $0, hasOverviews: true) }
    }
    let text = folder.virtualRaster(statistics, try metadata(statistics))
    try AtomicFile.write(text, to: temporaryPath)
    try verify(temporaryPath, grid.window, hasOverviews: true)
    return statistics
  }

  /// The blocks of a window in the order in which they are written.
  func blocks(of window: Window) -> [Window] {
    stride(from: window.y, to: window.maxY, by: blockSize).flatMap { y in
      stride(from: window.x, to: window.maxX, by: blockSize).map { x in
        Window(x: x, y: y, width: blockSize, height: blockSize).intersection(window)
      }
    }
  }

  /// By what overviews are smaller than the raster: until one fits into a block.
  var overviewFactors: [Int32] { overviewFactors(of: grid.window) }

  private func overviewFactors(of window: Window) -> [Int32] {
    var factors: [Int32] = []
    var factor = 1
    func size(_ cells: Int) -> Int { (cells + factor - 1) / factor }
    while size(window.width) > blockSize || size(window.height) > blockSize {
      factor *= 2
      factors.append(Int32(factor))
    }
    return factors
  }

  /// The plain file becomes a compressed one, each band in blocks of its own.
  ///
  /// GDAL's driver for Cloud Optimized GeoTIFFs would interleave bands by pixel; its driver for
  /// GeoTIFFs writes the same order of directories and overviews when it copies these.
  private func finish(
    _ tiles: Dataset, _ statistics: [BandStatistics], as path: String, hasOverviews: Bool
  ) throws(GDALError) {
    for (index, band) in bands.enumerated() {
      // With statistics GDAL and QGIS need not estimate.
      try store(metadata(of: band, statistics[index]), in: tiles.band(index + 1))
    }
    let log = MessageLog()
    log.record { GDALFlushCache(tiles.handle) }
    try log.check("GDALFlushCache", tiles.path)
    let window = Window(x: 0, y: 0, width: tiles.width, height: tiles.height)
    var factors = hasOverviews ? overviewFactors(of: window) : []
    if !factors.isEmpty {
      // GDAL 3.6 computes those of whole numbers of 32 bits as Float, which holds 24.
      let isOurs = type == .uint32
      try check(
        GDALBuildOverviews(
          tiles.handle, isOurs ? "NONE" : overviewResampling.rawValue, Int32(factors.count),
          &factors, 0, nil, nil, nil), "GDALBuildOverviews", tiles.path)
      if isOurs { try fillOverviews(of: tiles, factors.map(Int.init)) }
    }
    let options = [
      "TILED=YES", "BLOCKXSIZE=\(blockSize)", "BLOCKYSIZE=\(blockSize)", "INTERLEAVE=BAND",
      "BIGTIFF=IF_SAFER",
    ]
    try tiles.copy(
      to: path, driver: "GTiff",
      options: options + compression.options(type)
        + (hasOverviews ? ["COPY_SRC_OVERVIEWS=YES"] : []))
    try discard(tiles)
    try verify(path, window, hasOverviews: hasOverviews)
  }

  /// Fills empty overviews of whole numbers with the cells in the middle of theirs.
  private func fillOverviews(of tiles: Dataset, _ factors: [Int]) throws(GDALError) {
    var source = [UInt32](repeating: 0, count: tiles.width)
    for number in bands.indices {
      let band = try tiles.band(number + 1)
      for (level, factor) in factors.enumerated() {
        guard let overview = GDALGetOverview(band, Int32(level)) else { continue }
        let place = "overview \(level + 1) of band \(number + 1)"
        let width = Int(GDALGetRasterBandXSize(overview))
        var row = [UInt32](repeating: 0, count: width)
        for y in 0..<Int(GDALGetRasterBandYSize(overview)) {
          let middle = min(y * factor + factor / 2, tiles.height - 1)
          try check(
            GDALRasterIO(
              band, GF_Read, 0, Int32(middle), Int32(tiles.width), 1, &source,
              Int32(tiles.width), 1, GDT_UInt32, 0, 0), "GDALRasterIO", tiles.path, place)
          for x in 0..<width { row[x] = source[min(x * factor + factor / 2, tiles.width - 1)] }
          try check(
            GDALRasterIO(
              overview, GF_Write, 0, Int32(y), Int32(width), 1, &row, Int32(width), 1, GDT_UInt32,
              0, 0), "GDALRasterIO", tiles.path, place)
        }
      }
    }
  }

  private func discard(_ tiles: Dataset) throws(GDALError) {
    try tiles.close()
    VSIUnlink(tiles.path)
    VSIUnlink(tiles.path + ".aux.xml")
  }

  /// Creates the plain file that takes the blocks, with all that is known beforehand.
  private func createTiles(_ tilesPath: String, _ window: Window) throws(GDALError) -> Dataset {
    let isColored = bands.contains { $0.color == .red }
    let tiles = try Dataset(
      creating: tilesPath, driver: "GTiff", width: window.width, height: window.height,
      bandCount: bands.count, type: type.type,
      options: [
        "TILED=YES", "BLOCKXSIZE=\(blockSize)", "BLOCKYSIZE=\(blockSize)", "INTERLEAVE=BAND",
        "BIGTIFF=IF_SAFER", "PHOTOMETRIC=\(isColored ? "RGB" : "MINISBLACK")",
      ])
    if !grid.isOfCells {
      var coefficients = grid.part(window).transform.coefficients
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
  var hasColorTable: Bool {
    type == .byte && bands.count == 1 && !bands[0].palette.isEmpty
  }

  /// Sets what GDAL knows of the values of a band by name and colour.
  private func storeNames(of band: OutputBand, in handle: GDALRasterBandH) throws(GDALError) {
    let names = band.categoryNames
    if format.keepsNamesBeside, !names.isEmpty {
      try withStringList(names) { list throws(GDALError) in
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

  /// Opens what was written of a window and compares it with what was asked for.
  private func verify(
    _ written: String, _ window: Window, hasOverviews: Bool
  ) throws(GDALError) {
    let info = try RasterInfo(path: written)
    let isTile = window != grid.window
    let transform = isTile ? nil : grid.transform
    let isRight =
      info.width == window.width && info.height == window.height
      && info.bands.count == bands.count
      && (transform == nil || info.gridOfCells.transform == transform)
      && info.bands.allSatisfy {
        $0.overviewSizes.count == (hasOverviews ? overviewFactors(of: window).count : 0)
      }
    guard isRight else {
      throw GDALError(
        call: "checking what was written", path: path,
        message: "GDAL wrote \(info.width) x \(info.height) cells of \(info.bands.count) bands "
          + "with \(info.bands.first?.overviewSizes.count ?? 0) overviews, transform "
          + "\(info.gridOfCells.transform.coefficients), structure \(info.imageStructure) instead "
          + "of \(window.width) x \(window.height) cells of \(bands.count) bands, transform "
          + "\(grid.transform.coefficients)")
    }
  }
}
