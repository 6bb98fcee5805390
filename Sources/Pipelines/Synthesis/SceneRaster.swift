import Foundation
import RasterFiles
import Rasters

/// Writes the layers of a synthetic scene, cell by cell.
enum SceneRaster {
  /// A number to a few significant digits, which compress well.
  static func rounded(_ value: Double, digits: Int) -> Float {
    guard value != 0 else { return 0 }
    let unit = pow(10, Double(digits) - (log10(abs(value)).rounded(.down) + 1))
    return Float((value * unit).rounded() / unit)
  }

  /// Writes a raster; `rows` has the bands of each cell, nil where there is no data.
  static func write(_ path: String, _ grid: Grid, _ bands: [OutputBand], rows: [[Float]?]) throws {
    try RasterOutput(path: path, grid: grid, bands: bands).write { window in
      var result = [Float](repeating: .nan, count: bands.count * window.cellCount)
      for index in 0..<window.cellCount {
        let cell = (window.y + index / window.width) * grid.width + window.x + index % window.width
        guard let row = rows[cell] else { continue }
        for band in bands.indices { result[band * window.cellCount + index] = row[band] }
      }
      return .float32(result)
    }
  }
}
