import RasterFiles
import Rasters

/// A layer of points as a stage's options name it, read in the grid's coordinates.
struct PointFile: Sendable {
  let path: String
  let layer: String?
  let x: String?
  let y: String?
  /// The coordinate system of points that state none; nil for the grid's.
  let crs: String?
  /// What x and y are.
  let coordinates: Coordinates
  let grid: Grid
  /// The layer's description: fields, kind of geometry.
  let description: VectorInfo.Layer
  /// The files that hold the points.
  let files: [String]

  /// What says where a point is.
  enum Coordinates: String, CaseIterable, Sendable {
    /// Coordinates of the map.
    case map
    /// Columns and rows of the grid, from 0.
    case cells
    /// The number of the row in the file, which is the column of the grid.
    case rows
  }

  /// The options of every stage that reads points.
  static let options = [
    OptionSpec("file", .file, "The points: a vector layer, or a CSV with coordinates."),
    OptionSpec(
      "layer", .string, default: .optional, "The layer, where a file has several.",
      example: "\"samples\""),
    OptionSpec("x", .string, default: .optional, "The column of x in a CSV.", example: "\"E\""),
    OptionSpec("y", .string, default: .optional, "The column of y in a CSV.", example: "\"N\""),
    OptionSpec(
      "crs", .string, default: .optional,
      "The coordinate system of a CSV; by default the grid's.", example: "\"EPSG:4326\""),
    OptionSpec(
      "coordinates", .choice(Coordinates.allCases.map(\.rawValue)), default: "map",
      "Whether x and y of a CSV are map coordinates, or columns and rows of the grid from 0; 'rows' "
        + "takes the file's rows for the cells that 'read-table' makes of them."),
  ]

  /// The options that say where the points are, not what is made of them.
  static let pathOptions: Set<String> = ["file", "layer", "x", "y", "crs", "coordinates"]

  /// Opens the layer; `use` and `polygons` say for people what becomes of its points and polygons,
  /// `classes` what points are called.
  init(
    _ request: PlanRequest, use: String = "each point counts for the cell that holds it",
    polygons: String = "cells whose centre lies inside", classes: SourceFacts.Classes? = nil
  ) throws {
    let options = request.options
    path = options.filePath("file")
    layer = options.optionalString("layer")
    x = options.optionalString("x")
    y = options.optionalString("y")
    crs = options.optionalString("crs")
    coordinates = Coordinates(rawValue: options.string("coordinates")) ?? .map
    grid = request.grid
    let info: VectorInfo
    do {
      info = try VectorInfo(path: path, hasHeader: coordinates == .rows)
    } catch {
      throw request.failure("file", "\(error)")
    }
    files = info.files
    description = try info.layer(named: layer)
    request.tell(
      SourceFacts(
        info, description, grid: grid, use: use, polygons: polygons, columns: columns,
        classes: classes))
  }

  /// Where a table has coordinates of the map, and in which system.
  private var columns: SourceFacts.Columns? {
    guard description.geometry == .none, coordinates == .map else { return nil }
    let given = crs.flatMap { try? CRS.wkt(from: $0) }
    if let x, let y { return SourceFacts.Columns(x: x, y: y, crs: given ?? "") }
    return PointTable.coordinateColumns(among: description.fields.map(\.name)).map { columns in
      let degrees = columns.areAngles ? (try? CRS.wkt(from: "EPSG:4326")) : nil
      return SourceFacts.Columns(x: columns.x, y: columns.y, crs: given ?? degrees ?? "")
    }
  }

  /// What decides the points besides the file's content.
  var identity: [String] {
    [
      layer ?? "", x ?? "", y ?? "", crs ?? "",
      coordinates == .map ? grid.crs : coordinates.rawValue,
    ]
  }

  /// Refuses a field that the layer does not have.
  func require(_ field: String, _ request: PlanRequest, option: String) throws {
    let names = description.fields.map(\.name)
    guard names.contains(field) else {
      throw request.failure(
        option, "\(path) has no field '\(field)'" + Suggestion.phrase(field, among: names))
    }
  }

  /// Refuses a field that the layer does not have or that holds texts.
  func requireNumbers(_ field: String, _ request: PlanRequest, option: String) throws {
    try require(field, request, option: option)
    guard description.fields.contains(where: { $0.name == field && $0.isNumeric }) else {
      // Columns of a CSV are texts to GDAL whatever they hold.
      if path.lowercased().hasSuffix(".csv") { return }
      throw request.failure(option, "field '\(field)' of \(path) holds texts; expected numbers")
    }
  }

  /// The points with some of their fields; with a condition of SQL those alone that meet it.
  func read(_ fields: [String], where condition: String? = nil) throws -> PointTable {
    var table =
      coordinates == .rows
      ? try PointTable.rows(path: path, layer: layer, fields: fields)
      : try PointTable.read(
        path: path, layer: layer, fields: fields, where: condition, crs: grid.crs, xField: x,
        yField: y,
        sourceCRS: try crs.map { try CRS.wkt(from: $0) })
    guard coordinates != .map else { return table }
    for index in table.x.indices {
      let place = grid.transform.map(column: table.x[index] + 0.5, row: table.y[index] + 0.5)
      (table.x[index], table.y[index]) = (place.x, place.y)
    }
    return table
  }
}

extension VectorInfo {
  /// The layer that the option 'layer' names, by default the first.
  func layer(named name: String?) throws -> Layer {
    guard let first = layers.first else { throw PlanFailure(key: "file", message: "has no layer") }
    guard let name else { return first }
    guard let named = layers.first(where: { $0.name == name }) else {
      throw PlanFailure(
        key: "layer",
        message: "there is no layer '\(name)'"
          + Suggestion.phrase(name, among: layers.map(\.name)))
    }
    return named
  }
}

extension PointTable {
  /// The numbers of a column; texts are read as numbers, NaN where they are none.
  func numbers(_ name: String) -> [Double] {
    guard let column = columns[name] else { return [Double](repeating: .nan, count: count) }
    return column.numbers ?? column.texts.map { Double($0) ?? .nan }
  }

  /// The texts of every point by column; of columns that share a name the first.
  var rows: [[String: String]] {
    let texts = names.map { columns[$0]?.texts ?? [] }
    return (0..<count).map { row in
      Dictionary(zip(names, texts).map { ($0, $1[row]) }) { first, _ in first }
    }
  }
}
