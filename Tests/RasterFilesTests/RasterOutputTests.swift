import Foundation
import RasterFiles
import Rasters
import Testing

@Suite struct RasterOutputTests {
  private struct Stop: Error {}

  private static func grid(_ width: Int, _ height: Int, _ crs: String) -> Grid {
    Grid(
      width: width, height: height,
      transform: GeoTransform(
        left: 2_550_000.1, top: 1_220_000.7, cellWidth: 10.3, cellHeight: 12.7),
      crs: crs)
  }

  private static func value(_ cell: Cell, _ band: Int) -> Float {
    if (cell.column + cell.row) % 7 == 0 { return .nan }
    return noise(cell.column + 1000 * band, cell.row)
  }

  private static func block(_ window: Window, bandCount: Int = 2) -> CellBlock {
    .float32((0..<bandCount).flatMap { band in cells(of: window).map { value($0, band) } })
  }

  private static func output(_ path: String, _ grid: Grid) -> RasterOutput {
    RasterOutput(
      path: path, grid: grid,
      bands: [
        OutputBand(name: "prob:quiet", unit: "1", metadata: ["CLASS": "quiet"]),
        OutputBand(name: "prob:lőud", categories: [0: "no", 3: "yes & no"]),
      ])
  }

  @Test func whatIsWrittenIsWhatIsRead() throws {
    let scratch = try Scratch()
    let grid = Self.grid(1300, 700, try wkt("EPSG:2056"))
    let output = Self.output(scratch.file("out.tif"), grid)
    let statistics = try output.write(metadata: { ["MEAN": "\($0[1].mean)", "METHOD": "test"] }) {
      Self.block($0)
    }
    #expect(scratch.names == ["out.tif", "out.tif.aux.xml"])

    let info = try RasterInfo(path: output.path)
    #expect(info.grid?.transform == grid.transform)
    #expect(CRS.isSame(info.grid?.crs ?? "", grid.crs))
    #expect(info.imageStructure["INTERLEAVE"] == "BAND")
    #expect(info.imageStructure["COMPRESSION"] == "DEFLATE")
    #expect(info.metadata["METHOD"] == "test")
    #expect(info.metadata["MEAN"] == "\(statistics[1].mean)")
    #expect(info.bands.map(\.name) == ["prob:quiet", "prob:lőud"])
    #expect(info.bands[0].unit == "1")
    #expect(info.bands[0].metadata["CLASS"] == "quiet")
    #expect(info.bands[1].metadata["CATEGORY_3"] == "yes & no")
    #expect(info.bands[1].categories == [0: "no", 3: "yes & no"])
    #expect(info.bands.map(\.colorInterpretation) == ["Gray", "Undefined"])
    for band in info.bands {
      #expect(band.typeName == "Float32")
      #expect(band.nodata == -9999)
      #expect((band.blockWidth, band.blockHeight) == (512, 512))
      #expect(
        band.overviewSizes == [.init(width: 650, height: 350), .init(width: 325, height: 175)])
    }

    let cube = try RasterSource(path: output.path, grid: grid, resampling: .nearest)
      .read(grid.window)
    let expected = (0..<2).flatMap { band in cells(of: grid.window).map { Self.value($0, band) } }
    #expect(bits(cube.values) == bits(expected))
  }

  @Test func statisticsAreExactAndStored() throws {
    let scratch = try Scratch()
    let grid = Self.grid(300, 200, "")
    let output = Self.output(scratch.file("out.tif"), grid)
    let statistics = try output.write { Self.block($0) }
    let info = try RasterInfo(path: output.path)
    for band in 0..<2 {
      let values = cells(of: grid.window).map { Double(Self.value($0, band)) }.filter { !$0.isNaN }
      let mean = values.reduce(0, +) / Double(values.count)
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      let deviation = (squares / Double(values.count)).squareRoot()
      #expect(statistics[band].validCount == values.count)
      #expect(statistics[band].minimum == values.min())
      #expect(statistics[band].maximum == values.max())
      #expect(abs(statistics[band].mean - mean) < 1e-12)
      #expect(abs(statistics[band].standardDeviation - deviation) < 1e-12)
      let stored = info.bands[band].metadata
      #expect(stored["STATISTICS_MINIMUM"].flatMap(Double.init) == values.min())
      #expect(stored["STATISTICS_MAXIMUM"].flatMap(Double.init) == values.max())
      #expect(abs((stored["STATISTICS_MEAN"].flatMap(Double.init) ?? 0) - mean) < 1e-12)
      #expect(abs((stored["STATISTICS_STDDEV"].flatMap(Double.init) ?? 0) - deviation) < 1e-12)
      #expect(stored["STATISTICS_VALID_PERCENT"] == "85.72")
    }
  }

  @Test func twoRunsGiveTheSameBytes() throws {
    let scratch = try Scratch()
    let grid = Self.grid(700, 300, try wkt("EPSG:32632"))
    for name in ["a.tif", "b.tif"] {
      try Self.output(scratch.file(name), grid).write(metadata: { _ in ["A": "1", "B": "2"] }) {
        Self.block($0)
      }
    }
    let contents = ["a.tif", "b.tif"].map { FileManager.default.contents(atPath: scratch.file($0)) }
    #expect(contents[0] != nil && contents[0] == contents[1])
  }

  @Test("georeference is kept", arguments: ["rotated", "south-up", "sheared", "none", "custom"])
  func georeferenceIsKept(kind: String) throws {
    let scratch = try Scratch()
    let custom = "+proj=laea +lat_0=47.3 +lon_0=7.9 +x_0=1 +y_0=2 +ellps=bessel +units=m +no_defs"
    let crs =
      kind == "none" ? "" : try CRS.wkt(from: kind == "custom" ? custom : "EPSG:3067")
    let transform =
      switch kind {
      case "rotated":
        GeoTransform(
          originX: 100.1, columnX: 17.32050808, rowX: 5.3, originY: 200.7, columnY: 10.1,
          rowY: -8.660254038)
      case "south-up":
        GeoTransform(originX: 5, columnX: 2, rowX: 0, originY: 7, columnY: 0, rowY: 3)
      case "sheared":
        GeoTransform(originX: 5, columnX: 2, rowX: 0.1, originY: 7, columnY: 0, rowY: -3)
      default: GeoTransform(left: 1.0 / 3, top: 2.0 / 3, cellWidth: 0.1, cellHeight: 0.7)
      }
    let grid = Grid(width: 40, height: 30, transform: transform, crs: crs)
    let path = try scratch.raster("out.tif", grid, noise)
    let info = try RasterInfo(path: path)
    #expect(info.grid?.transform == transform)
    #expect(CRS.isSame(info.grid?.crs ?? "", crs))
    #expect(scratch.names == ["out.tif"])
  }

  @Test func cellsWithoutGeoreferenceStayWithoutOne() throws {
    let scratch = try Scratch()
    let cellsOnly = GeoTransform(
      originX: 0, columnX: 1, rowX: 0, originY: 0, columnY: 0, rowY: 1)
    let grid = Grid(width: 20, height: 10, transform: cellsOnly, crs: "")
    let info = try RasterInfo(path: try scratch.raster("out.tif", grid, noise))
    #expect(info.grid == nil)
    #expect(info.gridOfCells == grid)
  }

  @Test func idsCodesAndFlags() throws {
    let scratch = try Scratch()
    let grid = Self.grid(200, 160, "")
    var ids = RasterOutput(
      path: scratch.file("ids.tif"), grid: grid, bands: [OutputBand(name: "id")], type: .uint32)
    ids.blockSize = 128
    try ids.write { window in
      .uint32(cells(of: window).map { $0.row == 0 ? 0 : UInt32.max - UInt32($0.column) })
    }
    let info = try RasterInfo(path: ids.path)
    #expect(info.bands[0].nodata == 0)
    #expect(info.bands[0].typeName == "UInt32")
    #expect(info.bands[0].metadata["STATISTICS_MAXIMUM"] == "4294967295")
    #expect(info.bands[0].overviewSizes.first == .init(width: 100, height: 80))
    let flags = RasterOutput(
      path: scratch.file("flags.tif"), grid: grid,
      bands: ["r", "g", "b"].map { OutputBand(name: $0) }, type: .byte)
    try flags.write { window in
      .byte((0..<3).flatMap { band in cells(of: window).map { UInt8($0.column + band) } })
    }
    let flagInfo = try RasterInfo(path: flags.path)
    #expect(flagInfo.bands.map(\.nodata) == [nil, nil, nil])
    #expect(flagInfo.bands.map(\.colorInterpretation) == ["Gray", "Undefined", "Undefined"])
    let cube = try RasterSource(path: flags.path, grid: grid, resampling: .nearest)
      .read(grid.window)
    #expect(cube.spectrum(column: 99, row: 159) == [99, 100, 101])
  }

  @Test func aValidValueIsNeverNodata() throws {
    let scratch = try Scratch()
    let grid = Self.grid(2, 2, "")
    let path = try scratch.raster("out.tif", grid) { column, row in
      column == 0 ? -9999 : row == 0 ? .infinity : 1
    }
    let cube = try RasterSource(path: path, grid: grid, resampling: .nearest).read(grid.window)
    let beside = cube.values[0]
    #expect(beside > -9999 && beside < -9998.98)
    #expect(bits(cube.values) == bits([beside, .nan, beside, 1]))
  }

  @Test func nodataMayBeNaN() throws {
    let scratch = try Scratch()
    let grid = Self.grid(20, 20, "")
    var output = Self.output(scratch.file("out.tif"), grid)
    output.nodata = .nan
    try output.write { Self.block($0) }
    let info = try RasterInfo(path: output.path)
    #expect(info.bands[0].nodata?.isNaN == true)
    #expect(info.bands[0].metadata["STATISTICS_VALID_PERCENT"] != "100")
  }

  @Test func aBandWithoutValues() throws {
    let scratch = try Scratch()
    let path = try scratch.raster("out.tif", Self.grid(20, 20, "")) { _, _ in .nan }
    let metadata = try RasterInfo(path: path).bands[0].metadata
    #expect(metadata == ["STATISTICS_VALID_PERCENT": "0"])
  }

  @Test func overviewsDoNotMixInMissingCells() throws {
    let scratch = try Scratch()
    let grid = Self.grid(256, 256, "")
    let path = try scratch.raster("out.tif", grid) { column, row in
      (column + row) % 3 == 0 ? .nan : 5
    }
    let vrt = try scratch.write(
      """
      <VRTDataset rasterXSize="128" rasterYSize="128">
        <VRTRasterBand dataType="Float32" band="1"><NoDataValue>-9999</NoDataValue>
          <SimpleSource><OpenOptions><OOI key="OVERVIEW_LEVEL">0</OOI></OpenOptions>
            <SourceFilename relativeToVRT="1">out.tif</SourceFilename>
            <SourceBand>1</SourceBand></SimpleSource>
        </VRTRasterBand>
      </VRTDataset>
      """, "overview.vrt")
    let info = try RasterInfo(path: path)
    #expect(info.bands[0].overviewSizes == [.init(width: 128, height: 128)])
    let overview = try RasterInfo(path: vrt).gridOfCells
    let cube = try RasterSource(path: vrt, grid: overview, resampling: .nearest)
      .read(overview.window)
    #expect(cube.values.allSatisfy { $0 == 5 })
  }

  /// Ids of 32 bits are whole in overviews: GDAL's own would go through Float.
  @Test func overviewsKeepIds() throws {
    let scratch = try Scratch()
    let grid = Self.grid(300, 270, "")
    func id(_ column: Int, _ row: Int) -> UInt32 { 3_000_000_000 + UInt32(column + 1000 * row) }
    var output = RasterOutput(
      path: scratch.file("ids.tif"), grid: grid, bands: [OutputBand(name: "segment")],
      type: .uint32, overviewResampling: .nearest)
    output.blockSize = 128
    try output.write { window in .uint32(cells(of: window).map { id($0.column, $0.row) }) }
    #expect(
      try RasterInfo(path: output.path).bands[0].overviewSizes
        == [.init(width: 150, height: 135), .init(width: 75, height: 68)])
    for (level, factor) in [2, 4].enumerated() {
      let (width, height) = ((300 + factor - 1) / factor, (270 + factor - 1) / factor)
      let vrt = try scratch.write(
        """
        <VRTDataset rasterXSize="\(width)" rasterYSize="\(height)">
          <VRTRasterBand dataType="UInt32" band="1">
            <SimpleSource><OpenOptions><OOI key="OVERVIEW_LEVEL">\(level)</OOI></OpenOptions>
              <SourceFilename relativeToVRT="1">ids.tif</SourceFilename><SourceBand>1</SourceBand>
            </SimpleSource>
          </VRTRasterBand>
        </VRTDataset>
        """, "overview\(level).vrt")
      for cell in [(0, 0), (width - 1, height - 1), (width / 2, height / 3), (17, 40)] {
        let column = min(cell.0 * factor + factor / 2, 299)
        let found = try PlaceReader.values(
          path: vrt, cell: Cell(column: cell.0, row: cell.1))
        let expected = id(column, min(cell.1 * factor + factor / 2, 269))
        #expect(found == [Double(expected)])
      }
    }
  }

  @Test func aFailingProviderLeavesTheOldOutput() throws {
    let scratch = try Scratch()
    let grid = Self.grid(1300, 700, "")
    let output = Self.output(scratch.file("out.tif"), grid)
    let old = try scratch.write("the old output", "out.tif")
    _ = try scratch.write("its statistics", "out.tif.aux.xml")
    #expect(throws: Stop.self) {
      try output.write { window in
        if window.x > 512 { throw Stop() }
        return Self.block(window)
      }
    }
    #expect(throws: Stop.self) {
      try output.write(finishing: { _ in throw Stop() }) { Self.block($0) }
    }
    #expect(scratch.names == ["out.tif", "out.tif.aux.xml"])
    #expect(try String(contentsOfFile: old, encoding: .utf8) == "the old output")
  }

  @Test func sidecarsOfAnOlderOutputGo() throws {
    let scratch = try Scratch()
    for ending in ["", ".aux.xml", ".ovr", ".msk"] {
      _ = try scratch.write("old", "a.tif" + ending)
    }
    _ = try scratch.write("style", "a.qml")
    try Self.output(scratch.file("a.tif"), Self.grid(30, 20, "")).write { Self.block($0) }
    #expect(scratch.names == ["a.qml", "a.tif", "a.tif.aux.xml"])
    // The one that is there is the new raster's own.
    let names = try String(contentsOfFile: scratch.file("a.tif.aux.xml"), encoding: .utf8)
    #expect(names.contains("<Category>yes &amp; no</Category>"))
  }

  @Test func classesHaveColoursAndNames() throws {
    let scratch = try Scratch()
    let path = scratch.file("classes.tif")
    var output = RasterOutput(
      path: path, grid: Self.grid(600, 40, ""),
      bands: [
        OutputBand(
          name: "class", categories: [1: "low", 2: "high"],
          palette: [
            1: .init(red: 1, green: 2, blue: 3), 2: .init(red: 250, green: 100, blue: 0),
          ])
      ], type: .byte, overviewResampling: .mode)
    output.nodata = 255
    func write() throws -> Data? {
      try output.write { window in
        .byte(cells(of: window).map { [1, 2, 255][($0.column / 9 + $0.row) % 3] })
      }
      return FileManager.default.contents(atPath: path)
    }
    let first = try write()
    let info = try RasterInfo(path: path)
    #expect(info.bands[0].colorInterpretation == "Palette")
    #expect(info.bands[0].categories == [1: "low", 2: "high"])
    #expect(info.bands[0].nodata == 255 && info.imageStructure["LAYOUT"] == "COG")
    let sidecar = FileManager.default.contents(atPath: path + ".aux.xml")
    #expect(try write() == first)
    #expect(FileManager.default.contents(atPath: path + ".aux.xml") == sidecar)
    let read = try RasterSource(path: path, grid: info.gridOfCells, resampling: .nearest)
      .read(Window(x: 0, y: 0, width: 27, height: 1))
    #expect(read.values[0] == 1 && read.values[9] == 2 && read.values[18].isNaN)
  }

  @Test func aDirectoryThatIsMissingIsNamed() throws {
    let error = #expect(throws: GDALError.self) {
      try Self.output("/nowhere/at-all/out.tif", Self.grid(30, 20, "")).write { Self.block($0) }
    }
    #expect(error?.description.contains("/nowhere/at-all") == true)
  }

  @Test func anUnknownBlockSizeIsRefused() throws {
    let scratch = try Scratch()
    var output = Self.output(scratch.file("out.tif"), Self.grid(30, 20, ""))
    output.blockSize = 100
    #expect(throws: GDALError.self) { try output.write { Self.block($0) } }
    #expect(scratch.names.isEmpty)
  }
}
