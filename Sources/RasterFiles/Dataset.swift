internal import CGDAL
internal import Rasters

/// An open dataset of GDAL; closes it in the end.
///
/// One thread at a time may use it.
final class Dataset {
  /// What a dataset is opened for.
  enum Kind {
    case raster
    case vector

    fileprivate var flags: Int32 { self == .raster ? GDAL_OF_RASTER : GDAL_OF_VECTOR }
    fileprivate var noun: String { self == .raster ? "a raster" : "a table or vector layer" }
  }

  /// The path that was opened or created.
  let path: String
  /// GDAL's handle.
  let handle: GDALDatasetH
  private var isOpen = true

  /// Opens a file (or whatever GDAL takes for one) for reading; a table may be a `.gz`.
  init(opening path: String, as kind: Kind, options: [String] = []) throws(GDALError) {
    GDAL.initialize()
    HDF5.silence(for: path)
    let isCompressed = kind == .vector && path.hasSuffix(".gz") && !path.hasPrefix("/vsi")
    let name = isCompressed ? "/vsigzip/\(path)" : path
    let log = MessageLog()
    let opened = log.record {
      withStringList(options) { list in
        GDALOpenEx(
          name, UInt32(kind.flags | GDAL_OF_READONLY | GDAL_OF_VERBOSE_ERROR), nil,
          constant(list), nil)
      }
    }
    guard let opened else {
      throw GDALError(
        call: "opening \(kind.noun)", path: path,
        message: log.failure ?? lastMessage(otherwise: "cannot be opened as \(kind.noun)"))
    }
    self.path = path
    handle = opened
  }

  /// What makes GDAL take the first line of a CSV for names, which it doubts where one is a number.
  static func headerOptions(for path: String) -> [String] {
    let name = path.lowercased()
    return name.hasSuffix(".csv") || name.hasSuffix(".csv.gz") ? ["HEADERS=YES"] : []
  }

  /// Creates a dataset with a driver that can write cell by cell.
  init(
    creating path: String, driver: String, width: Int, height: Int, bandCount: Int,
    type: GDALDataType, options: [String] = []
  ) throws(GDALError) {
    GDAL.initialize()
    let size = try (cInt(width, path), cInt(height, path), cInt(bandCount, path))
    let log = MessageLog()
    let created = log.record {
      withStringList(options) { list in
        GDALCreate(GDALGetDriverByName(driver), path, size.0, size.1, size.2, type, list)
      }
    }
    guard let created else {
      throw GDALError(
        call: "GDALCreate \(driver)", path: path, message: log.failure ?? lastMessage())
    }
    self.path = path
    handle = created
    try log.check("GDALCreate \(driver)", path)
  }

  deinit {
    if isOpen { GDALClose(handle) }
  }

  /// Writes what is pending and closes; throws what GDAL says of it.
  func close() throws(GDALError) {
    guard isOpen else { return }
    isOpen = false
    let log = MessageLog()
    log.record { GDALClose(handle) }
    try log.check("GDALClose", path)
  }

  /// Writes a copy in another format and closes it.
  func copy(to target: String, driver: String, options: [String]) throws(GDALError) {
    let log = MessageLog()
    let isWritten = log.record {
      withStringList(options) { list in
        let copy = GDALCreateCopy(
          GDALGetDriverByName(driver), target, handle, 0, list, nil, nil)
        guard let copy else { return false }
        GDALClose(copy)
        return true
      }
    }
    try log.check("GDALCreateCopy \(driver)", target)
    guard isWritten else {
      throw GDALError(call: "GDALCreateCopy \(driver)", path: target, message: lastMessage())
    }
  }

  /// The size in cells.
  var width: Int { Int(GDALGetRasterXSize(handle)) }
  var height: Int { Int(GDALGetRasterYSize(handle)) }
  /// The number of raster bands.
  var bandCount: Int { Int(GDALGetRasterCount(handle)) }
  /// The short name of the driver.
  var driver: String { string(GDALGetDriverShortName(GDALGetDatasetDriver(handle))) }

  /// The band with a number counted from 1.
  func band(_ number: Int) throws(GDALError) -> GDALRasterBandH {
    guard number >= 1, number <= bandCount,
      let band = GDALGetRasterBand(handle, Int32(number))
    else {
      let subdatasets = self.subdatasets
      throw GDALError(
        call: "GDALGetRasterBand", path: path, place: "band \(number)",
        message: subdatasets.isEmpty
          ? "no such band: bands are numbered 1 to \(bandCount)"
          : "no such band: it has \(bandCount) bands, but subdatasets that can be opened by name",
        candidates: subdatasets)
    }
    return band
  }

  /// The names under which the rasters inside a container can be opened.
  var subdatasets: [String] {
    let listed = entries(of: GDALGetMetadata(handle, "SUBDATASETS"))
    return (1...max(1, listed.count)).compactMap { listed["SUBDATASET_\($0)_NAME"] }
  }

  /// The transform from cells to map coordinates, or nil when the file has none.
  ///
  /// The identity that some drivers give for "none" beside GCPs or RPCs counts as none.
  var transform: GeoTransform? {
    var c = [Double](repeating: 0, count: 6)
    guard GDALGetGeoTransform(handle, &c) == CE_None else { return nil }
    if c == [0, 1, 0, 0, 0, 1] { return nil }
    return GeoTransform(
      originX: c[0], columnX: c[1], rowX: c[2], originY: c[3], columnY: c[4], rowY: c[5])
  }

  /// The coordinate system as WKT, empty when there is none.
  var crs: String {
    guard let reference = GDALGetSpatialRef(handle) else { return "" }
    return SpatialReference(copying: reference)?.wkt ?? ""
  }
}

/// The list as pointers to constants, which some of GDAL's functions want.
func constant(_ list: StringList?) -> UnsafePointer<UnsafePointer<CChar>?>? {
  UnsafeRawPointer(list)?.assumingMemoryBound(to: UnsafePointer<CChar>?.self)
}

/// A count as GDAL's `int`, or an error where it is larger.
func cInt(_ value: Int, _ path: String) throws(GDALError) -> Int32 {
  guard let result = Int32(exactly: value) else {
    throw GDALError(
      call: "GDAL", path: path, message: "\(value) is more than GDAL can count (\(Int32.max))")
  }
  return result
}
