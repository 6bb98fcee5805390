import RasterFiles
import Rasters
import Tensors

/// In which form a pipeline writes its rasters.
struct RasterForm: Sendable, Hashable {
  /// The words of the option `format`.
  enum Word: String, CaseIterable, Sendable {
    case cog, geotiff, tiles, netcdf
  }

  var word = Word.cog
  var compression = RasterCompression.deflate
  /// The columns and rows of a tile.
  var tile = 4096

  /// The options that choose it.
  static let options: [OptionSpec] = [
    OptionSpec(
      "format", .choice(Word.allCases.map(\.rawValue)), default: "cog",
      "The form of rasters: \"cog\", Cloud Optimized GeoTIFFs; \"geotiff\", GeoTIFFs without "
        + "overviews; \"tiles\", a folder '<tag>' of GeoTIFFs under a virtual raster '<tag>.vrt', "
        + "without those that hold no data; \"netcdf\", '<tag>.nc' with a variable for each band.",
      example: "\"geotiff\""),
    OptionSpec(
      "compression", .choice(RasterCompression.allCases.map(\.rawValue)), default: "deflate",
      "How cells are compressed; netCDF knows \"deflate\" and \"none\".", example: "\"zstd\""),
    OptionSpec(
      "tile", .integer(512...65_536), default: 4096, unit: "cells",
      "The columns and rows of a tile, a multiple of 512."),
  ]

  init() {}

  /// Reads the options and finds out whether they go together here.
  init(_ request: PlanRequest) throws {
    let options = request.options
    word = Word(rawValue: options.string("format")) ?? .cog
    compression = RasterCompression(rawValue: options.string("compression")) ?? .deflate
    tile = options.int("tile")
    guard tile % 512 == 0 else {
      throw request.failure("tile", "must be a multiple of 512, the edge of a block")
    }
    if options.isGiven("tile"), word != .tiles {
      throw request.failure("tile", "goes with format: \"tiles\" only")
    }
    let plain = format(version: "")
    guard plain.isAvailable else {
      throw request.failure("format", "this GDAL (\(GDAL.version)) cannot write '\(word.rawValue)'")
    }
    guard compression.isAvailable(in: plain) else {
      throw request.failure(
        "compression",
        word == .netcdf
          ? "netCDF files are compressed by \"deflate\" or not at all (\"none\")"
          : "this GDAL (\(GDAL.version)) cannot write GeoTIFFs with '\(compression.rawValue)'")
    }
    let transform = request.grid.transform
    let isNorthUp =
      transform.rowX == 0 && transform.columnY == 0 && transform.columnX > 0 && transform.rowY < 0
    if word == .netcdf, !isNorthUp {
      throw request.failure(
        "format",
        "netCDF needs a north-up grid with coordinates; this one has the transform "
          + "\(transform.coefficients)")
    }
  }

  /// The format of a file; `version` tells tiles of another content apart.
  func format(version: String) -> RasterFormat {
    switch word {
    case .cog: .cog
    case .geotiff: .geoTIFF
    case .tiles: .tiles(size: tile, version: version)
    case .netcdf: .netCDF
    }
  }

  /// The ending of the file that is opened.
  var ending: String { format(version: "").ending }

  /// Whether the names of categories lie in a file `.aux.xml` beside the raster.
  var keepsNamesBeside: Bool { format(version: "").keepsNamesBeside }

  /// What decides the bytes of a file beside its content.
  var identity: String {
    "\(word.rawValue) \(compression.rawValue)" + (word == .tiles ? " \(tile)" : "")
  }

  /// The band that a style shows: each has a raster of its own where bands are variables.
  func styled(band: Int) -> Int { word == .netcdf ? 1 : band }

  /// Puts a raster into the form, for the content that `key` stands for.
  func apply(to output: inout RasterOutput, _ key: Digest) {
    output.format = format(version: String(key.hex.prefix(12)))
    output.compression = compression
  }
}

extension OutputWriter {
  /// Removes the raster of a tag that an earlier run wrote in another form.
  ///
  /// It would tell of other data. What somebody changed since stays, and is named.
  func removeOtherForms(of tag: String) throws {
    for ending in RasterFormat.endings where ending != form.ending {
      let path = "\(folder)/\(tag)\(ending)"
      if try ledger.remove(path) == .changed {
        executor.events.note(
          "\(tag)\(ending) is of an earlier run and was changed since; '\(tag)\(form.ending)' "
            + "takes its place")
      }
    }
  }
}
