internal import CGDAL
internal import Rasters

/// Bands of an open raster file, cell by cell, as real values.
///
/// One thread at a time may use it.
final class RasterCells {
  /// The open file.
  let dataset: Dataset
  /// The numbers of the bands, counted from 1, in the order of what is read.
  let bandNumbers: [Int]
  private let bands: [SourceBand]
  private lazy var members = VirtualMembers(dataset)
  /// The file as it was when it was opened; nil for what is no file.
  private let state: FileState?

  /// Opens bands of a file, all when `bands` is empty.
  init(path: String, bands: [Int]) throws(GDALError) {
    state = FileState(of: path)
    dataset = try Dataset(opening: path, as: .raster)
    bandNumbers = bands.isEmpty ? Array(1...max(1, dataset.bandCount)) : bands
    var opened: [SourceBand] = []
    for number in bandNumbers { opened.append(try SourceBand(dataset, number: number)) }
    self.bands = opened
  }

  /// The cells of the file.
  var extent: Window { Window(x: 0, y: 0, width: dataset.width, height: dataset.height) }

  /// The files on which the cells in a window of the file depend.
  func files(touching window: Window) -> [String] { members.files(touching: window) }

  /// Reads all bands of cells of the file, band-major; NaN where there is no data.
  ///
  /// Throws when the file has been replaced or written since it was opened: what an open file
  /// shows would be that of another than its name says now.
  func read(_ window: Window) throws(GDALError) -> [Float] {
    let values = try readOpen(window)
    guard state == nil || FileState(of: dataset.path) == state else {
      throw GDALError(
        call: "reading", path: dataset.path,
        message: "changed while it was read; run again to use its new content")
    }
    return values
  }

  private func readOpen(_ window: Window) throws(GDALError) -> [Float] {
    HDF5.silence(for: dataset.path)
    let count = window.cellCount
    var values = [Float](repeating: 0, count: count * bands.count)
    let place =
      "bands \(bandNumbers), \(window.width) x \(window.height) cells at "
      + "column \(window.x), row \(window.y)"
    var numbers = bandNumbers.map { Int32($0) }
    try check(
      GDALDatasetRasterIOEx(
        dataset.handle, GF_Read, Int32(window.x), Int32(window.y), Int32(window.width),
        Int32(window.height), &values, Int32(window.width), Int32(window.height), GDT_Float32,
        Int32(numbers.count), &numbers, 0, 0, 0, nil), "GDALDatasetRasterIO", dataset.path, place)
    var mask: [UInt8] = []
    for (index, band) in bands.enumerated() {
      let range = index * count..<(index + 1) * count
      if band.needsDouble {
        try band.readScaled(window, into: &values, range, dataset.path, place)
      } else if band.isScaled {
        for i in range { values[i] = Float(Double(values[i]) * band.scale + band.offset) }
      }
      if band.isFloating || band.isScaled {
        for i in range where !values[i].isFinite { values[i] = .nan }
      }
      guard !band.isAllValid else { continue }
      if !(band.sharesMask && index > 0 && mask.count == count && bands[index - 1].sharesMask) {
        mask = try band.readMask(window, dataset.path, place)
      }
      for (i, isValid) in zip(range, mask) where isValid == 0 { values[i] = .nan }
    }
    return values
  }
}

/// A band of an open file and how its stored values become real ones.
private struct SourceBand {
  let handle: GDALRasterBandH
  let scale: Double
  let offset: Double
  let isFloating: Bool
  let isAllValid: Bool
  /// Whether all bands of the file that say so have the same mask.
  let sharesMask: Bool
  /// Whether stored values must be scaled before they are rounded to Float.
  let needsDouble: Bool

  var isScaled: Bool { scale != 1 || offset != 0 }

  init(_ dataset: Dataset, number: Int) throws(GDALError) {
    handle = try dataset.band(number)
    let info = try BandInfo(dataset, number: number)
    let type = GDALGetRasterDataType(handle)
    guard GDALDataTypeIsComplex(type) == 0 else {
      throw GDALError(
        call: "reading on the grid", path: dataset.path, place: "band \(number)",
        message: "has complex values (\(info.typeName)); real ones are expected")
    }
    scale = info.scale
    offset = info.offset
    isFloating = GDALDataTypeIsFloating(type) != 0
    isAllValid = info.mask.contains(.allValid)
    sharesMask = info.mask.contains(.perDataset)
    let isWide = GDALGetDataTypeSizeBits(type) > (isFloating ? 32 : 16)
    needsDouble = isWide && (scale != 1 || offset != 0)
  }

  func readScaled(
    _ window: Window, into values: inout [Float], _ range: Range<Int>, _ path: String,
    _ place: String
  ) throws(GDALError) {
    var stored = [Double](repeating: 0, count: range.count)
    try check(
      GDALRasterIO(
        handle, GF_Read, Int32(window.x), Int32(window.y), Int32(window.width),
        Int32(window.height), &stored, Int32(window.width), Int32(window.height), GDT_Float64, 0,
        0), "GDALRasterIO", path, place)
    for (i, value) in zip(range, stored) { values[i] = Float(value * scale + offset) }
  }

  func readMask(_ window: Window, _ path: String, _ place: String) throws(GDALError) -> [UInt8] {
    var mask = [UInt8](repeating: 0, count: window.cellCount)
    try check(
      GDALRasterIO(
        GDALGetMaskBand(handle), GF_Read, Int32(window.x), Int32(window.y), Int32(window.width),
        Int32(window.height), &mask, Int32(window.width), Int32(window.height), GDT_Byte, 0, 0),
      "GDALRasterIO of the mask", path, place)
    return mask
  }
}
