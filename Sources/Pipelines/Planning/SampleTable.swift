import RasterFiles
import Rasters

/// A table of samples as a stage's options name it, of which each row is a cell.
struct SampleTable: Sendable {
  let path: String
  let layer: String?
  let rowCount: Int
  private let info: VectorInfo
  private let description: VectorInfo.Layer

  /// Opens the table that the options 'file' and 'layer' name, and counts its rows.
  init(_ options: OptionValues) throws {
    path = options.filePath("file")
    layer = options.optionalString("layer")
    do {
      info = try VectorInfo(path: path, hasHeader: true)
    } catch {
      throw PlanFailure(key: "file", message: "\(error)")
    }
    description = try info.layer(named: layer)
    do {
      rowCount = try PointTable.rows(path: path, layer: layer, fields: []).count
    } catch {
      throw PlanFailure(key: "file", message: "\(error)")
    }
    guard rowCount > 0 else { throw PlanFailure(key: "file", message: "\(path) has no rows") }
  }

  /// The columns' names.
  var fields: [String] { description.fields.map(\.name) }
  /// The files that hold it.
  var files: [String] { info.files }

  /// Its grid: a row of cells, one for each of its rows.
  var grid: Grid {
    Grid(
      width: rowCount, height: 1,
      transform: GeoTransform(left: 0, top: 1, cellWidth: 1, cellHeight: 1), crs: "")
  }

  /// What is told of it.
  func facts(_ grid: Grid) -> SourceFacts {
    SourceFacts(
      info, description, grid: grid, use: "each row is a cell", polygons: "", columns: nil,
      classes: nil)
  }

  /// The columns that become bands.
  func columns(_ request: PlanRequest) throws -> [String] {
    let given = request.options.optionalStrings("columns")
    for name in given ?? [] where !fields.contains(name) {
      throw request.failure(
        "columns", "\(path) has no column '\(name)'" + Suggestion.phrase(name, among: fields))
    }
    let names = given ?? fields.filter { Double($0) != nil }
    guard !names.isEmpty else {
      throw request.failure("columns", "is missing: no column of \(path) has a number for a name")
    }
    if let twice = names.indices.first(where: { names[..<$0].contains(names[$0]) }) {
      throw request.failure("columns", "names '\(names[twice])' twice")
    }
    return names
  }

  /// The numbers of some columns, one column after another; NaN where there is none.
  func numbers(_ names: [String]) throws -> [Float] {
    let table = try PointTable.rows(path: path, layer: layer, fields: names)
    return names.flatMap { name in
      table.numbers(name).map { $0.isFinite ? Float($0) : .nan }
    }
  }
}
