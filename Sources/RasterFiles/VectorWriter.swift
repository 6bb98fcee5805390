internal import CGDAL

/// Takes the features of a GeoPackage that is being written, in order.
///
/// One thread at a time may use it.
public final class VectorWriter {
  private let dataset: Dataset
  private let layers: [VectorOutput.Layer]
  private let handles: [OGRLayerH]
  /// The number of features of each layer so far.
  private(set) var counts: [Int]

  init(
    _ dataset: Dataset, _ layers: [VectorOutput.Layer], crs: String
  ) throws(GDALError) {
    self.dataset = dataset
    self.layers = layers
    counts = [Int](repeating: 0, count: layers.count)
    // Without any, GDAL would say that the places are longitudes and latitudes.
    let reference = try SpatialReference(
      crs.isEmpty ? "LOCAL_CS[\"\(SpatialReference.undefinedNames[0])\"]" : crs)
    var handles: [OGRLayerH] = []
    for layer in layers {
      handles.append(
        try dataset.addLayer(
          layer.name, layer.type, reference, layer.fields.map { ($0.name, $0.kind.type) }))
    }
    self.handles = handles
    // Without one transaction for all, every feature would be one.
    try checkResult(GDALDatasetStartTransaction(dataset.handle, 0), "starting", dataset.path)
  }

  /// Appends a feature to the layer at `index` of the output's.
  ///
  /// - Parameters:
  ///   - paths: one point, one line or the rings of one polygon, the outer first; a ring need not
  ///     repeat its first point.
  ///   - values: one for each field, of its kind or missing.
  public func append(
    to index: Int, paths: [[SIMD2<Double>]], values: [VectorOutput.Value]
  ) throws(GDALError) {
    try append(to: index, parts: [paths], values: values)
  }

  /// Appends a feature of one part, or of several to a layer that allows it.
  ///
  /// - Parameters:
  ///   - parts: the paths of each part.
  ///   - values: one for each field, of its kind or missing.
  public func append(
    to index: Int, parts: [[[SIMD2<Double>]]], values: [VectorOutput.Value]
  ) throws(GDALError) {
    let layer = layers[index]
    precondition(
      layer.isMultiple || parts.count == 1, "\(parts.count) parts in a feature of \(layer.name)")
    precondition(
      values.count == layer.fields.count,
      "\(values.count) values for the \(layer.fields.count) fields of \(layer.name)")
    let place = "layer \(layer.name), feature \(counts[index] + 1)"
    guard parts.joined().joined().allSatisfy({ $0.x.isFinite && $0.y.isFinite }) else {
      throw GDALError(
        call: "writing a feature", path: dataset.path, place: place,
        message: "has no finite place")
    }
    let feature = OGR_F_Create(OGR_L_GetLayerDefn(handles[index]))
    defer { OGR_F_Destroy(feature) }
    OGR_F_SetGeometryDirectly(feature, layer.shape(of: parts))
    for (field, value) in values.enumerated() {
      let number = Int32(field)
      switch (value, layer.fields[field].kind) {
      case (.missing, _): OGR_F_SetFieldNull(feature, number)
      case (.real(let value), .real):
        value.isNaN
          ? OGR_F_SetFieldNull(feature, number) : OGR_F_SetFieldDouble(feature, number, value)
      case (.integer(let value), .integer): OGR_F_SetFieldInteger64(feature, number, value)
      case (.text(let value), .text): OGR_F_SetFieldString(feature, number, value)
      case (let value, let kind): preconditionFailure("\(value) for a field of \(kind)")
      }
    }
    try checkResult(
      OGR_L_CreateFeature(handles[index], feature), "writing a feature", dataset.path, place)
    counts[index] += 1
  }

  /// Adds the styles, where QGIS looks for them, and closes the file.
  func finish(styles: [VectorOutput.Layer], date: String) throws(GDALError) {
    let styled = styles.filter { !$0.style.isEmpty }
    if !styled.isEmpty { try dataset.addStyles(styled, date: date) }
    try checkResult(
      GDALDatasetCommitTransaction(dataset.handle), "writing the features", dataset.path)
    try dataset.close()
  }
}

extension Dataset {
  /// Adds an empty layer.
  fileprivate func addLayer(
    _ name: String, _ geometry: OGRwkbGeometryType, _ reference: SpatialReference?,
    _ fields: [(name: String, type: OGRFieldType)], options: [String] = []
  ) throws(GDALError) -> OGRLayerH {
    let log = MessageLog()
    let (layer, isComplete) = log.record {
      let layer = withStringList(options) { list in
        GDALDatasetCreateLayer(handle, name, reference?.handle, geometry, list)
      }
      let created = fields.map { field in
        let definition = OGR_Fld_Create(field.name, field.type)
        defer { OGR_Fld_Destroy(definition) }
        return layer.map { OGR_L_CreateField($0, definition, 0) } == OGRERR_NONE
      }
      return (layer, created.allSatisfy { $0 })
    }
    try log.check("creating a layer", path)
    guard let layer, isComplete else {
      throw GDALError(
        call: "creating a layer", path: path, place: "layer \(name)", message: lastMessage())
    }
    return layer
  }

  /// Adds the table `layer_styles`, from which QGIS takes the style of each layer.
  fileprivate func addStyles(_ layers: [VectorOutput.Layer], date: String) throws(GDALError) {
    let texts = [
      "f_table_catalog", "f_table_schema", "f_table_name", "f_geometry_column", "styleName",
      "styleQML", "styleSLD", "description", "owner", "ui",
    ]
    let table = try addLayer(
      "layer_styles", wkbNone, nil,
      texts.map { ($0, OFTString) } + [("useAsDefault", OFTInteger), ("update_time", OFTDateTime)],
      options: ["FID=id"])
    for layer in layers {
      let row = OGR_F_Create(OGR_L_GetLayerDefn(table))
      defer { OGR_F_Destroy(row) }
      let values = [
        "", "", layer.name, "geom", layer.name, layer.style, "", "", "", "", "1", date,
      ]
      for (field, value) in values.enumerated() { OGR_F_SetFieldString(row, Int32(field), value) }
      try checkResult(
        OGR_L_CreateFeature(table, row), "writing a style", path, "layer \(layer.name)")
    }
  }
}

extension VectorOutput.Field.Kind {
  fileprivate var type: OGRFieldType {
    switch self {
    case .integer: OFTInteger64
    case .real: OFTReal
    case .text: OFTString
    }
  }
}

extension VectorOutput.Layer {
  fileprivate var type: OGRwkbGeometryType { isMultiple ? wkbMultiPolygon : geometry.type }

  /// A geometry of GDAL's, which the caller owns.
  fileprivate func shape(of parts: [[[SIMD2<Double>]]]) -> OGRGeometryH? {
    guard isMultiple else { return geometry.geometry(of: parts[0]) }
    let whole = OGR_G_CreateGeometry(wkbMultiPolygon)
    for part in parts { OGR_G_AddGeometryDirectly(whole, geometry.geometry(of: part)) }
    return whole
  }
}

extension VectorInfo.Geometry {
  fileprivate var type: OGRwkbGeometryType {
    switch self {
    case .points: wkbPoint
    case .lines: wkbLineString
    case .polygons: wkbPolygon
    case .mixed: wkbUnknown
    case .none: wkbNone
    }
  }

  /// A geometry of GDAL's, which the caller owns.
  fileprivate func geometry(of paths: [[SIMD2<Double>]]) -> OGRGeometryH? {
    switch self {
    case .points, .lines:
      precondition(paths.count == 1, "\(paths.count) paths for one of \(self)")
      return Self.simple(type, paths[0])
    case .polygons:
      let polygon = OGR_G_CreateGeometry(wkbPolygon)
      for ring in paths {
        OGR_G_AddGeometryDirectly(polygon, Self.simple(wkbLinearRing, ring))
      }
      OGR_G_CloseRings(polygon)
      return polygon
    case .mixed, .none: preconditionFailure("a layer of \(self) cannot be written")
    }
  }

  private static func simple(_ type: OGRwkbGeometryType, _ path: [SIMD2<Double>]) -> OGRGeometryH? {
    let geometry = OGR_G_CreateGeometry(type)
    for (index, point) in path.enumerated() {
      OGR_G_SetPoint_2D(geometry, Int32(index), point.x, point.y)
    }
    return geometry
  }
}

/// Throws what GDAL says when a call did not return OGRERR_NONE.
private func checkResult(
  _ result: @autoclosure () -> OGRErr, _ call: String, _ path: String, _ place: String = ""
) throws(GDALError) {
  CPLErrorReset()
  guard result() != OGRERR_NONE else { return }
  throw GDALError(call: call, path: path, place: place, message: lastMessage())
}
