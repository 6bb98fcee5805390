internal import CGDAL
internal import Glibc

/// The GDAL library as a whole: its start, its versions, its cache.
public enum GDAL {
  /// Registers the drivers and silences GDAL; called by everything here, so calling it is optional.
  ///
  /// Nothing is printed to standard error: messages are read and thrown as `GDALError`.
  public static func initialize() { _ = registered }

  private static let registered: Void = {
    CPLSetErrorHandler(CPLQuietErrorHandler)
    // Members of a VRT are otherwise shared between datasets opened by one thread, which breaks
    // when those datasets are then read by different threads.
    CPLSetConfigOption("VRT_SHARED_SOURCE", "0")
    // Reading a compressed table shall not leave a file beside it.
    CPLSetConfigOption("CPL_VSIL_GZIP_WRITE_PROPERTIES", "NO")
    GDALAllRegister()
  }()

  /// The version of GDAL, such as "3.6.2".
  public static var version: String {
    GDALVersionInfo("RELEASE_NAME").map { String(cString: $0) } ?? ""
  }

  /// The version of PROJ, such as "9.1.1".
  public static var projVersion: String {
    var parts: (Int32, Int32, Int32) = (0, 0, 0)
    OSRGetPROJVersion(&parts.0, &parts.1, &parts.2)
    return "\(parts.0).\(parts.1).\(parts.2)"
  }

  /// Whether PROJ finds its database, without which no EPSG code is known.
  public static var projDataIsFound: Bool {
    initialize()
    return (try? SpatialReference("EPSG:4326")) != nil
  }

  /// Limits the cache of raster blocks, which all open rasters of the process share.
  public static func setCacheLimit(bytes: Int) {
    initialize()
    GDALSetCacheMax64(GIntBig(bytes))
  }
}

/// Silence of the HDF5 library, which prints its failures itself, thread by thread.
enum HDF5 {
  private typealias SetHandler = @convention(c) (Int64, OpaquePointer?, OpaquePointer?) -> Int32

  /// H5Eset_auto2, where GDAL was built with HDF5.
  private static let setHandler: SetHandler? = dlsym(nil, "H5Eset_auto2").map {
    unsafeBitCast($0, to: SetHandler.self)
  }

  /// Keeps the library from printing on this thread, when a path may be one of its files.
  static func silence(for path: String) {
    let endings = [".nc", ".nc4", ".cdf", ".h5", ".hdf", ".hdf5", ".he5"]
    let name = path.lowercased()
    guard
      name.hasPrefix("netcdf:") || name.hasPrefix("hdf5:")
        || endings.contains(where: name.hasSuffix)
    else { return }
    _ = setHandler?(0, nil, nil)
  }
}
