import Foundation
import RasterFiles
import Rasters

/// Asks a finished map for a place: from its outputs and its store, cell by cell.
struct PlaceQuestion {
  let folder: String
  let run: FinishedRun
  let outputs: RecordedOutputs
  let grid: Grid

  /// Why there is no answer.
  enum Failure: Error, CustomStringConvertible {
    /// The question makes no sense.
    case usage(String)
    /// The map cannot answer.
    case unanswered(String)

    var description: String {
      switch self {
      case .usage(let sentence), .unanswered(let sentence): sentence
      }
    }
  }

  /// Opens a folder of outputs.
  init(folder: String) throws {
    GDAL.initialize()
    var folder = folder
    while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
    self.folder = folder
    let record: FinishedRun?
    do {
      record = try FinishedRun(folder: folder)
    } catch {
      throw Failure.unanswered("\(folder)/run.json is damaged: \(error)")
    }
    guard let record else {
      throw Failure.unanswered(
        "\(folder) is no folder of outputs of 'gossan run': it has no run.json")
    }
    guard let outputs = record.outputs else {
      throw Failure.unanswered(
        "\(folder)/run.json is of an earlier version and does not say what its files hold; run the "
          + "pipeline again, which makes nothing anew")
    }
    run = record
    self.outputs = outputs
    let raster = outputs.layers.first { $0.kind != .targets && Self.exists(folder, $0) }
    guard let raster else {
      throw Failure.unanswered("\(folder) holds no raster: add a 'write' stage to the pipeline")
    }
    var info = try RasterInfo(path: folder + "/" + raster.file)
    // Variables of netCDF files are rasters of their own.
    if info.bands.isEmpty, let first = info.subdatasets.first {
      info = try RasterInfo(path: first)
    }
    grid = info.gridOfCells
  }

  private static func exists(_ folder: String, _ layer: RecordedOutputs.Layer) -> Bool {
    FileManager.default.fileExists(atPath: folder + "/" + layer.file)
  }

  // MARK: The place

  /// What the map says of a place, in its own coordinates or in those of `crs`.
  func answer(x: Double, y: Double, crs: String?) throws -> PlaceReport {
    let place: (x: Double, y: Double)
    do {
      place = try mapPlace(x, y, crs)
    } catch Failure.unanswered(let sentence) {
      throw Failure.unanswered(sentence + hint(x, y, crs))
    }
    guard let cell = grid.cell(x: place.x, y: place.y) else {
      throw Failure.unanswered(outside(place) + hint(x, y, crs))
    }
    let center = grid.center(of: cell)
    var report = PlaceReport(
      pipeline: run.pipeline, finished: run.finished,
      place: PlaceReport.Place(x: place.x, y: place.y, crs: name(of: grid.crs)),
      asked: crs.map { PlaceReport.Place(x: x, y: y, crs: $0) },
      cell: PlaceReport.Cell(column: cell.column, row: cell.row, x: center.x, y: center.y))
    PlaceAnswer(question: self, cell: cell).fill(&report)
    return report
  }

  private func mapPlace(
    _ x: Double, _ y: Double, _ crs: String?
  ) throws -> (x: Double, y: Double) {
    guard let crs else { return (x, y) }
    guard !grid.crs.isEmpty else {
      throw Failure.usage(
        "option '--crs': the map has no coordinate system; give the place in its own coordinates")
    }
    let source: String
    do {
      source = try CRS.wkt(from: crs)
    } catch {
      throw Failure.usage("option '--crs': '\(crs)' is not a coordinate system that PROJ knows")
    }
    let moved = try CRS.transform(x: [x], y: [y], from: source, to: grid.crs)
    guard moved.x[0].isFinite, moved.y[0].isFinite else {
      throw Failure.unanswered(
        "the place \(text(x)), \(text(y)) in \(crs) lies where \(name(of: grid.crs)) has no "
          + "coordinates")
    }
    return (moved.x[0], moved.y[0])
  }

  /// That a place is not on the map.
  private func outside(_ place: (x: Double, y: Double)) -> String {
    let extent = grid.extent
    let system = grid.crs.isEmpty ? "" : " (\(name(of: grid.crs)))"
    return "the place \(text(place.x)), \(text(place.y)) is outside the map, which has x from "
      + "\(text(extent.left)) to \(text(extent.right)) and y from \(text(extent.bottom)) to "
      + "\(text(extent.top))\(system)"
  }

  /// What may have been meant by a place that is not on the map.
  private func hint(_ x: Double, _ y: Double, _ crs: String?) -> String {
    if let swapped = try? mapPlace(y, x, crs), grid.cell(x: swapped.x, y: swapped.y) != nil {
      return "; \(text(y)), \(text(x)) is on it: x, or the longitude, comes first"
    }
    if crs == nil, let degrees = try? mapPlace(x, y, "EPSG:4326"),
      grid.cell(x: degrees.x, y: degrees.y) != nil
    {
      return "; as longitude and latitude it is on it: add --crs EPSG:4326"
    }
    return ""
  }

  private func name(of crs: String) -> String { CRS.code(crs) ?? CRS.name(crs) }

  private func text(_ value: Double) -> String { PlaceReport.coordinate(value) }
}
