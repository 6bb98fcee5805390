import Foundation
import RasterFiles
import Rasters
import Testing

/// Odd, broken and unusual rasters, against a table of what GDAL says of each.
@Suite(.enabled("needs GOSSAN_DATA") { realData != nil })
struct AwkwardFilesTests {
  /// A line of the table.
  struct Entry: CustomTestStringConvertible, Sendable {
    let path: String
    let fields: [String: String]
    var testDescription: String { (path as NSString).lastPathComponent }
    var opens: Bool { fields["driver"]?.hasPrefix("OPEN FAILS") == false }
    subscript(_ name: String) -> String { fields[name] ?? "" }
  }

  static let entries: [Entry] = {
    guard let data = realData else { return [] }
    let directory = "\(data)/awkward_files"
    guard let table = try? String(contentsOfFile: directory + "/MANIFEST.csv", encoding: .utf8)
    else { return [] }
    let lines = table.split(whereSeparator: \.isNewline).map(columns)
    return lines.dropFirst().map { line in
      Entry(
        path: "\(directory)/\(line[0])",
        fields: Dictionary(uniqueKeysWithValues: zip(lines[0], line)))
    }
  }()

  /// The columns of a line of CSV.
  private static func columns(_ line: Substring) -> [String] {
    var result = [""]
    var isQuoted = false
    for character in line {
      switch character {
      case "\"": isQuoted.toggle()
      case "," where !isQuoted: result.append("")
      default: result[result.count - 1].append(character)
      }
    }
    return result
  }

  @Test func theTableIsThere() { #expect(Self.entries.count > 80) }

  @Test("opens or refuses, reads or throws", arguments: entries)
  func file(entry: Entry) throws {
    guard entry.opens else {
      // A virtual raster opens although its members are missing; reading it says so.
      let error = #expect(throws: GDALError.self) {
        let info = try RasterInfo(path: entry.path)
        let grid = info.gridOfCells
        _ = try RasterSource(path: entry.path, grid: grid, resampling: .nearest).read(
          Window(x: 0, y: 0, width: 8, height: 8).intersection(grid.window))
      }
      #expect(error?.description.isEmpty == false)
      return
    }
    let info = try RasterInfo(path: entry.path)
    #expect(info.driver == entry["driver"])
    let size = entry["size"].split(separator: "x").compactMap { Int($0) }
    #expect([info.width, info.height, info.bands.count] == size)
    guard entry["read"] != "no bands" else {
      #expect(!info.subdatasets.isEmpty)
      let error = #expect(throws: GDALError.self) {
        try RasterSource(path: entry.path, grid: info.gridOfCells, resampling: .nearest)
      }
      #expect(error?.candidates == info.subdatasets)
      return
    }
    #expect(info.bands.first?.typeName == entry["dtype"])
    try expectReading(entry, info)
  }

  private func expectReading(_ entry: Entry, _ info: RasterInfo) throws {
    let grid = info.gridOfCells
    if info.georeference == .rationalPolynomials || info.georeference == .controlPoints {
      #expect(throws: GDALError.self) {
        try RasterSource(path: entry.path, grid: grid, resampling: .nearest)
      }
      return
    }
    let source = try RasterSource(path: entry.path, bands: [1], grid: grid, resampling: .nearest)
    #expect(source.isOnGrid)
    guard entry["read"] == "ok" else {
      let error = #expect(throws: GDALError.self) { try source.read(grid.window) }
      #expect(error?.place.contains("bands [1]") == true)
      return
    }
    let values = try source.read(grid.window).values
    let band = info.bands[0]
    #expect(values.allSatisfy { !$0.isInfinite })
    if let nodata = band.nodata, band.mask == .nodata, band.scale == 1, band.offset == 0 {
      #expect(values.allSatisfy { $0 != Float(nodata) })
    }
    let limits = entry["min_max"].split(separator: " ").compactMap { Float($0) }
    if limits.count == 2, band.scale == 1, band.offset == 0, info.bands.count == 1 {
      let slack = max(abs(limits[0]), abs(limits[1])) * 1e-4
      #expect(
        values.allSatisfy { $0.isNaN || ($0 >= limits[0] - slack && $0 <= limits[1] + slack) })
    }
    // On other cells nothing traps either.
    let shifted = Grid(
      width: 20, height: 20,
      transform: GeoTransform(
        originX: grid.transform.originX + 0.3 * grid.transform.columnX,
        columnX: grid.transform.columnX * 1.7, rowX: grid.transform.rowX * 1.7,
        originY: grid.transform.originY + 0.3 * grid.transform.rowY,
        columnY: grid.transform.columnY * 1.7, rowY: grid.transform.rowY * 1.7), crs: grid.crs)
    guard info.grid != nil else {
      #expect(throws: GDALError.self) {
        try RasterSource(path: entry.path, grid: shifted, resampling: .nearest)
      }
      return
    }
    for resampling in Resampling.allCases {
      _ = try RasterSource(path: entry.path, bands: [1], grid: shifted, resampling: resampling)
        .read(shifted.window)
    }
  }

  @Test func masksBecomeNaN() throws {
    func missing(_ name: String, band: Int = 1) throws -> Int {
      let entry = try #require(Self.entries.first { $0.testDescription == name })
      let grid = try RasterInfo(path: entry.path).gridOfCells
      return try RasterSource(path: entry.path, bands: [band], grid: grid, resampling: .nearest)
        .read(grid.window).values.count { $0.isNaN }
    }
    // Counted with the masks of GDAL's Python module.
    #expect(try missing("rasterio_float_nan.tif") == 1)
    #expect(try missing("riotiler_cog_uint8_rgba.tif") == 16384)
    #expect(try missing("riotiler_cog_uint8_rgb_mask.tif") == 16384)
    #expect(try missing("rasterio_RGBA.uint16.tif", band: 2) == 133_258)
    #expect(try missing("kiritonfan_Li_deposits0.tif") == 0)
    #expect(try missing("eis_small_raster.tif") == 0)
  }

  @Test func categoriesComeFromTheAttributeTable() throws {
    let entry = try #require(Self.entries.first { $0.testDescription == "stars_lc.tif" })
    let info = try RasterInfo(path: entry.path)
    #expect(info.bands[0].categories[11] == "Open Water")
    #expect(info.files.contains { $0.hasSuffix("stars_lc.tif.aux.xml") })
  }
}
