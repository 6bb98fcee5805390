import RasterFiles
import Rasters
import Reports

/// A file that a stage reads: what of it, and how it comes onto the grid.
struct SourceFacts: Sendable, Hashable {
  /// The file that the pipeline names.
  let path: String
  /// What of it is read, for people.
  let content: String
  /// What is done to it until it lies on the grid, for people.
  let treatment: String
  /// What of it is read, for whoever shows the file.
  let reading: Reading

  /// What a stage reads of a file.
  enum Reading: Sendable, Hashable {
    case bands([ReadBand])
    case layer(ReadLayer)
  }

  /// A band of a raster that is read.
  struct ReadBand: Sendable, Hashable {
    /// Its number in the file, from 1.
    let number: Int
    /// Its name in the pipeline.
    let name: String
    /// The names of its codes; none of a band of values.
    let categories: [Int: String]
  }

  /// A layer of a vector file or table that is read.
  struct ReadLayer: Sendable, Hashable {
    let layer: VectorInfo.Layer
    /// Whether the file has no other layer.
    let isOnly: Bool
    /// Whether the file's layers are known by name, as those of a CSV are not.
    let hasName: Bool
    /// Where a table has coordinates of the map; nil for none.
    let columns: Columns?
    /// The column of classes that have names in the pipeline.
    let classes: Classes?
  }

  /// The columns of coordinates of a table.
  struct Columns: Sendable, Hashable {
    let x: String
    let y: String
    /// Their system, empty where none is known.
    let crs: String
  }

  /// The classes of points by a column.
  struct Classes: Sendable, Hashable {
    let field: String
    let codes: [String]
    let names: [String]
  }

  /// Some bands of a raster; `names` are theirs in the pipeline, `categories` those of their codes
  /// where they are read as classes.
  init(
    _ info: RasterInfo, bands: [Int], names: [String], categories: [[Int: String]] = [],
    _ resampling: Resampling, grid: Grid
  ) {
    path = info.path
    reading = .bands(
      zip(bands, names).enumerated().map { index, band in
        ReadBand(
          number: band.0, name: band.1,
          categories: categories.indices.contains(index) ? categories[index] : [:])
      })
    let read = bands.map { info.bands[$0 - 1] }
    var words = ["\(names.count == 1 ? "band" : "\(names.count) bands") \(names.abridged)"]
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

  /// The features of a vector layer; `use` says what becomes of those that are no polygons,
  /// `polygons` of those that are.
  init(
    _ info: VectorInfo, _ layer: VectorInfo.Layer, grid: Grid, use: String = "",
    polygons: String = "cells whose centre lies inside", columns: Columns? = nil,
    classes: Classes? = nil
  ) {
    path = info.path
    // The styles that a GeoPackage holds are none of its layers to people.
    let isOnly = info.layers.count { $0.name != "layer_styles" } == 1
    reading = .layer(
      ReadLayer(
        layer: layer, isOnly: isOnly, hasName: !isOnly || info.driver != "CSV", columns: columns,
        classes: classes))
    let features = layer.geometry == .none ? "rows" : layer.geometry.rawValue
    var words = [layer.count.map { "\($0) \(features)" } ?? features]
    if !layer.fields.isEmpty { words.append("fields \(layer.fields.map(\.name).abridged)") }
    if !layer.crs.isEmpty { words.append(CRS.phrase(layer.crs)) }
    content = words.joined(separator: "; ")
    let isMoved = !layer.crs.isEmpty && !CRS.isSame(layer.crs, grid.crs)
    treatment =
      (isMoved ? "coordinates transformed to the grid's; " : "")
      + (layer.geometry == .polygons ? polygons : use)
  }
}

extension [String] {
  /// Names, the first of many.
  var abridged: String {
    count <= 12
      ? joined(separator: ", ")
      : prefix(10).joined(separator: ", ") + " and \(count - 10) more"
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
