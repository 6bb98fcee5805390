internal import CGDAL
internal import Rasters

/// What the values of a band are like, for whoever draws it: by all cells, or of many by some.
public struct BandLook: Sendable, Hashable {
  /// The least and the greatest value that was seen.
  public var range: ClosedRange<Double>
  /// What lies between the lowest and the highest 2 of 100 values: a few extreme ones do not move it.
  public var middle: ClosedRange<Double>
  /// All values, ascending, where they are whole and few; nil elsewhere.
  public var classes: [Int]?

  /// More different values than this are no classes.
  private static let mostClasses = 12
  /// More values than this say nothing more of where the middle lies.
  private static let mostSorted = 65_536
  /// The share of values that is left out at each end.
  private static let tail = 0.02

  /// Looks at values, NaN for none; `isWhole` says that they are all there are.
  ///
  /// Nil where none is finite.
  init?(_ values: [Double], isWhole: Bool) {
    let found = values.filter(\.isFinite)
    guard let low = found.min(), let high = found.max() else { return nil }
    range = low...high
    let step = max(1, found.count / Self.mostSorted)
    let sorted = stride(from: 0, to: found.count, by: step).map { found[$0] }.sorted()
    let cut = Int(Double(sorted.count - 1) * Self.tail)
    middle = sorted[cut]...sorted[sorted.count - 1 - cut]
    classes = isWhole ? Self.classes(found) : nil
  }

  private static func classes(_ values: [Double]) -> [Int]? {
    var known: Set<Double> = []
    for value in values where known.insert(value).inserted {
      guard value == value.rounded(), abs(value) < 1e9, known.count <= mostClasses else {
        return nil
      }
    }
    return known.sorted().map { Int($0) }
  }
}

extension RasterInfo {
  /// Up to so many cells are all looked at.
  private static let mostCells = 2048 * 2048
  /// Of a larger raster without overviews so many windows are looked at, in each direction.
  private static let samples = 8
  /// The edge of such a window.
  private static let sampleEdge = 256

  /// Looks at the values of a band as they are stored; nil where none is valid.
  ///
  /// `number` is counted from 1. Leaves no file beside the raster.
  public func look(ofBand number: Int) throws(GDALError) -> BandLook? {
    let dataset = try Dataset(opening: path, as: .raster)
    let band = try dataset.band(number)
    let whole = Window(x: 0, y: 0, width: width, height: height)
    if width * height <= Self.mostCells {
      let values = try values(of: band, whole, columns: width, rows: height)
      return BandLook(values, isWhole: true)
    }
    if !bands[number - 1].overviewSizes.isEmpty {
      let values = try values(
        of: band, whole, columns: min(width, 1024), rows: min(height, 1024))
      return BandLook(values, isWhole: false)
    }
    var found: [Double] = []
    for row in 0..<Self.samples {
      for column in 0..<Self.samples {
        let window = Window(
          x: column * (width / Self.samples), y: row * (height / Self.samples),
          width: Self.sampleEdge, height: Self.sampleEdge
        ).intersection(whole)
        found += try values(of: band, window, columns: window.width, rows: window.height)
      }
    }
    return BandLook(found, isWhole: false)
  }

  /// The values of a window in so many columns and rows, NaN where none is valid.
  private func values(
    of band: GDALRasterBandH, _ window: Window, columns: Int, rows: Int
  ) throws(GDALError) -> [Double] {
    guard columns > 0, rows > 0 else { return [] }
    var values = [Double](repeating: .nan, count: columns * rows)
    var mask = [UInt8](repeating: 0, count: columns * rows)
    let (x, y) = (try cInt(window.x, path), try cInt(window.y, path))
    let (width, height) = (try cInt(window.width, path), try cInt(window.height, path))
    let (across, down) = (try cInt(columns, path), try cInt(rows, path))
    try check(
      GDALRasterIO(
        band, GF_Read, x, y, width, height, &values, across, down, GDT_Float64, 0, 0),
      "GDALRasterIO", path, "band")
    try check(
      GDALRasterIO(
        GDALGetMaskBand(band), GF_Read, x, y, width, height, &mask, across, down, GDT_Byte, 0, 0),
      "GDALRasterIO", path, "mask")
    for index in values.indices where mask[index] == 0 { values[index] = .nan }
    return values
  }
}
