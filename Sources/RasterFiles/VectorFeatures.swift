internal import CGDAL

/// The points, lines and polygons of a layer, in the coordinates of a grid.
public struct VectorFeatures: Sendable {
  /// A point, line or polygon; a feature of several parts is several of these.
  public struct Part: Sendable, Equatable {
    /// What the paths are.
    public var geometry: VectorInfo.Geometry
    /// Rings, lines or single points, in map coordinates.
    public var paths: [[SIMD2<Double>]]
    /// The number of the feature; 1 where none was asked for.
    public var value: Double
    /// The position of the feature among those that were read.
    public var feature: Int

    /// Describes a part.
    public init(
      geometry: VectorInfo.Geometry, paths: [[SIMD2<Double>]], value: Double, feature: Int
    ) {
      self.geometry = geometry
      self.paths = paths
      self.value = value
      self.feature = feature
    }
  }

  /// The parts in the order of the file.
  public private(set) var parts: [Part] = []
  private var featureCount = 0

  /// Lists parts that were made elsewhere.
  public init(parts: [Part]) { self.parts = parts }

  /// Reads the features of a layer; features without geometry or number are left out.
  ///
  /// Arcs become lines. Vertices are transformed to `crs` one by one, those that cannot be are left
  /// out, and lines between them are straight there. Throws when the file, layer or field is missing,
  /// the field is not of numbers, the condition is none, or only the layer has a coordinate system.
  ///
  /// - Parameters:
  ///   - layer: the layer's name; may be nil when there is only one.
  ///   - field: the field of the numbers; nil for 1 everywhere.
  ///   - condition: which features are read, as OGR's SQL has it after WHERE; nil for all.
  ///   - crs: the coordinate system wanted, as WKT; empty for none.
  public init(
    path: String, layer: String? = nil, field: String? = nil, where condition: String? = nil,
    crs: String
  ) throws(GDALError) {
    let dataset = try Dataset(opening: path, as: .vector)
    defer { withExtendedLifetime(dataset) {} }
    let handle = try dataset.layer(layer, where: condition)
    let fieldIndex = try Self.numericField(field, dataset, handle)
    let stated = layerCRS(handle)
    guard stated.isEmpty || !crs.isEmpty else {
      throw GDALError(
        call: "placing shapes", path: path,
        message: "the layer has the CRS \(CRS.name(stated)), but the grid has none")
    }
    let isPlain = stated.isEmpty || CRS.isSame(stated, crs)
    let transformation = isPlain ? nil : try Transformation(from: stated, to: crs)
    try forEachFeature(of: handle, in: path) { feature throws(GDALError) in
      var value = 1.0
      if let fieldIndex {
        guard OGR_F_IsFieldSetAndNotNull(feature, fieldIndex) != 0 else { return }
        value = OGR_F_GetFieldAsDouble(feature, fieldIndex)
      }
      guard !value.isNaN, let geometry = OGR_F_GetGeometryRef(feature) else { return }
      append(geometry, value: value, transformation)
      featureCount += 1
    }
  }

  /// The number of features of a layer for which a condition holds.
  ///
  /// Throws when the file or layer is missing, or the condition is none.
  public static func count(
    path: String, layer: String? = nil, where condition: String? = nil
  ) throws(GDALError) -> Int {
    let dataset = try Dataset(opening: path, as: .vector)
    defer { withExtendedLifetime(dataset) {} }
    let handle = try dataset.layer(layer, where: condition)
    let log = MessageLog()
    let count = log.record { OGR_L_GetFeatureCount(handle, 1) }
    try log.check("counting features", path)
    guard count >= 0 else {
      throw GDALError(
        call: "counting features", path: path, message: "its features cannot be counted")
    }
    return Int(count)
  }

  private static func numericField(
    _ name: String?, _ dataset: Dataset, _ layer: OGRLayerH
  ) throws(GDALError) -> Int32? {
    guard let name else { return nil }
    let index = try dataset.fieldIndices([name], in: layer)[0]
    let fields = layerFields(layer)
    guard fields[index].isNumeric else {
      throw GDALError(
        call: "choosing a field", path: dataset.path, place: "field \(name)",
        message: "has the type \(fields[index].typeName); numbers are expected",
        candidates: fields.filter(\.isNumeric).map(\.name))
    }
    return Int32(index)
  }

  private mutating func append(
    _ geometry: OGRGeometryH, value: Double, _ transformation: Transformation?
  ) {
    // Arcs become lines; everything else is copied.
    guard let linear = OGR_G_GetLinearGeometry(geometry, 0, nil) else { return }
    defer { OGR_G_DestroyGeometry(linear) }
    for part in simpleParts(of: linear) {
      let kind = VectorInfo.Geometry(OGR_G_GetGeometryType(part))
      let rings = Int(OGR_G_GetGeometryCount(part))
      let lines =
        kind == .polygons
        ? (0..<rings).compactMap { OGR_G_GetGeometryRef(part, Int32($0)) } : [part]
      let paths = lines.map { vertices(of: $0, transformation) }.filter { !$0.isEmpty }
      if !paths.isEmpty {
        parts.append(Part(geometry: kind, paths: paths, value: value, feature: featureCount))
      }
    }
  }

  /// The points, lines and polygons of which a geometry consists.
  private func simpleParts(of geometry: OGRGeometryH) -> [OGRGeometryH] {
    switch OGR_GT_Flatten(OGR_G_GetGeometryType(geometry)) {
    // An empty point would count as the origin of the map.
    case wkbPoint, wkbLineString, wkbPolygon, wkbTriangle:
      OGR_G_IsEmpty(geometry) != 0 ? [] : [geometry]
    default:
      (0..<OGR_G_GetGeometryCount(geometry)).flatMap { index in
        OGR_G_GetGeometryRef(geometry, index).map(simpleParts(of:)) ?? []
      }
    }
  }

  /// The vertices of a line; those that cannot be projected are left out.
  private func vertices(
    of line: OGRGeometryH, _ transformation: Transformation?
  ) -> [SIMD2<Double>] {
    let points = 0..<OGR_G_GetPointCount(line)
    var x = points.map { OGR_G_GetX(line, $0) }
    var y = points.map { OGR_G_GetY(line, $0) }
    transformation?.apply(&x, &y)
    return zip(x, y).compactMap { $0.isFinite && $1.isFinite ? SIMD2($0, $1) : nil }
  }
}
