import Foundation
import RasterFiles
import Rasters

/// A directory of its own for a test; goes with the value.
final class Scratch: Sendable {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("rasterfiles-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of a file inside.
  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// The names of the files inside, hidden ones too.
  var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }

  /// Writes a text file and returns its path.
  func write(_ text: String, _ name: String) throws -> String {
    try text.write(toFile: file(name), atomically: false, encoding: .utf8)
    return file(name)
  }

  /// Writes a GeoTIFF of one band and returns its path; NaN is nodata.
  func raster(
    _ name: String, _ grid: Grid, _ value: (Int, Int) -> Float, bandCount: Int = 1
  ) throws -> String {
    var output = RasterOutput(
      path: file(name), grid: grid,
      bands: (0..<bandCount).map { OutputBand(name: "band\($0)") })
    output.blockSize = 128
    try output.write { window in
      .float32(
        (0..<bandCount).flatMap { band in
          cells(of: window).map { value($0.column, $0.row) + Float(1000 * band) }
        })
    }
    return output.path
  }
}

/// The cells of a window, rows from the top.
func cells(of window: Window) -> [Cell] {
  (window.y..<window.maxY).flatMap { row in
    (window.x..<window.maxX).map { Cell(column: $0, row: row) }
  }
}

/// The windows of a partition of a grid.
func partition(_ grid: Grid, _ width: Int, _ height: Int) -> [Window] {
  stride(from: 0, to: grid.height, by: height).flatMap { y in
    stride(from: 0, to: grid.width, by: width).map { x in
      Window(x: x, y: y, width: width, height: height).intersection(grid.window)
    }
  }
}

/// The bits of values, so that NaN equals NaN.
func bits(_ values: some Sequence<Float>) -> [UInt32] { values.map(\.bitPattern) }

/// The real data where the environment says that they are.
let realData = ProcessInfo.processInfo.environment["GOSSAN_DATA"]

/// WKT of Swiss and other systems used by tests.
func wkt(_ code: String) throws -> String { try CRS.wkt(from: code) }

/// A value that looks random and depends on the cell alone.
func noise(_ column: Int, _ row: Int) -> Float {
  var state = UInt64(bitPattern: Int64(column &* 73_856_093 ^ row &* 19_349_663)) &+ 0x9E37
  state = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
  state = (state ^ (state >> 27)) &* 0x94D0_49BB_1331_11EB
  return Float(state >> 40) / Float(1 << 24)
}
