import RasterFiles
import Rasters
import Testing

/// Pictures are made of overviews where a file has them.
@Suite struct OverviewReaderTests {
  private static let grid = Grid(
    width: 700, height: 563,
    transform: GeoTransform(left: 0, top: 0, cellWidth: 1, cellHeight: 1), crs: "")

  private static func write(_ path: String, _ format: RasterFormat) throws -> String {
    var output = RasterOutput(
      path: path + format.ending, grid: grid,
      bands: [OutputBand(name: "column"), OutputBand(name: "row")])
    output.format = format
    output.blockSize = 128
    try output.write { window in
      .float32(
        (0..<2).flatMap { band in
          cells(of: window).map { cell in
            if cell.column < 64 && cell.row < 64 { return .nan }
            return Float(band == 0 ? cell.column : cell.row)
          }
        })
    }
    return output.path
  }

  @Test(arguments: [RasterFormat.cog, .tiles(size: 256, version: "0a")], [2, 3, 4, 7])
  func cellsAreThoseOfTheirPlaces(format: RasterFormat, step: Int) throws {
    let scratch = try Scratch()
    let path = try Self.write(scratch.file("map"), format)
    let bands = try #require(
      try OverviewReader.values(path: path, bands: [2, 1], step: step))
    let (width, height) = ((700 + step - 1) / step, (563 + step - 1) / step)
    #expect(bands.map(\.count) == [width * height, width * height])
    for row in 0..<height {
      for column in 0..<width {
        let (y, x) = (bands[0][row * width + column], bands[1][row * width + column])
        let place = (min(column * step + step / 2, 699), min(row * step + step / 2, 562))
        if place.0 < 56 && place.1 < 56 {
          #expect(x.isNaN && y.isNaN)
        } else if place.0 >= 72 || place.1 >= 72 {
          #expect(
            abs(x - Float(place.0)) <= Float(step) && abs(y - Float(place.1)) <= Float(step))
        }
      }
    }
  }

  @Test func filesWithoutThemAreLeftAlone() throws {
    let scratch = try Scratch()
    for format in [RasterFormat.geoTIFF, .netCDF] {
      let path = try Self.write(scratch.file("plain"), format)
      #expect(try OverviewReader.values(path: path, bands: [1, 2], step: 4) == nil)
    }
    // No overview has all the cells that are wanted.
    let path = try Self.write(scratch.file("map"), .cog)
    #expect(try OverviewReader.values(path: path, bands: [1], step: 1) == nil)
    #expect(throws: GDALError.self) {
      try OverviewReader.values(path: scratch.file("none.tif"), bands: [1], step: 4)
    }
  }
}
