internal import CGDAL

/// The forms in which a raster is written.
public enum RasterFormat: Sendable, Hashable {
  /// A Cloud Optimized GeoTIFF, each band in blocks of its own.
  case cog
  /// A tiled GeoTIFF without overviews.
  case geoTIFF
  /// GeoTIFFs of `size` cells in a folder, and a virtual raster (VRT) over them.
  ///
  /// `version` is part of the names of the tiles: those of another version are another content, so
  /// a virtual raster that is being read keeps its own until it is replaced.
  case tiles(size: Int, version: String)
  /// A netCDF 4 file after the CF conventions, a variable a band.
  case netCDF

  /// The ending of the file that is opened.
  public var ending: String {
    switch self {
    case .cog, .geoTIFF: ".tif"
    case .tiles: ".vrt"
    case .netCDF: ".nc"
    }
  }

  /// The endings of the files that any form makes.
  public static let endings = [".tif", ".vrt", ".nc"]

  /// Whether bands are rasters of their own to those who open the file.
  public var hasVariables: Bool { self == .netCDF }

  /// Whether GDAL keeps the names of categories in a file `.aux.xml` beside the raster.
  public var keepsNamesBeside: Bool { self == .cog || self == .geoTIFF }

  /// Whether this GDAL can write the form.
  public var isAvailable: Bool {
    GDAL.initialize()
    guard self == .netCDF else { return true }
    let driver = GDALGetDriverByName("netCDF")
    return driver != nil
      && string(GDALGetMetadataItem(driver, GDAL_DCAP_CREATE_MULTIDIMENSIONAL, nil)) == "YES"
  }
}

/// How the cells of a raster are made smaller, without any loss.
public enum RasterCompression: String, Sendable, CaseIterable {
  /// What every program reads.
  case deflate
  /// Faster, for programs with a younger libtiff.
  case zstd
  /// For old programs.
  case lzw
  /// As they are.
  case none

  /// The creation options of a GeoTIFF: numbers are predicted by their neighbours, after their type.
  func options(_ type: CellType) -> [String] {
    if self == .none { return ["COMPRESS=NONE"] }
    return ["COMPRESS=\(rawValue.uppercased())", "PREDICTOR=\(type == .float32 ? 3 : 2)"]
  }

  /// Whether this GDAL can write rasters of a format in this way.
  public func isAvailable(in format: RasterFormat) -> Bool {
    GDAL.initialize()
    if format == .netCDF { return self == .deflate || self == .none }
    let options = GDALGetMetadataItem(
      GDALGetDriverByName("GTiff"), GDAL_DMD_CREATIONOPTIONLIST, nil)
    return string(options).contains(">\(rawValue.uppercased())<")
  }
}
