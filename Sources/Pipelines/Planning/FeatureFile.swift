import Foundation
import RasterFiles
import Rasters
import Synchronization

/// A layer of points, lines or polygons as a stage's options name it.
struct FeatureFile: Sendable {
  /// The points of a table; geometries are read as they are.
  private let points: PointFile
  private let condition: String?

  /// The options of every stage that measures from the features of a layer.
  static let options =
    [OptionSpec("file", .file, "Points, lines or polygons: a vector layer, or a CSV of points.")]
    + PointFile.options.dropFirst() + [
      OptionSpec(
        "where", .string, default: .optional,
        "Which features count, as SQL has it after WHERE; by default all.",
        example: "\"kind = 'thrust' AND length_m > 500\""),
      OptionSpec(
        "name", .string, default: .optional, "The name of the band; by default the stage's tag.",
        example: "\"distance to faults\""),
      OptionSpec(
        "leave-out", .bool, default: false,
        "Leaves out what a sample must not know of itself, as 'grid-points' does: inside 'validate' "
          + "the points of test places, and where a sample is read those in its own cell. For "
          + "points that are known deposits."),
    ]

  /// The options that say where the features are.
  static let pathOptions = PointFile.pathOptions

  /// Opens the layer; `use` says for people what is done with it.
  init(_ request: PlanRequest, use: String) throws {
    points = try PointFile(request, use: use, polygons: use)
    condition = request.options.optionalString("where")
    do {
      let count = try VectorFeatures.count(path: path, layer: layer, where: condition)
      if count == 0 {
        throw request.failure(
          condition == nil ? "file" : "where",
          condition == nil
            ? "\(path) has no feature to measure from"
            : "no feature of \(path) meets the condition \(condition ?? "")")
      }
    } catch let error as GDALError {
      // Without a condition it is the choice of the layer that may go wrong.
      throw request.failure(condition == nil ? "layer" : "where", "\(error)")
    }
  }

  var path: String { points.path }
  private var layer: String? { points.layer }
  var files: [String] { points.files }
  /// What decides the features besides the file's content and the stage's options.
  var identity: [String] { points.identity }

  /// What the features are.
  func geometry(_ request: PlanRequest) throws -> Set<VectorInfo.Geometry> {
    switch points.description.geometry {
    case .none: return [.points]
    case .mixed:
      do { return Set(try read(nil).parts.map(\.geometry)) } catch {
        throw request.failure("file", "\(error)")
      }
    case let geometry: return [geometry]
    }
  }

  /// Refuses a field that the layer does not have or that holds texts.
  func requireNumbers(_ field: String, _ request: PlanRequest, option: String) throws {
    try points.requireNumbers(field, request, option: option)
  }

  /// The features in the grid's coordinates, with the numbers of a field.
  func read(_ field: String?) throws -> VectorFeatures {
    guard points.description.geometry == .none else {
      return try VectorFeatures(
        path: path, layer: layer, field: field, where: condition, crs: points.grid.crs)
    }
    let table = try points.read(field.map { [$0] } ?? [], where: condition)
    let values = field.map { table.numbers($0) }
    return VectorFeatures(
      parts: table.x.indices.compactMap { index in
        let (place, value) = (SIMD2(table.x[index], table.y[index]), values?[index] ?? 1)
        guard place.x.isFinite, place.y.isFinite, value.isFinite else { return nil }
        return VectorFeatures.Part(
          geometry: .points, paths: [[place]], value: value, feature: index)
      })
  }
}

/// The features of a layer in space, read when the first window is asked for.
final class GroundFeatures: Sendable {
  private let file: FeatureFile
  private let field: String?
  private let grid: Grid
  private let known = Mutex<GroundLayer?>(nil)

  init(_ file: FeatureFile, field: String? = nil, grid: Grid) {
    self.file = file
    self.field = field
    self.grid = grid
  }

  /// The features, without those that lie in test places.
  func layer(without places: TestPlaces?) throws -> GroundLayer {
    try known.withLock { known in
      if let known { return known }
      var parts = try file.read(field).parts
      if let places {
        parts.removeAll { part in
          part.paths.joined().contains { places.contains(x: $0.x, y: $0.y, grid: grid) }
        }
      }
      guard !parts.isEmpty else {
        throw ExecutionError.data(
          places == nil
            ? "no feature of \(file.path) has a geometry that the grid's coordinates can hold"
            : "no point of \(file.path) is left outside the test places")
      }
      let layer = GroundLayer(parts, grid: grid)
      known = layer
      return layer
    }
  }
}

extension Runner.Plan {
  /// The stages that measure from the very places that samples are made of, in a sentence each.
  var leakRemarks: [String] {
    let sources = planner.sources
    func layers(_ tag: String) -> [SourceFacts] {
      (sources[tag] ?? []).filter { if case .layer = $0.reading { true } else { false } }
    }
    let samples = document.stages.filter { $0.definition.output == .samples }
    return document.stages.flatMap { stage -> [String] in
      guard stage.options.declares("leave-out"), !stage.options.bool("leave-out") else { return [] }
      return samples.filter { sample in
        layers(sample.tag).contains { known in
          layers(stage.tag).contains { $0.isSameLayer(as: known) }
        }
      }.map { sample in
        "'\(stage.tag)' measures from the places of '\(sample.tag)': at a sample it tells of that "
          + "sample, so that scores are too good; leave-out: true leaves it out"
      }
    }
  }
}

extension SourceFacts {
  /// Whether both read the same layer of a vector file.
  fileprivate func isSameLayer(as other: SourceFacts) -> Bool {
    guard path == other.path, case .layer(let own) = reading,
      case .layer(let others) = other.reading
    else { return false }
    return own.layer.name == others.layer.name
  }
}
