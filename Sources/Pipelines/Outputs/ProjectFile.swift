import Foundation
import Glibc
import RasterFiles
import Rasters
import Reports
import Tensors

/// Writes `<pipeline name>.qgz`: what a run wrote and what it read, as a project of QGIS.
struct ProjectFile {
  let plan: Runner.Plan
  let executor: Executor
  let ledger: OutputLedger
  let folder: String

  /// Writes the project unless nothing about it is new, or somebody has made it their own.
  func write(_ result: inout OutputWriter.Result) throws {
    guard !result.layers.isEmpty || !result.vectors.isEmpty else { return }
    let path = "\(folder)/\(plan.document.name).qgz"
    let inputs = ProjectInputs(
      plan.document, plan.planner.sources, folder: folder, grid: executor.lattice.grid)
    let key = try key(result, inputs)
    guard !ledger.isCurrent([path], key: key) else { return }
    if let start = Self.start(of: path), !ZIPArchive.isUnchanged(start) {
      executor.events.note(
        "\(plan.document.name).qgz has been saved since it was written and stays as it is; "
          + "remove or rename it to get a new one")
      return
    }
    let project = try project(result, inputs)
    let isASCII = plan.document.name.unicodeScalars.allSatisfy(\.isASCII)
    let archive = try ZIPArchive.encode(
      Array(project.xml.utf8), named: isASCII ? "\(plan.document.name).qgs" : "project.qgs")
    try AtomicFile.write(archive, to: path)
    try ledger.record([path], key: key)
    result.written.append(path)
  }

  /// The first bytes of a file, nil where there is none.
  private static func start(of path: String) -> [UInt8]? {
    guard let file = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? file.close() }
    return (try? file.read(upToCount: 64)).map { [UInt8]($0) }
  }

  /// What decides the content: layers, stages, inputs and where they lie.
  private func key(_ result: OutputWriter.Result, _ inputs: ProjectInputs) throws -> Digest {
    var hash = KeyHash()
    hash.add("project 2, \(Gossan.version), GDAL \(GDAL.version)")
    let grid = executor.lattice.grid
    hash.add("\(plan.document.name) \(grid.width) \(grid.height) \(grid.transform) \(grid.crs)")
    for stage in plan.document.stages {
      hash.add("\(stage.tag) \(stage.definition.summary) \(stage.definition.details)")
      hash.add("\(stage.type) \(stage.options.canonicalJSON)")
    }
    for (path, key) in result.layers.map({ ($0.path, $0.key) })
      + result.vectors.map({ ($0.path, $0.key) }) + result.chips.map({ ($0.path, $0.key) })
    {
      hash.add(path)
      hash.add(key)
    }
    for file in inputs.files {
      hash.add(inputs.relative(file.path))
      hash.add((try? executor.fingerprint(of: file.path)) ?? "")
    }
    return hash.digest
  }

  private func project(
    _ result: OutputWriter.Result, _ inputs: ProjectInputs
  ) throws -> QGISProject {
    let grid = executor.lattice.grid
    let layers = try ProjectLayers(plan.products, plan.document, executor, result)
    let extent = grid.extent
    let sources = inputs.entries(hasSamples: !layers.samples.isEmpty)
    let groups: [(name: String, isVisible: Bool, entries: [QGISProject.Entry])] = [
      ("samples and deposits", true, layers.samples + sources.samples),
      ("result", true, layers.results), ("explanation", false, layers.explanations),
      ("inputs", true, sources.inputs),
    ]
    return QGISProject(
      title: plan.document.name, reference: QGISProject.Reference(crs: grid.crs),
      extent: QGISProject.Extent(
        left: extent.left, bottom: extent.bottom, right: extent.right, top: extent.top),
      entries: groups.filter { !$0.entries.isEmpty }.map {
        .group(name: $0.name, isVisible: $0.isVisible, $0.entries)
      })
  }
}

extension QGISProject.Reference {
  /// A system by its WKT, empty for none.
  init(crs: String) {
    self.init(
      wkt: crs, code: CRS.code(crs) ?? "", name: CRS.name(crs),
      isGeographic: CRS.isGeographic(crs))
  }
}

/// Paths from a folder to files elsewhere.
enum RelativePath {
  /// The path of a file as seen from a folder, links resolved: `../data/map.tif`.
  static func from(_ folder: String, to file: String) -> String {
    let start = parts(folder)
    let end = parts(file)
    let shared = zip(start, end).prefix { $0 == $1 }.count
    let up = [String](repeating: "..", count: start.count - shared)
    let down = Array(end[shared...])
    return ((up.isEmpty ? ["."] : up) + down).joined(separator: "/")
  }

  /// The parts of the absolute path; of what does not exist as far as it does.
  private static func parts(_ path: String) -> [String] {
    guard let resolved = realpath(path, nil) else {
      return URL(fileURLWithPath: path).standardizedFileURL.path.split(separator: "/")
        .map(String.init)
    }
    defer { free(resolved) }
    return String(cString: resolved).split(separator: "/").map(String.init)
  }
}
