internal import CGDAL
public import Rasters

/// Coordinate reference systems, written as WKT; an empty text is no system at all.
///
/// Coordinates are always in the traditional order of maps: x or longitude first.
public enum CRS {
  /// The WKT (2:2019, one line) of a code such as "EPSG:2056", of WKT, PROJ or PROJJSON text.
  ///
  /// An empty text stays empty. Throws when PROJ does not know the system.
  public static func wkt(from definition: String) throws(GDALError) -> String {
    if definition.allSatisfy(\.isWhitespace) { return "" }
    return try SpatialReference(definition).wkt
  }

  /// Whether two systems give the same coordinates to every place.
  ///
  /// Names, axis order and authority codes do not count. None is the same as none, and as no other.
  public static func isSame(_ first: String, _ second: String) -> Bool {
    if first == second { return true }
    guard !first.isEmpty, !second.isEmpty, let a = try? SpatialReference(first),
      let b = try? SpatialReference(second)
    else { return false }
    return a.isSame(as: b)
  }

  /// Whether coordinates are lengths on a plane rather than angles.
  public static func isProjected(_ crs: String) -> Bool {
    guard !crs.isEmpty, let reference = try? SpatialReference(crs) else { return false }
    return OSRIsProjected(reference.handle) != 0 || OSRIsLocal(reference.handle) != 0
  }

  /// Whether coordinates are longitude and latitude.
  public static func isGeographic(_ crs: String) -> Bool {
    guard !crs.isEmpty, let reference = try? SpatialReference(crs) else { return false }
    return OSRIsGeographic(reference.handle) != 0
  }

  /// The name of the system, empty when there is none.
  public static func name(_ crs: String) -> String {
    guard !crs.isEmpty, let reference = try? SpatialReference(crs) else { return "" }
    return string(OSRGetName(reference.handle))
  }

  /// The code of the system, such as "EPSG:2056", or nil where it states none.
  public static func code(_ crs: String) -> String? {
    guard !crs.isEmpty, let reference = try? SpatialReference(crs) else { return nil }
    let authority = string(OSRGetAuthorityName(reference.handle, nil))
    let code = string(OSRGetAuthorityCode(reference.handle, nil))
    return authority.isEmpty || code.isEmpty ? nil : "\(authority):\(code)"
  }

  /// The name of the unit of the coordinates, such as "metre" or "degree"; empty when unknown.
  public static func unitName(_ crs: String) -> String { unit(crs).name }

  /// The metres (or, for longitude and latitude, the radians) in a unit of the coordinates.
  public static func unitSize(_ crs: String) -> Double { unit(crs).size }

  /// The ellipsoid of the system; nil where there is none.
  public static func ellipsoid(_ crs: String) -> Ellipsoid? {
    guard !crs.isEmpty, let reference = try? SpatialReference(crs) else { return nil }
    var isKnown = OGRERR_NONE
    let semiMajorAxis = OSRGetSemiMajor(reference.handle, &isKnown)
    guard isKnown == OGRERR_NONE else { return nil }
    let inverse = OSRGetInvFlattening(reference.handle, &isKnown)
    guard isKnown == OGRERR_NONE else { return nil }
    return Ellipsoid(semiMajorAxis: semiMajorAxis, flattening: inverse == 0 ? 0 : 1 / inverse)
  }

  private static func unit(_ crs: String) -> (name: String, size: Double) {
    guard !crs.isEmpty, let reference = try? SpatialReference(crs) else { return ("", 1) }
    var name: UnsafeMutablePointer<CChar>?
    let size =
      OSRIsGeographic(reference.handle) != 0
      ? OSRGetAngularUnits(reference.handle, &name) : OSRGetLinearUnits(reference.handle, &name)
    return (string(name), size)
  }

  /// The points in another system; NaN where the projection is not defined.
  ///
  /// Throws when a system is unknown or no transformation between the two exists.
  public static func transform(
    x: [Double], y: [Double], from source: String, to target: String
  ) throws(GDALError) -> (x: [Double], y: [Double]) {
    precondition(x.count == y.count, "\(x.count) x for \(y.count) y")
    var xs = x
    var ys = y
    if isSame(source, target) { return (xs, ys) }
    let transformation = try Transformation(from: source, to: target)
    transformation.apply(&xs, &ys)
    return (xs, ys)
  }
}

/// A coordinate system of GDAL's, with x or longitude first.
final class SpatialReference {
  let handle: OGRSpatialReferenceH

  /// What GeoPackages call the systems of places whose system is not known: on a plane, on a globe.
  static let undefinedNames = ["Undefined Cartesian SRS", "Undefined geographic SRS"]

  /// Reads a code, WKT, PROJ or PROJJSON text.
  init(_ definition: String) throws(GDALError) {
    GDAL.initialize()
    let log = MessageLog()
    let (created, result) = log.record {
      let created = OSRNewSpatialReference(nil)
      return (created, created.map { OSRSetFromUserInput($0, definition) })
    }
    guard let created, result == OGRERR_NONE else {
      if let created { OSRRelease(created) }
      let message = log.failure.map { ": \($0)" } ?? ""
      throw GDALError(
        call: "OSRSetFromUserInput", path: String(definition.prefix(60)),
        message: "is not a coordinate system that PROJ knows\(message)")
    }
    handle = created
    OSRSetAxisMappingStrategy(handle, OAMS_TRADITIONAL_GIS_ORDER)
  }

  /// Copies a reference that GDAL owns.
  init?(copying reference: OGRSpatialReferenceH) {
    guard let copy = OSRClone(reference) else { return nil }
    handle = copy
    OSRSetAxisMappingStrategy(handle, OAMS_TRADITIONAL_GIS_ORDER)
  }

  deinit { OSRRelease(handle) }

  /// The system as WKT 2:2019 in one line; WKT 1 for what the former cannot say.
  var wkt: String {
    var text: UnsafeMutablePointer<CChar>?
    defer { VSIFree(text) }
    let result = withStringList(["FORMAT=WKT2_2019", "MULTILINE=NO"]) { list in
      OSRExportToWktEx(handle, &text, constant(list))
    }
    if result != OGRERR_NONE || string(text).isEmpty {
      VSIFree(text)
      text = nil
      OSRExportToWkt(handle, &text)
    }
    return string(text)
  }

  /// Whether both give the same coordinates to every place.
  func isSame(as other: SpatialReference) -> Bool {
    let options = [
      "IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES",
      "CRITERION=EQUIVALENT_EXCEPT_AXIS_ORDER_GEOGCRS",
    ]
    return withStringList(options) { list in
      OSRIsSameEx(handle, other.handle, constant(list)) != 0
    }
  }
}

/// A transformation of points from one coordinate system to another.
///
/// PROJ chooses its operation point by point, so a point's result does not depend on the others.
final class Transformation {
  private let handle: OGRCoordinateTransformationH

  init(from source: String, to target: String) throws(GDALError) {
    let from = try SpatialReference(source)
    let to = try SpatialReference(target)
    let log = MessageLog()
    let created = log.record { OCTNewCoordinateTransformation(from.handle, to.handle) }
    guard let created else {
      throw GDALError(
        call: "OCTNewCoordinateTransformation", path: "\(CRS.name(source)) to \(CRS.name(target))",
        message: log.failure ?? "there is no transformation between the two")
    }
    handle = created
  }

  deinit { OCTDestroyCoordinateTransformation(handle) }

  /// Replaces the points by their images; NaN where there is none.
  func apply(_ x: inout [Double], _ y: inout [Double]) {
    // A first point that is not finite would spoil its followers in GDAL's shortcut for Mercator.
    let bad = x.indices.filter { !(x[$0].isFinite && y[$0].isFinite) }
    for index in bad { (x[index], y[index]) = (0, 0) }
    var isGood = [Int32](repeating: 0, count: x.count)
    var start = 0
    while start < x.count {
      let count = min(1 << 20, x.count - start)
      x.withUnsafeMutableBufferPointer { xs in
        y.withUnsafeMutableBufferPointer { ys in
          isGood.withUnsafeMutableBufferPointer { good in
            guard let xs = xs.baseAddress, let ys = ys.baseAddress, let good = good.baseAddress
            else { return }
            _ = OCTTransformEx(handle, Int32(count), xs + start, ys + start, nil, good + start)
          }
        }
      }
      start += count
    }
    for index in x.indices
    where isGood[index] == 0 || !x[index].isFinite || !y[index].isFinite {
      (x[index], y[index]) = (.nan, .nan)
    }
    for index in bad { (x[index], y[index]) = (.nan, .nan) }
  }
}
