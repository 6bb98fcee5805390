internal import CGDAL
internal import Glibc
internal import Rasters

/// The folder of the tiles that a virtual raster shows, and the virtual raster's text.
///
/// Tiles get their names one by one, whole. Nobody reads those of a new version before the virtual
/// raster over them has its name; those of the old one go after that.
final class TileFolder {
  private let output: RasterOutput
  private let size: Int
  private let version: String
  /// The folder's name beside the virtual raster: its own without the ending.
  private let name: String
  private let path: String
  private var written: [(window: Window, file: String)] = []
  private var created: [String] = []
  private var isUnfinished = false

  /// The folder of an output; nil where that has none.
  init?(_ output: RasterOutput) {
    guard case .tiles(let size, let version) = output.format else { return nil }
    self.output = output
    self.size = size
    self.version = version
    let ending = output.format.ending
    path =
      output.path.hasSuffix(ending) ? String(output.path.dropLast(ending.count)) : output.path
    name = path.split(separator: "/").last.map(String.init) ?? path
  }

  /// The tiles of the grid, by rows.
  var windows: [Window] {
    let grid = output.grid
    return stride(from: 0, to: grid.height, by: size).flatMap { y in
      stride(from: 0, to: grid.width, by: size).map { x in
        Window(x: x, y: y, width: size, height: size).intersection(grid.window)
      }
    }
  }

  /// The tiles of this version that are in the folder, by name.
  var present: [String] {
    let ending = (version.isEmpty ? "" : "-" + version) + ".tif"
    return AtomicFile.names(in: path).filter { $0.hasPrefix("x") && $0.hasSuffix(ending) }
      .map { "\(path)/\($0)" }
  }

  /// Makes the folder where it is missing.
  func make() throws(GDALError) {
    _ = AtomicFile.removeAbandoned(in: path)
    guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
      throw GDALError(
        call: "mkdir", path: path, message: String(cString: strerror(errno)))
    }
    isUnfinished = true
  }

  /// Gives a tile its name once `write` has written it under a temporary one.
  func add(_ window: Window, _ write: (String) throws -> Void) throws {
    let own = "x\(window.x)-y\(window.y)\(version.isEmpty ? "" : "-" + version).tif"
    let file = AtomicFile(path: "\(path)/\(own)")
    try write(file.temporaryPath)
    let isNew = access(file.path, F_OK) != 0
    let created = file.path
    try file.commit(sidecars: [".aux.xml", ".ovr", ".msk"])
    if isNew { self.created.append(created) }
    written.append((window, own))
  }

  /// Removes the tiles of other versions, once the virtual raster has its name.
  func commit() {
    isUnfinished = false
    let current = Set(written.map(\.file))
    for other in AtomicFile.names(in: path) where !current.contains(other) {
      let isTile = other.wholeMatch(of: /x\d+-y\d+(-[0-9a-f]+)?\.tif(\.aux\.xml|\.ovr|\.msk)?/)
      if isTile != nil { unlink("\(path)/\(other)") }
    }
    // Only an empty folder goes.
    rmdir(path)
  }

  /// A failed attempt leaves the tiles that were there before.
  deinit {
    guard isUnfinished else { return }
    for file in created { unlink(file) }
    rmdir(path)
  }
}

// The virtual raster.
extension TileFolder {
  /// The virtual raster over the tiles, with everything that is known of the whole.
  func virtualRaster(_ statistics: [BandStatistics], _ metadata: [String: String]) -> String {
    let grid = output.grid
    var lines = [
      "<VRTDataset rasterXSize=\"\(grid.width)\" rasterYSize=\"\(grid.height)\">"
    ]
    if !grid.crs.isEmpty {
      lines.append(
        "  <SRS dataAxisToSRSAxisMapping=\"\(axes(grid.crs))\">\(escaped(grid.crs))</SRS>")
    }
    if !grid.isOfCells {
      let numbers = grid.transform.coefficients.map { "\($0)" }.joined(separator: ", ")
      lines.append("  <GeoTransform>\(numbers)</GeoTransform>")
    }
    lines += items(metadata, "  ")
    for band in output.bands.indices { lines += bandLines(band, statistics[band]) }
    let factors = output.overviewFactors.map(String.init).joined(separator: " ")
    if !factors.isEmpty {
      let resampling = output.overviewResampling.rawValue.lowercased()
      lines.append("  <OverviewList resampling=\"\(resampling)\">\(factors)</OverviewList>")
    }
    return (lines + ["</VRTDataset>"]).joined(separator: "\n") + "\n"
  }

  private func bandLines(_ index: Int, _ statistics: BandStatistics) -> [String] {
    let band = output.bands[index]
    let type = string(GDALGetDataTypeName(output.type.type))
    let block = output.blockSize
    var lines = [
      "  <VRTRasterBand dataType=\"\(type)\" band=\"\(index + 1)\" blockXSize=\"\(block)\""
        + " blockYSize=\"\(block)\">"
    ]
    lines.append("    <Description>\(escaped(band.name))</Description>")
    lines += items(output.metadata(of: band, statistics), "    ")
    if let nodata = output.nodata {
      lines.append("    <NoDataValue>\(nodata.isNaN ? "nan" : plain(nodata))</NoDataValue>")
    }
    if !band.unit.isEmpty { lines.append("    <UnitType>\(escaped(band.unit))</UnitType>") }
    let color = (band.color ?? (index == 0 ? .gray : .undefined)).interpretation
    lines.append(
      output.hasColorTable
        ? "    <ColorInterp>Palette</ColorInterp>"
        : "    <ColorInterp>\(string(GDALGetColorInterpretationName(color)))</ColorInterp>")
    if output.hasColorTable { lines += colorTable(band.palette) }
    let names = band.categoryNames.map { "      <Category>\(escaped($0))</Category>" }
    if !names.isEmpty { lines += ["    <CategoryNames>"] + names + ["    </CategoryNames>"] }
    for (window, file) in written {
      let (width, height) = (window.width, window.height)
      lines += [
        "    <SimpleSource>",
        "      <SourceFilename relativeToVRT=\"1\">\(escaped("\(name)/\(file)"))</SourceFilename>",
        "      <SourceBand>\(index + 1)</SourceBand>",
        "      <SourceProperties RasterXSize=\"\(width)\" RasterYSize=\"\(height)\""
          + " DataType=\"\(type)\" BlockXSize=\"\(block)\" BlockYSize=\"\(block)\" />",
        "      <SrcRect xOff=\"0\" yOff=\"0\" xSize=\"\(width)\" ySize=\"\(height)\" />",
        "      <DstRect xOff=\"\(window.x)\" yOff=\"\(window.y)\" xSize=\"\(width)\""
          + " ySize=\"\(height)\" />",
        "    </SimpleSource>",
      ]
    }
    return lines + ["  </VRTRasterBand>"]
  }

  private func colorTable(_ palette: [Int: OutputBand.PaletteColor]) -> [String] {
    let entries = (0...(palette.keys.max() ?? 0)).map { value in
      let color = palette[value] ?? OutputBand.PaletteColor(red: 0, green: 0, blue: 0)
      return
        "      <Entry c1=\"\(color.red)\" c2=\"\(color.green)\" c3=\"\(color.blue)\" c4=\"255\" />"
    }
    return ["    <ColorTable>"] + entries + ["    </ColorTable>"]
  }

  /// Which axis of the system x and y are, as GDAL writes it.
  private func axes(_ crs: String) -> String {
    guard let reference = try? SpatialReference(crs) else { return "1,2" }
    var count: Int32 = 0
    let mapping = OSRGetDataAxisToSRSAxisMapping(reference.handle, &count)
    return (0..<Int(count)).compactMap { index in mapping.map { "\($0[index])" } }
      .joined(separator: ",")
  }

  private func items(_ metadata: [String: String], _ indentation: String) -> [String] {
    guard !metadata.isEmpty else { return [] }
    let items = metadata.sorted { $0.key < $1.key }.map {
      "\(indentation)  <MDI key=\"\(escaped($0.key))\">\(escaped($0.value))</MDI>"
    }
    return [indentation + "<Metadata>"] + items + [indentation + "</Metadata>"]
  }

  /// The text as XML has it, without what XML cannot say.
  private func escaped(_ text: String) -> String {
    let result = CPLEscapeString(text, -1, CPLES_XML)
    defer { VSIFree(result) }
    return string(result)
  }
}
