internal import CGDAL
internal import Rasters

/// The exact map from cells of a grid to cells of a file.
///
/// Every position is a function of its absolute column and row alone, so it does not matter in
/// which window it is asked for. GDAL's warper interpolates between exact positions along a scan
/// line and chooses its kernel by window; this map and the kernels of SourceTile replace it.
final class CoordinateMap {
  private let target: GeoTransform
  private let source: GeoTransform
  private let transformation: Transformation?
  private let wrap: Wrap?

  /// How longitudes repeat in a file of geographic coordinates.
  private struct Wrap {
    /// The longitude in the middle of the file.
    let center: Double
    /// A full turn in the file's unit of angles.
    let period: Double
    /// The middle of the file, and a full turn, in its columns and rows.
    let middle: SIMD2<Double>
    let turn: SIMD2<Double>
  }

  /// Makes the map; grids without a coordinate system share the other's plane.
  init(from target: Grid, to source: Grid) throws(GDALError) {
    self.target = target.transform
    self.source = source.transform
    let isPlain =
      target.crs.isEmpty || source.crs.isEmpty || CRS.isSame(target.crs, source.crs)
    transformation = isPlain ? nil : try Transformation(from: target.crs, to: source.crs)
    wrap = CRS.isGeographic(source.crs) ? Self.wrap(of: source) : nil
  }

  private static func wrap(of source: Grid) -> Wrap {
    let period = 2 * Double.pi / CRS.unitSize(source.crs)
    let center = source.transform.map(
      column: Double(source.width) / 2, row: Double(source.height) / 2)
    let turned = source.transform.cell(x: center.x + period, y: center.y)
    let middle = SIMD2(Double(source.width) / 2, Double(source.height) / 2)
    return Wrap(
      center: center.x, period: period, middle: middle,
      turn: SIMD2(turned.column, turned.row) - middle)
  }

  /// Positions in columns and rows of the file, rows from the top; NaN where there are none.
  struct Positions {
    var columns: [Double]
    var rows: [Double]
  }

  /// Where the centres of a window's cells lie.
  func centers(of window: Window) -> Positions { images(of: window, at: 0.5) }

  /// Where the first corners of a window's cells lie.
  func corners(of window: Window) -> Positions { images(of: window, at: 0) }

  private func images(of window: Window, at offset: Double) -> Positions {
    var positions = Positions(columns: [], rows: [])
    positions.columns.reserveCapacity(window.cellCount)
    positions.rows.reserveCapacity(window.cellCount)
    for row in window.y..<window.maxY {
      for column in window.x..<window.maxX {
        positions.columns.append(Double(column) + offset)
        positions.rows.append(Double(row) + offset)
      }
    }
    apply(&positions)
    return positions
  }

  /// Replaces positions in the grid by positions in the file.
  func apply(_ positions: inout Positions) {
    for index in positions.columns.indices {
      let place = target.map(column: positions.columns[index], row: positions.rows[index])
      positions.columns[index] = place.x
      positions.rows[index] = place.y
    }
    transformation?.apply(&positions.columns, &positions.rows)
    for index in positions.columns.indices {
      var x = positions.columns[index]
      if let wrap {
        x -= wrap.period * ((x - wrap.center) / wrap.period).rounded(.toNearestOrEven)
      }
      let cell = source.cell(x: x, y: positions.rows[index])
      // Beyond any raster's size; this also keeps conversions to Int from trapping.
      let isNear = abs(cell.column) < 1e9 && abs(cell.row) < 1e9
      positions.columns[index] = isNear ? cell.column : .nan
      positions.rows[index] = isNear ? cell.row : .nan
    }
  }

  /// Where a window's cells lie: the upright rectangles around their four corners.
  func footprints(of window: Window) -> [Footprint] {
    let lattice = Window(
      x: window.x, y: window.y, width: window.width + 1, height: window.height + 1)
    let positions = corners(of: lattice)
    var result: [Footprint] = []
    result.reserveCapacity(window.cellCount)
    for row in 0..<window.height {
      for column in 0..<window.width {
        let first = row * lattice.width + column
        let corners = [first, first + 1, first + lattice.width, first + lattice.width + 1].map {
          SIMD2(positions.columns[$0], positions.rows[$0])
        }
        result.append(footprint(corners))
      }
    }
    return result
  }

  private func footprint(_ corners: [SIMD2<Double>]) -> Footprint {
    var low = corners[0]
    var high = corners[0]
    for corner in corners {
      let near = corner + turns(from: corner, to: corners[0])
      low = SIMD2(min(low.x, near.x), min(low.y, near.y))
      high = SIMD2(max(high.x, near.x), max(high.y, near.y))
      if corner.x.isNaN { low = SIMD2(.nan, .nan) }
    }
    let shift = wrap.map { turns(from: 0.5 * (low + high), to: $0.middle) } ?? .zero
    low += shift
    high += shift
    let isKnown = low.x.isFinite && low.y.isFinite && high.x.isFinite && high.y.isFinite
    return isKnown
      ? Footprint(left: low.x, top: low.y, right: high.x, bottom: high.y)
      : Footprint(left: .nan, top: .nan, right: .nan, bottom: .nan)
  }

  /// The whole turns of longitude that bring one position next to another.
  private func turns(from position: SIMD2<Double>, to other: SIMD2<Double>) -> SIMD2<Double> {
    guard let wrap else { return .zero }
    let way = (other - position) * wrap.turn
    let length = (wrap.turn * wrap.turn).sum()
    return wrap.turn * (way.sum() / length).rounded(.toNearestOrEven)
  }

  /// A window of the file that holds the image of a window, by some of its places.
  ///
  /// It is larger by the longest way between two of these; nil where a place has no image.
  func roughImage(of window: Window) -> Window? {
    var places = Positions(columns: [], rows: [])
    for v in 0...16 {
      for u in 0...16 {
        places.columns.append(Double(window.x) + Double(window.width * u) / 16)
        places.rows.append(Double(window.y) + Double(window.height * v) / 16)
      }
    }
    apply(&places)
    let (columns, rows) = (places.columns, places.rows)
    guard let left = columns.min(), let right = columns.max(), let top = rows.min(),
      let bottom = rows.max(), (columns + rows).allSatisfy({ !$0.isNaN })
    else { return nil }
    var longest = 0.0
    for index in 17..<columns.count {
      for other in [index - 1, index - 17] where index % 17 != 0 || other == index - 17 {
        longest = max(
          longest, abs(columns[index] - columns[other]), abs(rows[index] - rows[other]))
      }
    }
    let inner = Window(
      x: Int(left.rounded(.down)), y: Int(top.rounded(.down)),
      width: Int(right.rounded(.up) - left.rounded(.down)),
      height: Int(bottom.rounded(.up) - top.rounded(.down)))
    return inner.expanded(by: Int(longest.rounded(.up)) + 1)
  }

  /// The whole cells by which the file is shifted against the grid, when they share their cells.
  ///
  /// Compared to a thousandth of a cell at 5 x 5 places of the shared part; nil where they differ
  /// or nothing is shared.
  func wholeShift(from target: Grid, to source: Grid) -> (dx: Int, dy: Int)? {
    var origin = Positions(columns: [0.5], rows: [0.5])
    apply(&origin)
    let (x, y) = (origin.columns[0] - 0.5, origin.rows[0] - 0.5)
    guard x.isFinite, y.isFinite else { return nil }
    let (dx, dy) = (x.rounded(), y.rounded())
    let shift = (dx: Int(dx), dy: Int(dy))
    let shared = source.window.offset(dx: -shift.dx, dy: -shift.dy).intersection(target.window)
    guard !shared.isEmpty else { return nil }
    var probes = Positions(columns: [], rows: [])
    for v in 0..<5 {
      for u in 0..<5 {
        probes.columns.append(Double(shared.x + (shared.width - 1) * u / 4) + 0.5)
        probes.rows.append(Double(shared.y + (shared.height - 1) * v / 4) + 0.5)
      }
    }
    var images = probes
    apply(&images)
    let agree = probes.columns.indices.allSatisfy {
      abs(images.columns[$0] - probes.columns[$0] - dx) < 1e-3
        && abs(images.rows[$0] - probes.rows[$0] - dy) < 1e-3
    }
    return agree ? shift : nil
  }
}
