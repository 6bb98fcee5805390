internal import CGDAL

/// What a vector file or table says of itself, without its features.
public struct VectorInfo: Sendable, Hashable {
  /// What the features of a layer are on the map.
  public enum Geometry: String, Sendable {
    /// Points, one or several a feature.
    case points
    /// Lines.
    case lines
    /// Polygons.
    case polygons
    /// Several kinds, or a kind that is only known feature by feature.
    case mixed
    /// A table without geometry.
    case none
  }

  /// A column of a layer.
  public struct Field: Sendable, Hashable {
    /// The name.
    public var name: String
    /// GDAL's name of the type, such as "Real" or "String".
    public var typeName: String
    /// Whether the values are numbers.
    public var isNumeric: Bool
  }

  /// A layer.
  public struct Layer: Sendable, Hashable {
    /// The name.
    public var name: String
    /// What the features are.
    public var geometry: Geometry
    /// The columns.
    public var fields: [Field]
    /// The coordinate system as WKT, empty when there is none.
    public var crs: String
    /// The number of features, or nil when they would have to be counted one by one.
    public var count: Int?
  }

  /// The path that was opened.
  public let path: String
  /// The short name of GDAL's driver, such as "GPKG".
  public let driver: String
  /// The layers in order.
  public let layers: [Layer]
  /// The files that it is made of.
  public let files: [String]

  /// Opens a vector file or table and describes it; with `hasHeader` the first line of a CSV has the
  /// names of its columns even where some of them are numbers.
  public init(path: String, hasHeader: Bool = false) throws(GDALError) {
    let dataset = try Dataset(
      opening: path, as: .vector, options: hasHeader ? Dataset.headerOptions(for: path) : [])
    self.path = path
    driver = dataset.driver
    layers = (0..<GDALDatasetGetLayerCount(dataset.handle)).compactMap { index in
      GDALDatasetGetLayer(dataset.handle, index).map(Layer.init)
    }
    let prefix = "/vsigzip/"
    files = dataset.files().map { $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : $0 }
  }
}

extension VectorInfo.Layer {
  fileprivate init(_ layer: OGRLayerH) {
    name = string(OGR_L_GetName(layer))
    geometry = VectorInfo.Geometry(OGR_L_GetGeomType(layer))
    fields = layerFields(layer)
    crs = layerCRS(layer)
    let count = OGR_L_GetFeatureCount(layer, 0)
    self.count = count >= 0 ? Int(count) : nil
  }
}

extension VectorInfo.Geometry {
  init(_ type: OGRwkbGeometryType) {
    switch OGR_GT_Flatten(type) {
    case wkbPoint, wkbMultiPoint: self = .points
    case wkbLineString, wkbMultiLineString, wkbCircularString, wkbCompoundCurve, wkbMultiCurve,
      wkbCurve, wkbLinearRing:
      self = .lines
    case wkbPolygon, wkbMultiPolygon, wkbCurvePolygon, wkbMultiSurface, wkbSurface, wkbTriangle,
      wkbTIN, wkbPolyhedralSurface:
      self = .polygons
    case wkbNone: self = .none
    default: self = .mixed
    }
  }
}

/// The columns of a layer in order.
func layerFields(_ layer: OGRLayerH) -> [VectorInfo.Field] {
  let definition = OGR_L_GetLayerDefn(layer)
  return (0..<OGR_FD_GetFieldCount(definition)).map { index in
    let field = OGR_FD_GetFieldDefn(definition, index)
    let type = OGR_Fld_GetType(field)
    return VectorInfo.Field(
      name: string(OGR_Fld_GetNameRef(field)), typeName: string(OGR_GetFieldTypeName(type)),
      isNumeric: type == OFTInteger || type == OFTInteger64 || type == OFTReal)
  }
}

/// The coordinate system of a layer as WKT, empty when there is none.
func layerCRS(_ layer: OGRLayerH) -> String {
  guard let reference = OGR_L_GetSpatialRef(layer),
    !SpatialReference.undefinedNames.contains(string(OSRGetName(reference)))
  else { return "" }
  return SpatialReference(copying: reference)?.wkt ?? ""
}

extension Dataset {
  /// The layer of a name; without one, the only layer or the first that has features.
  func layer(_ name: String?) throws(GDALError) -> OGRLayerH {
    let layers = (0..<GDALDatasetGetLayerCount(handle)).compactMap {
      GDALDatasetGetLayer(handle, $0)
    }
    let names = layers.map { string(OGR_L_GetName($0)) }
    if let name {
      if let index = names.firstIndex(of: name) { return layers[index] }
      throw GDALError(
        call: "choosing a layer", path: path, message: "has no layer \"\(name)\"",
        candidates: names)
    }
    // Styles that QGIS saves beside the features are no layer of the user's.
    let own = layers.indices.filter { names[$0] != "layer_styles" }
    guard own.count == 1 else {
      throw GDALError(
        call: "choosing a layer", path: path,
        message: own.isEmpty ? "has no layers" : "has several layers: say which",
        candidates: own.map { names[$0] })
    }
    return layers[own[0]]
  }

  /// The layer of a name, with those features alone that meet a condition of OGR's SQL.
  func layer(_ name: String?, where condition: String?) throws(GDALError) -> OGRLayerH {
    let layer = try layer(name)
    guard let condition else { return layer }
    let log = MessageLog()
    let result = log.record { OGR_L_SetAttributeFilter(layer, condition) }
    guard result == OGRERR_NONE, log.failure == nil else {
      throw GDALError(
        call: "choosing features", path: path, place: "layer \(string(OGR_L_GetName(layer)))",
        message: "\"\(condition)\" is no condition of SQL" + (log.failure.map { ": \($0)" } ?? ""),
        candidates: layerFields(layer).map(\.name))
    }
    return layer
  }

  /// The indices of named columns; throws with the names that exist when one is missing.
  func fieldIndices(_ names: [String], in layer: OGRLayerH) throws(GDALError) -> [Int] {
    let known = layerFields(layer).map(\.name)
    var result: [Int] = []
    for name in names {
      guard let index = known.firstIndex(of: name) else {
        throw GDALError(
          call: "choosing a field", path: path, place: "layer \(string(OGR_L_GetName(layer)))",
          message: "has no field \"\(name)\"", candidates: known)
      }
      result.append(index)
    }
    return result
  }
}

/// Calls `body` with each feature of a layer, in order; throws what reading runs into.
func forEachFeature(
  of layer: OGRLayerH, in path: String, _ body: (OGRFeatureH) throws(GDALError) -> Void
) throws(GDALError) {
  OGR_L_ResetReading(layer)
  while true {
    CPLErrorReset()
    guard let feature = OGR_L_GetNextFeature(layer) else { break }
    defer { OGR_F_Destroy(feature) }
    try body(feature)
  }
  if CPLGetLastErrorType() == CE_Failure {
    throw GDALError(
      call: "OGR_L_GetNextFeature", path: path, place: "layer \(string(OGR_L_GetName(layer)))",
      message: lastMessage())
  }
}
