import Foundation
import RasterFiles
import Rasters

@testable import Pipelines

/// Runs of the sample's pipeline, cut short so that each takes seconds, in a folder of their own.
struct SampleRun {
  let folder: String

  /// Makes an empty folder that is removed by `remove`.
  init() throws {
    folder = NSTemporaryDirectory() + "gossan-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  func remove() { try? FileManager.default.removeItem(atPath: folder) }

  /// The project's own folder.
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  /// The sample's pipeline with absolute paths, few epochs, small networks and some texts replaced.
  func pipeline(_ name: String, replacing changes: [(String, String)] = []) throws -> String {
    let path = Self.root + "/pipelines/geochemical-anomaly.json5"
    var text = try String(contentsOfFile: path, encoding: .utf8)
    let usual = [
      ("\"../sample-rasters/jura\"", "\"\(Self.root)/sample-rasters/jura\""),
      ("width: 128 }", "width: 8, output: 4 }"), ("filters: [20]", "filters: [3], width: 4"),
      ("window: 9 }", "window: 5, width: 4, layers: [{ type: \"convolution\", filters: 4 }] }"),
      ("hidden: [64]", "hidden: [8]"),
      ("fusion: \"concat\",", "fusion: \"concat\", epochs: 4, background: 3,"),
      ("name: \"geochemical-anomaly\"", "name: \"\(name)\""),
    ]
    for (old, new) in usual + changes {
      guard text.contains(old) else { throw SampleError.missing(old) }
      text = text.replacingOccurrences(of: old, with: new)
    }
    let copy = "\(folder)/\(name).json5"
    try text.write(toFile: copy, atomically: true, encoding: .utf8)
    return copy
  }

  enum SampleError: Error { case missing(String) }

  /// Runs a pipeline into `<folder>/<out>`, quietly.
  func run(_ pipeline: String, out: String, jobs: Int = 2) -> Runner.Status {
    var command = Command.Run(pipeline: pipeline)
    command.output = "\(folder)/\(out)"
    command.jobs = jobs
    command.verbosity = .quiet
    return Runner.run(command)
  }

  /// The bytes of an output, nil when there is none.
  func bytes(_ out: String, _ name: String) -> Data? {
    FileManager.default.contents(atPath: "\(folder)/\(out)/\(name)")
  }

  /// All bands of an output.
  func raster(_ out: String, _ name: String) throws -> (info: RasterInfo, cube: DataCube) {
    let path = "\(folder)/\(out)/\(name)"
    let info = try RasterInfo(path: path)
    let grid = info.gridOfCells
    let source = try RasterSource(path: path, grid: grid, resampling: .nearest)
    return (info, try source.read(grid.window))
  }

  /// The names of everything in an output folder but the store.
  func names(_ out: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(out)").sorted()
      .filter { $0 != ".gossan" }
  }
}
