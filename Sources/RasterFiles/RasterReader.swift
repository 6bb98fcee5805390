internal import CGDAL
internal import Rasters

/// What RasterSource does, for one thread.
final class RasterReader {
  let bandNumbers: [Int]
  private let dataset: Dataset
  private let bands: [SourceBand]
  private let resampling: Resampling
  private let placement: Placement
  private lazy var members = VirtualMembers(dataset)
  /// Values read from the file at a time, at most; 64 MB.
  private static let readLimit = 1 << 24

  /// Where the grid's cells lie in the file.
  private enum Placement {
    /// The file has the grid's cells, shifted.
    case shifted(dx: Int, dy: Int)
    case mapped(CoordinateMap)
  }

  var isOnGrid: Bool {
    if case .shifted = placement { true } else { false }
  }

  init(path: String, bands: [Int], grid: Grid, resampling: Resampling) throws(GDALError) {
    dataset = try Dataset(opening: path, as: .raster)
    bandNumbers = bands.isEmpty ? Array(1...max(1, dataset.bandCount)) : bands
    var opened: [SourceBand] = []
    for number in bandNumbers { opened.append(try SourceBand(dataset, number: number)) }
    self.bands = opened
    self.resampling = resampling
    placement = try Self.placement(of: dataset, on: grid)
  }

  private static func placement(of dataset: Dataset, on grid: Grid) throws(GDALError) -> Placement {
    let source: Grid
    switch dataset.georeference {
    case .transform, .none:
      source = dataset.grid ?? Grid(cellsOf: dataset.width, by: dataset.height)
    case .controlPoints: throw refusal(dataset, "has ground control points only")
    case .rationalPolynomials: throw refusal(dataset, "has rational polynomials (RPCs) only")
    }
    guard source.transform.determinant != 0, grid.transform.determinant != 0 else {
      throw GDALError(
        call: "reading on the grid", path: dataset.path,
        message: "a transform with cells of no area (file \(source.transform.coefficients), "
          + "grid \(grid.transform.coefficients)) cannot be used")
    }
    let map = try CoordinateMap(from: grid, to: source)
    if let shift = map.wholeShift(from: grid, to: source) {
      return .shifted(dx: shift.dx, dy: shift.dy)
    }
    guard source.crs.isEmpty == grid.crs.isEmpty, source.isOfCells == grid.isOfCells else {
      throw mismatch(dataset, source, grid)
    }
    return .mapped(map)
  }

  private static func refusal(_ dataset: Dataset, _ what: String) -> GDALError {
    GDALError(
      call: "reading on the grid", path: dataset.path,
      message: "\(what) and no transform; rectify it first, for example with gdalwarp")
  }

  private static func mismatch(_ dataset: Dataset, _ source: Grid, _ grid: Grid) -> GDALError {
    let names = [source, grid].map {
      $0.isOfCells ? "no georeference" : $0.crs.isEmpty ? "no CRS" : "CRS \(CRS.name($0.crs))"
    }
    return GDALError(
      call: "reading on the grid", path: dataset.path,
      message: "the file has \(names[0]), the grid has \(names[1]), and their cells differ "
        + "(file \(source.width) x \(source.height), transform \(source.transform.coefficients); "
        + "grid \(grid.width) x \(grid.height), transform \(grid.transform.coefficients)); "
        + "give the file the missing part, for example with gdal_edit -a_srs and -a_ullr")
  }

  func read(_ window: Window) throws(GDALError) -> DataCube {
    HDF5.silence(for: dataset.path)
    var cube = DataCube(window: window, bandCount: bands.count)
    switch placement {
    case .shifted(let dx, let dy):
      let extent = Window(x: 0, y: 0, width: dataset.width, height: dataset.height)
      let inside = window.offset(dx: dx, dy: dy).intersection(extent)
      guard !inside.isEmpty else { break }
      let values = try readCells(inside)
      let shared = inside.offset(dx: -dx, dy: -dy)
      cube.paste(DataCube(window: shared, bandCount: bands.count, values: values))
    case .mapped(let map):
      if resampling.isOverArea {
        try resample(AreaKernel(map, window, resampling), window, into: &cube)
      } else {
        try resample(PointKernel(map, window, resampling), window, into: &cube)
      }
    }
    return cube
  }

  /// The files on which a window of the grid depends, or may depend.
  func files(touching window: Window) -> [String] {
    let extent = Window(x: 0, y: 0, width: dataset.width, height: dataset.height)
    let needed =
      switch placement {
      case .shifted(let dx, let dy): window.offset(dx: dx, dy: dy)
      case .mapped(let map): map.roughImage(of: window)?.expanded(by: resampling.reach) ?? extent
      }
    let touched = needed.intersection(extent)
    return touched.isEmpty ? [] : members.files(touching: touched)
  }

  /// Fills the part of the cube in `block`, in halves while it needs too much of the file at once.
  private func resample(
    _ kernel: some ResamplingKernel, _ block: Window, into cube: inout DataCube
  ) throws(GDALError) {
    let extent = Window(x: 0, y: 0, width: dataset.width, height: dataset.height)
    let needed = kernel.sourceWindow(of: block, within: extent)
    guard !needed.isEmpty else { return }
    if needed.cellCount * bands.count > Self.readLimit, block.cellCount > 1 {
      for half in halves(of: block) { try resample(kernel, half, into: &cube) }
      return
    }
    let values = try readCells(needed)
    for band in bands.indices {
      let tile = SourceTile(
        x: needed.x, y: needed.y, width: needed.width, height: needed.height,
        values: values[band * needed.cellCount..<(band + 1) * needed.cellCount])
      for row in block.y..<block.maxY {
        let first = cube.window.index(column: block.x, row: row)
        for index in first..<first + block.width {
          cube.values[band * cube.window.cellCount + index] = kernel.value(at: index, from: tile)
        }
      }
    }
  }

  private func halves(of block: Window) -> [Window] {
    if block.height > 1 {
      let half = block.height / 2
      return [
        Window(x: block.x, y: block.y, width: block.width, height: half),
        Window(x: block.x, y: block.y + half, width: block.width, height: block.height - half),
      ]
    }
    let half = block.width / 2
    return [
      Window(x: block.x, y: block.y, width: half, height: 1),
      Window(x: block.x + half, y: block.y, width: block.width - half, height: 1),
    ]
  }

  /// Reads all bands of cells of the file, band-major; NaN where there is no data.
  private func readCells(_ window: Window) throws(GDALError) -> [Float] {
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
