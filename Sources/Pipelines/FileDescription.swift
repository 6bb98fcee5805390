import Foundation
import Learning
import Networks
import RasterFiles
import Rasters

/// What `gossan info` says of a file: a raster, a model or a store.
struct FileDescription {
  private let facts: [(name: String, value: String)]

  init(_ path: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw ExecutionError.unreadable(file: path, reason: "there is no such file")
    }
    if isFolder.boolValue {
      facts = try Self.store(path)
    } else if path.hasSuffix(".safetensors") {
      facts = try Self.model(path)
    } else {
      facts = try Self.raster(path)
    }
  }

  /// The facts for people, or as JSON for programs.
  func text(isJSON: Bool) throws -> String {
    guard isJSON else {
      let width = (facts.map(\.name.count).max() ?? 0) + 2
      return facts.map {
        $0.name.padding(toLength: width, withPad: " ", startingAt: 0) + $0.value
      }.joined(separator: "\n")
    }
    let object = Dictionary(facts.map { ($0.name, $0.value) }) { first, _ in first }
    return String(decoding: try JSONEncoder.stable.encode(object), as: UTF8.self)
  }

  private static func raster(_ path: String) throws -> [(name: String, value: String)] {
    GDAL.initialize()
    let info = try RasterInfo(path: path)
    var facts = [
      (name: "raster", value: path), (name: "format", value: info.driver),
      (name: "size", value: "\(info.width) x \(info.height) cells"),
      (name: "crs", value: info.grid.map { CRS.code($0.crs) ?? CRS.name($0.crs) } ?? "none"),
      (
        name: "geotransform",
        value: info.grid.map { "\($0.transform.coefficients)" } ?? "none"
      ),
    ]
    for (index, band) in info.bands.enumerated() {
      let nodata = band.nodata.map { ", nodata \($0)" } ?? ""
      let position = band.position(unit: nil).map { ", \($0)" } ?? ""
      facts.append(
        (
          name: "band \(index + 1)", value: "\(band.name) (\(band.typeName)\(nodata)\(position))"
        ))
    }
    if info.bands.isEmpty, !info.subdatasets.isEmpty {
      facts = [facts[0], facts[1]] + (try variables(info))
    }
    for (name, value) in info.metadata.sorted(by: { $0.key < $1.key }) {
      facts.append((name: name, value: value))
    }
    return facts
  }

  /// The rasters inside a container such as a netCDF file: size and place of the first, and all
  /// names.
  private static func variables(_ info: RasterInfo) throws -> [(name: String, value: String)] {
    var result: [(name: String, value: String)] = []
    for (index, path) in info.subdatasets.enumerated() {
      let own = try RasterInfo(path: path)
      if index == 0 {
        result = [
          (name: "size", value: "\(own.width) x \(own.height) cells"),
          (name: "crs", value: own.grid.map { CRS.code($0.crs) ?? CRS.name($0.crs) } ?? "none"),
          (
            name: "geotransform",
            value: own.grid.map { "\($0.transform.coefficients)" } ?? "none"
          ),
        ]
      }
      for band in own.bands {
        let name = band.metadata["long_name"] ?? band.name
        let nodata = band.nodata.map { ", nodata \($0)" } ?? ""
        result.append(
          (name: "variable \(index + 1)", value: "\(name) (\(band.typeName)\(nodata)), \(path)"))
      }
    }
    return result
  }

  private static func model(_ path: String) throws -> [(name: String, value: String)] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ExecutionError.unreadable(file: path, reason: "it cannot be opened")
    }
    let ensemble = try ModelEnsemble([UInt8](data))
    let packages = try ensemble.packages
    let model = [(name: "model", value: path)]
    guard packages.count > 1 else { return model + packages.flatMap { facts(of: $0) } }
    return model + [
      (name: "models", value: "\(packages.count)"),
      (name: "combine", value: ensemble.combination.rawValue),
      (name: "over", value: ensemble.variation.rawValue),
    ]
      + packages.enumerated().flatMap { number, package in
        facts(of: package).map { (name: "\(number): \($0.name)", value: $0.value) }
      }
  }

  /// The names of bands; the smaller cells of one band once.
  private static func names(of bands: [Band]) -> [String] {
    bands.compactMap { band in
      guard let cell = band.subcell else { return band.name }
      return cell.row == 0 && cell.column == 0
        ? "\(band.feature) (\(cell.refinement) x \(cell.refinement) cells)" : nil
    }
  }

  private static func facts(of package: ModelPackage) -> [(name: String, value: String)] {
    let notes = package.notes
    var facts: [(name: String, value: String)] = [
      (name: "method", value: package.predictor.method.rawValue),
      (name: "size", value: package.predictor.summary),
      (name: "bands", value: Self.names(of: notes.bands).joined(separator: ", ")),
      (name: "outputs", value: notes.classes.joined(separator: ", ")),
      (name: "head", value: package.predictor.architecture.head.kind.rawValue),
      (name: "branches", value: "\(package.predictor.architecture.branches.count)"),
      (name: "preparation", value: notes.preparation.map(\.type).joined(separator: " -> ")),
      (name: "trained on", value: "\(notes.record.trainingCount) samples"),
      (name: "best epoch", value: "\(notes.record.bestEpoch)"),
      (name: "background", value: "\(notes.background.count) samples"),
    ]
    if let words = package.predictor.architecture.fusionWords {
      facts.append((name: "fusion", value: words))
    }
    return facts + (notes.transfer?.sentences.map { (name: "started", value: $0) } ?? [])
      + (notes.calibration?.facts ?? []) + (notes.intervals?.facts ?? [])
  }

  private static func store(_ path: String) throws -> [(name: String, value: String)] {
    try ChunkStore.requireKnownFormat(of: path)
    let objects = path + "/objects"
    // The enumerator of a folder that is not there is an empty one.
    guard FileManager.default.fileExists(atPath: objects),
      let files = FileManager.default.enumerator(atPath: objects)
    else {
      throw ExecutionError.unreadable(file: path, reason: "it is no store")
    }
    var count = 0
    var bytes = 0
    for case let file as String in files {
      let attributes = try? FileManager.default.attributesOfItem(atPath: objects + "/" + file)
      guard attributes?[.type] as? FileAttributeType == .typeRegular else { continue }
      count += 1
      bytes += (attributes?[.size] as? Int) ?? 0
    }
    return [
      (name: "store", value: path), (name: "records", value: "\(count)"),
      (name: "size", value: "\(bytes) bytes"),
    ]
  }
}
