import Foundation
import RasterFiles
import Rasters
import Testing

/// The forms of rasters: the same cells and facts in each, whole or not at all.
@Suite struct RasterFormatTests {
  private struct Stop: Error {}

  private static func grid(_ crs: String, _ width: Int = 700, _ height: Int = 560) -> Grid {
    Grid(
      width: width, height: height,
      transform: crs == "EPSG:4326"
        ? GeoTransform(left: 7.1, top: 47.3, cellWidth: 1 / 3600, cellHeight: 1 / 3600)
        : GeoTransform(left: 2_550_000.1, top: 1_220_000.7, cellWidth: 10.3, cellHeight: 12.7),
      crs: crs.isEmpty ? "" : (try? CRS.wkt(from: crs)) ?? "")
  }

  /// No data in the left upper part, and here and there.
  private static func value(_ band: Int, _ cell: Cell) -> Float {
    let isMissing = cell.column < 256 && cell.row < 256 || (cell.column + 3 * cell.row) % 17 == 0
    return isMissing ? .nan : noise(cell.column + 1000 * band, cell.row) - 0.25
  }

  private static func block(_ window: Window) -> CellBlock {
    .float32((0..<2).flatMap { band in cells(of: window).map { value(band, $0) } })
  }

  private static func output(
    _ scratch: Scratch, _ format: RasterFormat, _ name: String = "map", crs: String = "EPSG:2056"
  ) -> RasterOutput {
    var output = RasterOutput(
      path: scratch.file(name + format.ending), grid: grid(crs),
      bands: [
        OutputBand(name: "above <guide> value", unit: "mg/kg", metadata: ["CLASS": "a & \"b\""]),
        OutputBand(name: "Cu/Zn"),
      ])
    output.format = format
    output.blockSize = 128
    return output
  }

  /// The rasters that a file consists of to those who open it.
  private static func rasters(_ path: String) throws -> [String] {
    let info = try RasterInfo(path: path)
    return info.bands.isEmpty ? info.subdatasets : [path]
  }

  static let formats: [RasterFormat] = [
    .cog, .geoTIFF, .tiles(size: 256, version: "0a1b"), .netCDF,
  ]

  @Test(arguments: formats, ["EPSG:2056", "EPSG:4326", "EPSG:3413", "EPSG:2193", ""])
  func theSameIsReadFromEveryForm(format: RasterFormat, crs: String) throws {
    let scratch = try Scratch()
    let output = Self.output(scratch, format, crs: crs)
    let statistics = try output.write(metadata: { ["MEAN": "\($0[1].mean)", "METHOD": "test"] }) {
      Self.block($0)
    }
    let paths = try Self.rasters(output.path)
    #expect(paths.count == (format.hasVariables ? 2 : 1))
    var read: [Float] = []
    var bands: [BandInfo] = []
    for path in paths {
      let info = try RasterInfo(path: path)
      let source = try RasterSource(path: path, grid: output.grid, resampling: .nearest)
      #expect(source.isOnGrid && CRS.isSame(info.grid?.crs ?? "", output.grid.crs))
      read += try source.read(output.grid.window).values
      bands += info.bands
      #expect((info.metadata["METHOD"] ?? info.metadata["NC_GLOBAL#METHOD"]) == "test")
    }
    let expected = (0..<2).flatMap { band in
      cells(of: output.grid.window).map { Self.value(band, $0) }
    }
    #expect(bits(read) == bits(expected))
    let names = bands.map { format.hasVariables ? $0.metadata["long_name"] ?? "" : $0.name }
    #expect(names == ["above <guide> value", "Cu/Zn"])
    let key = format.hasVariables ? "class" : "CLASS"
    #expect(bands[0].unit == "mg/kg" && bands[0].metadata[key] == "a & \"b\"")
    for (band, statistics) in zip(bands, statistics) {
      #expect(band.nodata == -9999 && band.typeName == "Float32")
      #expect(band.metadata["STATISTICS_MEAN"].flatMap(Double.init) == statistics.mean)
      #expect(band.metadata["STATISTICS_MINIMUM"].flatMap(Double.init) == statistics.minimum)
    }
    let cell = Cell(column: 431, row: 300)
    #expect(
      try PlaceReader.values(path: output.path, cell: cell)
        == (0..<2).map { Double(Self.value($0, cell)) })
    #expect(
      try PlaceReader.values(path: output.path, cell: Cell(column: 9, row: 9)) == [nil, nil])
  }

  @Test(arguments: formats)
  func theSameCellsGiveTheSameBytes(format: RasterFormat) throws {
    let scratch = try Scratch()
    let contents = try ["a", "b"].map { name -> [Data?] in
      let folder = scratch.file(name)
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      var output = Self.output(scratch, format)
      output.path = "\(folder)/map\(format.ending)"
      try output.write { Self.block($0) }
      return ([output.path] + output.parts).map { FileManager.default.contents(atPath: $0) }
    }
    #expect(contents[0].allSatisfy { $0 != nil } && contents[0] == contents[1])
  }

  @Test(arguments: RasterCompression.allCases)
  func cellsAreCompressed(compression: RasterCompression) throws {
    let scratch = try Scratch()
    for (type, predictor) in [(CellType.float32, "3"), (.byte, "2"), (.uint32, "2")] {
      var output = RasterOutput(
        path: scratch.file("a.tif"), grid: Self.grid(""),
        bands: ["a", "b"].map { OutputBand(name: $0) }, type: type)
      output.compression = compression
      guard compression.isAvailable(in: .cog) else { continue }
      try output.write { window in
        let count = 2 * window.cellCount
        return switch type {
        case .float32: .float32([Float](repeating: 1, count: count))
        case .uint32: .uint32([UInt32](repeating: 1, count: count))
        default: .byte([UInt8](repeating: 1, count: count))
        }
      }
      let info = try RasterInfo(path: output.path)
      let name = compression.rawValue.uppercased()
      #expect(info.imageStructure["COMPRESSION"] == (name == "NONE" ? nil : name))
      #expect(info.imageStructure["PREDICTOR"] == (name == "NONE" ? nil : predictor))
      #expect(info.imageStructure["INTERLEAVE"] == "BAND")
    }
    #expect(compression.isAvailable(in: .netCDF) == [.deflate, .none].contains(compression))
  }

  @Test func overviewsFitWhatCellsMean() throws {
    let scratch = try Scratch()
    // Of four cells three are 7, and the first is 2.
    func overview(_ resampling: RasterOutput.OverviewResampling, _ format: RasterFormat) throws
      -> Set<Float>
    {
      let name = "\(resampling.rawValue)\(format.ending)"
      var output = RasterOutput(
        path: scratch.file(name), grid: Self.grid("", 256, 256), bands: [OutputBand(name: "a")],
        type: .byte, overviewResampling: resampling)
      output.blockSize = 128
      output.format = format
      try output.write { window in
        .byte(cells(of: window).map { $0.column % 2 + $0.row % 2 == 0 ? 2 : 7 })
      }
      #expect(
        try RasterInfo(path: output.path).bands[0].overviewSizes == [.init(width: 128, height: 128)]
      )
      let view = try scratch.write(
        """
        <VRTDataset rasterXSize="128" rasterYSize="128"><VRTRasterBand dataType="Byte" band="1">
          <SimpleSource><OpenOptions><OOI key="OVERVIEW_LEVEL">0</OOI></OpenOptions>
            <SourceFilename relativeToVRT="1">\(name)</SourceFilename>
            <SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>
        """, "view.vrt")
      let grid = try RasterInfo(path: view).gridOfCells
      return Set(
        try RasterSource(path: view, grid: grid, resampling: .nearest).read(grid.window).values)
    }
    for format in [RasterFormat.cog, .tiles(size: 256, version: "")] {
      #expect(try overview(.mode, format) == [7])
      #expect(try overview(.average, format) == [6])
    }
    #expect(try [[2], [7]].contains(overview(.nearest, .cog)))
  }

  @Test func tilesWithoutDataAreNotWritten() throws {
    let scratch = try Scratch()
    let output = Self.output(scratch, .tiles(size: 256, version: "0a1b"))
    try output.write { Self.block($0) }
    let names = try FileManager.default.contentsOfDirectory(atPath: scratch.file("map")).sorted()
    let all = [0, 256, 512].flatMap { y in [0, 256, 512].map { "x\($0)-y\(y)-0a1b.tif" } }
    #expect(names == all.filter { $0 != "x0-y0-0a1b.tif" }.sorted())
    #expect(output.parts.map { $0.split(separator: "/").last.map(String.init) } == names)
    #expect(scratch.names == ["map", "map.vrt"])
    // Tiles are rasters of their own, in their place.
    let tile = try RasterInfo(path: scratch.file("map/x512-y256-0a1b.tif"))
    #expect((tile.width, tile.height) == (188, 256) && tile.bands.map(\.name).last == "Cu/Zn")
    let corner = output.grid.transform.map(column: 512, row: 256)
    #expect(tile.grid?.transform.originX == corner.x && tile.grid?.transform.originY == corner.y)
    // The folder can be moved as a whole.
    let other = try Scratch()
    for name in scratch.names {
      try FileManager.default.moveItem(atPath: scratch.file(name), toPath: other.file(name))
    }
    let cell = Cell(column: 699, row: 559)
    #expect(
      try PlaceReader.values(path: other.file("map.vrt"), cell: cell)
        == (0..<2).map { Double(Self.value($0, cell)) })
    // Nothing at all has a virtual raster only.
    let empty = Self.output(scratch, .tiles(size: 256, version: "0a1b"), "empty")
    try empty.write { .float32([Float](repeating: .nan, count: 2 * $0.cellCount)) }
    #expect(scratch.names == ["empty.vrt"])
    #expect(try PlaceReader.values(path: empty.path, cell: cell) == [nil, nil])
  }

  @Test func tilesAreReplacedAsAWhole() throws {
    let scratch = try Scratch()
    let first = Self.output(scratch, .tiles(size: 256, version: "aaaa"))
    try first.write { Self.block($0) }
    _ = try scratch.write("kept", "map/notes.txt")
    func content() throws -> [String: Data?] {
      let folder = scratch.file("map")
      let names = try FileManager.default.contentsOfDirectory(atPath: folder).map { "map/" + $0 }
      return Dictionary(
        uniqueKeysWithValues: (names + ["map.vrt"]).map {
          ($0, FileManager.default.contents(atPath: scratch.file($0)))
        })
    }
    let before = try content()
    let second = Self.output(scratch, .tiles(size: 256, version: "bbbb"))
    #expect(throws: Stop.self) {
      try second.write { window in
        if window.y > 300 { throw Stop() }
        return Self.block(window)
      }
    }
    #expect(throws: Stop.self) {
      try second.write(finishing: { _ in throw Stop() }) { Self.block($0) }
    }
    #expect(try content() == before && scratch.names == ["map", "map.vrt"])
    try second.write { window in
      .float32([Float](repeating: 3, count: 2 * window.cellCount))
    }
    let names = try content().keys.sorted()
    #expect(names.count == 11 && names.first == "map.vrt" && names.contains("map/notes.txt"))
    #expect(names.dropFirst(2).allSatisfy { $0.hasSuffix("-bbbb.tif") })
    #expect(
      try PlaceReader.values(path: second.path, cell: Cell(column: 1, row: 1)) == [3, 3])
  }

  @Test(arguments: formats)
  func aFailureLeavesTheOldFile(format: RasterFormat) throws {
    let scratch = try Scratch()
    let output = Self.output(scratch, format)
    let old = try scratch.write("the old output", "map" + format.ending)
    #expect(throws: Stop.self) {
      try output.write { window in
        if window.y > 300 { throw Stop() }
        return Self.block(window)
      }
    }
    #expect(scratch.names == ["map" + format.ending])
    #expect(try String(contentsOfFile: old, encoding: .utf8) == "the old output")
  }

  @Test func netCDFHasNamesForValuesAndVariables() throws {
    let scratch = try Scratch()
    var output = RasterOutput(
      path: scratch.file("class.nc"), grid: Self.grid("EPSG:32632", 40, 30),
      bands: [
        OutputBand(name: "class", categories: [1: "no deposit", 2: "deposit"]),
        OutputBand(name: "x"), OutputBand(name: "1 µm"), OutputBand(name: "class"),
      ], type: .byte)
    output.format = .netCDF
    output.nodata = 255
    try output.write { window in
      .byte((0..<4).flatMap { band in cells(of: window).map { UInt8($0.column + band) } })
    }
    let info = try RasterInfo(path: output.path)
    let names = info.subdatasets.map { $0.split(separator: ":").last.map(String.init) ?? "" }
    #expect(names == ["class", "x_2", "band_1__m", "class_2"])
    let band = try RasterInfo(path: info.subdatasets[0]).bands[0]
    #expect(band.metadata["flag_meanings"] == "no_deposit deposit" && band.nodata == 255)
    #expect(band.metadata["flag_values"] == "{1,2}" && band.metadata["CATEGORY_2"] == "deposit")
    #expect(info.metadata["NC_GLOBAL#Conventions"] == "CF-1.8")
    output.grid = Grid(
      width: 40, height: 30,
      transform: GeoTransform(
        originX: 0, columnX: 1, rowX: 0.5, originY: 0, columnY: 0.5, rowY: -1), crs: "")
    let error = #expect(throws: GDALError.self) {
      try output.write { .byte([UInt8](repeating: 1, count: 4 * $0.cellCount)) }
    }
    #expect(error?.message.contains("not north-up") == true)
  }
}
