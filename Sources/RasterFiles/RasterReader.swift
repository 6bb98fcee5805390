internal import CGDAL
internal import Rasters

/// What RasterSource does, for one thread.
final class RasterReader {
  let bandNumbers: [Int]
  private let cells: MosaicCells
  private let resampling: Resampling
  private let placement: Placement
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
    let file = try RasterCells(path: path, bands: bands)
    cells = MosaicCells(file)
    bandNumbers = file.bandNumbers
    self.resampling = resampling
    placement = try Self.placement(of: file.dataset, on: grid)
  }

  init(
    mosaic: RasterMosaic, bands: [Int], grid: Grid, resampling: Resampling
  ) throws(GDALError) {
    bandNumbers = bands.isEmpty ? mosaic.info.bands.map(\.number) : bands
    cells = MosaicCells(mosaic, bands: bandNumbers)
    self.resampling = resampling
    placement = try Self.placement(of: mosaic.info.path, with: mosaic.grid, on: grid)
  }

  private static func placement(of dataset: Dataset, on grid: Grid) throws(GDALError) -> Placement {
    switch dataset.georeference {
    case .transform, .none:
      return try placement(
        of: dataset.path,
        with: dataset.grid ?? Grid(cellsOf: dataset.width, by: dataset.height), on: grid)
    case .controlPoints: throw refusal(dataset, "has ground control points only")
    case .rationalPolynomials: throw refusal(dataset, "has rational polynomials (RPCs) only")
    }
  }

  private static func placement(
    of path: String, with source: Grid, on grid: Grid
  ) throws(GDALError) -> Placement {
    guard source.transform.determinant != 0, grid.transform.determinant != 0 else {
      throw GDALError(
        call: "reading on the grid", path: path,
        message: "a transform with cells of no area (file \(source.transform.coefficients), "
          + "grid \(grid.transform.coefficients)) cannot be used")
    }
    let map = try CoordinateMap(from: grid, to: source)
    if let shift = map.wholeShift(from: grid, to: source) {
      return .shifted(dx: shift.dx, dy: shift.dy)
    }
    guard source.crs.isEmpty == grid.crs.isEmpty,
      source.isOfCells ? grid.countsCells : !grid.isOfCells
    else {
      throw mismatch(path, source, grid)
    }
    return .mapped(map)
  }

  private static func refusal(_ dataset: Dataset, _ what: String) -> GDALError {
    GDALError(
      call: "reading on the grid", path: dataset.path,
      message: "\(what) and no transform; rectify it first, for example with gdalwarp")
  }

  private static func mismatch(_ path: String, _ source: Grid, _ grid: Grid) -> GDALError {
    let names = [source, grid].map {
      $0.isOfCells ? "no georeference" : $0.crs.isEmpty ? "no CRS" : "CRS \(CRS.name($0.crs))"
    }
    return GDALError(
      call: "reading on the grid", path: path,
      message: "the file has \(names[0]), the grid has \(names[1]), and their cells differ "
        + "(file \(source.width) x \(source.height), transform \(source.transform.coefficients); "
        + "grid \(grid.width) x \(grid.height), transform \(grid.transform.coefficients)); "
        + "give the file the missing part, for example with gdal_edit -a_srs and -a_ullr")
  }

  func read(_ window: Window) throws(GDALError) -> DataCube {
    var cube = DataCube(window: window, bandCount: bandNumbers.count)
    switch placement {
    case .shifted(let dx, let dy):
      let inside = window.offset(dx: dx, dy: dy).intersection(cells.extent)
      guard !inside.isEmpty else { break }
      let values = try cells.read(inside)
      let shared = inside.offset(dx: -dx, dy: -dy)
      cube.paste(DataCube(window: shared, bandCount: bandNumbers.count, values: values))
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
    let needed =
      switch placement {
      case .shifted(let dx, let dy): window.offset(dx: dx, dy: dy)
      case .mapped(let map):
        map.roughImage(of: window)?.expanded(by: resampling.reach) ?? cells.extent
      }
    let touched = needed.intersection(cells.extent)
    return touched.isEmpty ? [] : cells.files(touching: touched)
  }

  /// Fills the part of the cube in `block`, in halves while it needs too much of the file at once.
  private func resample(
    _ kernel: some ResamplingKernel, _ block: Window, into cube: inout DataCube
  ) throws(GDALError) {
    let needed = kernel.sourceWindow(of: block, within: cells.extent)
    guard !needed.isEmpty else { return }
    if needed.cellCount * bandNumbers.count > Self.readLimit, block.cellCount > 1 {
      for half in halves(of: block) { try resample(kernel, half, into: &cube) }
      return
    }
    let values = try cells.read(needed)
    for band in bandNumbers.indices {
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
}
