internal import CGDAL

/// Points with their attributes: measurements, labels, deposits.
public struct PointTable: Sendable, Equatable {
  /// The values of one column.
  public enum Column: Sendable, Equatable {
    /// Numbers; NaN where there is none.
    case number([Double])
    /// Texts; empty where there is none.
    case text([String])

    /// The numbers, or nil for a column of text.
    public var numbers: [Double]? {
      if case .number(let values) = self { values } else { nil }
    }

    /// The values as text; a whole number has no decimal point.
    public var texts: [String] {
      switch self {
      case .text(let values): values
      case .number(let values):
        values.map { value in
          value.isNaN ? "" : Int(exactly: value).map(String.init) ?? "\(value)"
        }
      }
    }
  }

  /// The x (or longitude) of every point in the system asked for; NaN beyond its projection.
  public var x: [Double]
  /// The y (or latitude) of every point.
  public var y: [Double]
  /// The coordinate system of x and y as WKT, empty when there is none.
  public var crs: String
  /// The names of the columns in order.
  public var names: [String]
  /// The columns by name.
  public var columns: [String: Column]
  /// The number of rows left out because they have no place.
  public var unplacedCount: Int

  /// The number of points.
  public var count: Int { x.count }

  /// Makes a table; every column must be as long as `x` and `y`.
  public init(
    x: [Double], y: [Double], crs: String, names: [String], columns: [String: Column],
    unplacedCount: Int = 0
  ) {
    precondition(x.count == y.count, "\(x.count) x for \(y.count) y")
    self.x = x
    self.y = y
    self.crs = crs
    self.names = names
    self.columns = columns
    self.unplacedCount = unplacedCount
  }

  /// Reads points from whatever GDAL takes for a vector layer or table.
  ///
  /// Points come from the geometry, or for tables from two columns. A column of text whose every
  /// value is a number (or empty, NA, NaN or null) becomes a column of numbers. A source that states
  /// no coordinate system is taken to be in `crs`; one that does cannot be put on a plane without.
  ///
  /// - Parameters:
  ///   - layer: the layer's name; may be nil when there is only one.
  ///   - fields: the columns to read; nil for all.
  ///   - condition: which rows are read, as OGR's SQL has it after WHERE; nil for all.
  ///   - crs: the coordinate system wanted, as `CRS.wkt` gives it; empty for none.
  ///   - xField: the column of x, for tables; with nil, pairs of usual names are looked for.
  ///   - yField: the column of y.
  ///   - sourceCRS: the coordinate system of a source that states none.
  public static func read(
    path: String, layer: String? = nil, fields: [String]? = nil, where condition: String? = nil,
    crs: String, xField: String? = nil, yField: String? = nil,
    sourceCRS: String? = nil
  ) throws(GDALError) -> PointTable {
    let dataset = try Dataset(opening: path, as: .vector)
    let handle = try dataset.layer(layer, where: condition)
    let names = fields ?? layerFields(handle).map(\.name)
    let place = try PointPlace(dataset, handle, xField: xField, yField: yField)
    var rows = TableRows(try dataset.fieldIndices(names, in: handle), layerFields(handle))
    var (x, y) = ([Double](), [Double]())
    var unplacedCount = 0
    try forEachFeature(of: handle, in: path) { feature throws(GDALError) in
      guard let position = try place.position(of: feature) else {
        unplacedCount += 1
        return
      }
      x.append(position.x)
      y.append(position.y)
      rows.append(feature)
    }
    let stated = layerCRS(handle)
    let source = stated.isEmpty ? try CRS.wkt(from: sourceCRS ?? "") : stated
    try place.check(source: source, target: crs)
    if !source.isEmpty { (x, y) = try CRS.transform(x: x, y: y, from: source, to: crs) }
    var columns: [String: Column] = [:]
    for (name, column) in zip(names, rows.columns()) { columns[name] = column }
    return PointTable(
      x: x, y: y, crs: crs, names: names, columns: columns, unplacedCount: unplacedCount)
  }
}

extension PointTable {
  /// Reads every row of a table in order, wherever it may be; x is its number from 0, y is 0.
  ///
  /// The first line of a CSV has the names of the columns.
  public static func rows(
    path: String, layer: String? = nil, fields: [String]
  ) throws(GDALError) -> PointTable {
    let dataset = try Dataset(
      opening: path, as: .vector, options: Dataset.headerOptions(for: path))
    let handle = try dataset.layer(layer, where: nil)
    var rows = TableRows(try dataset.fieldIndices(fields, in: handle), layerFields(handle))
    var count = 0
    try forEachFeature(of: handle, in: path) { feature throws(GDALError) in
      rows.append(feature)
      count += 1
    }
    return PointTable(
      x: (0..<count).map(Double.init), y: [Double](repeating: 0, count: count), crs: "",
      names: fields,
      columns: Dictionary(zip(fields, rows.columns())) { first, _ in first })
  }

  /// The columns of a table that hold coordinates, where their names are understood.
  public static func coordinateColumns(
    among names: [String]
  ) -> (x: String, y: String, areAngles: Bool)? {
    PointPlace.pair(among: names).map { (names[$0.x], names[$0.y], $0.areAngles) }
  }
}

/// Where the points of a layer are to be found.
private struct PointPlace {
  /// The columns of x and y, or nil for the geometry.
  private let fields: (x: Int32, y: Int32)?
  private let areAngles: Bool
  private let path: String

  /// Pairs of column names that are understood without being named, in order of preference.
  private static let pairs = [
    ("x", "y"), ("e", "n"), ("easting", "northing"), ("east", "north"), ("lon", "lat"),
    ("long", "lat"), ("longitude", "latitude"), ("lng", "lat"), ("xcoord", "ycoord"),
    ("x_coord", "y_coord"),
  ]

  /// The positions of the columns of x and y, where their names are understood.
  static func pair(among names: [String]) -> (x: Int, y: Int, areAngles: Bool)? {
    let names = names.map { $0.lowercased() }
    for (x, y) in pairs {
      guard let xIndex = names.firstIndex(of: x), let yIndex = names.firstIndex(of: y) else {
        continue
      }
      return (xIndex, yIndex, y.hasPrefix("lat"))
    }
    return nil
  }

  init(_ dataset: Dataset, _ layer: OGRLayerH, xField: String?, yField: String?) throws(GDALError) {
    path = dataset.path
    if let xField, let yField {
      let indices = try dataset.fieldIndices([xField, yField], in: layer)
      fields = (Int32(indices[0]), Int32(indices[1]))
      areAngles = false
      return
    }
    guard VectorInfo.Geometry(OGR_L_GetGeomType(layer)) == .none else {
      fields = nil
      areAngles = false
      return
    }
    if let pair = Self.pair(among: layerFields(layer).map(\.name)) {
      fields = (Int32(pair.x), Int32(pair.y))
      areAngles = pair.areAngles
      return
    }
    throw GDALError(
      call: "looking for coordinates", path: path,
      message: "has no geometry and no columns such as x and y: say which hold the coordinates",
      candidates: layerFields(layer).map(\.name))
  }

  /// The place of a feature, or nil when it has none.
  func position(of feature: OGRFeatureH) throws(GDALError) -> (x: Double, y: Double)? {
    if let fields {
      guard let x = number(feature, fields.x), let y = number(feature, fields.y) else { return nil }
      return (x, y)
    }
    guard var geometry = OGR_F_GetGeometryRef(feature), OGR_G_IsEmpty(geometry) == 0 else {
      return nil
    }
    if OGR_GT_Flatten(OGR_G_GetGeometryType(geometry)) == wkbMultiPoint,
      OGR_G_GetGeometryCount(geometry) == 1, let only = OGR_G_GetGeometryRef(geometry, 0)
    {
      geometry = only
    }
    guard OGR_GT_Flatten(OGR_G_GetGeometryType(geometry)) == wkbPoint else {
      throw GDALError(
        call: "reading points", path: path, place: "feature \(OGR_F_GetFID(feature))",
        message: "is a \(string(OGR_G_GetGeometryName(geometry))); a point is expected")
    }
    let (x, y) = (OGR_G_GetX(geometry, 0), OGR_G_GetY(geometry, 0))
    return x.isFinite && y.isFinite ? (x, y) : nil
  }

  private func number(_ feature: OGRFeatureH, _ field: Int32) -> Double? {
    guard OGR_F_IsFieldSetAndNotNull(feature, field) != 0,
      let value = parsedNumber(string(OGR_F_GetFieldAsString(feature, field))), value.isFinite
    else { return nil }
    return value
  }

  /// Throws where coordinates cannot be meant in the system wanted.
  func check(source: String, target: String) throws(GDALError) {
    if !source.isEmpty && target.isEmpty {
      throw GDALError(
        call: "placing points", path: path,
        message: "the points have the CRS \(CRS.name(source)), but the grid has none")
    }
    if source.isEmpty && areAngles && CRS.isProjected(target) {
      throw GDALError(
        call: "placing points", path: path,
        message: "the points have longitude and latitude, the grid the CRS \(CRS.name(target)): "
          + "state the CRS of the points, for example EPSG:4326")
    }
  }
}

/// The attributes of features, gathered column by column.
private struct TableRows {
  private let indices: [Int32]
  private let isNumeric: [Bool]
  private var numbers: [[Double]]
  private var texts: [[String]]

  init(_ indices: [Int], _ fields: [VectorInfo.Field]) {
    self.indices = indices.map { Int32($0) }
    isNumeric = indices.map { fields[$0].isNumeric }
    numbers = Array(repeating: [], count: indices.count)
    texts = Array(repeating: [], count: indices.count)
  }

  mutating func append(_ feature: OGRFeatureH) {
    for (column, index) in indices.enumerated() {
      let isSet = OGR_F_IsFieldSetAndNotNull(feature, index) != 0
      if isNumeric[column] {
        numbers[column].append(isSet ? OGR_F_GetFieldAsDouble(feature, index) : .nan)
      } else {
        texts[column].append(isSet ? string(OGR_F_GetFieldAsString(feature, index)) : "")
      }
    }
  }

  /// The columns; text that is all numbers as numbers.
  func columns() -> [PointTable.Column] {
    indices.indices.map { column in
      if isNumeric[column] { return .number(numbers[column]) }
      let parsed = texts[column].map { parsedNumber($0) }
      guard parsed.allSatisfy({ $0 != nil }), parsed.contains(where: { $0?.isNaN == false }) else {
        return .text(texts[column])
      }
      return .number(parsed.map { $0 ?? .nan })
    }
  }
}

/// The number that a text stands for, NaN for the usual words for none; nil for other text.
private func parsedNumber(_ text: String) -> Double? {
  let word = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  if ["", "na", "n/a", "nan", "null"].contains(word.lowercased()) { return .nan }
  // Swift would also take hexadecimal numbers and infinities.
  guard word.allSatisfy({ $0.isASCII && ($0.isNumber || "+-.eE".contains($0)) }) else { return nil }
  return Double(word)
}
