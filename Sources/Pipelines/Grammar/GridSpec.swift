public import Rasters

/// The grid that a pipeline's outputs have, as the pipeline file states it.
public struct GridSpec: Sendable {
  /// How the grid is stated.
  public var form: Form
  /// The keys of `grid`, for problems that are found later.
  public var options: OptionValues

  /// How a grid is stated.
  public enum Form: Sendable, Hashable {
    /// The grid of a raster, or of all tiles of one; the paths are ready to open.
    case like([String])
    /// Coordinate system (empty for none), cell size and edges in map units.
    case explicit(
      crs: String, cellWidth: Double, cellHeight: Double, left: Double, bottom: Double,
      right: Double, top: Double)
  }

  /// The grid of an explicit statement under the given WKT, or nil for `like`.
  ///
  /// A part of a cell at the right or lower edge becomes a whole cell.
  public func grid(wkt: String) -> Grid? {
    guard
      case .explicit(_, let cellWidth, let cellHeight, let left, let bottom, let right, let top) =
        form
    else { return nil }
    return Grid(
      width: Self.cells(right - left, cellWidth), height: Self.cells(top - bottom, cellHeight),
      transform: GeoTransform(left: left, top: top, cellWidth: cellWidth, cellHeight: cellHeight),
      crs: wkt)
  }

  /// A millionth of a cell is not a cell: sizes such as 0.1 are not exact in binary.
  private static func cells(_ length: Double, _ size: Double) -> Int {
    max(1, Int((length / size - 1e-6).rounded(.up)))
  }
}

extension GridSpec {
  /// The keys of `grid`.
  static let specs: [OptionSpec] = [
    OptionSpec(
      "like", .files, default: .optional,
      "A raster whose grid is taken; of several tiles of one raster, the grid that holds all.",
      example: "\"geo/dem.tif\""),
    OptionSpec(
      "crs", .string, default: .optional,
      "The coordinate system, as PROJ understands it; \"\" for none.", example: "\"EPSG:2056\""),
    OptionSpec(
      "resolution",
      .either(.number(positive), .list(of: .number(positive))),
      default: .optional, unit: "map units", "The size of a cell, or [width, height].",
      example: "250"),
    OptionSpec(
      "extent", .list(of: .number(-.infinity ... .infinity)), default: .optional,
      unit: "map units", "The edges: [left, bottom, right, top].",
      example: "[2600000, 1200000, 2650000, 1240000]"),
  ]

  private static let positive = Double.leastNonzeroMagnitude ... .infinity
  /// More cells a side than any raster format holds.
  private static let maximumSide = 2_147_483_647.0

  /// Reads `grid` from checked keys; what does not fit together is reported.
  init?(_ options: OptionValues, into problems: inout [Problem]) {
    let others = ["crs", "resolution", "extent"]
    self.options = options
    if options.has("like") {
      let extra = others.filter(options.isGiven)
      for name in extra { problems.append(options.problem(name, "cannot stand beside 'like'")) }
      form = .like(options.filePaths("like"))
      return
    }
    if let missing = others.first(where: { !options.has($0) }) {
      let message = "is missing: 'grid' needs 'like', or crs, resolution, extent"
      if problems.isEmpty { problems.append(options.problem(missing, message)) }
      return nil
    }
    guard let form = Self.explicit(options, into: &problems) else { return nil }
    self.form = form
  }

  private static func explicit(_ options: OptionValues, into problems: inout [Problem]) -> Form? {
    let resolution =
      options.optionalDouble("resolution").map { [$0] } ?? options.doubles("resolution")
    let extent = options.doubles("extent")
    guard resolution.count == 1 || resolution.count == 2 else {
      problems.append(options.problem("resolution", "expected one number, or [width, height]"))
      return nil
    }
    guard extent.count == 4, extent[0] < extent[2], extent[1] < extent[3] else {
      problems.append(
        options.problem(
          "extent", "expected [left, bottom, right, top] with left < right, bottom < top"))
      return nil
    }
    let (width, height) = (resolution[0], resolution[resolution.count - 1])
    guard (extent[2] - extent[0]) / width < maximumSide,
      (extent[3] - extent[1]) / height < maximumSide
    else {
      problems.append(options.problem("resolution", "is too small for the extent"))
      return nil
    }
    return .explicit(
      crs: options.string("crs"), cellWidth: width, cellHeight: height, left: extent[0],
      bottom: extent[1], right: extent[2], top: extent[3])
  }
}
