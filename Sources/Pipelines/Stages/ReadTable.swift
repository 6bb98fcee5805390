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
    let table = try request.planner.table(request.options)
    request.tell(table.facts(request.grid))
    guard request.grid.width == table.rowCount, request.grid.height == 1 else {
      throw request.failure(
        "file",
        "has \(table.rowCount) rows, the pipeline's grid \(request.grid.width) x \(request.grid.height) "
          + "cells; leave 'grid' out, so that it is the table's")
    }
    let raster =
      request.options.has("images")
      ? try SampleImages(request, table).node(request) : try numbers(request, table)
    return .raster(
      RasterProduct(
        tag: request.tag, node: raster, view: .identity(raster), recipe: .raw(raster.bands)))
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
        let bytes = try context.value(0)
        let (window, width, size) = (context.window, context.grid.width, MemoryLayout<Float>.size)
        guard bytes.count == bands.count * width * size else {
          throw ExecutionError.changedFile(table.path)
        }
        return .cube(
          DataCube(
            window: window, bandCount: bands.count,
            values: bands.indices.flatMap { band in
              let first = (band * width + window.x) * size
              return [Float](littleEndianBytes: Array(bytes[first..<first + window.width * size]))
            }))
      })
  }
}
