import RasterFiles
import Rasters
import Reports

/// A file that a stage reads, for people: what it holds and how it comes onto the grid.
struct SourceFacts: Sendable, Hashable {
  /// The file that the pipeline names.
  let path: String
  /// What of it is read.
  let content: String
  /// What is done to it until it lies on the grid.
  let treatment: String

  /// Some bands of a raster; `names` are theirs in the pipeline.
  init(_ info: RasterInfo, bands: [Int], names: [String], _ resampling: Resampling, grid: Grid) {
    path = info.path
    let read = bands.map { info.bands[$0 - 1] }
    var words = ["\(names.count == 1 ? "band" : "\(names.count) bands") \(Self.list(names))"]
    words.append(info.gridOfCells.phrase)
    words.append(Set(read.map(\.typeName)).sorted().joined(separator: " and "))
    // Texts: a set would hold many NaN.
    let nodata = Set(
      read.compactMap(\.nodata).map { $0.isNaN ? "NaN" : NumberText.short($0, significant: 9) })
    if !nodata.isEmpty { words.append("nodata \(nodata.sorted().joined(separator: " and "))") }
    content = words.joined(separator: "; ")
    treatment =
      info.gridOfCells.hasCells(of: grid)
      ? "cell by cell: it has the grid's cells" : "warped to the grid: \(resampling.rawValue)"
  }

  /// The features of a vector layer; `use` says what becomes of those that are no polygons.
  init(_ path: String, _ layer: VectorInfo.Layer, grid: Grid, use: String = "") {
    self.path = path
    let features = layer.geometry == .none ? "rows" : layer.geometry.rawValue
    var words = [layer.count.map { "\($0) \(features)" } ?? features]
    if !layer.fields.isEmpty { words.append("fields \(Self.list(layer.fields.map(\.name)))") }
    if !layer.crs.isEmpty { words.append(CRS.phrase(layer.crs)) }
    content = words.joined(separator: "; ")
    let isMoved = !layer.crs.isEmpty && !CRS.isSame(layer.crs, grid.crs)
    treatment =
      (isMoved ? "coordinates transformed to the grid's; " : "")
      + (layer.geometry == .polygons ? "cells whose centre lies inside" : use)
  }

  /// Names, the first of many.
  private static func list(_ names: [String]) -> String {
    names.count <= 12
      ? names.joined(separator: ", ")
      : names.prefix(10).joined(separator: ", ") + " and \(names.count - 10) more"
  }
}

extension Grid {
  /// Size, cells and coordinate system, in a few words.
  var phrase: String {
    func text(_ value: Double) -> String { NumberText.short(value, significant: 9) }
    let unit = crs.isEmpty ? "" : " " + CRS.unitSymbol(crs)
    return "\(width) x \(height) cells of \(text(transform.cellWidth)) x "
      + "\(text(transform.cellHeight))\(unit)" + (crs.isEmpty ? "" : ", \(CRS.phrase(crs))")
  }

  /// Whether each of its cells is one of the other grid's.
  fileprivate func hasCells(of other: Grid) -> Bool {
    guard CRS.isSame(crs, other.crs) else { return false }
    let corners = [(0, 0), (1, 0), (0, 1)].map { column, row in
      let place = transform.map(column: Double(column), row: Double(row))
      return other.transform.cell(x: place.x, y: place.y)
    }
    func isNear(_ value: Double, _ expected: Double) -> Bool { abs(value - expected) < 1e-3 }
    return isNear(corners[1].column - corners[0].column, 1)
      && isNear(corners[1].row, corners[0].row)
      && isNear(corners[2].row - corners[0].row, 1)
      && isNear(corners[2].column, corners[0].column)
      && isNear(corners[0].column, corners[0].column.rounded())
      && isNear(corners[0].row, corners[0].row.rounded())
  }
}

extension CRS {
  /// The name of a coordinate system and its code, where it has one.
  static func phrase(_ crs: String) -> String {
    crs.isEmpty ? "no coordinate system" : name(crs) + (code(crs).map { " (\($0))" } ?? "")
  }

  /// The unit of map coordinates as people write it after a number.
  static func unitSymbol(_ crs: String) -> String {
    switch unitName(crs) {
    case "metre", "meter", "Meter": "m"
    case "degree": "degrees"
    default: unitName(crs)
    }
  }
}

extension PlanRequest {
  /// Tells of a file that the stage reads; what it is in the shipped result counts.
  func tell(_ source: SourceFacts) {
    if fold == nil { planner.tell(source, tag: tag) }
  }
}
