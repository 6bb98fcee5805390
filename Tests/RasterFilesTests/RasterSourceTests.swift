import Dispatch
import RasterFiles
import Rasters
import Synchronization
import Testing

@Suite struct RasterSourceTests {
  /// A source of 150 x 130 cells with holes, 10 m wide, in the Jura.
  private static func sourceGrid(crs: String) -> Grid {
    Grid(
      width: 150, height: 130,
      transform: GeoTransform(left: 2_550_000, top: 1_220_000, cellWidth: 10, cellHeight: 10),
      crs: crs)
  }

  private static func hasHole(_ column: Int, _ row: Int) -> Bool {
    noise(column + 7000, row) < 0.1 || (column - 40) * (column - 40) + (row - 60) * (row - 60) < 90
  }

  private static func value(_ column: Int, _ row: Int) -> Float {
    hasHole(column, row) ? .nan : noise(column, row) + Float(column) / 10
  }

  enum Placing: String, CaseIterable {
    case same, halfCell, reprojected, rotatedSource, growing, growingReprojected

    /// The grid to read on, and the source's transform where it is not the usual.
    func grids() throws -> (target: Grid, source: Grid) {
      let swiss = try wkt("EPSG:2056")
      let source = RasterSourceTests.sourceGrid(crs: swiss)
      func target(_ width: Int, _ height: Int, _ cell: Double, _ shift: Double = 0) -> Grid {
        Grid(
          width: width, height: height,
          transform: GeoTransform(
            left: 2_549_950 + shift, top: 1_220_050 + shift, cellWidth: cell, cellHeight: cell),
          crs: swiss)
      }
      switch self {
      case .same: return (target(170, 150, 10), source)
      case .halfCell: return (target(170, 150, 10, 5), source)
      case .rotatedSource:
        let rotated = GeoTransform(
          originX: 2_550_000, columnX: 8.66, rowX: -5, originY: 1_219_500, columnY: -5, rowY: -8.66)
        return (
          target(170, 150, 10), Grid(width: 150, height: 130, transform: rotated, crs: swiss)
        )
      case .growing: return (target(70, 60, 25.7), source)
      case .reprojected, .growingReprojected:
        let utm = try wkt("EPSG:32632")
        let center = try CRS.transform(
          x: [2_550_750], y: [1_219_350], from: swiss, to: utm)
        let cell = self == .reprojected ? 9.3 : 31.0
        let (width, height) = self == .reprojected ? (170, 150) : (60, 50)
        return (
          Grid(
            width: width, height: height,
            transform: GeoTransform(
              left: center.x[0] - Double(width) * cell / 2,
              top: center.y[0] + Double(height) * cell / 2, cellWidth: cell, cellHeight: cell),
            crs: utm), source
        )
      }
    }
  }

  @Test("the same bits for any windows", arguments: Placing.allCases, Resampling.allCases)
  func windowsDoNotMatter(placing: Placing, resampling: Resampling) throws {
    let scratch = try Scratch()
    let (target, source) = try placing.grids()
    let path = try scratch.raster("source.tif", source, Self.value, bandCount: 2)
    let raster = try RasterSource(path: path, grid: target, resampling: resampling)
    #expect(raster.isOnGrid == (placing == .same))
    let whole = try raster.read(target.window)
    #expect(whole.values.contains { $0.isNaN })
    #expect(whole.values.count(where: { !$0.isNaN }) > whole.values.count / 8)
    for (width, height) in [(64, 64), (17, 23), (1000, 1)] {
      var pieces = DataCube(window: target.window, bandCount: 2)
      for window in partition(target, width, height) { pieces.paste(try raster.read(window)) }
      #expect(bits(pieces.values) == bits(whole.values), "\(width) x \(height)")
    }
  }

  @Test func shiftedCellsAreReadAsTheyAre() throws {
    let scratch = try Scratch()
    let (target, source) = try Placing.same.grids()
    let path = try scratch.raster("source.tif", source, Self.value)
    let cube = try RasterSource(path: path, grid: target, resampling: .cubic).read(target.window)
    let expected = cells(of: target.window).map { cell -> Float in
      let (column, row) = (cell.column - 5, cell.row - 5)
      return source.window.contains(column: column, row: row) ? Self.value(column, row) : .nan
    }
    #expect(bits(cube.values) == bits(expected))
  }

  /// What bilinear must give: plain loops over the whole source.
  @Test func bilinearAgreesWithItsNaiveTwin() throws {
    let scratch = try Scratch()
    let (target, source) = try Placing.rotatedSource.grids()
    let path = try scratch.raster("source.tif", source, Self.value)
    let cube = try RasterSource(path: path, grid: target, resampling: .bilinear)
      .read(target.window)
    var worst: Float = 0
    for (index, cell) in cells(of: target.window).enumerated() {
      let place = target.center(of: cell)
      let at = source.transform.cell(x: place.x, y: place.y)
      var (sum, total) = (0.0, 0.0)
      for row in Int(at.row) - 2...Int(at.row) + 2 {
        for column in Int(at.column) - 2...Int(at.column) + 2
        where source.window.contains(column: column, row: row) {
          let value = Self.value(column, row)
          let weight =
            max(0, 1 - abs(Double(column) + 0.5 - at.column))
            * max(0, 1 - abs(Double(row) + 0.5 - at.row))
          if !value.isNaN { (sum, total) = (sum + weight * Double(value), total + weight) }
        }
      }
      let isInside = source.cell(x: place.x, y: place.y).map { !Self.hasHole($0.column, $0.row) }
      let expected = isInside == true ? Float(sum / total) : .nan
      #expect(cube.values[index].isNaN == expected.isNaN)
      if !expected.isNaN { worst = max(worst, abs(cube.values[index] - expected)) }
    }
    #expect(worst < 1e-5)
  }

  @Test func cubicReproducesAParabola() throws {
    let scratch = try Scratch()
    let (target, source) = try Placing.halfCell.grids()
    let path = try scratch.raster("source.tif", source) { column, row in
      Float(column * column) / 100 + Float(row)
    }
    let cube = try RasterSource(path: path, grid: target, resampling: .cubic).read(target.window)
    // The centre of target cell (50, 50) lies on the corner of source cells 45, 46 and 44, 45.
    let value = cube.values[target.window.index(column: 50, row: 50)]
    let (column, row) = (50 + 0.5 - 4.5 - 0.5, 50 + 0.5 - 5.5 - 0.5)
    #expect(abs(Double(value) - (column * column / 100 + row)) < 1e-4)
  }

  /// Averages over cells of 2.5 x 2.2 source cells, by counting points a metre apart.
  @Test func averageAndModeAgreeWithCounting() throws {
    let scratch = try Scratch()
    let source = Self.sourceGrid(crs: "")
    let target = Grid(
      width: 40, height: 30,
      transform: GeoTransform(left: 2_549_990, top: 1_220_010, cellWidth: 25, cellHeight: 22),
      crs: "")
    func value(_ column: Int, _ row: Int) -> Float {
      Self.hasHole(column, row) ? .nan : (4 * noise(column, row)).rounded(.down)
    }
    let path = try scratch.raster("source.tif", source, value)
    let average = try RasterSource(path: path, grid: target, resampling: .average)
      .read(target.window)
    let mode = try RasterSource(path: path, grid: target, resampling: .mode).read(target.window)
    for (index, cell) in cells(of: target.window).enumerated() {
      var counts: [Float: Int] = [:]
      for v in 0..<22 {
        for u in 0..<25 {
          let place = target.transform.map(
            column: Double(cell.column) + (Double(u) + 0.5) / 25,
            row: Double(cell.row) + (Double(v) + 0.5) / 22)
          guard let found = source.cell(x: place.x, y: place.y) else { continue }
          let value = value(found.column, found.row)
          if !value.isNaN { counts[value, default: 0] += 1 }
        }
      }
      let total = counts.values.reduce(0, +)
      guard total > 0 else {
        #expect(average.values[index].isNaN && mode.values[index].isNaN)
        continue
      }
      let mean = counts.reduce(0) { $0 + $1.key * Float($1.value) } / Float(total)
      #expect(abs(average.values[index] - mean) < 1e-4)
      #expect(counts[mode.values[index]] == counts.values.max())
    }
  }

  @Test("missing cells never enter", arguments: Resampling.allCases)
  func nothingBleeds(resampling: Resampling) throws {
    let scratch = try Scratch()
    for placing in [Placing.halfCell, .reprojected, .growing] {
      let (target, source) = try placing.grids()
      let path = try scratch.raster("\(placing).tif", source) { column, row in
        Self.hasHole(column, row) ? .nan : 5
      }
      let cube = try RasterSource(path: path, grid: target, resampling: resampling)
        .read(target.window)
      let valid = cube.values.filter { !$0.isNaN }
      #expect(!valid.isEmpty && valid.allSatisfy { abs($0 - 5) < 1e-5 })
    }
  }

  @Test func nearestReprojectionFollowsTheExactTransformation() throws {
    let scratch = try Scratch()
    let (target, source) = try Placing.reprojected.grids()
    let path = try scratch.raster("source.tif", source, Self.value)
    let cube = try RasterSource(path: path, grid: target, resampling: .nearest)
      .read(target.window)
    for cell in cells(of: target.window) where (cell.column + 3 * cell.row) % 37 == 0 {
      let place = target.center(of: cell)
      let there = try CRS.transform(x: [place.x], y: [place.y], from: target.crs, to: source.crs)
      let expected =
        source.cell(x: there.x[0], y: there.y[0]).map { Self.value($0.column, $0.row) } ?? .nan
      let value = cube.values[target.window.index(column: cell.column, row: cell.row)]
      #expect(value.bitPattern == expected.bitPattern)
    }
  }

  @Test func scaleOffsetMaskAndInfinityAreApplied() throws {
    let scratch = try Scratch()
    let grid = Grid(
      width: 3, height: 2, transform: GeoTransform(left: 0, top: 2, cellWidth: 1, cellHeight: 1),
      crs: "")
    _ = try scratch.write(
      "ncols 3\nnrows 2\nxllcorner 0\nyllcorner 0\ncellsize 1\nNODATA_value 9\n1 2 9\n4 5 6\n",
      "values.asc")
    _ = try scratch.write(
      "ncols 3\nnrows 2\nxllcorner 0\nyllcorner 0\ncellsize 1\n255 0 255\n255 255 1\n",
      "mask.asc")
    func vrt(_ band: String, _ mask: String = "", type: String = "Int32") -> String {
      """
      <VRTDataset rasterXSize="3" rasterYSize="2">
        <GeoTransform>0,1,0,2,0,-1</GeoTransform>
        <VRTRasterBand dataType="\(type)" band="1">\(band)
          <SimpleSource><SourceFilename relativeToVRT="1">values.asc</SourceFilename>
            <SourceBand>1</SourceBand></SimpleSource>\(mask)
        </VRTRasterBand>
      </VRTDataset>
      """
    }
    let scaled = try scratch.write(
      vrt("<NoDataValue>9</NoDataValue><Scale>0.5</Scale><Offset>10</Offset>"), "scaled.vrt")
    let masked = try scratch.write(
      vrt(
        "",
        """
        <MaskBand><VRTRasterBand dataType="Byte"><SimpleSource>
          <SourceFilename relativeToVRT="1">mask.asc</SourceFilename><SourceBand>1</SourceBand>
        </SimpleSource></VRTRasterBand></MaskBand>
        """, type: "Float32"), "masked.vrt")
    let first = try RasterSource(path: scaled, grid: grid, resampling: .nearest).read(grid.window)
    #expect(bits(first.values) == bits([10.5, 11, .nan, 12, 12.5, 13]))
    let second = try RasterSource(path: masked, grid: grid, resampling: .nearest).read(grid.window)
    #expect(bits(second.values) == bits([1, .nan, 9, 4, 5, 6]))
  }

  @Test func longitudesAreTakenRoundTheWorld() throws {
    let scratch = try Scratch()
    let crs = try wkt("EPSG:4326")
    // A world from 0 to 360 degrees, read on a grid from -180 to 180.
    let source = Grid(
      width: 72, height: 36, transform: GeoTransform(left: 0, top: 90, cellWidth: 5, cellHeight: 5),
      crs: crs)
    let path = try scratch.raster("world.tif", source) { column, row in Float(column + 100 * row) }
    let target = Grid(
      width: 36, height: 18,
      transform: GeoTransform(left: -180, top: 90, cellWidth: 10, cellHeight: 10), crs: crs)
    let cube = try RasterSource(path: path, grid: target, resampling: .average)
      .read(target.window)
    let expected = cells(of: target.window).map { cell in
      Float((cell.column * 2 + 36) % 72) + 0.5 + 100 * (Float(cell.row) * 2 + 0.5)
    }
    #expect(cube.values == expected)
  }

  @Test func aMissingSystemIsAnErrorUnlessCellsAgree() throws {
    let scratch = try Scratch()
    let swiss = try wkt("EPSG:2056")
    let (target, source) = try Placing.halfCell.grids()
    let bare = Grid(
      width: source.width, height: source.height, transform: source.transform, crs: "")
    let path = try scratch.raster("bare.tif", bare, Self.value)
    let error = #expect(throws: GDALError.self) {
      try RasterSource(path: path, grid: target, resampling: .bilinear)
    }
    #expect(error?.description.contains("no CRS") == true)
    #expect(error?.description.contains("bare.tif") == true)
    #expect(try RasterSource(path: path, grid: source, resampling: .bilinear).isOnGrid)
    let georeferenced = try scratch.raster("swiss.tif", source, Self.value)
    #expect(try RasterSource(path: georeferenced, grid: bare, resampling: .nearest).isOnGrid)
    #expect(swiss == source.crs)
  }

  @Test func wrongBandsAndFilesAreNamed() throws {
    let scratch = try Scratch()
    let (target, source) = try Placing.same.grids()
    let path = try scratch.raster("source.tif", source, Self.value)
    let band = #expect(throws: GDALError.self) {
      try RasterSource(path: path, bands: [1, 3], grid: target, resampling: .nearest)
    }
    #expect(band?.description.contains("band 3") == true)
    let file = #expect(throws: GDALError.self) {
      try RasterSource(path: "/nowhere/x.tif", grid: target, resampling: .nearest)
    }
    #expect(file?.description.contains("/nowhere/x.tif") == true)
  }

  @Test("a window depends on the members that lie there", arguments: [false, true])
  func membersOfAVirtualRaster(isReprojected: Bool) throws {
    let scratch = try Scratch()
    let swiss = try wkt("EPSG:2056")
    func grid(_ tile: Int, _ width: Int) -> Grid {
      Grid(
        width: width, height: 100,
        transform: GeoTransform(
          left: 2_550_000 + 1000 * Double(tile), top: 1_220_000, cellWidth: 10, cellHeight: 10),
        crs: swiss)
    }
    var sources = ""
    for tile in 0..<3 {
      _ = try scratch.raster("\(tile).tif", grid(tile, 100), noise)
      _ = try scratch.write("<PAMDataset></PAMDataset>", "\(tile).tif.aux.xml")
      sources += """
        <SimpleSource><SourceFilename relativeToVRT="1">\(tile).tif</SourceFilename>
          <SourceBand>1</SourceBand><SrcRect xOff="0" yOff="0" xSize="100" ySize="100"/>
          <DstRect xOff="\(100 * tile)" yOff="0" xSize="100" ySize="100"/></SimpleSource>

        """
    }
    let vrt = try scratch.write(
      """
      <VRTDataset rasterXSize="300" rasterYSize="100"><SRS>EPSG:2056</SRS>
        <GeoTransform>2550000,10,0,1220000,0,-10</GeoTransform>
        <VRTRasterBand dataType="Float32" band="1"><NoDataValue>-9999</NoDataValue>\(sources)
        </VRTRasterBand></VRTDataset>
      """, "mosaic.vrt")
    let crs = isReprojected ? try wkt("EPSG:32632") : swiss
    let corner = try CRS.transform(x: [2_550_000], y: [1_220_000], from: swiss, to: crs)
    let target = Grid(
      width: 300, height: 60,
      transform: GeoTransform(
        left: corner.x[0], top: corner.y[0] - 200, cellWidth: 10, cellHeight: 10), crs: crs)
    let source = try RasterSource(path: vrt, grid: target, resampling: .cubic)
    #expect(source.isOnGrid == !isReprojected)
    func names(_ x: Int, _ width: Int) -> [Substring] {
      source.files(touching: Window(x: x, y: 0, width: width, height: 60)).map {
        $0.split(separator: "/").last ?? ""
      }
    }
    #expect(names(10, 40) == ["mosaic.vrt", "0.tif", "0.tif.aux.xml"])
    #expect(
      names(50, 100) == ["mosaic.vrt", "0.tif", "0.tif.aux.xml", "1.tif", "1.tif.aux.xml"])
    #expect(names(230, 60) == ["mosaic.vrt", "2.tif", "2.tif.aux.xml"])
    #expect(names(0, 300).count == 7)
  }

  @Test("many threads read what one reads", arguments: [Placing.same, .reprojected])
  func poolServesThreads(placing: Placing) throws {
    let scratch = try Scratch()
    let (target, source) = try placing.grids()
    let path = try scratch.raster("source.tif", source, Self.value)
    let pool = try RasterPool(path: path, grid: target, resampling: .bilinear)
    let whole = try pool.read(target.window)
    let windows = partition(target, 31, 29)
    let result = Mutex(DataCube(window: target.window, bandCount: 1))
    let failures = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: 8 * windows.count) { index in
      if let cube = try? pool.read(windows[index % windows.count]) {
        result.withLock { $0.paste(cube) }
      } else {
        failures.add(1, ordering: .relaxed)
      }
    }
    #expect(failures.load(ordering: .relaxed) == 0)
    #expect(result.withLock { bits($0.values) } == bits(whole.values))
  }
}
