import RasterFiles
import Rasters

/// An image of each sample of a table, brought to so many cells a side.
struct SampleImages: Sendable {
  private let table: SampleTable
  /// The path of each sample's image; nil for none.
  private let paths: [String?]
  /// The cells along each side.
  private let side: Int
  private let bands: [Band]

  init(_ request: PlanRequest, _ table: SampleTable) throws {
    self.table = table
    let column = request.options.string("images")
    if request.options.has("columns") {
      throw request.failure("columns", "cannot stand beside 'images'; use two stages")
    }
    guard table.fields.contains(column) else {
      throw request.failure(
        "images",
        "\(table.path) has no column '\(column)'" + Suggestion.phrase(column, among: table.fields))
    }
    side = request.options.int("cells")
    do {
      let texts =
        try PointTable.rows(path: table.path, layer: table.layer, fields: [column])
        .columns[column]?.texts ?? []
      paths = texts.map { $0.isEmpty ? nil : PipelinePath.resolve($0, relativeTo: table.path) }
      guard let first = paths.compactMap(\.self).first else {
        throw request.failure("images", "column '\(column)' names no image")
      }
      bands = request.grouped(try Self.bands(request, try RasterInfo(path: first)))
    } catch let error as GDALError {
      throw request.failure("images", "\(error)")
    }
  }

  /// The numbers of an image's bands, from 1.
  private static func bandNumbers(_ info: RasterInfo) -> [Int] {
    info.bands.indices.filter { info.bands[$0].colorInterpretation != "Alpha" }.map { $0 + 1 }
  }

  private static func bands(_ request: PlanRequest, _ info: RasterInfo) throws -> [Band] {
    let numbers = bandNumbers(info)
    let names =
      request.options.optionalStrings("names")
      ?? numbers.map { info.bands[$0 - 1].name.isEmpty ? "image-\($0)" : info.bands[$0 - 1].name }
    guard names.count == numbers.count, Set(names).count == names.count else {
      throw request.failure(
        "names", "\(info.path) has \(numbers.count) bands, which need as many different names")
    }
    return names.map { Band(name: $0) }
  }

  /// The raster of the images' cells.
  func node(_ request: PlanRequest) -> Node {
    let divided = bands.flatMap { $0.divided(by: side) }
    return request.planner.node(
      Node(
        name: request.name, kind: .raster(divided),
        identity: request.identity(without: ["file"]) + bands.map(\.name),
        sources: [table.path],
        files: { window in table.files + paths[window.x..<window.maxX].compactMap(\.self) }
      ) { context in .cube(try cube(context.window)) })
  }

  private func cube(_ window: Window) throws -> DataCube {
    var result = DataCube(window: window.divided(by: side), bandCount: bands.count)
    for sample in window.x..<window.maxX {
      guard let path = paths[sample] else { continue }
      let cell = Window(x: sample, y: 0, width: 1, height: 1).divided(by: side)
      result.paste(
        DataCube(window: cell, bandCount: bands.count, values: try image(path, row: sample + 1)))
    }
    return result.gathered(into: window, refinement: side)
  }

  /// An image's values on the cells, band-major.
  private func image(_ path: String, row: Int) throws -> [Float] {
    do {
      let info = try RasterInfo(path: path)
      let grid = info.gridOfCells.divided(columns: side, rows: side)
      let numbers = Self.bandNumbers(info)
      guard numbers.count == bands.count else {
        throw ExecutionError.data(
          "row \(row): \(path) has \(numbers.count) bands; the first image has \(bands.count)")
      }
      let source = try RasterSource(
        path: path, bands: numbers, grid: grid,
        resampling: info.width > side || info.height > side ? .average : .bilinear)
      return try source.read(grid.window).values
    } catch let error as GDALError {
      throw ExecutionError.unreadable(file: path, reason: "row \(row): \(error)")
    }
  }
}
