public import Rasters

/// A picture of a raster for the report: red, green, blue and opacity of each pixel.
public struct RasterPicture: Sendable, Hashable {
  /// The number of columns.
  public let width: Int
  /// The number of rows.
  public let height: Int
  /// Four bytes a pixel, rows from the top; cells without data have opacity 0.
  public let rgba: [UInt8]

  init(width: Int, height: Int, rgba: [UInt8]) {
    self.width = width
    self.height = height
    self.rgba = rgba
  }

  /// Paints one band of a cube.
  ///
  /// Numbers outside the range take the nearest end of the ramp. Large rasters are reduced by a
  /// whole factor, each pixel the mean of its valid cells; small ones are enlarged by a whole
  /// factor, so that the longer edge comes near to `edge` without passing it.
  public static func render(
    _ cube: DataCube, band: Int, ramp: ColorRamp, range: ClosedRange<Double>, edge: Int = 800
  ) -> RasterPicture {
    let colors = (0..<256).map { ramp.color(at: Double($0) / 255) }
    let length = range.upperBound - range.lowerBound
    let scale = length > 0 ? 255 / length : 0
    let values = cube.band(band)
    return paint(cube.window, edge: edge) { cells in
      var sum = 0.0
      var count = 0
      for cell in cells {
        let value = values[values.startIndex + cell]
        guard value.isFinite else { continue }
        sum += Double(value)
        count += 1
      }
      if count == 0 { return nil }
      let step = (sum / Double(count) - range.lowerBound) * scale
      return colors[Int(min(max(step, 0), 255).rounded())]
    }
  }

  /// Paints segments, each in a colour of its own.
  ///
  /// Where the picture is reduced the first cell that belongs to a segment counts.
  public static func render(_ segments: SegmentRaster, edge: Int = 800) -> RasterPicture {
    paint(segments.window, edge: edge) { cells in
      cells.lazy.map { segments.ids[$0] }.first { $0 != SegmentRaster.none }
        .map(Palette.identifier)
    }
  }

  /// Paints one band of whole numbers as classes; numbers without a colour are transparent.
  ///
  /// Where the picture is reduced the most frequent class counts, the lowest of equals.
  public static func render(
    _ cube: DataCube, band: Int, classes: [Int: Color], edge: Int = 800
  ) -> RasterPicture {
    let values = cube.band(band)
    return paint(cube.window, edge: edge) { cells in
      var counts: [Int: Int] = [:]
      for cell in cells {
        let value = values[values.startIndex + cell]
        if value.isFinite, abs(value) < 1e9 { counts[Int(value), default: 0] += 1 }
      }
      let winner = counts.max { ($0.value, -$0.key) < ($1.value, -$1.key) }
      return winner.flatMap { classes[$0.key] }
    }
  }

  /// Calls `color` for each pixel of the reduced picture with its cells, then enlarges.
  private static func paint(
    _ window: Window, edge: Int, color: ([Int]) -> Color?
  ) -> RasterPicture {
    let longest = max(window.width, window.height, 1)
    let reduction = max(1, (longest + edge - 1) / max(edge, 1))
    let width = (window.width + reduction - 1) / reduction
    let height = (window.height + reduction - 1) / reduction
    var pixels: [UInt8] = []
    pixels.reserveCapacity(width * height * 4)
    for row in 0..<height {
      let rows = row * reduction..<min((row + 1) * reduction, window.height)
      for column in 0..<width {
        let columns = column * reduction..<min((column + 1) * reduction, window.width)
        let cells = rows.flatMap { row in columns.map { row * window.width + $0 } }
        if let color = color(cells) {
          pixels += [color.red, color.green, color.blue, 255]
        } else {
          pixels += [0, 0, 0, 0]
        }
      }
    }
    let picture = RasterPicture(width: width, height: height, rgba: pixels)
    return picture.enlarged(by: max(1, edge / max(width, height, 1)))
  }

  private func enlarged(by factor: Int) -> RasterPicture {
    guard factor > 1 else { return self }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(rgba.count * factor * factor)
    for row in 0..<height {
      var line: [UInt8] = []
      for column in 0..<width {
        let start = (row * width + column) * 4
        for _ in 0..<factor { line += rgba[start..<start + 4] }
      }
      for _ in 0..<factor { pixels += line }
    }
    return RasterPicture(width: width * factor, height: height * factor, rgba: pixels)
  }
}
