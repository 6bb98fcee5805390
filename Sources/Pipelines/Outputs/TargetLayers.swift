import Foundation
import RasterFiles
import Rasters
import Reports

extension OutputWriter {
  /// Writes targets as polygons and points (`<tag>.gpkg`) and as points (`.geojson`, `.csv`).
  func write(_ targets: TargetsProduct, _ result: inout Result) throws {
    let grid = executor.lattice.grid
    let list = try TargetList.stored(try executor.value(targets.node))
    if let reason = list.emptiness(leastArea: targets.leastArea) {
      executor.events.note("\(targets.tag): \(reason)")
    }
    let layers = try TargetLayers(list, crs: grid.crs)
    let path = "\(folder)/\(targets.tag).gpkg"
    let key = try key(targets.node, "target layers 1 \(grid.crs)")
    result.vectors.append(
      VectorFile(product: .targets(targets), path: path, layers: { layers.layers }, key: key))
    if !ledger.isCurrent([path], key: key) {
      try layers.write(to: path)
      try ledger.record([path], key: key)
      result.written.append(path)
    }
    if let json = try layers.geoJSON() {
      try writeBytes(json, "\(targets.tag).geojson", &result)
    } else {
      executor.events.note(
        "\(targets.tag): the grid's coordinate system leads to no longitudes and latitudes, so "
          + "there is no \(targets.tag).geojson")
    }
    try writeBytes([UInt8](layers.csv.utf8), "\(targets.tag).csv", &result)
  }
}

/// Targets as files for maps and tables.
struct TargetLayers {
  private let list: TargetList
  private let crs: String
  /// Longitudes and latitudes of the ranked points; nil where no way leads there.
  private let degrees: [SIMD2<Double>]?

  /// Finds the longitudes and latitudes; throws where a single point has none.
  init(_ list: TargetList, crs: String) throws {
    self.list = list
    self.crs = crs
    let places = list.targets.map(\.place)
    // A plane of its own, as of a mine, has no transformation to the globe.
    let found =
      crs.isEmpty
      ? nil
      : try? CRS.transform(x: places.map(\.x), y: places.map(\.y), from: crs, to: "EPSG:4326")
    // Seven decimals are a centimetre.
    degrees = found.map { found in
      zip(found.x, found.y).map { x, y in
        SIMD2((x * 1e7).rounded() / 1e7, (y * 1e7).rounded() / 1e7)
      }
    }
    if let lost = degrees?.firstIndex(where: { !($0.x.isFinite && $0.y.isFinite) }) {
      throw ExecutionError.data(
        "the point of rank \(lost + 1) has no longitude and latitude in \(CRS.name(crs))")
    }
  }

  // MARK: Columns

  /// A column and what stands in it for a target.
  private struct Column {
    let field: VectorOutput.Field
    let value: (TargetList.Target) -> VectorOutput.Value

    init(
      _ name: String, _ kind: VectorOutput.Field.Kind,
      _ value: @escaping (TargetList.Target) -> VectorOutput.Value
    ) {
      field = VectorOutput.Field(name, kind)
      self.value = value
    }
  }

  private var columns: [Column] {
    var columns = [
      Column("rank", .integer) { .integer(Int64($0.rank)) },
      Column("mean", .real) { .real($0.mean) }, Column("maximum", .real) { .real($0.maximum) },
      Column("cells", .integer) { .integer(Int64($0.cells)) },
      Column("area", .real) { .real($0.area) },
    ]
    if list.known != nil {
      columns += [
        Column("known", .integer) { .integer(Int64($0.knownInside)) },
        Column("distance", .real) { $0.distance.map { .real($0) } ?? .missing },
      ]
    }
    for place in list.explainedOutput == nil ? 0..<0 : 0..<3 {
      func feature(_ target: TargetList.Target) -> TargetList.Feature? {
        target.features.indices.contains(place) ? target.features[place] : nil
      }
      columns += [
        Column("feature_\(place + 1)", .text) { feature($0).map { .text($0.name) } ?? .missing },
        Column("shap_\(place + 1)", .real) { feature($0).map { .real($0.value) } ?? .missing },
      ]
    }
    let list = list
    return columns + [Column("why", .text) { .text(list.sentence($0)) }]
  }

  // MARK: GeoPackage

  /// The layers without their features.
  var layers: [VectorOutput.Layer] {
    let fields = columns.map(\.field)
    return [
      VectorOutput.Layer(
        "targets", .polygons, isMultiple: true, fields: fields,
        style: VectorStyle.areas(by: "mean", breaks: breaks).xml),
      VectorOutput.Layer(
        "points", .points, fields: fields, style: VectorStyle.numberedPoints(label: "rank").xml),
    ]
  }

  /// Writes the layers `targets`, polygons, and `points`.
  func write(to path: String) throws {
    let columns = columns
    try VectorOutput(path: path, crs: crs, layers: layers).write { writer in
      for target in list.targets {
        let values = columns.map { $0.value(target) }
        try writer.append(
          to: 0, parts: target.parts.map { $0.map { $0.map(\.vector) } }, values: values)
        try writer.append(to: 1, paths: [[target.place.vector]], values: values)
      }
    }
  }

  /// The ends of the classes of means: fixed for probabilities, so that maps can be compared.
  private var breaks: [Double] {
    guard !list.isProbability else { return [0, 0.5, 0.7, 0.8, 0.9, 1] }
    let means = list.targets.map(\.mean)
    let low = means.min() ?? 0
    let high = max(means.max() ?? 1, low + 1e-9)
    return (0...4).map { low + (high - low) * Double($0) / 4 }
  }

  // MARK: Points

  /// The ranked points, one a line.
  var csv: String {
    let columns = columns
    let places = ["x", "y"] + (degrees == nil ? [] : ["longitude", "latitude"])
    var names = columns.map(\.field.name)
    names.insert(contentsOf: places, at: 1)
    var lines = [names.joined(separator: ",")]
    for (index, target) in list.targets.enumerated() {
      var fields = columns.map { Self.text($0.value(target)) }
      var numbers = [target.place.x, target.place.y]
      if let degrees { numbers += [degrees[index].x, degrees[index].y] }
      fields.insert(contentsOf: numbers.map { "\($0)" }, at: 1)
      lines.append(fields.joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func text(_ value: VectorOutput.Value) -> String {
    switch value {
    case .integer(let number): "\(number)"
    case .real(let number): number.isFinite ? "\(number)" : ""
    case .text(let text): text.csvField
    case .missing: ""
    }
  }

  /// The ranked points as RFC 7946 has them, WGS 84, longitude first; nil without these.
  func geoJSON() throws -> [UInt8]? {
    guard let degrees else { return nil }
    let columns = columns
    let features = zip(list.targets, degrees).map { target, place in
      PointFeature(
        geometry: .init(coordinates: [place.x, place.y]),
        properties: Dictionary(
          columns.map { ($0.field.name, Property(value: $0.value(target))) },
          uniquingKeysWith: { first, _ in first }))
    }
    return [UInt8](try JSONEncoder.stable.encode(PointCollection(features: features)))
      + [UInt8(ascii: "\n")]
  }
}

/// A FeatureCollection of RFC 7946.
private struct PointCollection: Encodable {
  var type = "FeatureCollection"
  var features: [PointFeature]
}

/// A Feature with a place.
private struct PointFeature: Encodable {
  struct Geometry: Encodable {
    var type = "Point"
    var coordinates: [Double]
  }
  var type = "Feature"
  var geometry: Geometry
  var properties: [String: Property]
}

/// A value of a column as JSON.
private struct Property: Encodable {
  var value: VectorOutput.Value

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch value {
    case .integer(let number): try container.encode(number)
    case .real(let number) where number.isFinite: try container.encode(number)
    case .text(let text): try container.encode(text)
    case .real, .missing: try container.encodeNil()
    }
  }
}
