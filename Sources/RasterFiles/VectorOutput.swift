internal import CGDAL

/// Layers of points, lines or polygons to be written as a GeoPackage.
///
/// Features go one by one into a file beside the output, which is checked, synced and renamed:
/// until then an older output stays as it is, and a failure leaves it. The same features in the
/// same order give the same bytes: the times that a GeoPackage asks for are fixed.
public struct VectorOutput: Sendable {
  /// Where the GeoPackage shall appear.
  public var path: String
  /// The coordinate system of all layers as WKT, empty for none.
  public var crs: String
  /// The layers in order.
  public var layers: [Layer]

  /// What stands where a GeoPackage asks when something was changed.
  private static let date = "2000-01-01T00:00:00.000Z"
  /// What SQLite and QGIS may have left beside an older GeoPackage; it would spoil the new one.
  private static let sidecars = ["-wal", "-shm", "-journal"]

  /// One layer.
  public struct Layer: Sendable {
    /// The name.
    public var name: String
    /// What its features are: points, lines or polygons.
    public var geometry: VectorInfo.Geometry
    /// Whether a feature may have several polygons.
    public var isMultiple: Bool
    /// Its columns.
    public var fields: [Field]
    /// The QML that QGIS shall load with the layer, empty for none.
    public var style: String

    /// Describes a layer.
    public init(
      _ name: String, _ geometry: VectorInfo.Geometry, isMultiple: Bool = false, fields: [Field],
      style: String = ""
    ) {
      precondition(!isMultiple || geometry == .polygons, "several \(geometry) in a feature")
      self.name = name
      self.geometry = geometry
      self.isMultiple = isMultiple
      self.fields = fields
      self.style = style
    }
  }

  /// One column.
  public struct Field: Sendable, Hashable {
    /// What a column holds.
    public enum Kind: Sendable {
      case integer
      case real
      case text
    }

    /// The name; names differ by more than their case, and are not `fid` or `geom`.
    public var name: String
    /// What it holds.
    public var kind: Kind

    /// Describes a column.
    public init(_ name: String, _ kind: Kind) {
      self.name = name
      self.kind = kind
    }

    /// Names that columns may have together: repeated ones, those that differ by their case alone
    /// and those that a GeoPackage keeps for itself get a number.
    public static func distinct(_ names: [String]) -> [String] {
      var seen: Set<String> = ["fid", "geom"]
      return names.map { wanted in
        var name = wanted
        var number = 2
        while !seen.insert(name.lowercased()).inserted {
          name = "\(wanted)_\(number)"
          number += 1
        }
        return name
      }
    }
  }

  /// The value of a feature in a column.
  public enum Value: Sendable, Hashable {
    case integer(Int64)
    /// A number; NaN is missing.
    case real(Double)
    case text(String)
    case missing
  }

  /// Describes a GeoPackage to be written.
  public init(path: String, crs: String, layers: [Layer]) {
    precondition(!layers.isEmpty, "a GeoPackage without layers")
    self.path = path
    self.crs = crs
    self.layers = layers
  }

  /// Writes the features that `body` appends, and gives the file its name.
  public func write(_ body: (VectorWriter) throws -> Void) throws {
    GDAL.initialize()
    let file = AtomicFile(path: path)
    do {
      try writeUnfinished(file.temporaryPath, body)
    } catch var error as GDALError {
      // The caller knows the output by its name.
      if error.path.hasPrefix(file.temporaryPath) { error.path = path }
      throw error
    }
    try file.commit(sidecars: Self.sidecars)
  }

  private func writeUnfinished(
    _ temporaryPath: String, _ body: (VectorWriter) throws -> Void
  ) throws {
    // The file is synced once, as a whole, before it gets its name.
    let settings = ["OGR_CURRENT_DATE": Self.date, "OGR_SQLITE_SYNCHRONOUS": "OFF"]
    let counts = try withThreadSettings(settings) {
      let dataset = try Dataset(
        creating: temporaryPath, driver: "GPKG", width: 0, height: 0, bandCount: 0,
        type: GDT_Unknown)
      let writer = try VectorWriter(dataset, layers, crs: crs)
      try body(writer)
      try writer.finish(styles: layers, date: Self.date)
      return writer.counts
    }
    try verify(temporaryPath, counts)
  }

  /// Opens what was written and compares it with what was appended.
  private func verify(_ written: String, _ counts: [Int]) throws(GDALError) {
    let found = try VectorInfo(path: written).layers
    for (layer, count) in zip(layers, counts) {
      guard
        let info = found.first(where: { $0.name == layer.name }), info.count == count,
        info.fields.map(\.name) == layer.fields.map(\.name), info.geometry == layer.geometry
      else {
        throw GDALError(
          call: "checking what was written", path: path, place: "layer \(layer.name)",
          message: "GDAL did not write the \(count) features that it was given")
      }
    }
  }
}

/// Runs `body` with options of GDAL that hold on this thread alone, and restores the earlier ones.
func withThreadSettings<Result>(
  _ settings: [String: String], _ body: () throws -> Result
) rethrows -> Result {
  let earlier = settings.keys.map { key in
    (key, CPLGetThreadLocalConfigOption(key, nil).map { String(cString: $0) })
  }
  for (key, value) in settings { CPLSetThreadLocalConfigOption(key, value) }
  defer { for (key, value) in earlier { CPLSetThreadLocalConfigOption(key, value) } }
  return try body()
}
