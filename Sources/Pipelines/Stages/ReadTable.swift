import RasterFiles
import Rasters

/// Reads a table of samples as a raster of one row: numbers, or an image of each sample.
enum ReadTable: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "read-table",
    summary: "Reads a table of samples, such as spectra, as a raster with one cell for each row.",
    details: """
      Samples that lie on no map, such as spectra of particles, are cells side by side: the first row \
      of the table is the first column of a grid of one row, which the pipeline has where it names no \
      other. 'labels' with 'coordinates: "rows"' reads their classes, and everything else is as on a \
      map. A model that learned from a table can be applied to rasters that have its bands.

      By default the columns are those whose names are numbers, such as wavenumbers. 'images' names a \
      column of paths, relative to the table, of a picture of each sample: it is brought to 'cells' by \
      'cells' pixels, whatever its size, and a 'patch-cnn' sees it as one window. Texts that are no \
      numbers, and empty paths, are missing.
      """,
    options: [
      OptionSpec("file", .file, "The table: a CSV or whatever else GDAL takes for one."),
      OptionSpec(
        "layer", .string, default: .optional, "The table, where a file has several.",
        example: "\"samples\""),
      OptionSpec(
        "columns", .list(of: .string), default: .optional,
        "The columns that become bands; by default those whose names are numbers.",
        example: "[\"1650\", \"1740\"]"),
      BandPositions.unitOption(
        "The unit of the names of columns, where these are wavelengths or wavenumbers."),
      OptionSpec(
        "images", .string, default: .optional,
        "The column of the paths of images, which become the bands instead.",
        example: "\"photo\""),
      OptionSpec(
        "cells", .integer(1...64), default: 16, unit: "cells",
        "Of images: into how many cells each side is divided."),
      OptionSpec(
        "names", .list(of: .string), default: .optional,
        "Names for the bands of images, in order; by default those of the first image.",
        example: "[\"red\", \"green\", \"blue\"]"),
      FeatureGroups.option,
    ],
    output: .raster,
    example: #"""
      { type: "read-table", tag: "spectra", file: "spectra.csv" }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let table = try SampleTable(request)
    let cells = try table.rowCount()
    guard request.grid.width == cells, request.grid.height == 1 else {
      throw request.failure(
        "file",
        "has \(cells) rows, the pipeline's grid \(request.grid.width) x \(request.grid.height) "
          + "cells; leave 'grid' out, so that it is the table's")
    }
    let raster =
      request.options.has("images")
      ? try SampleImages(request, table).node(request) : try numbers(request, table)
    return .raster(
      RasterProduct(
        tag: request.tag, node: raster, view: .identity(raster), recipe: .raw(raster.bands)))
  }

  /// The grid of a table: a row of cells, one for each row of the table.
  static func grid(_ options: OptionValues) throws -> Grid {
    let path = options.filePath("file")
    let table = try PointTable.rows(
      path: path, layer: options.optionalString("layer"), fields: [])
    guard table.count > 0 else { throw ExecutionError.data("\(path) has no rows") }
    return Grid(
      width: table.count, height: 1,
      transform: GeoTransform(left: 0, top: 1, cellWidth: 1, cellHeight: 1), crs: "")
  }

  private static func numbers(_ request: PlanRequest, _ table: SampleTable) throws -> Node {
    for key in ["cells", "names"] where request.options.isGiven(key) {
      throw request.failure(key, "goes with 'images' only")
    }
    let names = try table.columns(request)
    let unit = request.options.optionalString("wavelength-unit")
    let bands = request.grouped(
      names.map { Band(name: $0, position: BandPosition(endOf: $0, unit: unit)) })
    let values = request.planner.node(
      Node(
        name: request.name + "/rows", kind: .value, identity: request.identity(without: ["file"]),
        sources: [table.path], files: { _ in table.files }
      ) { _ in .bytes(littleEndianBytes(of: try table.numbers(names))) })
    return request.planner.node(
      Node(
        name: request.name, kind: .raster(bands), identity: ["table 1"], edges: [.all(values)],
        isStored: false
      ) { context in
        let rows = [Float](littleEndianBytes: try context.value(0))
        let (window, width) = (context.window, context.grid.width)
        guard rows.count == bands.count * width else {
          throw ExecutionError.changedFile(table.path)
        }
        return .cube(
          DataCube(
            window: window, bandCount: bands.count,
            values: bands.indices.flatMap { rows[$0 * width + window.x..<$0 * width + window.maxX] }
          ))
      })
  }
}

/// A table of samples as a stage's options name it.
struct SampleTable: Sendable {
  let path: String
  let layer: String?
  /// The columns' names.
  let fields: [String]
  /// The files that hold it.
  let files: [String]

  init(_ request: PlanRequest) throws {
    path = request.options.filePath("file")
    layer = request.options.optionalString("layer")
    let info: VectorInfo
    do {
      info = try VectorInfo(path: path, hasHeader: true)
    } catch {
      throw request.failure("file", "\(error)")
    }
    let wanted = layer
    guard let named = info.layers.first(where: { wanted == nil || $0.name == wanted }) else {
      throw request.failure(
        "layer",
        "there is no layer '\(wanted ?? "")'"
          + Suggestion.phrase(wanted ?? "", among: info.layers.map(\.name)))
    }
    fields = named.fields.map(\.name)
    files = info.files
    request.tell(
      SourceFacts(
        info, named, grid: request.grid, use: "each row is a cell", polygons: "", columns: nil,
        classes: nil))
  }

  /// The number of rows.
  func rowCount() throws -> Int {
    try PointTable.rows(path: path, layer: layer, fields: []).count
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
